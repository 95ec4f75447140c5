"""Drawing previews: always a new picture without metadata, and blurred so that nothing comes back."""

import io

from PIL import Image, ImageFilter

from answerable.media import limits


def blur(image: Image.Image) -> Image.Image:
    """The picture made from a dozen pixels a side: no browser trick brings back what it shows."""
    side = limits.BLUR_SIDE_PIXELS
    shown = image.size
    scale = side / max(shown)
    tiny = image.resize([max(1, min(side, round(n * scale))) for n in shown], Image.Resampling.BOX)
    return tiny.resize(shown, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(max(shown) / 24))


def jpeg(image: Image.Image) -> bytes:
    """The picture as a JPEG. A new image carries no metadata, whatever the old one had."""
    clean = Image.frombytes(image.mode, image.size, image.tobytes())
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=85)
    return out.getvalue()
