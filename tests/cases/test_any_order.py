"""A desk under any order of reports, judgements, answers, appeals, copies and edits: the rules still hold.

One machine plays thousands of steps through the real commands on the real database, rolled back after each
example. The invariants are the rules as a court would ask for them, stated without the code that keeps them.
"""

import contextlib
import json
import os
from collections import Counter
from datetime import UTC, datetime

import pytest
from django.db import transaction
from django.db.models import Q
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from answerable.audit.models import AuditEntry
from answerable.cases import codes, commands
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.models import (
    Account,
    Appeal,
    Copy,
    Decision,
    Finding,
    Item,
    KnownChange,
    Message,
    Notice,
    Person,
    Report,
    ReportedItem,
    Review,
)
from answerable.cases.queries.judging import judgements_of, stake_of
from answerable.cases.rules import deciding
from answerable.cases.rules.deciding import HolderIs
from answerable.obligations.models import Obligation
from answerable.policy import store
from answerable.policy.words import Age, Danger, Relation, Verdict, Visibility
from tests.cases.desk import TestDesk

SOAK_STORIES = int(os.environ.get("ANSWERABLE_SOAK_STORIES", "0"))
"""So many stories by chance (`make soak`); without, the same forty each time."""
REFS = st.sampled_from(["a", "b", "c", "d", "e"])
FILES = st.sampled_from(["one", "two", "three"])
ACCOUNTS = st.sampled_from(["uri", "max"])
PEOPLE = st.sampled_from(["Ravi", "Rosa", "Lena", "Mira", "Omar", "Petra"])
AGES = st.sampled_from(list(Age))
KIND_OF_WANTED = {"visible": "restore", "limited": "limit", "hidden": "hide", "gone": "remove"}


