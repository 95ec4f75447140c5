"""The same desk in any order, with hash lists that come and go: only the very file on a trusted list decides."""

import json

import pytest
from django.db.models import Q
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.models import Decision, Finding, HashList, ItemContent, KnownChange, ListEntry, Review
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Verdict, Visibility
from tests.cases.lists import in_force, says, value, withdraws
from tests.cases.test_any_order import FILES, REFS, SOAK_STORIES, AnyOrder

DECIDING = ("ncmec.A1", "ncmec.A2")
NAMES = st.sampled_from(["ncmec", "ncmec", "ncmec", "iwf", "stopncii", "takeitdown"])
LOOKS = {"look", "decide", "settle_tie", "decide_appeal", "decide_complaint"}


def affirmed(decision: Decision) -> bool:
    """Whether people came to `violating` about this file since: as first said in a round, or as a lead settled it."""
    same = Decision.objects.filter(Q(pk=decision.pk) | Q(of_decision=decision)).values("content")
    since = Review.objects.filter(content__in=same, qualified=True, at__gte=decision.at)
    for review in since.filter(verdict=Verdict.VIOLATING):
        others = since.filter(content=review.content, round=review.round).exclude(pk=review.pk)
        if review.tie or not (others.filter(tie=True).exists() or others.filter(at__lt=review.at).exists()):
            return True
    return False


def by_list() -> list[Decision]:
    """The decisions that a list made, whatever became of them."""
    return list(Decision.objects.filter(basis="exact_match").select_related("content__item"))


