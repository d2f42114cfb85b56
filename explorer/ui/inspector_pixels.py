"""Arrays of pixels as data URLs for the browser."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO

import numpy as np
from PIL import Image

LOSSLESS_PIXELS = 128 * 128


def picture_url(rgb: np.ndarray, longest: int = 1024) -> str:
    """A picture (H, W, 3) uint8; reduced where a side is longer than ``longest``."""
    image = Image.fromarray(rgb)
    image.thumbnail((longest, longest), Image.Resampling.BILINEAR)
    if image.width * image.height <= LOSSLESS_PIXELS:
        return png_url(np.asarray(image))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return f"data:image/jpeg;base64,{b64encode(buffer.getvalue()).decode()}"


def png_url(pixels: np.ndarray) -> str:
    """Pixels (H, W, 3 or 4) uint8 without loss."""
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=3)
    return f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"


def large(pixels: np.ndarray, wanted: int) -> np.ndarray:
    """Pixels (H, W, …) repeated so often that the longer side comes near ``wanted``: edges stay sharp."""
    zoom = max(1, wanted // max(pixels.shape[:2]))
    return pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)