class AnyOrder(RuleBasedStateMachine):
    """A desk, and everything that can happen to it."""

    @initialize()
    def open(self) -> None:
        """A desk with five qualified people, one of them a lead, and one who is not qualified."""
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.desk = TestDesk(datetime(2026, 12, 1, 9, tzinfo=UTC))
        qualified = ["child_safety", "intimate_images"]
        for name in ("Ravi", "Rosa", "Mira", "Omar"):
            Person.objects.create(pseudonym=name, qualifications=qualified)
        Person.objects.create(pseudonym="Lena", qualifications=qualified, lead=True)
        Person.objects.create(pseudonym="Petra", qualifications=[], administrator=True)

    def teardown(self) -> None:
        """Forget everything."""
        if hasattr(self, "atomic"):
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def person(self, name: str) -> Person:
        return Person.objects.get(pseudonym=name)

    @rule(ref=REFS, file=FILES, account=ACCOUNTS)
    def upload_or_edit(self, ref: str, file: str, account: str) -> None:
        self.desk.clock.pass_(seconds=30)
        known = Item.objects.filter(ref=ref).select_related("account").first()
        self.desk.upload(ref, file=file, account=known.account.ref if known and known.account else account)

    @rule(
        ref=REFS,
        age=AGES,
        harm=st.sampled_from(["csam", "ncii"]),
        complete=st.booleans(),
        token=st.booleans(),
    )
    def report(self, ref: str, age: Age, harm: str, complete: bool, token: bool) -> None:
        self.desk.clock.pass_(seconds=30)
        facts = {"signature": "Dana", "contact": "dana@example.org", "good_faith": True} if complete else {}
        harm = "csam" if age is not Age.ADULT else harm
        self.desk.report(ref, harm=harm, age=age, token="key:1" if token else "", **facts)

    @rule(ref=REFS, fact=st.sampled_from(["", "age", "police"]))
    def report_again_with_the_earlier_code(self, ref: str, fact: str) -> None:
        earlier = Report.objects.filter(reported_items__item__ref=ref).first()
        if earlier is not None:
            self.desk.clock.pass_(seconds=30)
            self.desk.report(ref, earlier_report_id=earlier.pk, new_fact=fact, danger=Danger.SOON)

    @rule(ref=REFS, name=PEOPLE, yes=st.booleans(), age=AGES, nobody=st.booleans(), tie=st.booleans())
    def judge(self, ref: str, name: str, yes: bool, age: Age, nobody: bool, tie: bool) -> None:
        item = Item.objects.filter(ref=ref, case__isnull=False, content__isnull=False).first()
        if item is None:
            return
        self.desk.clock.pass_(seconds=30)
        verdict = Verdict.VIOLATING if yes else Verdict.NOT_VIOLATING
        clause = "ncii.shared" if age is Age.ADULT else "csam.depiction"
        facts = {
            "nobody_in_it": nobody and not yes,
            "tie": tie,
            "missing_element": "" if yes else "not_intimate",
        }
        with contextlib.suppress(Refused):
            self.desk.judge(self.person(name), item, verdict, age=age, clause=clause, **facts)

    @rule(ref=REFS, other=REFS, distance=st.sampled_from([0, 7, 30]))
    def find_copies(self, ref: str, other: str, distance: int) -> None:
        owed = Obligation.objects.filter(kind="find_copies", state="owed")
        item = Item.objects.filter(ref=ref, content__isnull=False).first()
        found = Item.objects.filter(ref=other, content__isnull=False).exclude(ref=ref).first()
        if item is None or found is None or not owed.filter(subject=f"item:{item.pk}").exists():
            return
        same = item.content.sha256 == found.content.sha256  # type: ignore[union-attr]
        self.desk.find_copies(ref, **{other: 0 if same else distance or 3})

    @rule(
        number=st.integers(0, 5),
        fact=st.sampled_from(["", "age", "police", "identity"]),
        age=st.none() | AGES,
    )
    def answer(self, number: int, fact: str, age: Age | None) -> None:
        reports = list(Report.objects.order_by("pk"))
        if reports:
            self.desk.clock.pass_(seconds=30)
            report = reports[number % len(reports)]
            with contextlib.suppress(Refused):
                commands.answer_report(report.pk, text="More.", fact=fact, age=age, now=self.desk.clock.now)

    @rule(number=st.integers(0, 5))
    def withdraw(self, number: int) -> None:
        reports = list(Report.objects.order_by("pk"))
        if reports:
            before = dict(Item.objects.values_list("ref", "wanted"))
            commands.withdraw_report(reports[number % len(reports)].pk, now=self.desk.clock.now)
            assert dict(Item.objects.values_list("ref", "wanted")) == before

    @rule(name=PEOPLE)
    def end_what_was_withdrawn(self, name: str) -> None:
        ending = Obligation.objects.filter(kind="confirm_ending", state="owed").first()
        if ending is not None and ending.not_before is not None:
            self.desk.clock.now = max(self.desk.clock.now, ending.not_before)
            number = int(ending.subject.partition(":")[2])
            with contextlib.suppress(Refused):
                commands.end_withdrawn(number, person_id=self.person(name).pk, now=self.desk.clock.now)

    @rule(ref=REFS)
    def appeal(self, ref: str) -> None:
        notice = Notice.objects.filter(item__ref=ref).order_by("-pk").first()
        if notice is not None:
            self.desk.clock.pass_(seconds=30)
            code = codes.derived_code(f"notice:{notice.pk}")
            with contextlib.suppress(Refused):
                commands.appeal(code, text="A lake.", now=self.desk.clock.now)

    @rule(ref=REFS)
    def complain(self, ref: str) -> None:
        row = ReportedItem.objects.filter(item__ref=ref).order_by("-pk").first()
        if row is not None and row.item_id is not None:
            self.desk.clock.pass_(seconds=30)
            with contextlib.suppress(Refused):
                commands.complain(row.report_id, item_id=row.item_id, text="No.", now=self.desk.clock.now)

    @rule(account=ACCOUNTS, name=PEOPLE, answer=st.sampled_from(list(HolderIs)))
    def judge_account(self, account: str, name: str, answer: HolderIs) -> None:
        row = Account.objects.filter(ref=account).first()
        if row is not None:
            with contextlib.suppress(Refused):
                commands.judge_account(
                    row.pk, person_id=self.person(name).pk, answer=answer, now=self.desk.clock.now
                )

    @rule(name=PEOPLE)
    def read_an_answer(self, name: str) -> None:
        message = Message.objects.filter(from_reporter=True, read_at__isnull=True).first()
        if message is not None:
            with contextlib.suppress(Refused):
                commands.read_answer(message.pk, person_id=self.person(name).pk, now=self.desk.clock.now)

    @rule()
    def the_platform_obeys(self) -> None:
        self.desk.platform_obeys()

    @rule(ref=REFS, authority=st.booleans())
    def report_with_a_proven_relation(self, ref: str, authority: bool) -> None:
        relation = Relation.AUTHORITY if authority else Relation.TRUSTED_FLAGGER
        self.desk.clock.pass_(seconds=30)
        self.desk.report(ref, relation=relation, verified=True, token="key:2")

    @rule(number=st.integers(0, 5))
    def complete_a_request(self, number: int) -> None:
        reports = list(Report.objects.order_by("pk"))
        if reports:
            self.desk.clock.pass_(seconds=30)
            with contextlib.suppress(Refused):
                commands.complete_request(
                    reports[number % len(reports)].pk,
                    signature="Dana",
                    contact="dana@example.org",
                    good_faith=True,
                    now=self.desk.clock.now,
                )

    @rule(ref=REFS)
    def hour_forty_comes(self, ref: str) -> None:
        for owed in Obligation.objects.filter(kind="remove_if_undecided", state="owed"):
            item = Item.objects.get(pk=int(owed.subject.partition(":")[2]))
            if item.ref == ref and owed.not_before is not None:
                self.desk.clock.now = max(self.desk.clock.now, owed.not_before)
                commands.remove_undecided(item.pk, obligation_id=owed.pk, now=self.desk.clock.now)

    @rule()
    def a_platform_lacks_something(self) -> None:
        owed = Obligation.objects.filter(kind__in=["hide", "freeze", "restore"], state="owed").first()
        if owed is not None:
            commands.cannot(owed.pk, reason="no such capability", now=self.desk.clock.now)

    @rule()
    def holders_are_told(self) -> None:
        for owed in Obligation.objects.filter(kind="tell_holder", state="owed")[:2]:
            number = int(owed.subject.partition(":")[2])
            commands.holder_told(number, obligation_id=owed.pk, now=self.desk.clock.now)

    @invariant()
    def whoever_is_asked_to_judge_can(self) -> None:
        """Rule 6: what is owed can be kept; two who differ wait for a lead, and nothing else does."""
        for item in Item.objects.filter(case__isnull=False, content__isnull=False).select_related("case"):
            kinds = self.desk.owed(item.ref)
            assert item.case is not None
            stake = stake_of(item, store.pack(item.case.pack_digest), item.case)
            need = deciding.outcome(judgements_of(item), stake).need
            if kinds & {"look", "decide_appeal", "decide_complaint", "settle_tie"}:
                assert need is not deciding.Need.NOBODY, f"{item.ref} waits for nobody: {kinds}"
                assert item.case.closed_at is None, f"{item.ref} waits in a closed case: {kinds}"
            assert ("settle_tie" in kinds) <= (need is deciding.Need.TIE)

    @invariant()
    def what_contests_a_decision_is_owed_an_answer(self) -> None:
        """Rule 10: nothing buries an appeal or a complaint."""
        for appeal in Appeal.objects.filter(outcome="").select_related("item"):
            assert f"decide_{appeal.kind}" in self.desk.owed(appeal.item.ref)

    @invariant()
    def a_finding_stands_only_about_what_may_be_a_childs_and_is_not_cleared(self) -> None:
        """Rule 13; and where it is decided, the filing is owed or was made."""
        for finding in Finding.objects.filter(withdrawn_at__isnull=True).select_related("content__item"):
            item = finding.content.item
            standing = Decision.objects.filter(content=finding.content, overturned_at__isnull=True).first()
            if item.content_id == finding.content_id:
                assert item.age != Age.ADULT
            if standing is not None and standing.at >= finding.at:
                assert standing.verdict == Verdict.VIOLATING
            if standing is not None and standing.verdict == Verdict.VIOLATING:
                filings = Obligation.objects.filter(kind="report_authority").exclude(state="released")
                assert filings.exists()

    @invariant()
    def nobody_waits_to_be_told_what_is_no_longer_so(self) -> None:
        """Rule 16."""
        for notice in Notice.objects.filter(told_at__isnull=True, kind__in=["interim", "removed"]):
            owed = Obligation.objects.filter(
                kind="tell_holder", subject=f"notice:{notice.pk}", state="owed"
            ).exists()
            wanted = Item.objects.get(pk=notice.item_id).wanted
            if owed and notice.kind == "interim":
                assert wanted in (Visibility.HIDDEN, Visibility.LIMITED)
            if owed and notice.kind == "removed":
                assert wanted == Visibility.GONE

    @invariant()
    def what_is_removed_is_captured_first(self) -> None:
        """Rule 15: whatever was decided to be removed is owed its capture, until a worker made it."""
        standing = Decision.objects.filter(verdict="violating", overturned_at__isnull=True)
        owed = set(Obligation.objects.filter(kind="capture", state="owed").values_list("subject", flat=True))
        assert {f"item:{n}" for n in standing.values_list("content__item_id", flat=True)} <= owed

    @invariant()
    def what_happened_is_in_the_log(self) -> None:
        """Rule 21: as many entries as there were changes."""
        items = list(Item.objects.values_list("wanted_serial", "round"))
        overturned = list(Decision.objects.values_list("overturned_at", flat=True))
        finding_ends = list(Finding.objects.values_list("withdrawn_at", flat=True))
        report_ends = list(Report.objects.values_list("withdrawn_at", flat=True))
        counts = {
            "review_made": Review.objects.count(),
            "decision_made": len(overturned),
            "decision_overturned": len(list(filter(None, overturned))),
            "wanted_changed": sum(serial for serial, _ in items) - _serials_left_free(),
            "case_reopened": sum(number - 1 for _, number in items),
            "finding_made": len(finding_ends),
            "finding_withdrawn": len(list(filter(None, finding_ends))),
            "report_received": len(report_ends),
            "report_withdrawn": len(list(filter(None, report_ends))),
            "appeal_decided": Appeal.objects.exclude(outcome="").count(),
        }
        entries = list(AuditEntry.objects.values_list("kind", "event"))
        released = [json.loads(event) for kind, event in entries if kind == "obligation_released"]
        noted = [one["count"] for event in released for one in event.get("released", [{"count": 1}])]
        assert sum(noted) == Obligation.objects.filter(state="released").count()
        noted_of = Counter(kind for kind, _ in entries)
        assert {kind: noted_of[kind] for kind in counts} == counts

    @invariant()
    def nothing_is_asked_by_hand_that_is_no_longer_wanted(self) -> None:
        """Rules 5 and 15."""
        for owed in Obligation.objects.filter(kind="do_by_hand", state="owed"):
            subject, _, kind = owed.subject.partition("/")
            item = Item.objects.get(pk=int(subject.partition(":")[2]))
            if kind in KIND_OF_WANTED.values():
                assert KIND_OF_WANTED[item.wanted] == kind

    @invariant()
    def a_refusal_rests_on_people(self) -> None:
        """Rules 8 and 10, and who said what about age."""
        for decision in Decision.objects.filter(verdict=Verdict.NOT_VIOLATING):
            said = Review.objects.filter(
                content=decision.content, round=decision.round, verdict=Verdict.NOT_VIOLATING, qualified=True
            )
            people = set(said.values_list("person_id", flat=True))
            assert people
            before = ReportedItem.objects.filter(
                item=decision.content.item, report__received_at__lte=decision.answers_reports_before
            )
            young = before.exclude(report__age=Age.ADULT).exists() or not before.exists()
            if young or before.filter(report__complete=True).exists():
                assert len(people) >= 2, f"{decision.content.item.ref} was refused by one person"

    @invariant()
    def what_is_gone_was_decided_and_what_was_decided_is_gone(self) -> None:
        """Rules 3, 8 and 9: nobody's word but people's, about these very bytes, takes an item away."""
        standing = Decision.objects.filter(overturned_at__isnull=True, verdict=Verdict.VIOLATING)
        current = {d.content_id: d for d in standing}
        for item in Item.objects.all():
            if item.wanted == Visibility.GONE and item.wanted_why not in ("law", "copy"):
                any_content = standing.filter(content__item=item).exists()
                assert any_content, f"{item.ref} is gone and nobody decided so"
            elif item.content_id in current:
                raise AssertionError(f"{item.ref} was decided violating and is not wanted gone")
        for decision in standing:
            root = decision.of_decision or decision
            qualified = Review.objects.filter(
                content_id=root.content_id, verdict=Verdict.VIOLATING, qualified=True
            )
            assert qualified.exists(), "violating without a qualified person"
            assert root.content.sha256 == decision.content.sha256, "a decision reached another file"

    @invariant()
    def what_is_hidden_undecided_is_owed_a_look(self) -> None:
        """Rule 7: every interim hiding has somebody who must look."""
        for item in Item.objects.filter(interim_since__isnull=False):
            assert item.wanted in (Visibility.HIDDEN, Visibility.LIMITED)
            kinds = self.desk.owed(item.ref)
            assert kinds & {"look", "decide", "settle_tie", "second_look"}, (
                f"{item.ref} is hidden, nobody looks"
            )

    @invariant()
    def what_is_wanted_is_owed_until_it_was_seen(self) -> None:
        """Rule 3 and desired state: only a look that saw it ends the obligation."""
        for item in Item.objects.exclude(wanted_serial=0):
            kind = KIND_OF_WANTED[item.wanted]
            owed = self.desk.owed(item.ref) & set(KIND_OF_WANTED.values())
            assert owed <= {kind}, f"{item.ref} is owed {owed}, wanted {item.wanted}"
            by_hand = Obligation.objects.filter(
                kind="do_by_hand", subject=f"item:{item.pk}/{kind}", state="owed"
            )
            if item.seen != item.wanted and not by_hand.exists():
                assert owed == {kind}

    @invariant()
    def effects_on_accounts_take_two_people(self) -> None:
        """Rule 12."""
        for account in Account.objects.exclude(uploads_held_since=None, strikes=0):
            decision = Decision.objects.filter(
                Q(confirmed_by_two_at__isnull=False) | Q(of_decision__confirmed_by_two_at__isnull=False),
                content__item__account=account,
                verdict=Verdict.VIOLATING,
                overturned_at__isnull=True,
            )
            assert decision.exists()

    @invariant()
    def two_people_confirmed_what_is_called_confirmed(self) -> None:
        """Rule 12: the second person is another one."""
        for decision in Decision.objects.filter(confirmed_by_two_at__isnull=False):
            yes = Review.objects.filter(content=decision.content, verdict=Verdict.VIOLATING, qualified=True)
            assert yes.values("person").distinct().count() >= 2

    @invariant()
    def the_hash_lists_say_what_stands(self) -> None:
        """Rules 11 and 15: a fingerprint is on our list exactly while its decision stands."""
        on_list: dict[str, str] = {}
        for change in KnownChange.objects.filter(hash_list="own.confirmed", kind="sha256").order_by("seq"):
            on_list[change.cause] = change.op
        listed = {cause for cause, op in on_list.items() if op == "add"}
        standing = Decision.objects.filter(overturned_at__isnull=True, verdict=Verdict.VIOLATING)
        assert listed == {f"content:{decision.content_id}" for decision in standing}

    @invariant()
    def near_copies_are_removed_by_people_only(self) -> None:
        """Rule 11."""
        for edge in Copy.objects.filter(kind="near").select_related("content"):
            decision = Decision.objects.filter(content=edge.content, overturned_at__isnull=True).first()
            if decision is not None and decision.verdict == Verdict.VIOLATING:
                root = decision.of_decision or decision
                assert root.content.sha256 == edge.content.sha256

    @invariant()
    def a_finding_is_about_a_child_and_rests_on_a_qualified_yes(self) -> None:
        """Rule 13; elsewhere than where people looked, on the yes of two about the very same file (rule 12)."""
        standing = Decision.objects.filter(overturned_at__isnull=True, verdict=Verdict.VIOLATING)
        for finding in Finding.objects.filter(withdrawn_at__isnull=True).select_related("review", "content"):
            if finding.review is None:
                assert finding.matched_list == "own.confirmed_by_two"
                decision = standing.get(content=finding.content)
                assert decision.of_decision is not None
                assert decision.of_decision.confirmed_by_two_at is not None
                assert decision.of_decision.content.sha256 == finding.content.sha256
                continue
            assert finding.review.qualified
            assert finding.review.verdict == Verdict.VIOLATING

    @invariant()
    def whoever_posted_the_identical_file_is_found_too(self) -> None:
        """Rules 11 to 13: once two people confirmed a file that may show a child, wherever it stands."""
        confirmed = Decision.objects.filter(
            overturned_at__isnull=True, verdict=Verdict.VIOLATING, confirmed_by_two_at__isnull=False
        )
        standing = Finding.objects.filter(withdrawn_at__isnull=True)
        for root in confirmed.filter(of_decision__isnull=True):
            about_a_child = standing.filter(content=root.content).exists()
            for shared in root.shared.filter(overturned_at__isnull=True).select_related("content__item"):
                finding = standing.filter(content=shared.content).first()
                if not about_a_child:
                    assert finding is None or finding.review is not None
                elif finding is None:  # people looked at this very place, and found an adult
                    assert shared.content.reviews.filter(age=Age.ADULT, qualified=True).exists()

    @invariant()
    def people_who_decided_do_not_handle_what_contests_it(self) -> None:
        """Rules 6 and 10."""
        for appeal in Appeal.objects.exclude(outcome=""):
            judged = Review.objects.filter(content__item=appeal.item, round=appeal.round)
            for review in judged:
                earlier = Review.objects.filter(
                    content__item=appeal.item, person=review.person, round__lt=appeal.round
                )
                if appeal.item.round_why in ("appeal", "complaint") and appeal.item.round == appeal.round:
                    assert not earlier.exists()


@pytest.mark.django_db
def test_in_any_order_the_rules_hold() -> None:
    """Thousands of steps; a failing one prints the shortest story that breaks a rule."""
    assert issubclass(AlreadyDone, Refused)
    assert issubclass(NotFound, Refused)
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=SOAK_STORIES or 40,
            derandomize=not SOAK_STORIES,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def _serials_left_free() -> int:
    """What is shown and shall be gone leaves a serial for hiding it meanwhile."""
    events = AuditEntry.objects.filter(kind="wanted_changed").values_list("event", flat=True)
    changes = [(json.loads(event)["from"], json.loads(event)["to"]) for event in events]
    return sum(was in ("visible", "limited") and to == "gone" for was, to in changes)
