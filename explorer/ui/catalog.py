"""The catalog's facts: what each preset weighs and costs, and what was published about it. Imports no torch."""

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from explorer.config import Block, ModelConfig, Task, presets
from explorer.weights import shipped

_FILE = Path(__file__).parents[2] / "assets" / "catalog.yaml"


class Family(StrEnum):
    """How the catalog groups the networks; the value is the heading."""

    CLASSIFICATION = "DLA classification"
    SEGMENTATION = "DLA-up segmentation"
    DETECTION = "CenterNet detection"
    SCENES = "Scene networks"


FAMILY_NOTES = {
    Family.CLASSIFICATION: "Hierarchical deep aggregation: every stage is a tree whose nodes fuse its blocks.",
    Family.SEGMENTATION: "The same trees, and iterative deep aggregation back up to full resolution; 19 classes.",
    Family.DETECTION: "Objects as points: DLA-34, aggregated to stride 4, predicts centres, sizes and offsets.",
    Family.SCENES: "Slim networks with weights that ship here, trained on procedurally rendered scenes.",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was published."""

    title: str
    url: str
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A published accuracy, out of 100; ``measure`` says of what, ``note`` gives the rest."""

    measure: str
    value: float
    note: str
    source: Source


@dataclass(frozen=True, slots=True)
class Entry:
    """A preset with its measured cost at its default input; ``macs`` counts multiply-accumulates of one image."""

    name: str
    config: ModelConfig
    family: Family
    parameters: int
    live_parameters: int
    macs: int
    paper: Source | None
    score: Score | None


def family_of(config: ModelConfig, preset: str | None) -> Family:
    """The group that a network belongs to; a visitor's own has one by its task as well."""
    if preset is not None and preset.startswith("scenes_"):
        return Family.SCENES
    return {
        Task.CLASSIFICATION: Family.CLASSIFICATION,
        Task.SEGMENTATION: Family.SEGMENTATION,
        Task.DETECTION: Family.DETECTION,
    }[config.task]


def block_of(config: ModelConfig) -> str:
    """The residual block in words."""
    return {
        Block.BASIC: "basic blocks",
        Block.BOTTLENECK: "bottlenecks",
        Block.BOTTLENECK_X: f"grouped bottlenecks ({config.backbone.cardinality} groups)",
    }[config.backbone.block]


@lru_cache(maxsize=1)
def entries() -> dict[str, Entry]:
    """Every preset that has been measured, by name, in the order in which they are shown."""
    facts = yaml.safe_load(_FILE.read_text())
    sources = {name: Source(**source) for name, source in facts["sources"].items()}
    return {
        name: _entry(name, config, facts["networks"][name], sources)
        for name, config in presets().items()
        if name in facts["networks"]
    }


def _entry(name: str, config: ModelConfig, facts: dict[str, Any], sources: dict[str, Source]) -> Entry:
    return Entry(
        name=name,
        config=config,
        family=family_of(config, name),
        parameters=facts["parameters"],
        live_parameters=facts["live_parameters"],
        macs=facts["macs"],
        paper=sources[facts["paper"]] if "paper" in facts else None,
        score=_score(facts["score"], sources) if "score" in facts else _own_score(config),
    )


def _score(facts: dict[str, Any], sources: dict[str, Source]) -> Score:
    source = sources[facts["source"]]
    if "top1" in facts:
        return Score("Top-1 %", facts["top1"], f"top-5 {facts['top5']:.1f} %", source)
    return Score("COCO AP", facts["ap"], "", source)


def _own_score(config: ModelConfig) -> Score | None:
    """What the model card beside shipped weights says; None where no weights are shipped."""
    file = shipped(config)
    if file is None:
        return None
    card = json.loads(file.with_suffix(".json").read_text())
    result = card["evaluation"][0]
    measure, key = ("Mean IoU", "mean_iou") if "mean_iou" in result else ("AP", "ap")
    note = f"percent, on {result['scenes']} held-out scenes of {result['size']}×{result['size']} pixels"
    return Score(
        measure, 100 * result[key], note, Source(f"model card “{card['title']}”", "docs/training.md")
    )
