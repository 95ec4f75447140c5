"""What reviewers see: never the original bytes, always a picture that we drew from them."""

from answerable.media import limits
from answerable.media.errors import Fault, Undecodable
from answerable.media.pool import pool


def preview(
    data: bytes, blurred: bool, *, grayscale: bool = False, within_seconds: float | None = None
) -> bytes:
    """A JPEG of at most 1200 pixels a side, upright, without metadata.

    `blurred`: made from a dozen pixels a side, so that no browser trick brings back what it shows.
    Raises Undecodable with its fault, or DecoderUnavailable.
    """
    if not data:
        raise Undecodable(Fault.EMPTY)
    if len(data) > limits.MAX_IMAGE_BYTES:
        raise Undecodable(Fault.TOO_LARGE)
    asked = {"do": "preview", "blurred": blurred, "grayscale": grayscale}
    facts, jpeg = pool().ask(asked, data, within_seconds)
    if facts.get("fault"):
        raise Undecodable(Fault(facts["fault"]))
    return jpeg
