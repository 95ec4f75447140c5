"""What can be wrong with media, each by name."""

from enum import StrEnum


class Fault(StrEnum):
    """Why a file could not be read as an image or a video, or not wholly."""

    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_FRAMES = "too_many_frames"
    OUT_OF_MEMORY = "out_of_memory"
    TOO_SLOW = "too_slow"
    CRASHED = "crashed"
    UNSUPPORTED = "unsupported"
    PARTLY_SEEN = "partly_seen"
    NO_VIDEO_DECODER = "no_video_decoder"


SENTENCES = {
    Fault.EMPTY: "The file has no bytes.",
    Fault.NOT_AN_IMAGE: "The file is not an image of a kind that is read here.",
    Fault.TRUNCATED: "The image or video ends before it is whole.",
    Fault.MALFORMED: "The file begins like an image or a video and can't be decoded as one.",
    Fault.TOO_LARGE: "The file has more bytes than an image or a video may have here.",
    Fault.TOO_MANY_PIXELS: "The picture has more pixels than may be decoded here.",
    Fault.TOO_MANY_FRAMES: "The animation has more frames than are read here: the first ones are known.",
    Fault.OUT_OF_MEMORY: "Decoding the file took more memory than it may.",
    Fault.TOO_SLOW: "Decoding the file took longer than it may.",
    Fault.CRASHED: "Decoding the file killed the decoder.",
    Fault.UNSUPPORTED: "The video is of a kind that is not read here.",
    Fault.PARTLY_SEEN: "Not all of the video was looked at: it is longer than that, or can't be decoded in parts.",
    Fault.NO_VIDEO_DECODER: "Videos are not looked at on this desk: install `answerable[video]`.",
}


class MediaError(Exception):
    """Media could not be had or read."""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(detail)

    def __str__(self) -> str:
        sentence = (type(self).__doc__ or "").split("\n", maxsplit=1)[0]
        return f"{sentence} ({self.detail})" if self.detail else sentence


class Undecodable(MediaError):
    """The file can't be shown as a picture."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(SENTENCES[fault])


class DecoderUnavailable(MediaError):
    """No decoder answered: nothing is said about the file, so try again."""


class FetchError(MediaError):
    """The media could not be fetched."""


class HostNotConfigured(FetchError):
    """Media are fetched from configured media hosts only, and this address is on none of them."""


class TooLarge(FetchError):
    """The media have more bytes than are fetched."""


class TooSlow(FetchError):
    """The media did not arrive whole in the time given."""


class MediaGone(FetchError):
    """The host says that there are no such media (404 or 410)."""


class MediaUnreachable(FetchError):
    """The media host could not be reached, or its answer can't be used."""
