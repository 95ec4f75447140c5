"""The people of the desk: enough of them, on call, paged, and trained."""

from collections.abc import Iterator

from answerable.cases.models import Person
from answerable.cases.queries.people import staff
from answerable.checklist.lines import A_QUARTER, A_YEAR, Line, ask, attempt, check
from answerable.checklist.models import Trial
from answerable.obligations import paging
from answerable.policy import Pack
from answerable.policy.staff import lacking
from answerable.settings.config import Config

PAGERS = "pagers"
TEST_PAGE = ("Answerable: a test", "Nobody is in danger. Say to your administrator that you read this.")


def lines(config: Config, pack: Pack | None) -> Iterator[Line]:
    """The lines about people."""
    lacks = (
        [str(lack) for lack in lacking(pack, staff())] if pack is not None else ["no policy pack is active"]
    )
    yield check(
        "staff",
        "There are enough qualified people for all that the pack promises, and somebody is on call",
        good=not lacks,
        done=f"{Person.objects.filter(active=True).count()} people, and the pack lacks nobody.",
        missing=f"{'; '.join(lacks)}. answerable policy check {config.desk.policy} --staff, answerable person add",
    )
    yield check(
        "administrators",
        "Two people look after the desk, so that one can be ill",
        good=Person.objects.filter(active=True, administrator=True).count() >= 2,
        done="There are two administrators or more.",
        missing="Add another one: answerable person add NAME --administrator",
    )
    yield from _pagers(config)
    yield check(
        "emergency_contact",
        "Who reports a danger while nobody is on call reads whom to call",
        good=bool(config.desk.emergency_contact.strip()),
        done=config.desk.emergency_contact,
        missing="Write desk.emergency_contact.",
    )
    yield ask(
        "training",
        "Reviewers are trained for what they will see, few can see it, and somebody looks after them",
        "State how: who trained them, how long a shift is, who they talk to. The law asks to keep their number small.",
        sorted(Person.objects.filter(active=True).values_list("pk", flat=True)),
        again_after=A_YEAR,
    )


def _pagers(config: Config) -> Iterator[Line]:
    title = "A page reaches the people on call"
    urls = list(config.alerts.urls)
    if not urls:
        yield check(
            PAGERS, title, good=False, done="", missing="Write the addresses of pagers: [alerts] urls."
        )
        return
    sending = attempt(PAGERS, title, send_test_page, urls, again_after=A_QUARTER)
    yield sending
    read = "The people on call read the test page"
    sent = Trial.objects.filter(line=PAGERS, basis=sending.basis, passed=True).order_by("at", "pk").last()
    if sent is None:
        missing = "None was sent: answerable checklist --try, at night if you can."
        yield check(f"{PAGERS}.read", read, good=False, done="", missing=missing)
        return
    says = f"One was sent {sent.at:%Y-%m-%d %H:%M} UTC: state who read it, and after how long."
    yield ask(f"{PAGERS}.read", read, says, urls, sent.pk)


def send_test_page() -> str:
    """Page everybody on call that this is a test. Raises NobodyToPage, PagingFailed."""
    return f"{paging.page(*TEST_PAGE)} addresses took a test page."
