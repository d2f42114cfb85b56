"""What a network says about a picture, in the picture's own pixels. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.config import Task
from explorer.config.protocol import Protocol
from explorer.inference.geometry import Geometry
from explorer.inference.open_image import OpenedImage

NOTHING_TO_SAY = (
    "This network has no head: it yields feature maps and says nothing about a picture. "
    "Give it a head that classifies, segments or detects."
)


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds that each stage took; ``waiting`` is the time until it was this run's turn on the engine."""

    open: float
    preprocess: float
    waiting: float
    network: float
    decode: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.open + self.preprocess + self.waiting + self.network + self.decode


@dataclass(frozen=True, slots=True)
class AreaShare:
    """How much of a picture a class covers; ``share`` is in [0, 1]."""

    class_id: int
    label: str
    pixels: int
    share: float


@dataclass(frozen=True, eq=False)
class Prediction:
    """One picture's answer. Only the fields of its ``task`` are set, the others are None.

    Segmentation: ``mask`` (H, W) class ids, uint8 (uint16 above 256 classes), and ``confidence`` (h, w) uint8 at
    the resolution that was computed, 255 for certainty.
    Detection: ``boxes`` (n, 4) float32 xyxy in pixels, not clipped to the picture, ``scores`` (n,) float32 in
    [0, 1], best first, ``classes`` (n,) int64 counted from 0, and ``heatmap`` (h, w) float32 in [0, 1], the highest
    centre score of any class on the map of 1/``stride`` of the input; ``geometry`` leads from there to the picture.
    Classification: ``probabilities`` (classes,) float32 that sum to 1.
    """

    task: Task
    protocol: Protocol
    image: OpenedImage
    geometry: Geometry
    timings: Timings
    mask: np.ndarray | None = None
    confidence: np.ndarray | None = None
    boxes: np.ndarray | None = None
    scores: np.ndarray | None = None
    classes: np.ndarray | None = None
    heatmap: np.ndarray | None = None
    stride: int = 1
    probabilities: np.ndarray | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """A name per class."""
        return self.protocol.labels

    @property
    def nbytes(self) -> int:
        """Memory that the arrays take."""
        arrays = (
            self.image.rgb,
            self.mask,
            self.confidence,
            self.boxes,
            self.scores,
            self.classes,
            self.heatmap,
        )
        return sum(array.nbytes for array in arrays if array is not None)

    def kept(self, threshold: float, top_k: int) -> np.ndarray:
        """Indices of the ``top_k`` best detections that score at least ``threshold``, without asking the network."""
        if self.scores is None:
            return np.zeros(0, np.intp)
        return np.flatnonzero(self.scores >= threshold)[:top_k]

    def area_shares(self) -> list[AreaShare]:
        """The classes that occur in the mask, largest first."""
        if self.mask is None:
            return []
        counts = np.bincount(self.mask.reshape(-1), minlength=len(self.labels))
        order = [int(index) for index in np.argsort(-counts, kind="stable") if counts[index]]
        return [
            AreaShare(i, self.labels[i], int(counts[i]), float(counts[i] / self.mask.size)) for i in order
        ]

    def best(self, count: int) -> list[tuple[int, str, float]]:
        """(class id, label, probability) of the most probable classes, best first."""
        if self.probabilities is None:
            return []
        order = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(int(index), self.labels[index], float(self.probabilities[index])) for index in order]
