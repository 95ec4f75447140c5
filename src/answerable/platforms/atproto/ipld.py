"""What the protocol's records and stream are written in. The decoder is an extra, and hostile bytes are refused."""

from collections.abc import Mapping
from typing import Any

from answerable.platforms.base import AnswerMalformed, OptionsUnusable


def blocks_of(car: bytes) -> Mapping[bytes, object]:
    """The blocks of a CAR file by their raw names. Raises AnswerMalformed, OptionsUnusable."""
    try:
        return dict(_decoder().decode_car(car)[1])
    except (ValueError, RecursionError) as error:
        raise AnswerMalformed("not a CAR file") from error


def frame_of(message: bytes) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and body of one message of a stream. Raises AnswerMalformed, OptionsUnusable."""
    try:
        header, body = _decoder().decode_dag_cbor_multi(message)
    except (ValueError, RecursionError) as error:
        raise AnswerMalformed("not a message of the stream") from error
    if not isinstance(header, dict) or not isinstance(body, dict):
        raise AnswerMalformed("not a message of the stream")
    return header, body


def _decoder() -> Any:
    try:
        import libipld  # noqa: PLC0415  an extra
    except ImportError as error:
        raise OptionsUnusable("install what this adapter needs: pip install 'answerable[atproto]'") from error
    return libipld
