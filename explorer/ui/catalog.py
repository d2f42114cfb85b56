"""The catalog's facts: what each preset weighs and costs, and what was published about it. Imports no torch."""

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from explorer.config import (
    Attention,
    Block,
    DeepLabHead,
    Dense,
    DenseNetBackbone,
    DLABackbone,
    ModelConfig,
    PeleeNetBackbone,
    ResNetBackbone,
    Task,
    Variant,
    VoVNetBackbone,
    presets,
)
from explorer.config.differences import BACKBONE_TITLES
from explorer.weights import shipped

_FILE = Path(__file__).parents[2] / "assets" / "catalog.yaml"


class Family(StrEnum):
    """How the catalog groups the networks; the value is the heading."""

    CLASSIFICATION = "DLA classification"
    SEGMENTATION = "DLA-up segmentation"
    DETECTION = "CenterNet detection"
    VOVNET = "VoVNet"
    DENSENET = "DenseNet"
    PELEENET = "PeleeNet"
    DEEPLAB = "DeepLab"
    SCENES = "Scene networks"


FAMILY_NOTES = {
    Family.CLASSIFICATION: "Hierarchical deep aggregation: every stage is a tree whose nodes fuse its blocks.",
    Family.SEGMENTATION: "The same trees, and iterative deep aggregation back up to full resolution; 19 classes.",
    Family.DETECTION: "Objects as points: a pyramid, aggregated to stride 4, predicts centres, sizes and offsets.",
    Family.VOVNET: "One-shot aggregation: a chain of convolutions, of which one concatenation at its end keeps all.",
    Family.DENSENET: "Dense blocks: every layer reads all before it. Two CIFAR networks aggregate once instead.",
    Family.PELEENET: "A light DenseNet: each layer reads all before it in two ways, one of them two convolutions deep.",
    Family.DEEPLAB: "Dilated ResNets, which keep their resolution, and heads that look at several rates; 21 classes.",
    Family.SCENES: "Slim networks with weights that ship here, trained on procedurally rendered scenes.",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was published."""

    title: str
    url: str
    year: int | None = None


class Measure(StrEnum):
    """What an accuracy, out of 100, is the accuracy of; the value is its label."""

    TOP1 = "Top-1 %"
    CIFAR10 = "CIFAR-10 %"
    VOC = "VOC mIoU %"
    AP = "COCO AP"
    BOX_AP = "COCO box AP"
    OWN_IOU = "Mean IoU"
    OWN_AP = "AP"


@dataclass(frozen=True, slots=True)
class Score:
    """A published accuracy, out of 100; ``measure`` says of what, ``note`` gives the rest."""

    measure: Measure
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
    """The group that a preset belongs to; what reads a DLA, or detects on any backbone, decides before the backbone."""
    if preset is not None and preset.startswith("scenes_"):
        return Family.SCENES
    if config.task is Task.DETECTION:
        return Family.DETECTION
    match config.backbone:
        case DLABackbone():
            return Family.SEGMENTATION if config.task is Task.SEGMENTATION else Family.CLASSIFICATION
        case VoVNetBackbone():
            return Family.VOVNET
        case DenseNetBackbone():
            return Family.DENSENET
        case PeleeNetBackbone():
            return Family.PELEENET
        case ResNetBackbone():
            return Family.DEEPLAB


def group_of(config: ModelConfig, preset: str | None) -> str:
    """A preset's family; a visitor's own network in the same kind of words, by its backbone and its task."""
    if preset is not None:
        return family_of(config, preset)
    return f"Own {BACKBONE_TITLES[config.backbone.kind]} {config.task}"


def block_of(config: ModelConfig) -> str:
    """What the backbone repeats, and how often, in words; for DeepLab what its head does."""
    match config.backbone:
        case DLABackbone() as backbone:
            return {
                Block.BASIC: "basic blocks",
                Block.BOTTLENECK: "bottlenecks",
                Block.BOTTLENECK_X: f"grouped bottlenecks ({backbone.cardinality} groups)",
            }[backbone.block]
        case VoVNetBackbone() as backbone:
            kind = "depthwise OSA modules" if backbone.depthwise else "OSA modules"
            attention = "" if backbone.attention is Attention.NONE else " with eSE"
            return f"{_each(backbone.modules)} {kind}{attention}"
        case DenseNetBackbone() as backbone:
            block = "OSA blocks" if backbone.block is Dense.OSA else "dense blocks"
            return f"{block} of {_each(backbone.layers)}, growth {backbone.growth_rate}"
        case PeleeNetBackbone() as backbone:
            return f"two-way dense blocks of {_each(backbone.layers)}"
        case ResNetBackbone() as backbone:
            return (
                _deeplab(backbone, config.head) if isinstance(config.head, DeepLabHead) else _resnet(backbone)
            )


def _each(numbers: tuple[int, ...]) -> str:
    return "·".join(str(number) for number in numbers)


def _resnet(backbone: ResNetBackbone) -> str:
    return f"{_each(backbone.blocks)} bottlenecks to stride {backbone.output_stride}"


def _deeplab(backbone: ResNetBackbone, head: DeepLabHead) -> str:
    parts = ["1×1 classifier" if head.variant is Variant.V1 else f"rates {_each(head.rates)}"]
    parts.append(f"stride {backbone.output_stride}")
    if head.multi_scale:
        parts.append(f"{len(head.scales) + 1} scales")
    return ", ".join(parts)


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
        return Score(Measure.TOP1, facts["top1"], f"top-5 {facts['top5']:.1f} %", source)
    if "cifar10" in facts:
        return Score(Measure.CIFAR10, facts["cifar10"], "top-1, trained with augmentation", source)
    if "voc_miou" in facts:
        return Score(Measure.VOC, facts["voc_miou"], "mean IoU without CRF", source)
    if "box_ap" in facts:
        note = f"as the backbone of a detector, whose mask AP is {facts['mask_ap']:.1f}"
        return Score(Measure.BOX_AP, facts["box_ap"], note, source)
    return Score(Measure.AP, facts["ap"], "", source)


def _own_score(config: ModelConfig) -> Score | None:
    """What the model card beside shipped weights says; None where no weights are shipped."""
    file = shipped(config)
    if file is None:
        return None
    card = json.loads(file.with_suffix(".json").read_text())
    result = card["evaluation"][0]
    measure, key = (Measure.OWN_IOU, "mean_iou") if "mean_iou" in result else (Measure.OWN_AP, "ap")
    note = f"percent, on {result['scenes']} held-out scenes of {result['size']}×{result['size']} pixels"
    return Score(
        measure, 100 * result[key], note, Source(f"model card “{card['title']}”", "docs/training.md")
    )
