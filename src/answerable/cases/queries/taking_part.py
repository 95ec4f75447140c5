"""Who had a part in what is contested now, by having judged the identical file (rule 10)."""

from collections.abc import Collection
from datetime import UTC, datetime

from django.db.models import Min, Q

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.cases.models import Appeal, Decision, Item, ItemContent, Message, Person, Report, Review
from answerable.obligations.models import Obligation

_NEVER = datetime.max.replace(tzinfo=UTC)


def judged_identical(person: Person, items: Collection[Item]) -> set[int]:
    """Those of these contested items whose file this person had judged in another item before the contest began.

    What they judge while both are contested is the same contest: one keystroke may answer both.
    """
    contents = {item.content_id: item for item in items if item.content_id is not None}
    if not contents:
        return set()
    files: dict[str, list[Item]] = {}
    for content_id, sha256 in ItemContent.objects.filter(pk__in=contents).values_list("pk", "sha256"):
        files.setdefault(sha256, []).append(contents[content_id])
    shared = Decision.objects.filter(content__in=list(contents), of_decision__isnull=False)
    originals: dict[int, list[Item]] = {}
    for content_id, original_id in shared.values_list("content_id", "of_decision__content_id"):
        originals.setdefault(original_id, []).append(contents[content_id])
    same = Q(content__sha256__in=list(files)) | Q(content__in=list(originals))
    made = Review.objects.filter(same, person=person)
    found: set[int] = set()
    began: dict[int, datetime] = {}
    for content_id, sha256, item_id, at in made.values_list(
        "content_id", "content__sha256", "content__item_id", "at"
    ):
        for item in [*files.get(sha256, ()), *originals.get(content_id, ())]:
            if item.pk == item_id or item.pk in found:
                continue
            if item.pk not in began:
                began[item.pk] = _contested_since(item)
            if at <= began[item.pk]:
                found.add(item.pk)
    return found


def had_part_in_account(person: Person, contested: Obligation) -> bool:
    """Whether this person took part in what the holder of an account contests: judged something of it, or said whose it
    is, before the contest. `contested`: the `judge_account` that it owes.
    """
    account_id = int(contested.subject.partition(":")[2])
    mine = Q(case_id=contested.case_id) | Q(content__item__account_id=account_id)
    if Review.objects.filter(mine, person=person, at__lt=contested.owed_at).exists():
        return True
    said = AuditEntry.objects.filter(
        kind="account_judged", actor=f"person:{person.pk}", at__lt=contested.owed_at
    )
    return any((event_of(entry) or {}).get("account") == account_id for entry in said)


def _contested_since(item: Item) -> datetime:
    """When what is contested about an item now was contested: by its holder or a reporter, or by an answer."""
    now_open = Appeal.objects.filter(Q(outcome="") | Q(round=item.round), item=item)
    appealed: datetime | None = now_open.aggregate(first=Min("received_at"))["first"]
    if appealed is not None:
        return appealed
    answers = Message.objects.filter(report__reported_items__item=item, from_reporter=True)
    answered = answers.order_by("-at").values_list("at", flat=True).first()
    followed = Report.objects.filter(reported_items__item=item, earlier__isnull=False)
    said_again = followed.order_by("-received_at").values_list("received_at", flat=True).first()
    return max((at for at in (answered, said_again) if at is not None), default=_NEVER)
