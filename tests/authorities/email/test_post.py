"""The mail server, the mails that come back, and what an operator types and may configure."""

import ssl
from datetime import UTC, datetime, timedelta

import pyrage
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import ValidationError
from typer.testing import CliRunner

from answerable.authorities import cli
from answerable.authorities.base import CredentialsRefused, NoAnswer, Unreachable
from answerable.authorities.email import bounces
from answerable.authorities.email.facts import Facts
from answerable.authorities.email.letter import new_reference, write
from answerable.authorities.email.post import LetterRefused, NotNow, Post, SenderRefused, ServerUnfit
from answerable.authorities.email.post import _tls as module_tls
from answerable.cases.models import Letter
from answerable.settings.config import ConfigError, Email, EmailParty

KEY = str(pyrage.x25519.Identity.generate().to_public())
MESSAGE = "Subject: Reference X\r\n\r\n.a line that begins with a dot\r\n"


def to(post, **changes):
    values = {"host": "127.0.0.1", "port": post.port, "security": "none", "sender": "desk@photos.example"}
    return Post(**{**values, **changes})


def send(post, **changes):
    to(post, **changes).send("who@authority.example", MESSAGE)


def test_a_letter_arrives_as_it_is(post):
    send(post)
    (taken,) = post.taken
    assert (taken.sender, taken.address) == ("desk@photos.example", "who@authority.example")
    assert taken.raw.decode() == MESSAGE
    assert post.said[0] == "ehlo photos.example"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (("mail", "451 later"), NotNow),
        (("mail", "550 not from you"), SenderRefused),
        (("rcpt", "450 busy"), NotNow),
        (("rcpt", "550 nobody"), LetterRefused),
        (("data", "421 later"), NotNow),
        (("data", "554 no"), LetterRefused),
        (("end", "452 full"), NotNow),
        (("end", "554 no"), LetterRefused),
        (("end", "354 what"), NotNow),
        (("mail", ""), Unreachable),
        (("end", ""), NoAnswer),
    ],
)
def test_each_answer_means_what_it_says(post, answer, error):
    post.answers.append(answer)
    with pytest.raises(error):
        send(post)
    assert len(post.taken) == (1 if answer == ("end", "") else 0)


def test_a_login_is_used_and_a_wrong_one_alarms(post):
    post.login = ("desk", "right")
    send(post, login=("desk", "right"))
    with pytest.raises(CredentialsRefused) as refused:
        send(post, login=("desk", "wrong"))
    assert refused.value.alarm
    post.answers.append(("auth", "454 not now"))
    with pytest.raises(NotNow):
        send(post, login=("desk", "right"))
    assert "right" not in repr(to(post, login=("desk", "right")))


@pytest.mark.parametrize("offers", [False, True])
def test_nothing_is_sent_in_clear_where_encryption_is_wanted(post, offers):
    """One that doesn't offer it, and one that offers it and speaks no TLS."""
    post.offers_tls = offers
    with pytest.raises((ServerUnfit, Unreachable)):
        send(post, security="starttls", login=("desk", "secret"))
    assert post.taken == []
    assert not any("AUTH" in line or "MAIL" in line.upper() for line in post.said)


