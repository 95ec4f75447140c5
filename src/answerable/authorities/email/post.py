"""How a letter leaves: our own mail server is asked once, and says whether it takes it.

"Taken" is its 250 after the last line, and nothing before that. Where no such answer comes, the very same letter is
sent again; it bears the same Message-ID, by which whoever gets it twice knows.
"""

import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from answerable.authorities.base import AuthorityError, CredentialsRefused, NoAnswer, Unreachable
from answerable.db import crash, deadline

SECONDS: Final = 5.0
"""For each answer of the server."""


class ServerUnfit(AuthorityError):
    """The mail server doesn't encrypt, or not with a certificate that is trusted: nothing was sent. Put that right."""

    alarm = True


class LetterRefused(AuthorityError):
    """The mail server refuses this letter for good: tell the authority by another way, and check its address."""


class SenderRefused(AuthorityError):
    """The mail server takes nothing from this desk's address: put `sender` or the server right."""

    alarm = True


class NotNow(AuthorityError):
    """The mail server doesn't take it now, and didn't take it."""

    retry = True


@dataclass(frozen=True)
class Post:
    """A mail server, and who this desk is to it."""

    host: str
    port: int
    security: str
    sender: str
    login: tuple[str, str] | None = field(default=None, repr=False)

    def send(self, address: str, message: str) -> None:
        """Have the server take one letter. Raises AuthorityError: of its `retry`, the same may be sent again."""
        crash.point("call")
        with self._connected() as server:
            self._hand_over(server, address, message.encode("ascii"))
            crash.point("called")
            with suppress(smtplib.SMTPException, OSError):
                server.quit()

    def check(self) -> None:
        """Connect, encrypt and sign in as for a letter, and send none. Raises AuthorityError."""
        with self._connected() as server, suppress(smtplib.SMTPException, OSError):
            server.quit()

    def _connected(self) -> "_Closing":
        try:
            server = self._connect()
        except ssl.SSLError as error:
            raise ServerUnfit(type(error).__name__) from error
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            raise Unreachable(type(error).__name__) from error
        except smtplib.SMTPResponseException as error:
            raise NotNow("at the beginning", code=error.smtp_code) from error
        try:
            self._begin(server)
        except BaseException:
            server.close()
            raise
        return _Closing(server)

    def _connect(self) -> smtplib.SMTP:
        seconds = deadline.remaining_seconds(SECONDS)
        own = self.sender.rpartition("@")[2]  # or it would look this machine's name up
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, own, timeout=seconds, context=_tls())
        return smtplib.SMTP(self.host, self.port, own, timeout=seconds)

    def _begin(self, server: smtplib.SMTP) -> None:
        try:
            server.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                server.starttls(context=_tls())
                server.ehlo()
            if self.login is not None:
                server.login(*self.login)
        except smtplib.SMTPAuthenticationError as error:
            if error.smtp_code < 500:
                raise NotNow("signing in", code=error.smtp_code) from error
            raise CredentialsRefused("the mail server's", code=error.smtp_code) from error
        except (smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
            raise ServerUnfit(type(error).__name__) from error
        except smtplib.SMTPResponseException as error:
            raise NotNow("at the beginning", code=error.smtp_code) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(type(error).__name__) from error

    def _hand_over(self, server: smtplib.SMTP, address: str, message: bytes) -> None:
        """The three steps by hand: `sendmail` doesn't say at which of them it failed."""
        try:
            _good(server.mail(self.sender), SenderRefused, "MAIL FROM")
            _good(server.rcpt(address), LetterRefused, "RCPT TO")
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(type(error).__name__) from error
        try:
            _good(server.data(message), LetterRefused, "DATA")
        except smtplib.SMTPDataError as error:
            _good((error.smtp_code, b""), LetterRefused, "DATA")
            raise NoAnswer(type(error).__name__) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NoAnswer(type(error).__name__) from error


class _Closing:
    """A connection that is closed at the end, whatever happens."""

    def __init__(self, server: smtplib.SMTP) -> None:
        self._server = server

    def __enter__(self) -> smtplib.SMTP:
        return self._server

    def __exit__(self, *_: object) -> None:
        with suppress(OSError, socket.error):
            self._server.close()


def _good(answer: tuple[int, bytes], refused: type[AuthorityError], step: str) -> None:
    """Raises `refused` for a lasting refusal, NotNow for any other answer that isn't success."""
    code = answer[0]
    if 200 <= code < 300:
        return
    if code >= 500:
        raise refused(step, code=code)
    raise NotNow(step, code=code)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
