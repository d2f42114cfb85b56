"""Procedural scenes: pictures of flat shapes with the exact answer for segmentation and detection.

A scene is a pure function of its seed and size. Shapes are placed front to back, so that what is still visible
of each is known when it is placed, and painted back to front with shadow, bevel and texture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.scenes import textures
from explorer.scenes.shapes import Plane, Shape, distance

CLASSES: tuple[str, ...] = tuple(shape.value for shape in Shape)
"""Names of the object classes; a detection's class c is ``CLASSES[c]``, a mask's class id is c + 1."""

MASK_LABELS: tuple[str, ...] = ("background", *CLASSES)

TRAINING_SEEDS = range(1_000_000_000)
VALIDATION_SEEDS = range(1_000_000_000, 1_000_100_000)
TEST_SEEDS = range(2_000_000_000, 2_000_100_000)

SMALLEST, LARGEST = 20.0, 90.0
"""Bounds of an object's diameter in pixels."""

MINIMUM_VISIBLE = 0.5
"""Least share of an object's pixels that neither another object nor the picture's border hides."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One object of a scene.

    ``box`` is (x1, y1, x2, y2) in pixels, tight around the visible pixels, x2 and y2 exclusive.
    ``category`` indexes ``CLASSES``; ``visible`` is the share of the whole shape's pixels that can be seen.
    """

    category: int
    box: tuple[int, int, int, int]
    visible: float


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture and its ground truth.

    ``image`` (H, W, 3) uint8 RGB; ``mask`` (H, W) uint8 class ids with 0 the background; ``owners`` (H, W) uint8,
    0 the background and i + 1 the pixels of ``instances[i]``.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    owners: NDArray[np.uint8]
    instances: tuple[Instance, ...]

    @property
    def boxes(self) -> NDArray[np.float32]:
        """(n, 4) float32 boxes, see :class:`Instance`."""
        return np.array([item.box for item in self.instances], np.float32).reshape(-1, 4)

    @property
    def categories(self) -> NDArray[np.int64]:
        """(n,) int64 indices into ``CLASSES``."""
        return np.array([item.category for item in self.instances], np.int64)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A shape at its place: a square patch of signed distances in pixels and where its corner lies."""

    category: int
    diameter: float
    field: Plane
    top: int
    left: int
    visible: float


@dataclass(frozen=True, slots=True)
class _Light:
    """What all objects of a scene share: where the light comes from and how hard it is."""

    angle: float
    bevel: float
    shadow: float
    softness: float
    reach: float


def _window(top: int, left: int, side: int, size: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The part of the picture under a patch, and the part of the patch over the picture."""
    y0, x0, y1, x1 = max(top, 0), max(left, 0), min(top + side, size), min(left + side, size)
    y1, x1 = max(y0, y1), max(x0, x1)
    return (slice(y0, y1), slice(x0, x1)), (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))


def _field(rng: np.random.Generator, shape: Shape, diameter: float) -> Plane:
    """Signed distances in pixels of one randomly turned and slightly stretched shape, margin included."""
    radius = diameter / 2
    half = int(radius * 1.12 + 9)
    offset = rng.uniform(-0.5, 0.5, 2)
    steps = np.arange(-half, half + 1, dtype=np.float32)
    x = (steps[None, :] - np.float32(offset[0])) / np.float32(radius)
    y = (steps[:, None] - np.float32(offset[1])) / np.float32(radius)
    angle = rng.uniform(0, 2 * np.pi)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    stretch = np.float32(np.exp(rng.uniform(-0.1, 0.1)))
    along, across = (x * cos + y * sin) * stretch, (y * cos - x * sin) / stretch
    return distance(shape, along, -across, rng.uniform()).astype(np.float32) * np.float32(radius)


def _place(rng: np.random.Generator, size: int, wanted: int) -> list[_Placed]:
    """Place up to ``wanted`` shapes, each behind all earlier ones and still sufficiently visible."""
    taken = np.zeros((size, size), bool)
    placed: list[_Placed] = []
    shapes = tuple(Shape)
    largest = min(LARGEST, 0.55 * size)
    for _ in range(wanted):
        category = int(rng.integers(len(shapes)))
        diameter = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(largest))))
        field = _field(rng, shapes[category], diameter)
        inside = field <= 0
        whole = int(inside.sum())
        side = field.shape[0]
        for _ in range(8):
            middle = rng.uniform(0.3 * diameter, size - 0.3 * diameter, 2)
            top, left = int(middle[0]) - side // 2, int(middle[1]) - side // 2
            picture, patch = _window(top, left, side, size)
            seen = inside[patch] & ~taken[picture]
            visible = int(seen.sum()) / whole
            if visible >= MINIMUM_VISIBLE:
                taken[picture] |= seen
                placed.append(_Placed(category, diameter, field, top, left, visible))
                break
    return placed


def _shade(rng: np.random.Generator, field: Plane, diameter: float, light: _Light) -> Plane:
    """Brightness factor of a slightly raised shape: edges towards the light shine, the others darken."""
    dx, dy = np.cos(light.angle), np.sin(light.angle)
    step = 1 + int(diameter > 45)
    slope = np.zeros_like(field)
    slope[:, step:-step] = (field[:, 2 * step :] - field[:, : -2 * step]) * np.float32(dx / (2 * step))
    slope[step:-step] += (field[2 * step :] - field[: -2 * step]) * np.float32(dy / (2 * step))
    rim = 1 / (1 + np.square(field / np.float32(diameter * rng.uniform(0.05, 0.2))))
    return 1 + np.float32(light.bevel) * slope * rim