@pytest.fixture
def certificate(tmp_path):
    """One for this machine that nobody signed but itself: the file of it, and a server's context."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    day = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(day - timedelta(days=1))
        .not_valid_after(day + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path, private = tmp_path / "mail.pem", tmp_path / "mail.key"
    path.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, private)
    return path, context


@pytest.mark.parametrize("trusted", [True, False])
def test_a_letter_goes_encrypted_to_a_server_that_is_trusted_and_to_no_other(
    post, certificate, monkeypatch, trusted
):
    path, post.tls = certificate
    post.offers_tls, post.login = True, ("desk", "right")
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    module_tls.cache_clear()
    letter = {"host": "localhost", "security": "starttls", "login": ("desk", "right")}
    if trusted:
        send(post, **letter)
        assert len(post.taken) == 1
        place = post.said.index("(encrypted)")
        assert any("AUTH" in line for line in post.said[place:])
        assert not any("AUTH" in line for line in post.said[:place])
    else:
        with pytest.raises(ServerUnfit):
            send(post, **letter)
        assert not any("AUTH" in line for line in post.said)
    module_tls.cache_clear()


def test_where_nobody_listens_nothing_was_sent(post):
    post.__exit__()
    with pytest.raises(Unreachable):
        send(post)


def test_every_letter_has_a_reference_and_an_id_of_its_own(now):
    facts = Facts(reference=new_reference(), purpose="A report.", law="x", from_whom="x", written_at=now)
    made = [write(facts, sender="d@p.example", address="a@b.example", key=KEY, now=now) for _ in range(2)]
    assert made[0].message_id != made[1].message_id
    assert len({new_reference() for _ in range(200)}) == 200


def test_what_a_platform_names_begins_no_line_of_its_own(now):
    facts = Facts(reference="X", purpose="A\nLaw: forged", law="x", from_whom="x", written_at=now)
    assert "Purpose: A Law: forged\n" in facts.as_text()


def came_back(message_id: str, *, action: str = "failed", whole: bool = True) -> bytes:
    parts = (
        f"Reporting-MTA: dns; x.example\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: {action}\r\n"
    )
    returned = f"Message-ID: {message_id}\r\nSubject: Reference X\r\n\r\n"
    kind = "message/rfc822" if whole else "text/rfc822-headers"
    return (
        "From: MAILER-DAEMON@x.example\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\n{parts}\r\n"
        f"--b\r\nContent-Type: {kind}\r\n\r\n{returned}\r\n--b--\r\n"
    ).encode()


@pytest.mark.django_db
@pytest.mark.parametrize("whole", [True, False])
def test_a_letter_that_comes_back_is_known_by_its_own_id(desk, configure, ravi, whole):
    configure(names=("eu_police",))
    desk.decided(ravi, "a")
    desk.work()
    letter = Letter.objects.get()
    raw = came_back(letter.message_id, whole=whole)
    assert bounces.reference_of(raw) == letter.reference
    ran = CliRunner().invoke(cli.app, ["bounce"], input=raw)
    assert ran.exit_code == 0, ran.output
    assert desk.owed_to("eu_police") == ["kept", "owed"]
    assert CliRunner().invoke(cli.app, ["bounce"], input=raw).exit_code == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Subject: hello\r\n\r\nIt came back, honestly.\r\n",
        came_back("<0123456789abcdef0123456789abcdef@photos.example>"),
        came_back("<x>", action="delayed"),
        b"\xff\xfe" * 100,
        b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n",
        b"x" * (bounces.MOST_BYTES + 1),
    ],
    ids=["empty", "no report", "not ours", "delayed", "garbage", "cut", "large"],
)
def test_what_is_no_bounce_of_ours_changes_nothing(desk, configure, ravi, raw):
    configure(names=("eu_police",))
    desk.decided(ravi, "a")
    desk.work()
    ran = CliRunner().invoke(cli.app, ["bounce"], input=raw)
    assert ran.exit_code == 1
    assert desk.states() == ["accepted"]


@pytest.mark.django_db
def test_the_check_connects_and_names_the_parties(desk, post, configure):
    configure()
    ran = CliRunner().invoke(cli.app, ["email"])
    assert ran.exit_code == 0, ran.output
    assert "nca: nca@authority.example" in ran.output
    assert post.taken == []
    configure(parties={"nobody": EmailParty(address="a@b.example", key=KEY)})
    ran = CliRunner().invoke(cli.app, ["email"])
    assert ran.exit_code == 1
    assert "doesn't know it" in ran.output


def test_without_a_section_the_check_says_where_to_read(configure):
    configure(email=None)
    assert isinstance(CliRunner().invoke(cli.app, ["email"]).exception, ConfigError)


def configured(**changes):
    party = EmailParty(address="a@b.example", key=KEY)
    values = {"host": "mail.example", "sender": "d@p.example", "parties": {"eu_police": party}}
    return Email(**{**values, **changes})


def test_testing_and_encryption_are_the_default():
    made = configured()
    assert (made.environment, made.security, made.port) == ("test", "starttls", 587)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"security": "none"}, "this machine"),
        ({"sender": "d@p.example\r\nBcc: x@y.example"}, "pattern"),
        ({"parties": {}}, "at least 1"),
        ({"parties": {"ncmec": EmailParty(address="a@b.example", key=KEY)}}, "no mail"),
    ],
)
def test_a_configuration_that_would_leak_is_refused(changes, why):
    with pytest.raises(ValidationError, match=why):
        configured(**changes)


@pytest.mark.parametrize("key", ["", "age1xyz", str(pyrage.x25519.Identity.generate()), "ssh-ed25519 AAAA"])
def test_only_a_public_key_is_taken(key):
    with pytest.raises(ValidationError, match="key"):
        EmailParty(address="a@b.example", key=key)
