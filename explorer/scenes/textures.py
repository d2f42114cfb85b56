"""Colours, surface patterns and backgrounds of the procedural scenes. All arrays are float32."""

from __future__ import annotations

import colorsys
from enum import StrEnum

import numpy as np

from explorer.scenes.shapes import Plane


class Surface(StrEnum):
    """Patterns on an object."""

    PLAIN = "plain"
    STRIPES = "stripes"
    CHECKS = "checks"
    DOTS = "dots"
    GRADIENT = "gradient"
    NOISE = "noise"


class Ground(StrEnum):
    """Patterns behind the objects."""

    GRADIENT = "gradient"
    CLOUDS = "clouds"
    STRIPES = "stripes"
    TILES = "tiles"
    BLOTS = "blots"


SURFACES, GROUNDS = tuple(Surface), tuple(Ground)


def _hsv(hue: float, saturation: float, value: float) -> Plane:
    return np.array(colorsys.hsv_to_rgb(hue % 1, saturation, value), np.float32)


def _axes(rng: np.random.Generator, side: int) -> tuple[Plane, Plane]:
    """Coordinates in pixels over a square patch, turned by a random angle and shifted."""
    angle = rng.uniform(0, np.pi)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    steps = np.arange(side, dtype=np.float32)
    shift = rng.uniform(0, 64, 2).astype(np.float32)
    x, y = steps[None, :], steps[:, None]
    return x * cos + y * sin + shift[0], y * cos - x * sin + shift[1]


def _wave(position: Plane, period: float) -> Plane:
    """Triangle wave in [-1, 1]."""
    phase = position / np.float32(period)
    return 4 * np.abs(phase - np.floor(phase) - np.float32(0.5)) - 1


def _edge(value: Plane, period: float) -> Plane:
    """Turn a wave of slope 4 / period into bands whose edges are about one pixel soft, in [0, 1]."""
    return np.clip(value * np.float32(period / 4) + np.float32(0.5), 0, 1)


def fractal(rng: np.random.Generator, side: int, coarsest: int, octaves: int) -> Plane:
    """Value noise in [0, 1], (side, side): octaves of bilinearly enlarged random grids, amplitudes halving."""
    total = np.zeros((side, side), np.float32)
    amplitude, weight = 1.0, 0.0
    for octave in range(octaves):
        cells = coarsest * 2**octave
        grid = rng.random((cells + 1, cells + 1), np.float32)
        position = np.linspace(0, cells, side, endpoint=False, dtype=np.float32)
        low = position.astype(np.int32)
        part = position - low
        part = part * part * (3 - 2 * part)
        columns = grid[:, low] + (grid[:, low + 1] - grid[:, low]) * part
        total += np.float32(amplitude) * (columns[low] + (columns[low + 1] - columns[low]) * part[:, None])
        weight += amplitude
        amplitude /= 2
    return total / np.float32(weight)


def surface(rng: np.random.Generator, side: int, diameter: float) -> Plane:
    """How much of the second colour an object shows, (side, side) in [0, 1]."""
    kind = SURFACES[int(rng.integers(len(SURFACES)))]
    if kind is Surface.PLAIN:
        return np.zeros((side, side), np.float32)
    if kind is Surface.NOISE:
        return np.clip(fractal(rng, side, max(2, side // 16), 3) * 2.4 - 0.7, 0, 1)
    along, across = _axes(rng, side)
    if kind is Surface.GRADIENT:
        return (along - along.min()) / np.float32(np.ptp(along))
    period = rng.uniform(5, max(8.0, 0.35 * diameter))
    if kind is Surface.STRIPES:
        return _edge(_wave(along, period), period)
    if kind is Surface.CHECKS:
        return _edge(_wave(along, period) * _wave(across, period), period)
    u, v = along / np.float32(period), across / np.float32(period)
    spot = np.hypot(u - np.floor(u) - np.float32(0.5), v - np.floor(v) - np.float32(0.5))
    return np.clip((np.float32(0.3) - spot) * np.float32(period) + np.float32(0.5), 0, 1)


def background(rng: np.random.Generator, size: int) -> tuple[Plane, Plane]:
    """A backdrop (size, size, 3) and the two colours it is mixed from, (2, 3)."""
    hue, value = rng.uniform(), rng.uniform(0.15, 0.9)
    first = _hsv(hue, rng.uniform(0, 0.6), value)
    second = _hsv(
        hue + rng.uniform(-0.15, 0.15),
        rng.uniform(0, 0.6),
        float(np.clip(value + rng.choice((-1, 1)) * rng.uniform(0.06, 0.3), 0.08, 0.97)),
    )
    kind = GROUNDS[int(rng.integers(len(GROUNDS)))]
    if kind is Ground.CLOUDS:
        blend = fractal(rng, size, int(rng.integers(2, 7)), 5) * 1.8 - 0.4
    elif kind is Ground.BLOTS:
        field = fractal(rng, size, int(rng.integers(3, 9)), 3)
        blend = (field - 0.5) * np.float32(rng.uniform(8, 40)) + 0.5
    else:
        along, across = _axes(rng, size)
        period = float(np.exp(rng.uniform(np.log(8), np.log(70))))
        if kind is Ground.GRADIENT:
            blend = (along - along.min()) / np.float32(np.ptp(along))
        elif kind is Ground.STRIPES:
            blend = _edge(_wave(along, period), period)
        else:
            joint = np.float32(rng.uniform(0.8, 0.97))
            lines = np.maximum(_wave(along, period), _wave(across, period))
            blend = _edge(lines - joint, period)
            column = np.floor(along / np.float32(period)).astype(np.int32) & 63
            row = np.floor(across / np.float32(period)).astype(np.int32) & 63
            tone = rng.random((64, 64), np.float32)[row, column]
            blend = np.maximum(blend, tone * np.float32(rng.uniform(0, 0.5)))
        if rng.uniform() < 0.5:
            blend = blend + (fractal(rng, size, 4, 4) - 0.5) * np.float32(rng.uniform(0.2, 0.8))
    blend = np.clip(blend, 0, 1)
    return first + (second - first) * blend[..., None], np.stack([first, second])


def object_colours(rng: np.random.Generator, ground: Plane) -> tuple[Plane, Plane]:
    """The two colours of an object, the best of a few draws at standing out from the ``ground``'s two."""
    best, contrast = None, -1.0
    for _ in range(3):
        hue, value = rng.uniform(), rng.uniform(0.35, 1.0)
        first = _hsv(hue, rng.uniform(0.2, 1.0) ** 0.7, value)
        apart = float(np.abs(ground - first).sum(1).min())
        if apart > contrast:
            best, contrast = (first, hue, value), apart
        if contrast > 0.5:
            break
    assert best is not None
    first, hue, value = best
    if rng.uniform() < 0.5:
        second = first * np.float32(rng.uniform(0.5, 0.8))
    else:
        second = _hsv(
            hue + rng.uniform(-0.25, 0.25), rng.uniform(0.1, 0.9), min(1.0, value + rng.uniform(-0.2, 0.3))
        )
    return first, second
