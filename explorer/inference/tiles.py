"""Numbers as small pictures: feature maps and kernels in colours, arranged side by side. Imports no torch."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

# Matplotlib's viridis at nine even places: ordered by lightness, also for colour-blind eyes and in print.
_VIRIDIS = (
    (68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141),
    (39, 173, 129), (92, 200, 99), (170, 220, 50), (253, 231, 37),
)  # fmt: skip
# Okabe and Ito's blue and vermilion around a paper grey.
_NEGATIVE, _ZERO, _POSITIVE = (0, 114, 178), (244, 242, 236), (213, 94, 0)
_BRIGHT = (255, 240, 140)


class Scale(StrEnum):
    """What shares one range of colours."""

    EACH = "each"
    ALL = "all"


class Order(StrEnum):
    """By what channels are ranked."""

    CHANNEL = "channel"
    MEAN = "mean"
    SPREAD = "spread"


def ranking(order: Order, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Channel numbers (C,): as they come, or largest ``mean`` or ``spread`` (C,) first; equals as they come."""
    match order:
        case Order.MEAN:
            return np.argsort(-mean, kind="stable")
        case Order.SPREAD:
            return np.argsort(-spread, kind="stable")
        case _:
            return np.arange(len(mean))


def unit_range(maps: np.ndarray, scale: Scale) -> np.ndarray:
    """Maps (n, h, w) from their smallest value, 0, to their largest, 1; a map of one value is 0."""
    axes = (1, 2) if scale is Scale.EACH else (0, 1, 2)
    low, high = maps.min(axes, keepdims=True), maps.max(axes, keepdims=True)
    span = np.where(high > low, high - low, 1)
    return (maps - low) / span


def sequential(unit: np.ndarray) -> np.ndarray:
    """Values in [0, 1] of any shape as uint8 RGB (…, 3), dark to bright (viridis)."""
    return _between(np.array(_VIRIDIS, float), unit)


def diverging(signed: np.ndarray) -> np.ndarray:
    """Values in [−1, 1] of any shape as uint8 RGB (…, 3): blue below, pale at 0, orange above."""
    return _between(np.array((_NEGATIVE, _ZERO, _POSITIVE), float), (signed + 1) / 2)


def signed_range(values: np.ndarray, scale: Scale) -> np.ndarray:
    """Values (n, …) divided by the largest magnitude, of each of n or of all: in [−1, 1], 0 stays 0."""
    axes = tuple(range(1, values.ndim)) if scale is Scale.EACH else None
    largest = np.abs(values).max(axes, keepdims=True)
    return values / np.where(largest > 0, largest, 1)


def filters_as_rgb(weights: np.ndarray, scale: Scale) -> np.ndarray:
    """Filters (n, 3, h, w) as uint8 RGB (n, h, w, 3): 0 is mid-grey, the largest magnitude reaches black or white."""
    unit = signed_range(weights, scale) / 2 + 0.5
    return np.rint(unit.transpose(0, 2, 3, 1) * 255).astype(np.uint8)


def sheet(tiles: np.ndarray, columns: int) -> np.ndarray:
    """Tiles (n, h, w, 3) uint8 edge to edge, ``columns`` in a row, as one picture (rows·h, columns·w, 3)."""
    count, height, width, _ = tiles.shape
    rows = -(-count // columns)
    room = np.zeros((rows * columns, height, width, 3), np.uint8)
    room[:count] = tiles
    return (
        room.reshape(rows, columns, height, width, 3)
        .swapaxes(1, 2)
        .reshape(rows * height, columns * width, 3)
    )


def matrix_of_tiles(tiles: np.ndarray, gap: int, zoom: int) -> np.ndarray:
    """Tiles (rows, columns, h, w, 3) uint8 as one RGBA picture: every value ``zoom`` pixels, clear gaps between."""
    rows, columns, height, width, _ = tiles.shape
    large = tiles.repeat(zoom, axis=2).repeat(zoom, axis=3)
    high, wide = height * zoom, width * zoom
    room = np.zeros((rows, columns, high + gap, wide + gap, 4), np.uint8)
    room[:, :, :high, :wide, :3] = large
    room[:, :, :high, :wide, 3] = 255
    picture = room.swapaxes(1, 2).reshape(rows * (high + gap), columns * (wide + gap), 4)
    return picture[: rows * (high + gap) - gap, : columns * (wide + gap) - gap]


def heat(values: np.ndarray) -> np.ndarray:
    """A map (H, W) of numbers from 0 on as uint8 RGBA: orange to yellow, as opaque as √(value / largest)."""
    largest = float(values.max())
    strength = np.sqrt(values / largest) if largest > 0 else np.zeros_like(values)
    shown = np.empty((*values.shape, 4), np.uint8)
    shown[..., :3] = _between(np.array((_POSITIVE, _BRIGHT), float), strength)
    shown[..., 3] = np.rint(strength * 255).astype(np.uint8)
    return shown


def _between(anchors: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Colours on the way along even anchors (k, 3)."""
    places = np.linspace(0, 1, len(anchors))
    parts = [np.interp(unit, places, anchors[:, channel]) for channel in range(3)]
    return np.rint(np.stack(parts, -1)).astype(np.uint8)
