"""Predictions as pictures and files, at the uploaded picture's own size. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from explorer.config.protocol import Colour
from explorer.inference.geometry import Geometry
from explorer.inference.prediction import Prediction


def png(picture: np.ndarray) -> bytes:
    """H x W x 3 or H x W uint8 as a PNG file."""
    buffer = BytesIO()
    # Level 1 is five times as fast as the default and a tenth larger.
    Image.fromarray(picture).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def mask_png(mask: np.ndarray, colours: Sequence[Colour]) -> bytes:
    """The class ids as a PNG: with the classes' colours as its palette, or 16-bit grey above 256 classes."""
    buffer = BytesIO()
    image = Image.fromarray(mask)
    if mask.dtype == np.uint8:
        image.putpalette([value for colour in colours for value in colour])
    image.save(buffer, "PNG", optimize=mask.dtype == np.uint8)
    return buffer.getvalue()


def overlaid(
    rgb: np.ndarray,
    mask: np.ndarray,
    colours: Sequence[Colour],
    opacity: float,
    hidden: Collection[int] = (),
) -> np.ndarray:
    """The picture under the colours of its classes; ``opacity`` in [0, 1], ``hidden`` classes are left bare."""
    share = np.full(len(colours), round(opacity * 256), np.uint16)
    share[[class_id for class_id in hidden if class_id < len(colours)]] = 0
    paint = np.array(colours, np.uint16) * share[:, None]
    blended = np.empty_like(rgb)
    for top in range(0, rgb.shape[0], STRIP_ROWS):
        strip = slice(top, top + STRIP_ROWS)
        classes = mask[strip]
        blended[strip] = (rgb[strip] * (256 - share)[classes][:, :, None] + paint[classes]) >> 8
    return blended


def heat_overlaid(
    rgb: np.ndarray, heatmap: np.ndarray, stride: int, geometry: Geometry, opacity: float
) -> np.ndarray:
    """The picture with a centre heatmap glowing over it; nothing shows where no centre is likely."""
    height, width = rgb.shape[:2]
    columns = _map_positions(width, geometry.scale[0], geometry.shift[0], stride, heatmap.shape[1])
    rows = _map_positions(height, geometry.scale[1], geometry.shift[1], stride, heatmap.shape[0])
    colour = np.array(HEAT_COLOUR, np.float32)
    glowing = np.empty_like(rgb)
    for top in range(0, height, STRIP_ROWS):
        strip = slice(top, top + STRIP_ROWS)
        share = _between(_between(heatmap, rows[strip], 0), columns, 1)[:, :, None] * np.float32(opacity)
        glowing[strip] = rgb[strip] + (colour - rgb[strip]) * share + np.float32(0.5)
    return glowing


STRIP_ROWS = 256
"""Rows blended at once: a large photograph in floating point would take gigabytes."""

HEAT_COLOUR: Colour = (255, 72, 0)


def _map_positions(count: int, scale: float, shift: float, stride: int, length: int) -> np.ndarray:
    """Where the centres of a picture's pixels lie among the centres of a map's cells."""
    return np.clip(((np.arange(count) + 0.5) * scale + shift) / stride - 0.5, 0, length - 1)


def _between(values: np.ndarray, positions: np.ndarray, axis: int) -> np.ndarray:
    low = np.minimum(positions.astype(np.intp), values.shape[axis] - 1)
    high = np.minimum(low + 1, values.shape[axis] - 1)
    part = np.expand_dims((positions - low).astype(np.float32), 1 - axis)
    return values.take(low, axis) * (1 - part) + values.take(high, axis) * part


def annotated(prediction: Prediction, indices: Sequence[int] | np.ndarray) -> np.ndarray:
    """The picture with the chosen detections' boxes and labels, the best on top; H x W x 3 uint8."""
    image = Image.fromarray(prediction.image.rgb)
    if prediction.boxes is None or prediction.scores is None or prediction.classes is None:
        return np.asarray(image)
    draw = ImageDraw.Draw(image)
    side = max(image.size)
    line, font = max(2, side // 400), ImageFont.load_default(max(11, side // 55))
    for index in reversed(list(indices)):
        class_id = int(prediction.classes[index])
        colour = prediction.protocol.colours[class_id]
        x1, y1, x2, y2 = _ordered(prediction.boxes[index])
        draw.rectangle((x1, y1, x2, y2), outline=colour, width=line)
        text = f"{prediction.labels[class_id]} {prediction.scores[index]:.2f}"
        _label(draw, text, x1, y1, colour, font, line)
    return np.asarray(image)


def _label(
    draw: ImageDraw.ImageDraw,
    text: str,
    x: float,
    y: float,
    colour: Colour,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    line: int,
) -> None:
    """A name tag on the box's upper edge, moved inside where it would leave the picture."""
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    width, height = right - left + 2 * line + 4, bottom - top + 2 * line
    x = min(max(0, x), max(0, draw.im.size[0] - width))
    y = y - height if y >= height else max(0, y)
    draw.rectangle((x, y, x + width, y + height), fill=colour)
    draw.text((x + line + 2 - left, y + line - top), text, fill=ink_on(colour), font=font)


def ink_on(colour: Colour) -> Colour:
    """Black or white, whichever reads better on ``colour`` (WCAG 2 relative luminance)."""
    red, green, blue = (
        value / 3294.6 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in colour
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return (0, 0, 0) if luminance > 0.179 else (255, 255, 255)


def _ordered(box: np.ndarray) -> tuple[float, float, float, float]:
    """Corners from top left to bottom right: an untrained network predicts negative sizes too."""
    x1, y1, x2, y2 = (float(value) for value in box)
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def coco_json(prediction: Prediction, indices: Sequence[int] | np.ndarray, file_name: str) -> str:
    """The chosen detections as a COCO data set of one picture, each annotation with its ``score``.

    pycocotools reads it with ``COCO(file)``; ``bbox`` is (x, y, width, height) in pixels, as predicted.
    """
    protocol, image = prediction.protocol, prediction.image
    annotations = []
    if prediction.boxes is not None and prediction.scores is not None and prediction.classes is not None:
        for number, index in enumerate(indices, start=1):
            x1, y1, x2, y2 = _ordered(prediction.boxes[index])
            annotations.append(
                {
                    "id": number,
                    "image_id": 1,
                    "category_id": protocol.category_ids[int(prediction.classes[index])],
                    "bbox": [round(x1, 2), round(y1, 2), round(x2 - x1, 2), round(y2 - y1, 2)],
                    "area": round((x2 - x1) * (y2 - y1), 2),
                    "iscrowd": 0,
                    "score": round(float(prediction.scores[index]), 5),
                }
            )
    categories = [
        {"id": category_id, "name": label}
        for category_id, label in zip(protocol.category_ids, protocol.labels, strict=True)
    ]
    return json.dumps(
        {
            "images": [{"id": 1, "file_name": file_name, "width": image.width, "height": image.height}],
            "categories": categories,
            "annotations": annotations,
        },
        indent=1,
    )
