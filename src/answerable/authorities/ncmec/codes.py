"""NCMEC's response codes: what each means for whoever has to act on it."""

from typing import Final

from answerable.authorities.base import AuthorityError, CredentialsRefused, OursIsWrong

SUCCESS: Final = 0


class TryAgain(AuthorityError):
    """NCMEC had a fault of its own and did not do this step. It is tried again."""

    retry = True


class ReportUnknown(AuthorityError):
    """NCMEC has no such open report: it was never there, or expired unfinished. It is filed anew from the beginning."""


class AlreadyRetracted(AuthorityError):
    """This report was taken back before it was finished. It is filed anew from the beginning."""


class AlreadyFinished(AuthorityError):
    """NCMEC has this report, finished: nothing can be added to it, changed in it or taken back."""


class StateUnknown(AuthorityError):
    """NCMEC refuses this step with a code of its state that this desk doesn't know: look at the report by hand."""

    alarm = True


_KNOWN: Final[dict[int, tuple[type[AuthorityError], str]]] = {
    1000: (TryAgain, "server error"),
    1100: (TryAgain, "save failed"),
    1110: (TryAgain, "upload failed"),
    1111: (TryAgain, "file upload failed"),
    1210: (OursIsWrong, "resource not found"),
    1300: (TryAgain, "update failed"),
    2000: (CredentialsRefused, "authentication required"),
    3000: (CredentialsRefused, "not authorised for this action"),
    3100: (CredentialsRefused, "not authorised to make submissions"),
    3300: (CredentialsRefused, "not authorised to make updates"),
    4000: (OursIsWrong, "invalid request"),
    4100: (OursIsWrong, "validation failed"),
    4110: (OursIsWrong, "malformed XML"),
    4200: (OursIsWrong, "malformed file submission"),
    5001: (ReportUnknown, "report does not exist"),
    5002: (OursIsWrong, "file does not exist"),
    5101: (AlreadyRetracted, "report already retracted"),
    5102: (AlreadyFinished, "report already finished"),
}
KNOWN_CODES: Final = frozenset({SUCCESS, *_KNOWN})
_BY_THOUSAND: Final[dict[int, type[AuthorityError]]] = {
    1: TryAgain,
    2: CredentialsRefused,
    3: CredentialsRefused,
    4: OursIsWrong,
    5: StateUnknown,
}


def error_of(code: int, request_id: str = "") -> AuthorityError:
    """What a code that isn't 0 means. The list is not complete: an unknown one is read by its thousands."""
    kind, meaning = _KNOWN.get(code, (_BY_THOUSAND.get(code // 1000, OursIsWrong), "a code not known here"))
    return kind(meaning, code=code, request_id=request_id)
