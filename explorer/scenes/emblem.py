"""Emblems: small pictures of one shape out of ten, for classifiers of 32×32 pictures where CIFAR-10 is out of reach.

A picture is a pure function of its seed. One emblem, turned, stretched, textured and partly hidden, lies among
strokes and blots in its own colours on a textured ground: colour and brightness say nothing about the class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from explorer.scenes import textures
from explorer.scenes.shapes import DISTANCES, Plane, Shape

SIDE = 32
"""Height and width of a picture in pixels."""

SMALLEST, LARGEST = 15.0, 26.0
"""Bounds of an emblem's diameter in pixels."""

SHIFT = 5.0
"""Pixels by which an emblem may lie off the middle, in each direction."""

TURN = np.deg2rad(40.0)
"""Angle by which an emblem may be turned, either way."""


class Emblem(StrEnum):
    """Classes in the order of their ids: the shapes of the scenes and two that are easily mistaken for them."""

    DISC = "disc"
    RING = "ring"
    SQUARE = "square"
    TRIANGLE = "triangle"
    STAR = "star"
    CROSS = "cross"
    HEART = "heart"
    MOON = "moon"
    HEXAGON = "hexagon"
    ARROW = "arrow"


LABELS: tuple[str, ...] = tuple(emblem.value for emblem in Emblem)

TRAINING_SEEDS = range(1_000_000_000)
TEST_SEEDS = range(2_000_000_000, 2_000_100_000)


def _hexagon(x: Plane, y: Plane, trait: float) -> Plane:
    reach = 0.8660254 - 0.06 * trait
    return np.maximum(np.abs(y), np.abs(x) * 0.8660254 + np.abs(y) * 0.5) - reach


def _arrow(x: Plane, y: Plane, trait: float) -> Plane:
    # A shaft below, a head above: the head is a triangle over its base line y = 0.05.
    shaft = np.maximum(np.abs(x) - (0.2 + 0.06 * trait), np.abs(y + 0.4) - 0.55)
    head = np.maximum(0.05 - y, (np.abs(x) * 0.95 + (y - 0.95) * 0.75) * 0.83)
    return np.minimum(shaft, head)


_DISTANCES: dict[Emblem, Callable[[Plane, Plane, float], Plane]] = {
    **{Emblem(shape.value): function for shape, function in DISTANCES.items()},
    Emblem.HEXAGON: _hexagon,
    Emblem.ARROW: _arrow,
}
assert len(_DISTANCES) == len(Emblem) == len(Shape) + 2


def _pose(rng: np.random.Generator, diameter: float) -> tuple[Plane, Plane]:
    """Coordinates over the picture in the emblem's own frame, where it fits the unit disc, y upwards."""
    radius = diameter / 2
    middle = (SIDE / 2 + rng.uniform(-SHIFT, SHIFT, 2)).astype(np.float32)
    steps = np.arange(SIDE, dtype=np.float32) + np.float32(0.5)
    x, y = (
        (steps[None, :] - middle[0]) / np.float32(radius),
        (steps[:, None] - middle[1]) / np.float32(radius),
    )
    angle = rng.uniform(-TURN, TURN)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    stretch = np.float32(np.exp(rng.uniform(-0.16, 0.16)))
    return (x * cos + y * sin) * stretch, (x * sin - y * cos) / stretch


def _cover(field: Plane) -> Plane:
    """How much of each pixel lies inside a signed distance in pixels."""
    return np.clip(np.float32(0.5) - field, 0, 1)[..., None]


def _clutter(rng: np.random.Generator, canvas: Plane, colours: Sequence[Plane], count: int) -> None:
    """Bars and blots, which are no emblems, in the emblem's colours or the ground's."""
    steps = np.arange(SIDE, dtype=np.float32)
    for _ in range(count):
        angle, across = rng.uniform(0, np.pi), rng.uniform(0, SIDE, 2)
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        x, y = steps[None, :] - np.float32(across[0]), steps[:, None] - np.float32(across[1])
        along, aside = x * cos + y * sin, y * cos - x * sin
        length, width = rng.uniform(1.5, 9), rng.uniform(0.7, 2.0)
        field = np.hypot(np.maximum(np.abs(along) - np.float32(length), 0), aside) - np.float32(width)
        colour = colours[int(rng.integers(len(colours)))]
        canvas += (colour - canvas) * _cover(field) * np.float32(rng.uniform(0.5, 1))


def picture(seed: int) -> tuple[NDArray[np.uint8], int]:
    """The picture of this seed, (32, 32, 3) uint8 RGB, and its class id."""
    rng = np.random.default_rng((seed, SIDE))
    label = int(rng.integers(len(Emblem)))
    canvas, ground = textures.background(rng, SIDE)
    colours = textures.object_colours(rng, ground)
    _clutter(rng, canvas, [*colours, *ground], int(rng.integers(0, 3)))
    diameter = float(rng.uniform(SMALLEST, LARGEST))
    along, across = _pose(rng, diameter)
    field = _DISTANCES[tuple(Emblem)[label]](along, across, rng.uniform()).astype(np.float32) * np.float32(
        diameter / 2
    )
    blend = textures.surface(rng, SIDE, diameter)[..., None]
    paint = colours[0] + (colours[1] - colours[0]) * blend
    canvas += (paint - canvas) * _cover(field) * np.float32(rng.uniform(0.85, 1))
    _clutter(rng, canvas, [*colours, *ground], int(rng.integers(0, 3)))
    axis = np.linspace(-1, 1, SIDE, dtype=np.float32)
    turn = rng.uniform(0, 2 * np.pi)
    light = 1 + np.float32(rng.uniform(0, 0.3)) * (
        np.float32(np.cos(turn)) * axis[None, :] + np.float32(np.sin(turn)) * axis[:, None]
    )
    canvas *= light[..., None] * np.float32(rng.uniform(0.75, 1.2))
    canvas += rng.standard_normal(canvas.shape, np.float32) * np.float32(rng.uniform(0.005, 0.04))
    return np.clip(canvas * 255 + 0.5, 0, 255).astype(np.uint8), label
