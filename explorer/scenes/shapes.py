"""The object classes of the procedural scenes: eight flat shapes as signed distance functions.

A signed distance is negative inside the shape, zero on its outline and grows outside, in the unit of the
coordinates. Every shape is centred near the origin, upright, and fits the unit disc; the renderer scales and
turns it. Distances to corners may be a bound instead of the Euclidean distance, which only rounds the soft
shadow, never the outline.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating[Any]]


class Shape(StrEnum):
    """Object classes in the order of their ids; class id i of a scene's mask is ``tuple(Shape)[i - 1]``."""

    DISC = "disc"
    RING = "ring"
    SQUARE = "square"
    TRIANGLE = "triangle"
    STAR = "star"
    CROSS = "cross"
    HEART = "heart"
    MOON = "moon"


def _box(x: Plane, y: Plane, half_width: float, half_height: float, radius: float = 0.0) -> Plane:
    over_x = np.abs(x) - (half_width - radius)
    over_y = np.abs(y) - (half_height - radius)
    outside = np.hypot(np.maximum(over_x, 0), np.maximum(over_y, 0))
    return outside + np.minimum(np.maximum(over_x, over_y), 0) - radius


def _segment(x: Plane, y: Plane, start: tuple[float, float], end: tuple[float, float]) -> Plane:
    """Distance to the segment, negative on its left-hand side (seen from start to end, y up)."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    rx, ry = x - start[0], y - start[1]
    along = np.clip((rx * dx + ry * dy) / (dx * dx + dy * dy), 0, 1)
    distance = np.hypot(rx - dx * along, ry - dy * along)
    return np.where(dx * ry - dy * rx > 0, -distance, distance)


def _disc(x: Plane, y: Plane, trait: float) -> Plane:
    return np.hypot(x, y) - 1


def _ring(x: Plane, y: Plane, trait: float) -> Plane:
    half = 0.15 + 0.06 * trait
    return np.abs(np.hypot(x, y) - (1 - half)) - half


def _square(x: Plane, y: Plane, trait: float) -> Plane:
    return _box(x, y, 0.71, 0.71, 0.12 * trait)


def _triangle(x: Plane, y: Plane, trait: float) -> Plane:
    radius = 0.1 * trait
    # The inscribed circle's radius is half the circumscribed one's: rounding shrinks the core by twice the radius.
    core = 1 - 2 * radius
    side = np.maximum(-y, np.abs(x) * 0.8660254 + y * 0.5) - core / 2
    corner_x, corner_y = np.abs(x) - core * 0.8660254, y + core / 2
    below = np.hypot(np.maximum(corner_x, 0), corner_y)
    beyond = (corner_x > 0) & (corner_y < 0)
    return np.where(beyond, below, side) - radius


def _star(x: Plane, y: Plane, trait: float) -> Plane:
    inner = 0.42 + 0.1 * trait
    sector = 2 * np.pi / 5
    angle = np.arctan2(x, y)
    folded = np.abs(angle - sector * np.round(angle / sector))
    radius = np.hypot(x, y)
    notch = (inner * np.cos(sector / 2), inner * np.sin(sector / 2))
    return _segment(radius * np.cos(folded), radius * np.sin(folded), notch, (1.0, 0.0)) * -1


def _cross(x: Plane, y: Plane, trait: float) -> Plane:
    arm = 0.27 + 0.08 * trait
    return np.minimum(_box(x, y, 0.93, arm), _box(x, y, arm, 0.93))


def _heart(x: Plane, y: Plane, trait: float) -> Plane:
    # Two lobes over a square standing on its corner, all in one: mirror, then the nearer of lobe and wedge.
    x, y = np.abs(x) / 0.72, y / 0.72 + 1.05
    lobe = np.hypot(x - 0.5, y - 1.5) - 0.70710678
    tip = np.maximum(x - y, x + y - 2.0) * 0.70710678
    return np.minimum(lobe, tip) * 0.72


def _moon(x: Plane, y: Plane, trait: float) -> Plane:
    shift = 0.45 + 0.15 * trait
    x = x - 0.15
    return np.maximum(np.hypot(x, y) - 0.95, 0.82 - np.hypot(x - shift, y))


DISTANCES: dict[Shape, Callable[[Plane, Plane, float], Plane]] = {
    Shape.DISC: _disc,
    Shape.RING: _ring,
    Shape.SQUARE: _square,
    Shape.TRIANGLE: _triangle,
    Shape.STAR: _star,
    Shape.CROSS: _cross,
    Shape.HEART: _heart,
    Shape.MOON: _moon,
}


def distance(shape: Shape, x: Plane, y: Plane, trait: float) -> Plane:
    """Signed distance of ``shape`` at the points (x, y), y upwards.

    ``trait`` in [0, 1] varies what leaves the class alone: a ring's width, a star's depth, rounded corners.
    """
    return DISTANCES[shape](x, y, trait)
