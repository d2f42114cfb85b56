"""Where a picture's pixels lie in a network's input, and how to get back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.config.protocol import Fit, Protocol
from explorer.errors import ImageError

MULTIPLE = 32
"""Sizes that the pyramid halves five times without a remainder."""

MAX_ASPECT = 64
"""A thinner picture than 64:1 would be padded to many times its own area."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """An axis-aligned affine map from a picture's pixels to a network's input pixels, ``x' = scale * x + shift``.

    ``image`` and ``input`` are (width, height), ``scale`` and ``shift`` are (x, y). ``content`` is the size that
    the picture takes up in the input.
    """

    image: tuple[int, int]
    input: tuple[int, int]
    content: tuple[int, int]
    scale: tuple[float, float]
    shift: tuple[float, float]

    def to_image(self, points: np.ndarray, stride: int = 1) -> np.ndarray:
        """Points (..., 2) as (x, y) on a map of 1/``stride`` of the input, in the picture's own pixels."""
        return (points * stride - np.array(self.shift)) / np.array(self.scale)


def geometry(protocol: Protocol, fit: Fit, width: int, height: int, max_side: int) -> Geometry:
    """How ``fit`` places a picture of ``width`` x ``height``; a longer side than ``max_side`` is scaled down first.

    ``max_side`` bounds the work of the fits that keep a picture's size; the others, whose size is given, ignore it.
    """
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise ImageError(
            f"The image is {width} x {height} pixels; one side may be at most {MAX_ASPECT} times the other."
        )
    match fit:
        case Fit.FIXED:
            return _fixed(width, height, protocol.size)
        case Fit.KEPT:
            return _kept(width, height, max_side)
        case Fit.PADDED:
            return _padded(width, height, max_side)
        case Fit.SCALED:
            return _scaled(width, height, protocol.size)
        case Fit.OWN:
            return _placed(width, height, *_bounded(width, height, max_side))
        case Fit.CROPPED:
            return _cropped(width, height, protocol.shorter_side, protocol.size)


def _bounded(width: int, height: int, max_side: int) -> tuple[int, int]:
    longest = max(width, height)
    if longest <= max_side:
        return width, height
    return max(1, round(width * max_side / longest)), max(1, round(height * max_side / longest))


def _fixed(width: int, height: int, side: int) -> Geometry:
    scale = side / max(width, height)
    shift = (side / 2 - scale * (width / 2), side / 2 - scale * (height / 2))
    content = (round(width * scale), round(height * scale))
    return Geometry((width, height), (side, side), content, (scale, scale), shift)


def _kept(width: int, height: int, max_side: int) -> Geometry:
    inner = _bounded(width, height, max_side)
    # CenterNet's `(n | 31) + 1` grows by a whole 32 where n is a multiple already; its centre is n // 2.
    outer = ((inner[0] | 31) + 1, (inner[1] | 31) + 1)
    shift = (outer[0] / 2 - inner[0] // 2, outer[1] / 2 - inner[1] // 2)
    return Geometry((width, height), outer, inner, (inner[0] / width, inner[1] / height), shift)


def _padded(width: int, height: int, max_side: int) -> Geometry:
    inner = _bounded(width, height, max_side)
    outer = (-(-inner[0] // MULTIPLE) * MULTIPLE, -(-inner[1] // MULTIPLE) * MULTIPLE)
    shift = (float((outer[0] - inner[0]) // 2), float((outer[1] - inner[1]) // 2))
    return Geometry((width, height), outer, inner, (inner[0] / width, inner[1] / height), shift)


def _scaled(width: int, height: int, side: int) -> Geometry:
    # OpenCV rounds halves to even, as Python does.
    scale = side / max(width, height)
    return _placed(width, height, max(1, round(width * scale)), max(1, round(height * scale)))


def _placed(width: int, height: int, across: int, down: int) -> Geometry:
    """Resized to ``across`` x ``down``, which is the whole input."""
    return Geometry(
        (width, height), (across, down), (across, down), (across / width, down / height), (0.0, 0.0)
    )


def _cropped(width: int, height: int, shorter: int, side: int) -> Geometry:
    # The longer side is cut down to a whole number, as PyTorch's Resize does.
    if width < height:
        inner = (shorter, int(shorter * height / width))
    else:
        inner = (int(shorter * width / height), shorter)
    shift = (-float(round((inner[0] - side) / 2)), -float(round((inner[1] - side) / 2)))
    return Geometry((width, height), (side, side), inner, (inner[0] / width, inner[1] / height), shift)


def nearest(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """``mask`` (h, w) at ``size`` = (width, height), each pixel taking the value under its centre."""
    if (mask.shape[1], mask.shape[0]) == size:
        return np.ascontiguousarray(mask)
    columns = ((np.arange(size[0]) + 0.5) * (mask.shape[1] / size[0])).astype(np.intp)
    rows = ((np.arange(size[1]) + 0.5) * (mask.shape[0] / size[1])).astype(np.intp)
    return mask[rows[:, None], columns[None, :]]
