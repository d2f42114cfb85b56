"""From a heatmap's peak to a box, and from a box to its peak (Zhou, Wang, Krähenbühl, arXiv 1904.07850, sections 3, 4).

Cells are (column, row) of an output map, each ``stride`` pixels of the network's input wide. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np

from explorer.config.protocol import Colour
from explorer.inference.geometry import Geometry
from explorer.training.targets import MINIMUM_OVERLAP, centre_targets

Point = tuple[float, float]
Placement = Callable[[float, float], Point]
"""Leads from a point of one plane to the same point of another."""


@dataclass(frozen=True, slots=True)
class Peak:
    """A detection with what it was made from.

    ``cell`` (column, row), ``offset`` and ``size`` as the heads say them, in cells; ``box`` is the decoder's, (x1, y1,
    x2, y2) in the picture's own pixels.
    """

    cell: tuple[int, int]
    class_id: int
    score: float
    offset: Point
    size: Point
    box: tuple[float, float, float, float]

    @property
    def centre(self) -> Point:
        """The cell moved by its offset, in cells."""
        return self.cell[0] + self.offset[0], self.cell[1] + self.offset[1]

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """The box around the centre, (x1, y1, x2, y2) in cells."""
        (x, y), (width, height) = self.centre, self.size
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2


@dataclass(frozen=True, eq=False)
class Maps:
    """A detector's output maps for one picture, and what the product's decoder made of them.

    ``heat`` (classes, h, w) in [0, 1]; ``sizes`` and ``offsets`` (2, h, w) in cells, x before y; ``boxes`` (n, 4),
    ``scores`` and ``classes`` (n,) as ``explorer.inference.decode`` gives them, best first.
    """

    heat: np.ndarray
    sizes: np.ndarray
    offsets: np.ndarray
    geometry: Geometry
    stride: int
    labels: tuple[str, ...]
    colours: tuple[Colour, ...]
    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray

    @property
    def nbytes(self) -> int:
        """Memory that the arrays take."""
        return self.heat.nbytes + self.sizes.nbytes + self.offsets.nbytes + self.boxes.nbytes

    @cached_property
    def peaks(self) -> tuple[Peak, ...]:
        """Every decoded detection with the cell that it came from, best first."""
        return tuple(self._peak(index) for index in range(len(self.boxes)))

    def shown(self, threshold: float, top_k: int, class_id: int | None = None) -> list[Peak]:
        """The peaks that score at least ``threshold`` among the ``top_k`` best of all classes; of one class, if any."""
        kept = [peak for peak in self.peaks[:top_k] if peak.score >= threshold]
        return [peak for peak in kept if class_id is None or peak.class_id == class_id]

    def in_picture(self, x: float, y: float) -> Point:
        """A point of the maps in the picture's own pixels; cell (0, 0) reaches from 0 to 1."""
        placed = self.geometry.to_image(np.array([x, y], float), self.stride)
        return float(placed[0]), float(placed[1])

    def _peak(self, index: int) -> Peak:
        class_id, score = int(self.classes[index]), self.scores[index]
        # The decoder keeps no cells. Its score is the heatmap's own value: equal ones are told apart by their boxes.
        rows, columns = np.nonzero(self.heat[class_id] == score)
        candidates = [self._at(int(x), int(y), class_id, index) for x, y in zip(columns, rows, strict=True)]
        return min(candidates, key=self._mismatch)

    def _at(self, x: int, y: int, class_id: int, index: int) -> Peak:
        x1, y1, x2, y2 = (float(value) for value in self.boxes[index])
        return Peak(
            (x, y),
            class_id,
            float(self.scores[index]),
            (float(self.offsets[0, y, x]), float(self.offsets[1, y, x])),
            (float(self.sizes[0, y, x]), float(self.sizes[1, y, x])),
            (x1, y1, x2, y2),
        )

    def _mismatch(self, peak: Peak) -> float:
        x1, y1, x2, y2 = peak.corners
        corners = (*self.in_picture(x1, y1), *self.in_picture(x2, y2))
        return sum(abs(a - b) for a, b in zip(corners, peak.box, strict=True))


def survivors(heat: np.ndarray) -> np.ndarray:
    """Which cells of ``heat`` (h, w) no neighbour of the 3×3 around them exceeds: bool (h, w)."""
    framed = np.pad(heat, 1, constant_values=-np.inf)
    height, width = heat.shape
    around = [framed[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return heat >= np.max(around, axis=0)


@dataclass(frozen=True, slots=True)
class Case:
    """One way in which a box may be displaced by r and still overlap: ``a·r² + b·r + c = 0`` at the limit.

    ``published`` is the root that CornerNet's and CenterNet's code take, (b + √(b² − 4ac)) / 2.
    ``exact`` is the largest r for which the overlap holds.
    """

    name: str
    a: float
    b: float
    c: float
    published: float
    exact: float


def radius_cases(height: float, width: float, overlap: float = MINIMUM_OVERLAP) -> tuple[Case, Case, Case]:
    """The three cases of the radius for a box of ``height`` × ``width`` cells that must keep an IoU of ``overlap``.

    One corner in and one out (the box is shifted by r along both axes), both in (it shrinks by r on every side), both
    out (it grows).
    """
    total, area = height + width, height * width

    def case(name: str, a: float, b: float, c: float, sign: int) -> Case:
        root = sqrt(b * b - 4 * a * c)
        # The first two write b with the sign that the quadratic formula turns: their limit is the smaller root.
        return Case(name, a, b, c, (b + root) / 2, (b + sign * root) / (2 * a))

    return (
        case("One corner in, one out", 1.0, total, area * (1 - overlap) / (1 + overlap), -1),
        case("Both corners in", 4.0, 2 * total, (1 - overlap) * area, -1),
        case("Both corners out", 4 * overlap, -2 * overlap * total, (overlap - 1) * area, 1),
    )


def overlaps(height: float, width: float, radius: float) -> tuple[float, float, float]:
    """IoU of a box with itself displaced by ``radius`` in each of the three cases, 0 where nothing is left."""
    area = height * width
    shifted = max(height - radius, 0) * max(width - radius, 0)
    shrunk = max(height - 2 * radius, 0) * max(width - 2 * radius, 0)
    grown = (height + 2 * radius) * (width + 2 * radius)
    return shifted / (2 * area - shifted), shrunk / area, area / grown


def sigma(radius: int) -> float:
    """The Gaussian's standard deviation in cells: a sixth of its diameter."""
    return (2 * radius + 1) / 6


def target(
    boxes: Sequence[Sequence[float]], categories: Sequence[int], classes: int, side: int, stride: int
) -> np.ndarray:
    """The heatmap (classes, h, w) that training asks for, from boxes xyxy in pixels of a square of ``side``."""
    found = centre_targets(
        np.array(boxes, np.float32).reshape(-1, 4), np.array(categories, np.int64), classes, side, stride
    )
    return found.heatmap
