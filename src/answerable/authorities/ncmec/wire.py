"""NCMEC's door: its address, name and password, and the media type of what it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Final

from answerable.authorities import wire
from answerable.authorities.ncmec.answers import MOST_BYTES, Raw

XML: Final = "text/xml; charset=utf-8"


@dataclass(frozen=True)
class Door:
    """Where NCMEC is for this desk. `base` ends in `/ispws`; `login` is name and password; `seconds` for one step."""

    base: str
    login: tuple[str, str] = field(repr=False)
    seconds: float = 8.0

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        form: Mapping[str, str] | None = None,
        file: tuple[str, IO[bytes], str] | None = None,
    ) -> Raw:
        """One request, and its whole answer. `body` is an XML document. Raises as `wire.ask` does."""
        sending = wire.Sending(
            method=method,
            path=path,
            headers={"Content-Type": XML} if body is not None else None,
            login=self.login,
            body=body,
            form=form,
            file=file,
        )
        whole = wire.ask(self.base, sending, seconds=self.seconds, most_bytes=MOST_BYTES)
        return Raw(whole.status, whole.body, wire.request_id(whole.headers))