def _paint(
    rng: np.random.Generator, canvas: Plane, item: _Placed, light: _Light, colours: tuple[Plane, Plane]
) -> None:
    """Draw one shape and its shadow into ``canvas`` (H, W, 3), which holds linear values about [0, 1]."""
    size, side = canvas.shape[0], item.field.shape[0]
    reach = light.reach * min(item.diameter, 50.0) * 0.12
    down, right = round(-np.sin(light.angle) * reach), round(-np.cos(light.angle) * reach)
    picture, patch = _window(item.top + down, item.left + right, side, size)
    soft = np.float32(light.softness)
    dark = np.clip(0.5 - item.field[patch] / (2 * soft), 0, 1)
    canvas[picture] *= (1 - np.float32(light.shadow) * dark * dark * (3 - 2 * dark))[..., None]

    picture, patch = _window(item.top, item.left, side, size)
    blend = textures.surface(rng, side, item.diameter)[patch][..., None]
    colour = colours[0] + (colours[1] - colours[0]) * blend
    colour *= _shade(rng, item.field, item.diameter, light)[patch][..., None]
    cover = np.clip(0.5 - item.field[patch], 0, 1)[..., None]
    canvas[picture] += (colour - canvas[picture]) * cover


def _finish(rng: np.random.Generator, canvas: Plane, light: _Light) -> NDArray[np.uint8]:
    """Light falling over the whole picture, then lens and sensor; (H, W, 3) uint8."""
    size = canvas.shape[0]
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    x, y = axis[None, :], axis[:, None]
    fall = rng.uniform(0, 0.28)
    gain = 1 + np.float32(fall * np.cos(light.angle)) * x + np.float32(fall * np.sin(light.angle)) * y
    gain *= 1 - np.float32(rng.uniform(0, 0.3)) * (x * x + y * y) / 2
    if rng.uniform() < 0.25:
        spot_x, spot_y = rng.uniform(-0.7, 0.7, 2).astype(np.float32)
        glow = np.exp(-(np.square(x - spot_x) + np.square(y - spot_y)) * np.float32(rng.uniform(1, 4)))
        gain += np.float32(rng.uniform(0.1, 0.4)) * glow
    tint = (rng.uniform(0.8, 1.15) * (1 + rng.uniform(-0.06, 0.06, 3))).astype(np.float32)
    canvas *= gain[..., None] * tint
    if rng.uniform() < 0.35:
        side = np.float32(rng.uniform(0.05, 0.2))
        for swapped in (canvas, canvas.swapaxes(0, 1)):
            swapped[1:-1] += side * (swapped[:-2] + swapped[2:] - 2 * swapped[1:-1])
    if rng.uniform() < 0.8:
        noise = rng.standard_normal(canvas.shape, np.float32)
        canvas += noise * np.float32(rng.uniform(0.003, 0.035))
    canvas *= 255
    canvas += 0.5
    return np.clip(canvas, 0, 255, out=canvas).astype(np.uint8)


def scene(seed: int, size: int = 192, density: float = 1.0) -> Scene:
    """The scene of this seed, a square of ``size`` pixels with shapes 20 to 90 pixels wide.

    The same arguments give the same scene. Larger pictures hold more shapes, not larger ones: about 7 in 192 pixels
    squared, times ``density`` as far as there is room.
    """
    rng = np.random.default_rng((seed, size))
    wanted = max(1, round(rng.uniform(3, 11) * density * (size / 192) ** 2))
    placed = _place(rng, size, min(wanted, 250))
    light = _Light(
        angle=rng.uniform(0, 2 * np.pi),
        bevel=rng.uniform(0, 0.55),
        shadow=rng.uniform(0, 0.6),
        softness=rng.uniform(1.5, 5),
        reach=rng.uniform(0.3, 1.3),
    )
    canvas, ground = textures.background(rng, size)
    owners = np.zeros((size, size), np.uint8)
    for number in range(len(placed), 0, -1):
        item = placed[number - 1]
        _paint(rng, canvas, item, light, textures.object_colours(rng, ground))
        picture, patch = _window(item.top, item.left, item.field.shape[0], size)
        owners[picture][item.field[patch] <= 0] = number
    instances = []
    for number, item in enumerate(placed, start=1):
        (rows, columns), _ = _window(item.top, item.left, item.field.shape[0], size)
        mine = owners[rows, columns] == number
        ys, xs = np.flatnonzero(mine.any(1)), np.flatnonzero(mine.any(0))
        x0, y0 = columns.start, rows.start
        box = (int(x0 + xs[0]), int(y0 + ys[0]), int(x0 + xs[-1] + 1), int(y0 + ys[-1] + 1))
        instances.append(Instance(item.category, box, item.visible))
    classes = np.array([0, *(item.category + 1 for item in placed)], np.uint8)
    return Scene(_finish(rng, canvas, light), classes[owners], owners, tuple(instances))
