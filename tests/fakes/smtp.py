"""A mail server over real SMTP: it takes letters, refuses them, answers late or not at all, as a test says."""

import base64
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self

import pyrage


@dataclass
class Taken:
    """One letter that it took."""

    sender: str
    address: str
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        found = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    def opened(self, identity: pyrage.x25519.Identity, ending: str) -> str:
        """An attachment as its addressee reads it."""
        (part,) = (
            one for one in self.mail.iter_attachments() if str(one.get_filename()).endswith(f".{ending}.age")
        )
        return pyrage.decrypt(part.get_payload(decode=True), [identity]).decode()


@dataclass
class Server:
    """`answers` replaces the answer to a step ("mail", "rcpt", "data", "end", "auth"), once each, in order.

    An empty answer ends the connection: before the letter is taken, but at "end" afterwards.
    """

    login: tuple[str, str] | None = None
    offers_tls: bool = False
    tls: ssl.SSLContext | None = None
    taken: list[Taken] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"party": self})
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, step: str, usual: str) -> str:
        """What it says at a step."""
        found = next((one for one in self.answers if one[0] == step), None)
        if found is None:
            return usual
        self.answers.remove(found)
        return found[1]


class _Handler(socketserver.StreamRequestHandler):
    party: Server

    def handle(self) -> None:
        signed_in = self.party.login is None
        sender = address = ""
        self._say("220 mail.example")
        while line := self.rfile.readline(2000).decode("ascii", "replace").rstrip("\r\n"):
            self.party.said.append(line)
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    offers = [
                        *(["STARTTLS"] if self.party.offers_tls else []),
                        *(["AUTH PLAIN"] if self.party.login else []),
                    ]
                    lines = ["mail.example", *offers]
                    last = len(lines) - 1
                    for number, one in enumerate(lines):
                        self._say(f"250{' ' if number == last else '-'}{one}")
                case "STARTTLS":
                    self._say("220 go ahead")
                    if self.party.tls is None:
                        return  # what follows is no TLS
                    try:
                        secured = self.party.tls.wrap_socket(self.request, server_side=True)
                    except OSError:
                        return
                    self.rfile, self.wfile = secured.makefile("rb"), secured.makefile("wb", 0)
                    self.party.said.append("(encrypted)")
                case "AUTH":
                    name, password = self.party.login or ("", "")
                    wanted = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
                    signed_in = rest == f"PLAIN {wanted}"
                    usual = "235 welcome" if signed_in else "535 wrong"
                    if not self._step("auth", usual):
                        return
                case "MAIL":
                    sender = rest.partition("<")[2].partition(">")[0]
                    if not self._step("mail", "250 ok" if signed_in else "530 sign in first"):
                        return
                case "RCPT":
                    address = rest.partition("<")[2].partition(">")[0]
                    if not self._step("rcpt", "250 ok"):
                        return
                case "DATA":
                    said = self.party.answer("data", "354 go on")
                    self._say(said)
                    if not said.startswith("354"):
                        continue
                    raw = self._letter()
                    said = self.party.answer("end", "250 taken")
                    if said.startswith("250") or not said:
                        self.party.taken.append(Taken(sender, address, raw))
                    if not said:
                        return
                    self._say(said)
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("500 what?")

    def _step(self, step: str, usual: str) -> bool:
        said = self.party.answer(step, usual)
        if said:
            self._say(said)
        return bool(said)

    def _letter(self) -> bytes:
        raw = b""
        while (line := self.rfile.readline(100_000)) not in (b".\r\n", b""):
            raw += line[1:] if line.startswith(b"..") else line
        return raw

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
