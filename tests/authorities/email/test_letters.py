"""From a decision to a letter that an authority can open: whom, what, how often, and what nobody else can read."""

import json
from datetime import timedelta

import pyrage
import pytest

from answerable.audit.models import AuditEntry
from answerable.authorities import filing
from answerable.cases import codes, commands
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.models import Letter, Notice, Person
from answerable.obligations import queries
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Danger, Relation
from tests.authorities.email.conftest import NCA, POLICE

pytestmark = pytest.mark.django_db


def read(taken, identity=POLICE):
    return json.loads(taken.opened(identity, "json"))


def overturn(desk, ref):
    people = [
        Person.objects.get_or_create(pseudonym=name, defaults={"qualifications": ["child_safety"]})[0]
        for name in ("Mira", "Nora")
    ]
    notice = Notice.objects.filter(item=desk.item(ref)).latest("pk")
    code = codes.derived_code(f"notice:{notice.pk}")
    commands.appeal(code, text="A lake.", now=desk.clock.pass_(minutes=1))
    for person in people:
        desk.no(person, ref)


def receipt_owed():
    return Obligation.objects.filter(kind="enter_receipt", state="owed")


def test_a_decision_about_a_child_is_told_to_each_configured_party_and_the_duty_kept(desk, ravi):
    desk.decided(ravi, "a")
    desk.work()
    (letter,) = desk.to("eu_police")
    said = read(letter)
    (thing,) = said["things"]
    assert (thing["name"], thing["address"]) == ("a", "http://127.0.0.1:8402/p/a")
    assert thing["shows"] == "a person under 18"
    assert thing["sha256"] == desk.item("a").content.sha256
    assert thing["account"] == "uri"
    assert said["law"] == "Regulation (EU) 2022/2065, Art. 18"
    assert "No sexual image of a person under 18" in thing["rule"]
    text = letter.opened(POLICE, "txt")
    assert "Shows: a person under 18" in text
    assert desk.owed_to("eu_police") == ["kept"]
    assert desk.owed_to("nca") == ["kept"]
    assert read(desk.to("nca")[0], NCA)["law"] == "Online Safety Act 2023, s. 66"
    kept = Obligation.objects.get(kind="report_authority", regime="eu")
    assert kept.reference == said["reference"]
    assert AuditEntry.objects.filter(kind="letter_accepted").count() == 2
    assert "destroy_preserved" in desk.owed()


def test_the_mail_itself_says_a_reference_and_nothing_else(desk, ravi):
    desk.post("secret-ref", account="holder-secret")
    desk.report("secret-ref", statement="My name is Dana.", contact="dana@mail.example")
    desk.yes(ravi, "secret-ref")
    desk.work()
    (letter,) = desk.to("eu_police")
    mail, reference = letter.mail, Letter.objects.get(authority="eu_police").reference
    assert mail["Subject"] == f"Reference {reference}"
    assert (mail["From"], mail["To"]) == ("desk@photos.example", "eu_police@authority.example")
    assert mail["Message-ID"] == Letter.objects.get(authority="eu_police").message_id
    for word in (b"secret", b"uri", b"127.0.0.1", b"csam", b"child", b"Dana", b"Ravi", b"2022/2065", b"case"):
        assert word not in letter.raw, word
    names = [part.get_filename() for part in mail.iter_attachments()]
    assert names == [f"{reference}.txt.age", f"{reference}.json.age"]
    with pytest.raises(pyrage.DecryptError):
        letter.opened(NCA, "txt")
    inside = letter.opened(POLICE, "txt") + letter.opened(POLICE, "json")
    for word in ("Dana", "dana@mail.example", "Ravi", "as the clause says"):
        assert word not in inside


def test_nobody_is_mailed_who_is_not_configured(desk, configure, ravi):
    configure(names=("eu_police",))
    desk.decided(ravi, "a")
    desk.work(hours=2)
    assert [one.address for one in desk.post_office.taken] == ["eu_police@authority.example"]
    assert desk.owed_to("nca") == ["owed"]
    assert desk.owed_to("eu_police") == ["kept"]


def test_without_a_section_people_do_it_as_before(desk, configure, ravi):
    configure(email=None)
    desk.decided(ravi, "a")
    desk.work(hours=2)
    assert desk.post_office.said == []
    assert desk.owed_to("eu_police") == ["owed"]
    owed = Obligation.objects.get(kind="report_authority", regime="eu")
    commands.mark_kept(owed.pk, person_id=ravi.pk, reference="by telephone", now=desk.clock.now)
    configure()
    desk.work()
    assert desk.to("eu_police") == []
    desk.post("b")
    desk.report("a", "b")
    desk.yes(ravi, "b")
    desk.work()
    assert [one["name"] for one in read(desk.to("eu_police")[0])["things"]] == ["b"]


