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

from explorer.config import CenterNetHead, ModelConfig, Task
from explorer.config.protocol import protocol_of
from explorer.inference import DEFAULT_TOP_K
from explorer.inference.decode import Centres, decode_centres, decode_mask
from explorer.inference.geometry import Geometry, geometry
from explorer.inference.preprocess import normalise, preprocess
from explorer.scenes import emblem
from explorer.scenes.scene import CLASSES, MASK_LABELS, Scene, scene


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
class ClassificationScore:
    """Share of ``pictures`` whose class is the most probable one, over all and by class, in [0, 1]."""

    pictures: int
    accuracy: float
    per_class: dict[str, float]


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


def detection_score(truth: Sequence[Scene], found: Sequence[Centres], size: int) -> DetectionScore:
    """COCO's evaluation by pycocotools, with the detections of ``found[i]`` in the picture ``truth[i]``."""
    annotations: list[dict[str, object]] = []
    results: list[dict[str, object]] = []
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
            detections.boxes.tolist(), detections.scores.tolist(), detections.classes.tolist(), strict=True
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

    Pictures are prepared and answers decoded by the same code that serves an uploaded picture. ``tick`` is called
    with the number of scenes done after each batch.
    """
    protocol = protocol_of(config)
    placed = geometry(protocol, protocol.fit, size, size, size)
    device = next(network.parameters()).device
    counts = np.zeros((len(MASK_LABELS), len(MASK_LABELS)), np.int64)
    truth: list[Scene] = []
    found: list[Centres] = []
    done = 0
    for pictures in _chunks(seeds, size, batch):
        inputs = [preprocess(picture.image, protocol, protocol.fit, placed) for picture in pictures]
        outputs = network(torch.from_numpy(np.concatenate(inputs)).to(device))
        if config.task is Task.SEGMENTATION:
            for number, picture in enumerate(pictures):
                mask, _ = decode_mask(outputs[0][number : number + 1], placed)
                counts += confusion(picture.mask, mask, len(MASK_LABELS))
        else:
            assert isinstance(config.head, CenterNetHead)
            found += _centres(outputs[-1], placed, config.head.down_ratio)
            truth += pictures
        done += len(pictures)
        if tick is not None:
            tick(done)
    if config.task is Task.SEGMENTATION:
        return segmentation_score(counts, size, done)
    return detection_score(truth, found, size)


@torch.inference_mode()
def classify_emblems(
    network: nn.Module, config: ModelConfig, seeds: Sequence[int], *, batch: int = 100
) -> ClassificationScore:
    """Score a classifier, in eval mode and on its own device, on the emblems of these seeds."""
    protocol = protocol_of(config)
    device = next(network.parameters()).device
    counts = np.zeros((len(emblem.LABELS), len(emblem.LABELS)), np.int64)
    for start in range(0, len(seeds), batch):
        drawn = [emblem.picture(seed) for seed in seeds[start : start + batch]]
        inputs = np.concatenate([normalise(image, protocol) for image, _ in drawn])
        said = network(torch.from_numpy(inputs).to(device)).argmax(1).cpu().numpy()
        np.add.at(counts, (np.array([label for _, label in drawn]), said), 1)
    right, there = np.diag(counts), np.maximum(counts.sum(1), 1)
    return ClassificationScore(
        pictures=len(seeds),
        accuracy=float(right.sum() / max(1, len(seeds))),
        per_class=dict(zip(emblem.LABELS, (right / there).tolist(), strict=True)),
    )


def _centres(maps: dict[str, Tensor], placed: Geometry, stride: int) -> list[Centres]:
    one = [
        {name: values[number : number + 1] for name, values in maps.items()}
        for number in range(len(maps["hm"]))
    ]
    return [
        decode_centres(item["hm"], item["wh"], item["reg"], placed, stride, DEFAULT_TOP_K) for item in one
    ]
