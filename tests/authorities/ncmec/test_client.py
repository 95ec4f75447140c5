"""Asking NCMEC over real HTTP: what it answers, what goes wrong, and what each error tells a reviewer."""

import hashlib
import io
import resource
import threading

import httpx
import pytest

from answerable.authorities.base import (
    AnswerUnusable,
    AuthorityError,
    CredentialsRefused,
    HostNotConfigured,
    NoAnswer,
    OursIsWrong,
    Unreachable,
)
from answerable.authorities.ncmec import codes
from answerable.authorities.ncmec.client import UploadDamaged
from answerable.authorities.ncmec.codes import (
    AlreadyFinished,
    AlreadyRetracted,
    ReportUnknown,
    StateUnknown,
    TryAgain,
)
from answerable.authorities.ncmec.file_details import FileDetails
from answerable.authorities.ncmec.schema import NotValid
from answerable.db import crash
from tests.fakes.ncmec import Clock, Server, State, Trouble, When, client, small_report

LANDSCAPE = b"a synthetic landscape" * 1000


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def server(clock):
    with Server(clock) as running:
        yield running


def opened(server):
    return client(server).submit(small_report())


def test_a_report_is_opened_filled_and_filed(server):
    ncmec = client(server)
    number = ncmec.submit(small_report())
    sent = ncmec.upload(number, io.BytesIO(LANDSCAPE), "file-1")
    ncmec.file_info(FileDetails(report_id=number, file_id=sent.file_id, file_viewed_by_esp=True))
    assert ncmec.finish(number) == (sent.file_id,)
    (filed,) = server.reports.in_state(State.FINISHED)
    file = filed.files[sent.file_id]
    assert filed.document == small_report().xml()
    assert (file.md5, file.size) == (hashlib.md5(LANDSCAPE).hexdigest(), len(LANDSCAPE))
    assert file.details.findtext("fileViewedByEsp") == "true"
    assert server.asked == ["/submit", "/upload", "/fileinfo", "/finish"]


def test_the_check_says_whom_ncmec_takes_the_desk_for(server):
    assert client(server).status() == "Remote User : drill, Remote Ip : 127.0.0.1"
    assert b"fileDetails" in client(server).xsd()


@pytest.mark.parametrize("ask", ["status", "xsd"])
def test_wrong_credentials_are_said_in_words(server, ask):
    with pytest.raises(CredentialsRefused, match="name and password") as refused:
        getattr(client(server, login="drill:wrong"), ask)()
    assert refused.value.alarm
    assert not refused.value.retry
    assert "drill-000001" in str(refused.value)
    assert "wrong" not in str(refused.value)


@pytest.mark.parametrize("code", sorted(codes.KNOWN_CODES - {0}))
def test_every_documented_code_is_classified(server, code):
    server.troubles.append(Trouble("/submit", When.BEFORE, code=code))
    with pytest.raises(AuthorityError) as refused:
        client(server).submit(small_report())
    error = refused.value
    by_thousand = {
        1: TryAgain,
        2: CredentialsRefused,
        3: CredentialsRefused,
        4: OursIsWrong,
    }
    by_code = {
        1210: OursIsWrong,
        5001: ReportUnknown,
        5002: OursIsWrong,
        5101: AlreadyRetracted,
        5102: AlreadyFinished,
    }
    assert type(error) is by_code.get(code, by_thousand.get(code // 1000))
    assert error.code == code
    assert f"code {code}" in str(error)
    assert error.request_id == "drill-000001"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1999, TryAgain),
        (2999, CredentialsRefused),
        (3999, CredentialsRefused),
        (4999, OursIsWrong),
        (5999, StateUnknown),
        (9000, OursIsWrong),
    ],
)
def test_an_unknown_code_is_read_by_its_thousands(code, kind):
    assert type(codes.error_of(code)) is kind


@pytest.mark.parametrize("status", [200, 400, 500])
def test_the_code_counts_whatever_the_http_status(server, status):
    server.troubles.append(Trouble("/finish", code=5102, status=status))
    with pytest.raises(AlreadyFinished):
        client(server).finish(opened(server))


