"""Every kind of picture a stranger may upload, each made here byte by byte."""

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image, ImageFile

from explorer.errors import ImageError
from explorer.inference.open_image import open_image

ORIENTATION = 0x0112


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def corners() -> np.ndarray:
    """6 x 4 pixels (height 4, width 6), every pixel different, upright."""
    return np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3) * 3


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "WEBP"])
def test_lossless_formats_come_back_exactly(form: str) -> None:
    options = {"lossless": True} if form == "WEBP" else {}
    opened = open_image(encoded(Image.fromarray(corners()), form, **options))
    assert np.array_equal(opened.rgb, corners())
    assert (opened.format, opened.width, opened.height, opened.notes) == (form, 6, 4, ())


def test_jpeg_comes_back_nearly() -> None:
    picture = np.full((16, 24, 3), (200, 40, 90), np.uint8)
    opened = open_image(encoded(Image.fromarray(picture), "JPEG", quality=95))
    assert opened.rgb.dtype == np.uint8
    assert np.abs(opened.rgb.astype(int) - picture).max() < 8


# How a camera stores an upright picture for each orientation (Exif 2.32, tag 274): where its row 0 and
# column 0 go. Written with numpy alone, the code under test uses Pillow's transpositions.
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation: int, form: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"lossless": True} if form == "WEBP" else {}
    stored = np.ascontiguousarray(STORED[orientation](corners()))
    opened = open_image(encoded(Image.fromarray(stored), form, exif=exif, **options))
    assert np.array_equal(opened.rgb, corners())
    assert bool(opened.notes) == (orientation != 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_of_a_jpeg(orientation: int) -> None:
    upright = np.zeros((32, 48, 3), np.uint8)
    upright[:16, :24], upright[:16, 24:], upright[16:, :24] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = np.ascontiguousarray(STORED[orientation](upright))
    opened = open_image(encoded(Image.fromarray(stored), "JPEG", quality=95, exif=exif))
    assert opened.rgb.shape == (32, 48, 3)
    for row, column in ((8, 12), (8, 36), (24, 12), (24, 36)):
        assert np.abs(opened.rgb[row, column].astype(int) - upright[row, column]).max() < 30


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow mutters about each damaged tag
def test_garbled_exif_does_not_hide_the_picture() -> None:
    data = encoded(Image.fromarray(corners()), "PNG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xffrubbish")
    assert np.array_equal(open_image(data).rgb, corners())


def test_cmyk_jpeg() -> None:
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[:, :8] = (255, 0, 0, 0)  # full cyan on the left, bare paper on the right
    opened = open_image(encoded(Image.fromarray(inks, "CMYK"), "JPEG", quality=95))
    assert np.abs(opened.rgb[8, 2].astype(int) - (0, 255, 255)).max() < 12
    assert np.abs(opened.rgb[8, 13].astype(int) - 255).max() < 12
    assert "CMYK" in opened.notes[0]


def test_palette_with_a_transparent_entry() -> None:
    image = Image.new("P", (4, 2), 1)
    image.putpalette([0, 0, 0, 250, 128, 10, 9, 9, 9])
    image.putpixel((0, 0), 2)
    opened = open_image(encoded(image, "PNG", transparency=2))
    assert opened.rgb[1, 3].tolist() == [250, 128, 10]
    assert opened.rgb[0, 0].tolist() == [255, 255, 255]
    assert "white" in opened.notes[0]


def test_opaque_palette_has_nothing_to_tell() -> None:
    image = Image.fromarray(np.full((4, 4, 3), (10, 200, 30), np.uint8)).quantize(4)
    opened = open_image(encoded(image, "PNG"))
    assert opened.rgb[0, 0].tolist() == [10, 200, 30]
    assert opened.notes == ()


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_alpha_is_laid_on_white(form: str) -> None:
    layered = np.full((4, 4, 4), (100, 0, 50, 128), np.uint8)
    layered[0] = (100, 0, 50, 0)
    layered[3] = (100, 0, 50, 255)
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    opened = open_image(encoded(Image.fromarray(layered), form, **options))
    assert opened.rgb[0, 0].tolist() == [255, 255, 255]
    assert opened.rgb[3, 0].tolist() == [100, 0, 50]
    half = np.array([100, 0, 50]) * (128 / 255) + 255 * (127 / 255)
    assert np.abs(opened.rgb[1, 1] - half).max() <= 1
    assert "white" in opened.notes[0]


def test_grey_with_alpha() -> None:
    opened = open_image(encoded(Image.new("LA", (3, 3), (40, 255)), "PNG"))
    assert opened.rgb[0, 0].tolist() == [40, 40, 40]


@pytest.mark.parametrize("mode", ["L", "1"])
def test_greyscale(mode: str) -> None:
    opened = open_image(encoded(Image.new(mode, (3, 2), 255), "PNG"))
    assert opened.rgb.tolist() == [[[255] * 3] * 3] * 2


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_16_bit_greyscale_is_scaled_not_clipped(form: str) -> None:
    values = np.array([[0, 257, 32768, 65535]], np.uint16)
    opened = open_image(encoded(Image.fromarray(values), form))
    assert opened.rgb[0, :, 0].tolist() == [0, 1, 128, 255]
    assert "16-bit" in opened.notes[0]


def test_floating_point_tiff_is_spread() -> None:
    values = np.array([[-1.0, 0.0, 1.0, np.nan]], np.float32)
    opened = open_image(encoded(Image.fromarray(values), "TIFF"))
    assert opened.rgb[0, :, 0].tolist() == [0, 128, 255, 0]


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_animation_gives_its_first_frame(form: str) -> None:
    red, blue = Image.new("RGB", (8, 8), (255, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 255))
    options = {"lossless": True} if form == "WEBP" else {}
    opened = open_image(encoded(red, form, save_all=True, append_images=[blue], duration=100, **options))
    assert opened.rgb[4, 4].tolist() == [255, 0, 0]
    assert "first frame" in opened.notes[0]


def test_several_pages_give_the_first() -> None:
    pages = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    opened = open_image(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert opened.rgb[0, 0].tolist() == [255, 0, 0]
    assert "first page" in opened.notes[0]


def test_a_telephones_two_picture_jpeg_is_a_jpeg() -> None:
    pages = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    opened = open_image(encoded(pages[0], "MPO", save_all=True, append_images=pages[1:]))
    assert opened.format == "JPEG"
    assert opened.rgb[8, 8, 0] > 200


def png_header(width: int, height: int) -> bytes:
    """A PNG that declares a size and holds next to nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def webp_header(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    body = b"VP8L" + struct.pack("<I", 20) + b"\x2f" + struct.pack("<I", bits) + bytes(15)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


@pytest.mark.parametrize(
    "data",
    [png_header(10_000, 8_000), png_header(50_000, 50_000), webp_header(16_383, 16_383)],
    ids=["80 megapixels", "2500 megapixels", "webp"],
)
def test_a_bomb_is_refused_from_its_header(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(self: ImageFile.ImageFile) -> None:
        raise AssertionError("a pixel was decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", decoded)
    with pytest.raises(ImageError, match="at most 50 megapixels"):
        open_image(data)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "TIFF", "GIF", "WEBP"])
@pytest.mark.parametrize("kept", [0.3, 0.7])
def test_truncated_files_are_refused(form: str, kept: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = encoded(Image.fromarray(noise), form)
    with pytest.raises(ImageError, match=r"cut short|not a readable image"):
        open_image(data[: int(len(data) * kept)])


def test_text_named_png_is_refused() -> None:
    with pytest.raises(ImageError, match="not a readable image"):
        open_image(b"<script>alert('hello')</script>" * 20)


def test_formats_that_are_not_listed_are_refused() -> None:
    with pytest.raises(ImageError, match="JPEG, PNG, WebP, BMP, TIFF or GIF"):
        open_image(encoded(Image.new("RGB", (8, 8)), "PPM"))


def test_no_bytes() -> None:
    with pytest.raises(ImageError, match="0 bytes"):
        open_image(b"")


def test_too_many_bytes() -> None:
    data = encoded(Image.new("RGB", (64, 64)), "BMP")
    with pytest.raises(ImageError, match=r"12\.0|0\.0 MB"):
        open_image(data, max_bytes=1000)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow mutters about each damaged tag
def test_damaged_bytes_end_in_a_sentence() -> None:
    """Bytes overwritten at random open, or are refused with ImageError: nothing else may come out."""
    rng = np.random.default_rng(1)
    picture = Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8))
    for form in ("JPEG", "PNG", "BMP", "TIFF", "GIF", "WEBP"):
        whole = np.frombuffer(encoded(picture, form), np.uint8)
        for _ in range(40):
            damaged = whole.copy()
            places = rng.integers(0, len(whole), 6)
            damaged[places] = rng.integers(0, 256, 6)
            with suppress(ImageError):
                open_image(damaged.tobytes(), max_pixels=1_000_000)


def test_pillows_settings_stay_as_they_are() -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    open_image(encoded(Image.fromarray(corners()), "PNG"))
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)


def test_many_threads_open_at_once() -> None:
    pictures = [np.full((40, 40, 3), value, np.uint8) for value in range(0, 240, 10)]
    files = [encoded(Image.fromarray(picture), "PNG") for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(open_image, files))
    assert all(np.array_equal(one.rgb, picture) for one, picture in zip(opened, pictures, strict=True))
