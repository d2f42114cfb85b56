"""What CenterNet's output maps should say about a scene (arXiv 1904.07850, sections 3 and 4; CornerNet's radius)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MINIMUM_OVERLAP = 0.7
"""IoU that a box still has when its corners move by the Gaussian's radius."""


@dataclass(frozen=True, slots=True)
class CentreTargets:
    """Targets of one picture at the resolution h×w of the output maps.

    ``heatmap`` (classes, h, w) float32 with a peak of exactly 1 at each centre; ``cells`` (n,) int64 flat indices of
    the centres; ``sizes`` (n, 2) float32 width and height and ``offsets`` (n, 2) float32 (x, y) in [0, 1), both in
    output pixels.
    """

    heatmap: NDArray[np.float32]
    cells: NDArray[np.int64]
    sizes: NDArray[np.float32]
    offsets: NDArray[np.float32]


def gaussian_radius(height: float, width: float, overlap: float = MINIMUM_OVERLAP) -> float:
    """Radius of a box's Gaussian, as the CenterNet code computes it.

    CornerNet asks how far corners may move before the box keeps less than ``overlap`` IoU: one in and one out, both
    in, both out. The published code takes ``(b + sqrt(b² - 4ac)) / 2`` as the root of each case. The last one is
    the least, and as that root lacks the division by a it is 4 · ``overlap`` times what the geometry asks for.
    """
    radii = []
    total, area = height + width, height * width
    for a, b, c in (
        (1.0, total, area * (1 - overlap) / (1 + overlap)),
        (4.0, 2 * total, (1 - overlap) * area),
        (4 * overlap, -2 * overlap * total, (overlap - 1) * area),
    ):
        radii.append((b + np.sqrt(b * b - 4 * a * c)) / 2)
    return float(min(radii))


def _splat(plane: NDArray[np.float32], x: int, y: int, radius: int) -> None:
    """Raise ``plane`` to a Gaussian around (x, y) that is cut off at ``radius``."""
    height, width = plane.shape
    sigma = (2 * radius + 1) / 6
    y0, y1, x0, x1 = (
        max(0, y - radius),
        min(height, y + radius + 1),
        max(0, x - radius),
        min(width, x + radius + 1),
    )
    rows = np.arange(y0, y1, dtype=np.float32)[:, None] - y
    columns = np.arange(x0, x1, dtype=np.float32)[None, :] - x
    bump = np.exp(-(rows * rows + columns * columns) / np.float32(2 * sigma * sigma))
    np.maximum(plane[y0:y1, x0:x1], bump, out=plane[y0:y1, x0:x1])


def centre_targets(
    boxes: NDArray[np.float32], categories: NDArray[np.int64], classes: int, side: int, stride: int
) -> CentreTargets:
    """Targets for boxes (n, 4) xyxy in the pixels of a square picture of ``side``, output at 1/``stride``."""
    cells = side // stride
    heatmap = np.zeros((classes, cells, cells), np.float32)
    scaled = boxes / np.float32(stride)
    sizes = scaled[:, 2:] - scaled[:, :2]
    centres = (scaled[:, 2:] + scaled[:, :2]) / 2
    corners = np.minimum(centres.astype(np.int64), cells - 1)
    for (x, y), (width, height), category in zip(corners, sizes, categories, strict=True):
        radius = max(0, int(gaussian_radius(float(np.ceil(height)), float(np.ceil(width)))))
        _splat(heatmap[category], int(x), int(y), radius)
    return CentreTargets(
        heatmap, corners[:, 1] * cells + corners[:, 0], sizes, (centres - corners).astype(np.float32)
    )