def test_states_follow_from_what_was_done(server, clock):
    ncmec = client(server)
    finished, retracted, expired = opened(server), opened(server), opened(server)
    ncmec.finish(finished)
    ncmec.retract(retracted)
    for step in (ncmec.finish, ncmec.retract, lambda n: ncmec.upload(n, io.BytesIO(b"x"), "x")):
        with pytest.raises(AlreadyFinished):
            step(finished)
        with pytest.raises(AlreadyRetracted):
            step(retracted)
        with pytest.raises(ReportUnknown):
            step(999)
    clock.pass_(hours=24)
    with pytest.raises(ReportUnknown):
        ncmec.finish(expired)
    assert [len(server.reports.in_state(state)) for state in State] == [0, 1, 1, 1]


def test_an_upload_keeps_a_report_open_for_another_hour(server, clock):
    ncmec, number = client(server), opened(server)
    clock.pass_(hours=23, minutes=59)
    ncmec.upload(number, io.BytesIO(b"x"), "x")
    clock.pass_(minutes=59)
    ncmec.finish(number)
    other = opened(server)
    clock.pass_(hours=23, minutes=59)
    ncmec.upload(other, io.BytesIO(b"x"), "x")
    clock.pass_(hours=1)
    with pytest.raises(ReportUnknown):
        ncmec.finish(other)


def test_nothing_invalid_is_sent(server):
    with pytest.raises(NotValid):
        client(server).submit_xml(b"<report><reporter/></report>")
    assert server.asked == []


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"<report><reporter/></report>", "text/xml", 4100),
        (small_report().xml(), "application/json", 4000),
        (b"<report>", "text/xml", 4110),
        (b'<!DOCTYPE report [<!ENTITY a "b">]><report>&a;</report>', "text/xml", 4110),
        (b"<fileDetails><reportId>1</reportId><fileId>f</fileId></fileDetails>", "text/xml", 4100),
    ],
)
def test_the_drill_refuses_what_ncmec_refuses(server, body, kind, code):
    answer = httpx.post(
        f"{server.base}/submit",
        content=body,
        headers={"Content-Type": kind},
        auth=tuple(server.login.split(":")),
    )
    assert f"<responseCode>{code}</responseCode>" in answer.text
    assert answer.headers["request-id"]


def test_the_drill_takes_forms_both_ways_and_only_files_with_a_name(server):
    auth = tuple(server.login.split(":"))
    number = opened(server)
    nothing = httpx.post(f"{server.base}/upload", files={"id": (None, str(number))}, auth=auth)
    assert "<responseCode>4200<" in nothing.text
    multipart = httpx.post(f"{server.base}/finish", files={"id": (None, str(number))}, auth=auth)
    assert f"<reportId>{number}<" in multipart.text
    assert "<responseCode>1210<" in httpx.get(f"{server.base}/fileviaurl", auth=auth).text


def test_details_are_of_a_file_of_that_report(server):
    ncmec, mine, other = client(server), opened(server), opened(server)
    file = ncmec.upload(other, io.BytesIO(b"x"), "x")
    with pytest.raises(OursIsWrong, match="5002"):
        ncmec.file_info(FileDetails(report_id=mine, file_id=file.file_id))
    ncmec.file_info(FileDetails(report_id=other, file_id=file.file_id))
    with pytest.raises(OursIsWrong, match="4000"):
        ncmec.file_info(FileDetails(report_id=other, file_id=file.file_id))


def test_bytes_that_changed_on_the_way_are_noticed(server):
    server.troubles.append(Trouble("/upload", md5="0" * 32))
    with pytest.raises(UploadDamaged):
        client(server).upload(opened(server), io.BytesIO(LANDSCAPE), "x")


def test_nobody_there_is_not_the_same_as_no_answer(server):
    ncmec = client(server)
    number = opened(server)
    server.troubles.append(Trouble("/finish", cut=0))
    with pytest.raises(NoAnswer):
        ncmec.finish(number)
    with pytest.raises(AlreadyFinished):  # it had been carried out
        ncmec.finish(number)
    server.__exit__()
    with pytest.raises(Unreachable) as unreachable:
        ncmec.finish(number)
    assert unreachable.value.retry


