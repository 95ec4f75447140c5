"""What reviewers see: never the original bytes, always a picture that we drew from them."""

from answerable.media import limits
from answerable.media.errors import Fault, Undecodable
from answerable.media.fingerprint import can_read_videos
from answerable.media.pool import pool
from answerable.media.sniffing import container_of


def preview(
    data: bytes, blurred: bool, *, grayscale: bool = False, within_seconds: float | None = None
) -> bytes:
    """A JPEG of at most 1200 pixels a side, upright, without metadata; of a video a sheet of its pictures.

    `blurred`: made from a dozen pixels a side, so that no browser trick brings back what it shows.
    Raises Undecodable with its fault, or DecoderUnavailable.
    """
    if not data:
        raise Undecodable(Fault.EMPTY)
    kind, most = ("images", limits.MAX_IMAGE_BYTES)
    if container_of(data) is not None:
        if not can_read_videos():
            raise Undecodable(Fault.NO_VIDEO_DECODER)
        kind, most = ("video", limits.MAX_VIDEO_BYTES)
    if len(data) > most:
        raise Undecodable(Fault.TOO_LARGE)
    asked = {"do": "preview", "blurred": blurred, "grayscale": grayscale}
    facts, jpeg = pool(kind).ask(asked, data, within_seconds)
    if facts.get("fault"):
        raise Undecodable(Fault(facts["fault"]))
    return jpeg
