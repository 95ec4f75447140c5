"""Landscapes that never were: hills, waves and dunes under a sky, drawn from a number."""

import io

import numpy as np
from PIL import Image, ImageFilter

WIDTH, HEIGHT = 1040, 780
Colour = tuple[int, int, int]
PALETTES: tuple[tuple[Colour, Colour, Colour, Colour], ...] = (
    ((252, 214, 170), (239, 143, 118), (122, 74, 110), (38, 32, 66)),
    ((196, 226, 240), (120, 178, 206), (58, 110, 132), (18, 48, 66)),
    ((244, 233, 205), (214, 180, 120), (150, 106, 66), (72, 46, 36)),
    ((214, 238, 214), (140, 190, 150), (66, 122, 98), (20, 58, 54)),
    ((236, 214, 244), (176, 138, 208), (96, 78, 160), (34, 30, 84)),
    ((255, 240, 200), (250, 180, 90), (196, 90, 62), (70, 30, 44)),
)


def landscape(number: int, width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """A picture that depends on the number alone; different numbers are no near copies of each other."""
    chance = np.random.default_rng(number)
    high, low, far, near = (np.array(colour, np.float32) for colour in PALETTES[number % len(PALETTES)])
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    canvas = high * (1 - down) + low * down + np.zeros((height, width, 3), np.float32)
    _sun(canvas, chance)
    across = np.linspace(0, 1, width, dtype=np.float32)
    rows = np.arange(height, dtype=np.float32)[:, None]
    layers = int(chance.integers(4, 7))
    for layer in range(layers):
        depth = layer / (layers - 1)
        ridge = (0.42 + 0.4 * depth + _ridge(across, chance, 0.16 - 0.07 * depth)) * height
        below = np.clip(rows - ridge[None, :], 0, 1)[:, :, None]
        shade = (far * (1 - depth) + near * depth) * (1.08 - 0.16 * down)
        mist = np.clip((rows - ridge[None, :]) / (0.3 * height), 0, 1)[:, :, None]
        canvas = canvas * (1 - below) + below * (shade * mist + (0.72 * shade + 0.28 * low) * (1 - mist))
    canvas += 2.2 * chance.standard_normal((height, width, 1), dtype=np.float32)
    picture = Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8), "RGB")
    return picture.filter(ImageFilter.SMOOTH)


def jpeg(picture: Image.Image, quality: int = 88) -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _sun(canvas: np.ndarray, chance: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    at_x, at_y = chance.uniform(0.15, 0.85) * width, chance.uniform(0.12, 0.38) * height
    radius = chance.uniform(0.04, 0.09) * width
    rows, columns = np.ogrid[:height, :width]
    distance = np.hypot(columns - at_x, rows - at_y)
    glow = np.exp(-((distance / (radius * 3.2)) ** 2))[:, :, None]
    disc = np.clip(radius - distance, 0, 1)[:, :, None]
    canvas += (255 - canvas) * np.maximum(glow * 0.45, disc * 0.85)


def _ridge(across: np.ndarray, chance: np.random.Generator, size: float) -> np.ndarray:
    """A line of hills: a few waves, each half as high and twice as fast as the one before."""
    line = np.zeros_like(across)
    for octave in range(5):
        line += np.sin(across * (2.2 * 2**octave) * chance.uniform(1.5, 3.5) + chance.uniform(0, 6.3)) / (
            1.9**octave
        )
    return np.asarray(line * size)
