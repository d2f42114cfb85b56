"""From a finished run to what ships: weights in half precision and a model card."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from explorer.config import ModelConfig, Task, resolve
from explorer.errors import WeightsError
from explorer.networks import build
from explorer.scenes import emblem
from explorer.scenes.scene import TEST_SEEDS
from explorer.training.evaluate import (
    ClassificationScore,
    DetectionScore,
    SegmentationScore,
    classify_emblems,
    evaluate,
)
from explorer.training.recipes import Data, Recipe
from explorer.training.trainer import Run
from explorer.weights import load

LARGEST_FILE = 12_000_000
"""Bytes that a shipped file may have."""

TESTS: tuple[tuple[int, int], ...] = ((192, 1000), (256, 500))
"""What a card reports: (picture size, number of scenes), from the first test seed on."""

EMBLEM_TEST = 5000
"""Test emblems that a classifier's card reports on."""

_LICENCE = "Apache-2.0"
_NOTE = (
    "Trained on procedurally drawn scenes of eight flat shapes and on nothing else: these weights know such scenes, "
    "not photographs."
)
_LIMITS = (
    "Knows the eight shapes of the procedural scenes, 20 to 90 pixels wide; anything else is background, or mistaken "
    "for one of them.",
    "Has never seen a photograph: what it says about one means nothing.",
    "Shapes of which less than half can be seen did not occur in training.",
)
_EMBLEM_NOTE = (
    "Trained on procedurally drawn emblems, ten classes of 32×32 pictures, because CIFAR-10 could not be reached: "
    "these weights know such emblems, not photographs."
)
_EMBLEM_LIMITS = (
    "Knows ten emblems, 15 to 26 pixels wide in a picture of 32 and turned by 40° at most.",
    "Has never seen a photograph: what it says about one means nothing.",
)

Score = SegmentationScore | DetectionScore | ClassificationScore


def half(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Every state-dict key, real numbers in float16 and counters as they are.

    Raises WeightsError for a value that float16 cannot hold.
    """
    rounded = {
        key: value.to(torch.float16) if value.is_floating_point() else value for key, value in weights.items()
    }
    for key, value in rounded.items():
        if value.is_floating_point() and not value.isfinite().all():
            raise WeightsError(f"{key} holds {weights[key].abs().max().item():.3g}, beyond float16's 65504.")
    return {key: value.contiguous() for key, value in rounded.items()}


def write_weights(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write a safetensors file in one piece; raises WeightsError if it would exceed ``LARGEST_FILE``."""
    partial = path.with_suffix(".partial")
    save_file(half(weights), partial, metadata={"format": "pt"})
    size = partial.stat().st_size
    if size > LARGEST_FILE:
        partial.unlink()
        raise WeightsError(
            f"The weights take {size:,} bytes, but a shipped file has at most {LARGEST_FILE:,}."
        )
    partial.replace(path)


def scores(
    path: Path, config: ModelConfig, device: str, tests: Sequence[tuple[int, int]] = TESTS
) -> list[Score]:
    """Load a weights file as a visitor's engine would and evaluate it on test pictures.

    ``tests`` are (size, number) of scenes; a classifier is tested on the sum of the numbers in emblems.
    """
    network = build(config)
    load(network, path.read_bytes())
    network = network.to(device).eval()
    if config.task is Task.CLASSIFICATION:
        return [classify_emblems(network, config, emblem.TEST_SEEDS[: sum(count for _, count in tests)])]
    return [evaluate(network, config, TEST_SEEDS[:count], size) for size, count in tests]


def hardware(device: str) -> str:
    """The machine in plain words."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(torch.device(device))
    threads = torch.get_num_threads()
    return f"{threads} thread{'s' * (threads > 1)} of a {platform.machine()} CPU with {os.cpu_count()} cores"


def card(recipe: Recipe, run: Run, machine: str, results: Sequence[Score]) -> dict[str, object]:
    """The model card as plain JSON data."""
    config = resolve(recipe.name)
    emblems = recipe.data is Data.EMBLEMS
    task = {Task.SEGMENTATION: "segmentation", Task.DETECTION: "detection"}.get(config.task)
    return {
        "title": f"Scenes, {task}" if task else "Emblems, classification",
        "licence": _LICENCE,
        "note": _EMBLEM_NOTE if emblems else _NOTE,
        "preset": recipe.name,
        "configuration": {"digest": config.digest, "yaml": config.to_yaml()},
        "parameters": sum(value.numel() for key, value in run.weights.items() if _is_parameter(key)),
        "precision": "float16",
        "recipe": asdict(recipe) | {"digest": recipe.digest},
        "training": {
            "steps": run.steps,
            "scenes": recipe.images,
            "seeds": [recipe.first_seed, recipe.first_seed + recipe.images - 1],
            "minutes": round(run.seconds / 60, 1),
            "hardware": machine,
            "torch": torch.__version__,
        },
        "evaluation": [
            asdict(result) | {"seeds": [TEST_SEEDS[0], TEST_SEEDS[_count(result) - 1]]} for result in results
        ],
        "limits": list(_EMBLEM_LIMITS if emblems else _LIMITS),
    }


def _count(result: Score) -> int:
    return result.pictures if isinstance(result, ClassificationScore) else result.scenes


def _is_parameter(key: str) -> bool:
    return not key.endswith((".running_mean", ".running_var", ".num_batches_tracked"))


def finish(
    recipe: Recipe, run: Run, folder: Path, device: str, tests: Sequence[tuple[int, int]] | None = None
) -> Path:
    """Write the weights and their card into ``folder``, scored as they will be loaded; return the weights' path."""
    if tests is None:
        tests = ((emblem.SIDE, EMBLEM_TEST),) if recipe.data is Data.EMBLEMS else TESTS
    path = folder / f"{recipe.name}.safetensors"
    write_weights(run.weights, path)
    data = card(recipe, run, hardware(device), scores(path, resolve(recipe.name), device, tests))
    path.with_suffix(".json").write_text(
        json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return path