class WithLists(AnyOrder):
    """The desk, and what lists say."""

    @rule(
        name=NAMES,
        file=FILES,
        label=st.sampled_from(["A1", "A1", "A2", "B1", ""]),
        kinds=st.sampled_from([("sha256",), ("sha256",), ("sha256", "md5"), ("md5",), ("sha1",)]),
        flip=st.sampled_from([0, 0, 0, 1, 8]),
    )
    def a_list_says(self, name: str, file: str, label: str, kinds: tuple[str, ...], flip: int) -> None:
        says(self.desk, name, file, label=label, kinds=kinds, flip=flip)

    @rule(name=NAMES, file=FILES)
    def a_list_withdraws(self, name: str, file: str) -> None:
        if HashList.objects.filter(name=name).exists():
            withdraws(self.desk, name, file)

    @rule(ref=REFS, file=FILES)
    def upload_what_a_list_says(self, ref: str, file: str) -> None:
        """Straight after the list, so that stories reach it often."""
        says(self.desk, "ncmec", file)
        self.upload_or_edit(ref, file, "uri")

    @invariant()
    def a_list_decides_by_the_very_file_alone(self) -> None:
        """Rule 8: a trusted list held it by SHA-256, and nobody here had found it not violating."""
        matched = [
            json.loads(e)
            for e in AuditEntry.objects.filter(kind="list_matched").values_list("event", flat=True)
        ]
        assert len(matched) == len(by_list())
        named = {event["content"]: event for event in matched}
        for decision in by_list():
            assert decision.verdict == Verdict.VIOLATING
            event = named[decision.content_id]
            assert event["list"] in DECIDING
            entry = ListEntry.objects.select_related("hash_list").get(pk=event["entry"])
            assert (entry.kind, bytes(entry.value).hex()) == ("sha256", decision.content.sha256)
            assert entry.hash_list.name == "ncmec"
            before = Review.objects.filter(
                content=decision.content, verdict=Verdict.NOT_VIOLATING, qualified=True, at__lt=decision.at
            )
            assert not before.exists(), "a list overruled a person"

    @invariant()
    def a_list_acts_on_no_account_and_confirms_nothing(self) -> None:
        """Rule 12."""
        for decision in by_list():
            if decision.confirmed_by_two_at is not None:
                yes = Review.objects.filter(
                    content=decision.content, verdict=Verdict.VIOLATING, qualified=True
                )
                assert yes.values("person").distinct().count() >= 2

    @invariant()
    def what_rests_on_a_word_taken_back_waits_for_people(self) -> None:
        """Rule 8: it stands, since only people clear, and somebody is to look soon."""
        for decision in by_list():
            item = decision.content.item
            if (
                decision.overturned_at is not None
                or item.content_id != decision.content_id
                or affirmed(decision)
            ):
                continue
            assert item.wanted == Visibility.GONE
            owed = self.desk.owed(item.ref)
            assert owed & {*LOOKS, "second_look"}
            files = {"one", "two", "three"}
            file = next(f for f in files if value("sha256", f).hex() == decision.content.sha256)
            if not in_force(file, *DECIDING):
                assert owed & LOOKS

    @invariant()
    def what_is_gone_was_decided_and_what_was_decided_is_gone(self) -> None:
        """Rules 3, 8 and 9, as without lists; a list's decision needs no person."""
        standing = Decision.objects.filter(overturned_at__isnull=True, verdict=Verdict.VIOLATING)
        for decision in standing:
            root = decision.of_decision or decision
            said = Review.objects.filter(
                content_id=root.content_id, verdict=Verdict.VIOLATING, qualified=True
            )
            assert root.basis == "exact_match" or said.exists(), "violating without a qualified person"
            assert root.content.sha256 == decision.content.sha256, "a decision reached another file"

    @invariant()
    def the_hash_lists_say_what_stands(self) -> None:
        """Rules 11 and 15: as confirmed stands what people found, and nothing that a list alone says."""
        on_list: dict[str, str] = {}
        for change in KnownChange.objects.filter(hash_list="own.confirmed", kind="sha256").order_by("seq"):
            on_list[change.cause] = change.op
        listed = {cause for cause, op in on_list.items() if op == "add"}
        standing = Decision.objects.filter(overturned_at__isnull=True, verdict=Verdict.VIOLATING)
        must, may, files = set(), set(), set()
        for decision in standing.select_related("of_decision", "content"):
            root, cause = decision.of_decision or decision, f"content:{decision.content_id}"
            if root.basis != "exact_match":
                must.add(cause)
            elif affirmed(root):
                may.add(cause)
                files.add(decision.content.sha256)
        assert must <= listed <= must | may
        ours = ItemContent.objects.filter(pk__in=[int(cause.partition(":")[2]) for cause in listed])
        assert files <= set(ours.values_list("sha256", flat=True)), (
            "a person affirmed it, and it is not refused"
        )

    @invariant()
    def a_finding_is_about_a_child_and_rests_on_a_qualified_yes(self) -> None:
        """Rule 13: or on a trusted list, and then on the very file, wherever it stands; or on the yes of two."""
        standing = Decision.objects.filter(overturned_at__isnull=True, verdict=Verdict.VIOLATING)
        for finding in Finding.objects.filter(withdrawn_at__isnull=True).select_related("review", "content"):
            if finding.review is None:
                decision = standing.get(content=finding.content)
                root = decision.of_decision or decision
                assert root.content.sha256 == finding.content.sha256
                if finding.matched_list == "own.confirmed_by_two":
                    assert root.confirmed_by_two_at is not None
                else:
                    assert finding.matched_list in DECIDING
                    assert finding.age == Age.CHILD
                    assert root.basis == "exact_match"
            else:
                assert finding.review.qualified
                assert finding.review.verdict == Verdict.VIOLATING

    @invariant()
    def what_was_overturned_is_corrected_where_it_was_filed(self) -> None:
        """Rule 15."""
        withdrawn = Finding.objects.filter(~Q(matched_list=""), withdrawn_at__isnull=False)
        for finding in withdrawn:
            filed = Obligation.objects.filter(
                kind="report_authority",
                case_id=finding.case_id,
                state__in=["kept", "kept_late"],
                closed_at__gte=finding.at,
                closed_at__lte=finding.withdrawn_at,
            )
            for one in filed:
                corrected = Obligation.objects.filter(
                    kind="correct_authority", case_id=finding.case_id, regime=one.regime
                )
                assert corrected.exists()

    @rule(number=st.integers(0, 2))
    def what_is_owed_to_an_authority_is_filed(self, number: int) -> None:
        owed = list(Obligation.objects.filter(kind="report_authority", state="owed").order_by("pk"))
        if owed:
            self.desk.clock.pass_(seconds=30)
            commands.mark_kept(
                owed[number % len(owed)].pk,
                person_id=self.person("Omar").pk,
                reference="filed",
                now=self.desk.clock.now,
            )


@pytest.mark.django_db
def test_in_any_order_lists_decide_nothing_else() -> None:
    """A failing one prints the shortest story that breaks a rule."""
    run_state_machine_as_test(
        WithLists,
        settings=settings(
            max_examples=SOAK_STORIES or 8,
            derandomize=not SOAK_STORIES,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
