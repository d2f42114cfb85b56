"""A file from a stranger becomes an RGB picture, or one sentence that says why it cannot.

The declared size is read from the header and bounded before a single pixel is decoded. None of
Pillow's process-wide settings is touched, so any number of visitors may open files at once.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.Image import Transpose

from explorer.errors import ImageError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
ALLOWED = "JPEG, PNG, WebP, BMP, TIFF or GIF"
EXTENSIONS = ("jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "gif")

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000
"""A 48-megapixel telephone photograph (8064 x 6048) still opens."""

ORIENTATION_TAG = 0x0112
BITS_PER_SAMPLE_TAG = 258
TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""EXIF orientation to the turn that sets the picture upright (Exif 2.32, tag 274)."""


@dataclass(frozen=True, eq=False)
class OpenedImage:
    """A decoded picture.

    ``rgb`` is H x W x 3 uint8, sRGB as stored, upright: the EXIF orientation has been applied, so
    its rows and columns are what "the uploaded image's own pixels" means everywhere else.
    ``format`` is one of FORMATS, ``notes`` are sentences about what had to be changed on the way, and
    ``digest`` is the SHA-256 of the file's bytes, in hex.
    """

    rgb: np.ndarray
    format: str
    notes: tuple[str, ...]
    digest: str

    @property
    def height(self) -> int:
        return int(self.rgb.shape[0])

    @property
    def width(self) -> int:
        return int(self.rgb.shape[1])


def open_image(data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> OpenedImage:
    """Decode ``data``, or raise ImageError with what was wrong and what is allowed.

    Applies the EXIF orientation, converts CMYK (as Pillow reads it, Adobe's inverted inks included)
    and palettes to RGB, composites transparency on white, spreads 16-bit greyscale over 0..255, and
    takes the first frame of an animation or the first page of a TIFF.
    """
    if not data:
        raise ImageError(f"The file is empty (0 bytes); choose a {ALLOWED} image.")
    if len(data) > max_bytes:
        raise ImageError(
            f"The file has {len(data) / 2**20:.1f} MB; at most {max_bytes / 2**20:.0f} MB are allowed."
        )
    _refuse_large(_webp_canvas(data), max_pixels)
    notes: list[str] = []
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            _refuse_large(image.size, max_pixels)
            # A telephone's JPEG with an embedded second picture announces itself as MPO.
            form = "JPEG" if image.format == "MPO" else str(image.format)
            if form in {"GIF", "WEBP", "PNG", "TIFF"} and getattr(image, "is_animated", False):
                what = "page of several" if form == "TIFF" else "frame of an animation"
                notes.append(f"Only the first {what} is used.")
                image.seek(0)
            declared = _orientation(image)
            image.load()
            # Pillow turns a TIFF while loading it and then forgets its tag; other formats it leaves.
            turn = TURNS.get(_orientation(image))
            rgb = _as_rgb(image if turn is None else image.transpose(turn), notes)
            if declared in TURNS:
                notes.append("Turned upright as its EXIF orientation says.")
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(
            f"The image declares far too many pixels; at most {max_pixels / 1e6:.0f} megapixels are allowed."
        ) from error
    except UnidentifiedImageError as error:
        raise ImageError(
            f"The file is not a readable image, whatever its name says; {ALLOWED} are allowed."
        ) from error
    except Exception as error:
        # On damaged data Pillow's parsers raise anything from OSError to KeyError.
        raise ImageError(
            f"The image is damaged or cut short and cannot be decoded; choose a complete {ALLOWED} file."
        ) from error
    return OpenedImage(rgb, form, tuple(notes), sha256(data).hexdigest())


def _refuse_large(size: tuple[int, int] | None, max_pixels: int) -> None:
    if size is None:
        return
    width, height = size
    if width < 1 or height < 1:
        raise ImageError(f"The image declares {width} x {height} pixels; it needs at least 1 x 1.")
    if width * height > max_pixels:
        raise ImageError(
            f"The image declares {width} x {height} pixels ({width * height / 1e6:.0f} megapixels); "
            f"at most {max_pixels / 1e6:.0f} megapixels are allowed."
        )


def _webp_canvas(data: bytes) -> tuple[int, int] | None:
    """(width, height) from a WebP header, None for other files.

    Pillow's WebP reader allocates the whole canvas while it opens the file, before its size can be asked.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return None
    chunk = data[12:16]
    if chunk == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if chunk == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _as_rgb(image: Image.Image, notes: list[str]) -> np.ndarray:
    """H x W x 3 uint8 of any Pillow mode; what was lost on the way is told in ``notes``."""
    if image.mode.startswith("I;16"):
        return _grey_as_rgb(np.asarray(image, dtype=np.float64), _sixteen_bit_white(image), notes)
    if image.mode in {"I", "F"}:
        values = np.asarray(image, dtype=np.float64)
        if image.mode == "I" and image.format == "PNG":
            return _grey_as_rgb(values, 65535.0, notes)
        return _range_as_rgb(values, notes)
    if image.mode == "CMYK":
        notes.append("CMYK inks were converted to RGB without a colour profile.")
        return np.array(image.convert("RGB"))
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        if np.asarray(layered)[:, :, 3].min() < 255:
            notes.append("Transparent parts were laid on white.")
        white = Image.new("RGBA", layered.size, "white")
        return np.array(Image.alpha_composite(white, layered).convert("RGB"))
    return np.array(image.convert("RGB"))


def _sixteen_bit_white(image: Image.Image) -> float:
    """The value of white: TIFF may keep 12 bits in a 16-bit picture."""
    tags = getattr(image, "tag_v2", None)
    bits = None if tags is None else tags.get(BITS_PER_SAMPLE_TAG)
    return float(2 ** int(bits[0]) - 1) if bits else 65535.0


def _grey_as_rgb(values: np.ndarray, white: float, notes: list[str]) -> np.ndarray:
    notes.append("16-bit greyscale was scaled to 8 bits.")
    grey = np.clip(np.rint(values * (255.0 / white)), 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _range_as_rgb(values: np.ndarray, notes: list[str]) -> np.ndarray:
    """32-bit pixels state no white point: the values that occur are spread over 0..255."""
    notes.append("32-bit greyscale was spread over the range of values it holds.")
    known = np.isfinite(values)
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 0.0)
    spread = (np.where(known, values, low) - low) * (255.0 / (high - low) if high > low else 0.0)
    return np.repeat(np.rint(spread).astype(np.uint8)[:, :, None], 3, axis=2)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION_TAG, 1))
    except (SyntaxError, ValueError, TypeError, KeyError, OSError, struct.error):
        # A picture whose camera notes are garbled is still a picture.
        return 1
