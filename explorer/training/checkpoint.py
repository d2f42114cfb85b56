"""Where a training run stands, on disk: written in one piece or not at all, read without running code."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from explorer.errors import WeightsError


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state after ``step`` steps; ``recipe`` and ``config`` are digests that a resumed run must match."""

    recipe: str
    config: str
    step: int
    seconds: float
    weights: dict[str, Tensor]
    average: dict[str, Tensor]
    optimizer: dict[str, Any]


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write beside ``path``, then rename: a kill leaves the previous checkpoint whole."""
    partial = path.with_suffix(".partial")
    fields = {name: getattr(checkpoint, name) for name in Checkpoint.__slots__}
    with partial.open("wb") as file:
        torch.save(fields, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def load(path: Path, recipe: str, config: str) -> Checkpoint:
    """Read a checkpoint; raises WeightsError if it belongs to another recipe or configuration."""
    fields = torch.load(path, map_location="cpu", weights_only=True)
    checkpoint = Checkpoint(**fields)
    if (checkpoint.recipe, checkpoint.config) != (recipe, config):
        raise WeightsError(
            f"{path} was written by recipe {checkpoint.recipe} for configuration {checkpoint.config}, but this run is "
            f"recipe {recipe} for {config}: start afresh, or give another folder."
        )
    return checkpoint