def test_an_answer_cut_at_any_byte_is_no_answer(server):
    ncmec, cuts = client(server), range(0, 290, 7)  # the whole is 303 bytes long
    for cut in cuts:
        server.troubles.append(Trouble("/submit", cut=cut))
        with pytest.raises(NoAnswer):
            ncmec.submit(small_report())
    assert len(server.reports.in_state(State.OPEN)) == len(cuts)


def test_a_request_cut_at_any_byte_did_nothing(server):
    ncmec, number = client(server), opened(server)
    for reads in (0, 1, 100, 10_000):
        server.troubles.append(Trouble("/upload", reads=reads))
        with pytest.raises(NoAnswer):
            ncmec.upload(number, io.BytesIO(LANDSCAPE * 20), "x")
    assert server.reports.by_number[number].files == {}


@pytest.mark.parametrize("trouble", [{"seconds": 5}, {"drip": 0.05}])
def test_slowness_ends_at_the_deadline(server, trouble):
    server.troubles.append(Trouble("/submit", **trouble))
    with pytest.raises(NoAnswer, match="TimeoutError"):
        client(server, seconds=0.5).submit(small_report())
    assert len(server.reports.in_state(State.OPEN)) == 1


def says(inside, root="reportResponse"):
    return f"<{root}>{inside}</{root}>".encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"x" * (1024 * 1024 + 1),
        b'<!DOCTYPE r [<!ENTITY a "aaaa">]>' + says("<responseCode>0</responseCode><reportId>5</reportId>"),
        says("<responseCode>0</responseCode>"),
        says("<responseCode>x</responseCode><reportId>1</reportId>"),
        says("<responseCode>0</responseCode><reportId>-5</reportId>"),
        says(f"<responseCode>0</responseCode><reportId>{2**63}</reportId>"),
        says("<responseCode>0</responseCode><reportId>5</reportId>", root="report"),
        b"<html><body>Good morning</body></html>",
        b"<a>" * 500,
        b"",
    ],
)
def test_hostile_answers_are_refused(server, raw):
    server.troubles.append(Trouble("/submit", raw=raw))
    with pytest.raises(AnswerUnusable) as refused:
        client(server).submit(small_report())
    assert "Good morning" not in str(refused.value)


def test_an_answer_about_another_report_is_refused(server):
    number, other = opened(server), opened(server)
    raw = f"<reportDoneResponse><responseCode>0</responseCode><reportId>{other}</reportId><files/></reportDoneResponse>"
    server.troubles.append(Trouble("/finish", raw=raw.encode()))
    with pytest.raises(AnswerUnusable, match="another report"):
        client(server).finish(number)


@pytest.mark.parametrize(
    ("status", "kind"), [(302, HostNotConfigured), (403, CredentialsRefused), (503, NoAnswer), (404, AnswerUnusable)]
)  # fmt: skip
def test_what_stands_in_between_may_answer_too(server, status, kind):
    server.troubles.append(Trouble("/submit", raw=b"<html>", status=status))
    with pytest.raises(kind):
        client(server).submit(small_report())


def test_what_ncmec_writes_of_a_report_is_in_no_error(server):
    said = says("<responseCode>4100</responseCode><responseDescription>Dana</responseDescription>")
    server.troubles.append(Trouble("/submit", raw=said))
    with pytest.raises(OursIsWrong) as refused:
        client(server).submit(small_report())
    assert "Dana" not in str(refused.value)
    assert "file it by hand" in str(refused.value)


def test_every_request_is_a_place_to_be_killed_at(server):
    passed = []
    with crash.arm(passed.append):
        opened(server)
    assert passed == ["call", "called"]


def test_a_video_is_sent_within_little_memory(server, tmp_path):
    video = tmp_path / "video"
    with video.open("wb") as file:
        file.truncate(192 * 1024 * 1024)
    number = opened(server)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with video.open("rb") as file:
        sent = client(server, seconds=60).upload(number, file, "video")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert server.reports.by_number[number].files[sent.file_id].size == 192 * 1024 * 1024
    assert grown < 64, f"{grown:.0f} MiB, the drill's side included"


def test_steps_of_several_threads_do_not_mix(server):
    numbers = []
    threads = [threading.Thread(target=lambda: numbers.append(opened(server))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(set(numbers)) == 8
