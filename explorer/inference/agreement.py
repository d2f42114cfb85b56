"""How far a prediction agrees with a known answer, for one picture. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class MaskAgreement:
    """``mean_iou`` over the classes that occur in either mask, ``accuracy`` the share of pixels that agree."""

    mean_iou: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class BoxAgreement:
    """``found`` of ``present`` objects, and ``wrong`` detections that match none."""

    found: int
    present: int
    wrong: int


def compare_masks(predicted: np.ndarray, truth: np.ndarray) -> MaskAgreement:
    """Two masks (H, W) of class ids; intersection over union is that of a class's pixels."""
    classes = int(max(predicted.max(), truth.max())) + 1
    pairs = np.bincount(
        truth.reshape(-1).astype(np.intp) * classes + predicted.reshape(-1), minlength=classes * classes
    ).reshape(classes, classes)
    both = np.diag(pairs)
    either = pairs.sum(axis=0) + pairs.sum(axis=1) - both
    occurs = either > 0
    return MaskAgreement(float((both[occurs] / either[occurs]).mean()), float(both.sum() / truth.size))


def compare_boxes(
    boxes: np.ndarray,
    classes: np.ndarray,
    true_boxes: np.ndarray,
    true_classes: np.ndarray,
    overlap: float = 0.5,
) -> BoxAgreement:
    """Match detections, best first, each to the free object of its class that it overlaps most.

    ``boxes`` (n, 4) and ``true_boxes`` (m, 4) are xyxy; a match needs an IoU of at least ``overlap``, as in
    COCO's evaluation.
    """
    free = np.ones(len(true_boxes), bool)
    for box, class_id in zip(boxes, classes, strict=True):
        candidates = np.where(free & (true_classes == class_id), _iou(box, true_boxes), 0.0)
        if len(candidates) and candidates.max() >= overlap:
            free[candidates.argmax()] = False
    found = int((~free).sum())
    return BoxAgreement(found, len(true_boxes), len(boxes) - found)


def _iou(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    if not len(others):
        return np.zeros(0)
    width = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    height = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    shared = np.clip(width, 0, None) * np.clip(height, 0, None)
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    return shared / np.maximum(abs((box[2] - box[0]) * (box[3] - box[1])) + areas - shared, 1e-9)
