"""Say what a network sees in a picture, and draw it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.cli import arguments
from explorer.cli.weights import weights_source
from explorer.config import ModelConfig, Task
from explorer.errors import ConfigError, ImageError
from explorer.inference.prediction import NOTHING_TO_SAY
from explorer.ui import numbers
from explorer.weights import WeightsInfo, WeightsKind, shipped

if TYPE_CHECKING:
    from explorer.inference import Prediction

MAX_IMAGE_BYTES = 100 * 2**20
BEST = 5
"""Classes that a classification lists."""

OPACITY = 0.55
"""Of the classes' colours over the picture."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """``predict`` takes a picture, a network and its weights."""
    command.add_argument("image", metavar="IMAGE", type=Path, help="JPEG, PNG, WebP, BMP, TIFF or GIF")
    command.add_argument("--model", metavar="NETWORK", default="scenes_seg", help="a preset or a YAML file")
    command.add_argument(
        "--weights",
        help="shipped (where there are any), random, published, a published checkpoint's name, or a file's path",
    )
    command.add_argument("--device", default="auto", help="auto (the default), cpu, cuda:0")
    command.add_argument("--threshold", type=float, default=0.3, help="lowest score of a detection, 0 to 1")
    command.add_argument("--out", metavar="FILE", type=Path, help="draw the result into a PNG file")
    arguments.add_json(command)


def run(options: argparse.Namespace) -> None:
    """Predict, print, and draw where asked."""
    config = arguments.network(options.model)
    if config.task is Task.FEATURES:
        raise ConfigError(NOTHING_TO_SAY)
    data = _picture(options.image)
    weights = options.weights or (WeightsKind.SHIPPED if shipped(config) else WeightsKind.RANDOM)
    kind, source = weights_source(config, weights)

    from explorer.inference import predict
    from explorer.runtime import engine_for

    engine = engine_for(config, kind, options.device, source)
    prediction = predict(engine, data, threshold=options.threshold)
    if options.out is not None:
        options.out.write_bytes(_drawn(prediction))
    if options.json:
        print(arguments.as_json(_plain(config, engine.weights, prediction)))
    else:
        print(_text(config, engine.weights, prediction))


def _picture(path: Path) -> bytes:
    """The file's bytes; what is in them is for the opener to judge. Raises ImageError."""
    if not path.is_file():
        raise ImageError(f"There is no picture {path}.")
    if path.stat().st_size > MAX_IMAGE_BYTES:
        raise ImageError(f"{path} has more than {MAX_IMAGE_BYTES // 2**20} MiB.")
    return path.read_bytes()


def _drawn(prediction: Prediction) -> bytes:
    """The picture with what was found drawn on it, as a PNG file. Raises ConfigError for a classification."""
    from explorer.inference import drawing

    if prediction.task is Task.CLASSIFICATION:
        raise ConfigError("A classification has nothing to draw: leave out --out.")
    if prediction.mask is None:
        return drawing.png(drawing.annotated(prediction, range(len(_detections(prediction)))))
    overlay = drawing.overlaid(prediction.image.rgb, prediction.mask, prediction.protocol.colours, OPACITY)
    return drawing.png(overlay)


def _plain(config: ModelConfig, weights: WeightsInfo, prediction: Prediction) -> dict[str, object]:
    """The prediction as JSON takes it; boxes are xyxy in the picture's pixels."""
    height, width = prediction.image.rgb.shape[:2]
    plain: dict[str, object] = {
        "network": config.title,
        "weights": {
            "kind": weights.kind.value,
            "title": weights.title,
            "licence": weights.licence,
            "note": weights.note,
        },
        "task": prediction.task.value,
        "image": {"width": width, "height": height},
        "seconds": round(prediction.timings.total, 4),
    }
    match prediction.task:
        case Task.SEGMENTATION:
            plain["areas"] = [
                {"class": share.label, "pixels": share.pixels, "share": round(share.share, 6)}
                for share in prediction.area_shares()
            ]
        case Task.DETECTION:
            plain["detections"] = [
                {"class": d.label, "score": d.score, "box": d.box} for d in _detections(prediction)
            ]
        case Task.CLASSIFICATION:
            plain["classes"] = [
                {"class": label, "probability": round(probability, 6)}
                for _, label, probability in prediction.best(BEST)
            ]
        case Task.FEATURES:
            raise ConfigError(NOTHING_TO_SAY)
    return plain


@dataclass(frozen=True, slots=True)
class _Detection:
    """One object; ``box`` is xyxy in the picture's pixels."""

    label: str
    score: float
    box: tuple[float, ...]


def _detections(prediction: Prediction) -> list[_Detection]:
    """A detector's answer, best first; empty for other tasks."""
    if prediction.boxes is None or prediction.scores is None or prediction.classes is None:
        return []
    return [
        _Detection(
            prediction.labels[int(kind)], round(float(score), 4), tuple(round(float(e), 2) for e in box)
        )
        for box, score, kind in zip(prediction.boxes, prediction.scores, prediction.classes, strict=True)
    ]


def _text(config: ModelConfig, weights: WeightsInfo, prediction: Prediction) -> str:
    """The prediction in a few lines."""
    head = f"{config.title}, {weights.title}: {numbers.duration(prediction.timings.total)}"
    match prediction.task:
        case Task.SEGMENTATION:
            rows = [(a.label, numbers.share(a.share, 1)) for a in prediction.area_shares()]
            return "\n".join((head, arguments.as_table(("class", "area"), rows, (False, True))))
        case Task.DETECTION:
            found = [
                (d.label, f"{d.score:.2f}", " ".join(f"{edge:.0f}" for edge in d.box))
                for d in _detections(prediction)
            ]
            return "\n".join(
                (head, arguments.as_table(("class", "score", "box x y x y"), found, (False, True, False)))
            )
        case Task.CLASSIFICATION:
            rows = [(label, numbers.share(p, 1)) for _, label, p in prediction.best(BEST)]
            return "\n".join((head, arguments.as_table(("class", "probability"), rows, (False, True))))
        case Task.FEATURES:
            raise ConfigError(NOTHING_TO_SAY)