def test_an_adults_matter_is_told_where_the_law_says_so_and_never_to_whom_is_told_of_children(desk, ravi):
    desk.post("a")
    desk.report("a", harm="sextortion", age=Age.ADULT)
    desk.yes(ravi, "a", age=Age.ADULT, clause="sextortion.threat")
    desk.post("b", account="other")
    desk.report("b", harm="ncii", age=Age.ADULT, relation=Relation.WITNESS)
    desk.yes(ravi, "b", age=Age.ADULT, clause="ncii.shared")
    desk.work()
    (letter,) = desk.to("eu_police")
    assert [one["shows"] for one in read(letter)["things"]] == ["an adult"]
    assert desk.to("nca") == []


def test_several_of_a_case_are_one_letter_and_a_later_one_is_another(desk, ravi):
    desk.decided(ravi, "a", "b")
    desk.work()
    assert [one["name"] for one in read(desk.to("eu_police")[0])["things"]] == ["a", "b"]
    desk.post("c", account="uri")
    desk.report("a", "c")
    desk.yes(ravi, "c")
    desk.work()
    told = [[one["name"] for one in read(letter)["things"]] for letter in desk.to("eu_police")]
    assert told == [["a", "b"], ["c"]]
    assert set(desk.owed_to("eu_police")) == {"kept"}


def test_a_danger_is_said_with_its_time(desk, ravi):
    desk.post("a")
    desk.report("a", danger=Danger.NOW)
    desk.yes(ravi, "a")
    desk.work()
    assert "in danger now. It came at 2026-12-01 09:00 UTC" in read(desk.to("nca")[0], NCA)["danger"]


def test_a_letter_that_our_server_may_have_taken_is_sent_again_the_very_same(desk, configure, ravi):
    configure(names=("eu_police",))
    desk.post_office.answers.append(("end", ""))
    desk.decided(ravi, "a")
    desk.work(minutes=1)
    first, second = desk.to("eu_police")
    assert first.raw == second.raw
    assert desk.states() == ["accepted"]
    assert desk.owed_to("eu_police") == ["kept"]


@pytest.mark.parametrize(
    "answer",
    [("mail", "451 later"), ("rcpt", "450 busy"), ("data", "421 later"), ("end", "452 full"), ("rcpt", "")],
)
def test_what_is_not_taken_now_is_sent_later(desk, configure, ravi, answer):  # fmt: skip
    configure(names=("eu_police",))
    desk.post_office.answers.append(answer)
    desk.decided(ravi, "a")
    desk.work(minutes=1)
    assert len(desk.to("eu_police")) == 1
    assert desk.states() == ["accepted"]


@pytest.mark.parametrize("answer", [("rcpt", "550 nobody"), ("data", "554 no"), ("end", "554 no")])
def test_what_is_refused_for_good_is_left_to_people_and_paged(desk, configure, ravi, answer):
    configure(names=("eu_police",))
    desk.post_office.answers.append(answer)
    desk.decided(ravi, "a")
    desk.work(hours=1)
    assert desk.states() == ["by_hand"]
    assert desk.to("eu_police") == []
    assert desk.owed_to("eu_police") == ["owed"]
    letter = Letter.objects.get()
    assert Obligation.objects.filter(kind="page_people", subject=f"letter:{letter.pk}").count() == 1
    commands.send_again(letter.pk, person_id=ravi.pk, now=desk.clock.now)
    desk.work()
    assert desk.states() == ["dropped", "accepted"]
    assert desk.owed_to("eu_police") == ["kept"]


def test_a_wrong_password_pages_once_and_nothing_is_lost(desk, configure, ravi, tmp_path):
    desk.post_office.login = ("desk", "right")
    (tmp_path / "smtp.login").write_text("desk:wrong")
    configure(names=("eu_police",), login_file=str(tmp_path / "smtp.login"))
    desk.decided(ravi, "a")
    desk.work(hours=1)
    assert desk.states() == ["queued"]
    assert Obligation.objects.filter(kind="page_people", subject="post:production").count() == 1
    (tmp_path / "smtp.login").write_text("desk:right")
    desk.work(minutes=6)
    assert desk.states() == ["accepted"]


def test_a_receipt_is_owed_by_people_and_its_lack_shows(desk, configure, ravi):
    configure(names=("eu_police",))
    desk.decided(ravi, "a")
    desk.work()
    owed = receipt_owed().get()
    assert owed.by == "people"
    assert owed.due_at - desk.clock.now > timedelta(hours=71)
    assert owed in queries.late(desk.clock.pass_(hours=73))
    commands.mark_kept(owed.pk, person_id=ravi.pk, reference="BKA 4711", now=desk.clock.now)
    letter = Letter.objects.get()
    assert (letter.state, letter.receipt) == ("received", "BKA 4711")
    assert not receipt_owed().exists()


