"""What the doors of authorities have in common: their errors, and what each asks of the desk."""

from typing import ClassVar


class AuthorityError(Exception):
    """An authority could not be told; what its class says is what to do.

    `retry`: the same step may be tried again as it is. `alarm`: people must do something before it can work.
    What the other side wrote is never in the message: it may quote what a person wrote.
    """

    retry: ClassVar[bool] = False
    alarm: ClassVar[bool] = False

    def __init__(self, detail: str = "", *, code: int | None = None, request_id: str = "") -> None:
        self.detail, self.code, self.request_id = detail, code, request_id
        super().__init__(detail, code, request_id)

    def __str__(self) -> str:
        said = " ".join((self.__doc__ or "").split())
        known = [self.detail] if self.detail else []
        if self.code is not None:
            known.append(f"code {self.code}")
        if self.request_id:
            known.append(f"Request-ID {self.request_id}")
        return f"{said} ({', '.join(known)})" if known else said


class HostNotConfigured(AuthorityError):
    """An authority's door led to an address other than the configured one; it was not followed."""

    alarm = True


class Unreachable(AuthorityError):
    """The authority could not be reached, and got nothing of this step. It is tried again."""

    retry = True


class NoAnswer(AuthorityError):
    """The authority did not answer to the end: it may have carried this step out or not."""

    retry = True


class AnswerUnusable(AuthorityError):
    """The authority answered something that is not in its format: it may have carried this step out or not."""

    retry = True


class CredentialsRefused(AuthorityError):
    """The authority refuses this desk's name and password: put them right, and file by hand what is due meanwhile."""

    alarm = True


class OursIsWrong(AuthorityError):
    """The authority refuses what this desk sent as wrong: file it by hand, and tell those who keep this software."""

    alarm = True
