"""How well a network does on scenes that it has never seen."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torch import Tensor, nn
from torch.nn import functional

from explorer.config import CenterNetHead, ModelConfig, Task
from explorer.config.protocol import Protocol, protocol_of
from explorer.training.preprocess import tensor_of
from explorer.training.scenes import CLASSES, MASK_LABELS, Scene, scene

MOST_DETECTIONS = 100
"""Detections per picture that enter COCO's evaluation."""


@dataclass(frozen=True, slots=True)
class SegmentationScore:
    """Intersection over union on ``scenes`` pictures, pixels summed over all of them before dividing.

    ``mean_iou`` averages all classes, the background included; ``mean_iou_objects`` leaves it out.
    """

    size: int
    scenes: int
    mean_iou: float
    mean_iou_objects: float
    pixel_accuracy: float
    iou: dict[str, float]


@dataclass(frozen=True, slots=True)
class DetectionScore:
    """COCO's average precision for boxes on ``scenes`` pictures, in [0, 1].

    ``ap`` averages the IoU thresholds 0.50 to 0.95; ``ap50`` and ``ap75`` are at one; ``per_class`` is ``ap`` by class.
    """

    size: int
    scenes: int
    ap: float
    ap50: float
    ap75: float
    per_class: dict[str, float]


@dataclass(frozen=True, slots=True)
class Detections:
    """Of one picture, best first: ``boxes`` (n, 4) xyxy pixels, ``scores`` (n,), ``categories`` (n,)."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    categories: NDArray[np.int64]


def decode(outputs: dict[str, Tensor], stride: int, most: int = MOST_DETECTIONS) -> list[Detections]:
    """CenterNet's output maps (N, C, h, w) to the ``most`` best detections per picture (arXiv 1904.07850, section 5).

    A detection is a cell that no neighbour exceeds in its class's heatmap; no other suppression follows.
    """
    heat = outputs["hm"].sigmoid()
    heat = heat * (functional.max_pool2d(heat, 3, 1, 1) == heat)
    count, _, height, width = heat.shape
    scores, index = heat.flatten(1).topk(min(most, heat[0].numel()))
    category, cell = index // (height * width), index % (height * width)

    def at_cells(name: str) -> Tensor:
        return outputs[name].flatten(2).gather(2, cell[:, None].expand(-1, 2, -1))

    centre = torch.stack([cell % width, cell // width], 1) + at_cells("reg")
    half = at_cells("wh") / 2
    boxes = torch.cat([centre - half, centre + half], 1).transpose(1, 2) * stride
    return [
        Detections(boxes[n].cpu().numpy(), scores[n].cpu().numpy(), category[n].cpu().numpy()) for n in range(count)
    ]


def _chunks(seeds: Sequence[int], size: int, length: int) -> Iterator[list[Scene]]:
    for start in range(0, len(seeds), length):
        yield [scene(seed, size) for seed in seeds[start : start + length]]


def confusion(truth: NDArray[np.uint8], found: NDArray[np.uint8], classes: int) -> NDArray[np.int64]:
    """(classes, classes) pixel counts: rows are what is there, columns what was said."""
    pairs = truth.astype(np.int64).ravel() * classes + found.ravel()
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def segmentation_score(counts: NDArray[np.int64], size: int, scenes: int) -> SegmentationScore:
    """Scores of a confusion matrix whose classes are ``MASK_LABELS``."""
    right = np.diag(counts)
    iou = right / np.maximum(counts.sum(0) + counts.sum(1) - right, 1)
    return SegmentationScore(
        size=size,
        scenes=scenes,
        mean_iou=float(iou.mean()),
        mean_iou_objects=float(iou[1:].mean()),
        pixel_accuracy=float(right.sum() / counts.sum()),
        iou=dict(zip(MASK_LABELS, iou.tolist(), strict=True)),
    )


def detection_score(truth: Sequence[Scene], found: Sequence[Detections], size: int) -> DetectionScore:
    """COCO's evaluation by pycocotools, with the detections of ``found[i]`` in the picture ``truth[i]``."""
    annotations = []
    results = []
    for number, (picture, detections) in enumerate(zip(truth, found, strict=True), start=1):
        for item in picture.instances:
            x1, y1, x2, y2 = item.box
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": item.category + 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1),
                    "iscrowd": 0,
                }
            )
        for box, score, category in zip(
            detections.boxes.tolist(), detections.scores.tolist(), detections.categories.tolist(), strict=True
        ):
            x1, y1, x2, y2 = box
            results.append(
                {
                    "image_id": number,
                    "category_id": category + 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "score": score,
                }
            )
    with contextlib.redirect_stdout(io.StringIO()):
        reference = COCO()
        reference.dataset = {
            "info": {},
            "images": [{"id": number, "width": size, "height": size} for number in range(1, len(truth) + 1)],
            "annotations": annotations,
            "categories": [{"id": number, "name": name} for number, name in enumerate(CLASSES, start=1)],
        }
        reference.createIndex()
        evaluation = COCOeval(reference, reference.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision = evaluation.eval["precision"][:, :, :, 0, 2]
    by_class = {name: float(precision[:, :, number].mean()) for number, name in enumerate(CLASSES)}
    ap, ap50, ap75 = (float(value) for value in evaluation.stats[:3])
    return DetectionScore(size, len(truth), ap, ap50, ap75, by_class)


@torch.inference_mode()
def evaluate(
    network: nn.Module,
    config: ModelConfig,
    seeds: Sequence[int],
    size: int,
    *,
    batch: int = 8,
    tick: Callable[[int], None] | None = None,
) -> SegmentationScore | DetectionScore:
    """Score a scene network, in eval mode and on its own device, on the scenes of these seeds.

    ``size`` must be a multiple of 32. ``tick`` is called with the number of scenes done after each batch.
    """
    if size % 32:
        raise ValueError(f"Scenes of {size} pixels cannot be evaluated: the size must be a multiple of 32.")
    protocol: Protocol = protocol_of(config)
    device = next(network.parameters()).device
    counts = np.zeros((len(MASK_LABELS), len(MASK_LABELS)), np.int64)
    truth: list[Scene] = []
    found: list[Detections] = []
    done = 0
    for pictures in _chunks(seeds, size, batch):
        outputs = network(tensor_of([picture.image for picture in pictures], protocol, device))
        if config.task is Task.SEGMENTATION:
            said = outputs[0].argmax(1).to(torch.uint8).cpu().numpy()
            counts += confusion(np.stack([picture.mask for picture in pictures]), said, len(MASK_LABELS))
        else:
            assert isinstance(config.head, CenterNetHead)
            found += decode(outputs[-1], config.head.down_ratio)
            truth += pictures
        done += len(pictures)
        if tick is not None:
            tick(done)
    if config.task is Task.SEGMENTATION:
        return segmentation_score(counts, size, done)
    return detection_score(truth, found, size)