def test_a_letter_that_comes_back_is_owed_anew_by_the_time_that_it_was_due(desk, configure, ravi):
    configure(names=("eu_police",))
    desk.decided(ravi, "a")
    desk.work()
    first = Obligation.objects.get(kind="report_authority", regime="eu")
    letter = Letter.objects.get()
    commands.letter_bounced(letter.reference, person_id=ravi.pk, why="no such box", now=desk.clock.now)
    assert desk.owed_to("eu_police") == ["kept", "owed"]
    anew = Obligation.objects.get(kind="report_authority", regime="eu", state="owed")
    assert (anew.due_at, anew.by) == (first.due_at, "people")
    assert not receipt_owed().exists()
    desk.work(hours=1)
    assert len(desk.to("eu_police")) == 1
    with pytest.raises(AlreadyDone):
        commands.letter_bounced(letter.reference, person_id=ravi.pk, why="", now=desk.clock.now)
    with pytest.raises(NotFound):
        commands.letter_bounced("2222", person_id=ravi.pk, why="", now=desk.clock.now)
    commands.send_again(letter.pk, person_id=ravi.pk, now=desk.clock.now)
    desk.work()
    assert len(desk.to("eu_police")) == 2
    assert desk.owed_to("eu_police") == ["kept", "kept"]


def test_people_can_tell_in_the_place_of_a_letter_that_came_back(desk, configure, ravi):
    configure(names=("eu_police",))
    desk.decided(ravi, "a")
    desk.work()
    letter = Letter.objects.get()
    commands.letter_bounced(letter.reference, person_id=None, why="it came back", now=desk.clock.now)
    anew = Obligation.objects.get(kind="report_authority", regime="eu", state="owed")
    commands.mark_kept(anew.pk, person_id=ravi.pk, reference="by telephone", now=desk.clock.now)
    desk.work(hours=1)
    assert len(desk.to("eu_police")) == 1
    assert desk.states() == ["by_hand"]
    assert desk.owed_to("eu_police") == ["kept", "kept"]


def test_nothing_is_marked_while_a_letter_is_on_its_way(desk, configure, ravi):
    configure(names=("eu_police",))
    desk.post_office.answers += [("rcpt", "450 busy")] * 3
    desk.decided(ravi, "a")
    desk.work(seconds=0)
    owed = Obligation.objects.get(kind="report_authority", regime="eu")
    with pytest.raises(Refused, match="being sent"):
        commands.mark_kept(owed.pk, person_id=ravi.pk, reference="77", now=desk.clock.now)


def test_what_falls_before_it_is_sent_is_never_sent(desk, configure, ravi):
    configure(names=("eu_police",))
    desk.decided(ravi, "a")
    assert filing.draft_due(desk.clock.now) == 1
    overturn(desk, "a")
    desk.work(minutes=10)
    assert desk.post_office.taken == []
    assert desk.states() == ["dropped"]
    assert desk.owed_to("eu_police", "correct_authority") == []


def test_what_falls_afterwards_is_taken_back_by_another_letter(desk, configure, ravi):
    configure(names=("eu_police",))
    desk.decided(ravi, "a")
    desk.work()
    overturn(desk, "a")
    desk.work()
    first, second = desk.to("eu_police")
    assert read(second)["takes_back"].startswith(read(first)["reference"])
    assert read(second)["things"] == []
    assert desk.owed_to("eu_police", "correct_authority") == ["kept"]
    desk.work(hours=5)
    assert len(desk.to("eu_police")) == 2


def test_what_falls_while_it_may_have_been_taken_is_sent_to_its_end_and_taken_back(desk, configure, ravi):
    configure(names=("eu_police",))
    desk.post_office.answers += [("end", "")]
    desk.decided(ravi, "a")
    desk.work(seconds=0)
    assert desk.states() == ["queued"]
    overturn(desk, "a")
    desk.work(minutes=10)
    raws = [one.raw for one in desk.to("eu_police")]
    assert len(raws) == 3
    assert raws[0] == raws[1]
    assert read(desk.to("eu_police")[2])["takes_back"]
    assert desk.owed_to("eu_police", "correct_authority") == ["kept"]


def test_a_test_keeps_no_duty(desk, configure, ravi):
    configure(names=("eu_police",), environment="test")
    desk.decided(ravi, "a")
    desk.work()
    assert len(desk.to("eu_police")) == 1
    assert desk.owed_to("eu_police") == ["owed"]
    assert not receipt_owed().exists()
    configure(names=("eu_police",))
    desk.work()
    assert desk.owed_to("eu_police") == ["kept"]
    assert len(desk.to("eu_police")) == 2
