"""The layouts that published checkpoints have, told apart by their keys: one table, ``CONVENTIONS``.

Sources: ucbdrive/dla ``dla.py`` (original names), huggingface/pytorch-image-models ``timm/models/dla.py`` (the same
names; ``project`` exists in leaf trees only) and ``timm/models/vovnet.py``, xingyizhou/CenterNet ``models/model.py``
(``module.`` prefix, and ``base.fc`` left over from the classifier that training started from), torchvision
``models/densenet.py`` (names with a dot, before 2018), youngwanLEE/vovnet-detectron2 (frozen normalisation, and the
prefixes of a whole detector), kazuto1011/deeplab-pytorch ``libs/models/msc.py`` (``base.`` prefix).

A layout is a set of stated allowances. Whatever no allowance covers is a mismatch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

COUNTER = ".num_batches_tracked"
"""PyTorch before 0.4.1 wrote no such key, nor do frozen normalisations; it counts training steps and evaluation does
not read it."""

PARALLEL_PREFIX = "module."
"""What torch.nn.DataParallel puts before every key."""

SCALES_PREFIX = "base."
"""What the multi-scale wrapper of deeplab-pytorch puts before every key."""

LEFTOVER_CLASSIFIERS = (
    ("base.fc.weight", "base.fc.bias"),
    ("fc.weight", "fc.bias"),
    ("classifier.weight", "classifier.bias"),
)
"""ImageNet classifiers that a file may carry along: CenterNet's backbone's, and those of networks without a head."""

_DETECTOR_PARTS = re.compile(
    r"(backbone\.(fpn_|top_block)|proposal_generator\.|roi_heads\.|sem_seg_head\.|pixel_(mean|std)$)"
)
"""What a detectron2 detector holds beside its backbone."""

_BACKBONE_PREFIXES = ("backbone.bottom_up.", "bottom_up.", "backbone.")
_DOTTED = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..+)$")
_TIMM_STEM = re.compile(r"^stem\.(\d+)\.(\w+)\.(\w+)$")
_TIMM_BLOCK = re.compile(r"^stages\.(\d+)\.blocks\.(\d+)\.(\w+)\.(?:(\d+)\.)?(\w+)\.(\w+)$")


class Layout(StrEnum):
    """How a checkpoint's keys relate to the network's."""

    ORIGINAL = "original"
    TIMM = "timm"
    CENTERNET = "centernet"
    DENSENET_DOTTED = "densenet-dotted"
    DETECTRON2 = "detectron2"
    MULTI_SCALE = "multi-scale"
    TIMM_VOVNET = "timm-vovnet"


Renames = Mapping[str, str]
"""A file's keys, and what the network calls them."""


@dataclass(frozen=True, slots=True)
class Convention:
    """A row of the table: what a layout is called, and how its keys are renamed, given the network's own."""

    layout: Layout
    title: str
    rename: Callable[[Sequence[str], frozenset[str]], Renames]


@dataclass(frozen=True, slots=True)
class Match:
    """Keys of a checkpoint, read as ``layout``.

    ``names`` has the network's name of every key of the file that the network has. ``absent`` are keys of the
    network that the layout lacks by rule and ``leftover`` keys of the file that the network lacks by rule.
    ``missing`` (by the network's names) and ``unexpected`` (by the file's) are covered by no rule.
    """

    layout: Layout
    title: str
    names: Renames
    absent: tuple[str, ...]
    leftover: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]

    @property
    def unexplained(self) -> int:
        """How many keys no rule covers."""
        return len(self.missing) + len(self.unexpected)


def without_parallel_prefix(keys: Sequence[str]) -> dict[str, str]:
    """Each key, and what it is called without ``module.``: dropped only where every key has it."""
    if keys and all(key.startswith(PARALLEL_PREFIX) for key in keys):
        return {key: key.removeprefix(PARALLEL_PREFIX) for key in keys}
    return {key: key for key in keys}


def dead_projections(network_keys: Iterable[str]) -> list[str]:
    """Keys of the ``project`` modules whose result never reaches an output.

    A tree hands its projected input to its first child. A child that is a tree itself projects its input again
    and drops what it was handed, so ``project`` counts only where ``tree1`` is a block: exactly there, no
    ``tree1.tree1`` exists.
    """
    keys = list(network_keys)
    owners = {key: key[: key.rindex(".project.")] for key in keys if ".project." in key}
    nested = {
        path for path in set(owners.values()) if any(key.startswith(f"{path}.tree1.tree1.") for key in keys)
    }
    return [key for key, owner in owners.items() if owner in nested]


def recognise(file_keys: Sequence[str], network_keys: Sequence[str]) -> Match:
    """The row of the table that explains ``file_keys`` (already without ``module.``) with the least left over.

    Allowances beside the renaming, each all or nothing, so that a file with half of them missing is a mismatch:

    * any layout may lack every ``num_batches_tracked``;
    * timm's DLAs lack every key of the dead projections;
    * a file may hold one classifier (weight and bias) that the network lacks: CenterNet's ``base.fc`` where other
      keys start with ``base.``, ``fc`` or ``classifier`` where the network has everything else of the file;
    * a detectron2 detector may hold the parts that follow its backbone.
    """
    known = frozenset(network_keys)
    dead = frozenset(dead_projections(network_keys))
    readings = [_read(convention, file_keys, network_keys, known, dead) for convention in CONVENTIONS]
    # min() keeps the first of equals: the original names need no other explanation.
    return min(readings, key=lambda match: match.unexplained)


def _read(
    convention: Convention,
    file_keys: Sequence[str],
    network_keys: Sequence[str],
    known: frozenset[str],
    dead: frozenset[str],
) -> Match:
    renamed = convention.rename(file_keys, known)
    if len(set(renamed.values())) < len(renamed):
        # Two keys of the file would become one of the network: this is no file of that layout.
        renamed = {key: key for key in file_keys}
    present = frozenset(renamed.values())
    counters = {key for key in network_keys if key.endswith(COUNTER)}
    unwritten = set() if present & counters else counters
    lacks_dead = bool(dead) and not present & (dead - unwritten)
    allowed = unwritten | (dead if lacks_dead else set())
    strange = [key for key in file_keys if renamed[key] not in known]
    leftover = _leftover(convention.layout, strange, renamed, known)
    layout, title = convention.layout, convention.title
    if layout is Layout.ORIGINAL and lacks_dead:
        layout, title = Layout.TIMM, "the layout of timm and Hugging Face"
    elif layout is Layout.ORIGINAL and any(renamed[key] in LEFTOVER_CLASSIFIERS[0] for key in leftover):
        layout, title = Layout.CENTERNET, "the layout of CenterNet's detectors"
    return Match(
        layout=layout,
        title=title,
        names={key: name for key, name in renamed.items() if name in known},
        absent=tuple(key for key in network_keys if key in allowed and key not in present),
        leftover=leftover,
        missing=tuple(key for key in network_keys if key not in present and key not in allowed),
        unexpected=tuple(key for key in strange if key not in leftover),
    )


def _leftover(
    layout: Layout, strange: Sequence[str], renamed: Renames, known: frozenset[str]
) -> tuple[str, ...]:
    """Those of a file's strange keys that a rule allows."""
    parts = tuple(key for key in strange if layout is Layout.DETECTRON2 and _DETECTOR_PARTS.match(key))
    rest = {renamed[key]: key for key in strange if key not in parts}
    for classifier in LEFTOVER_CLASSIFIERS:
        if not rest.keys() >= set(classifier):
            continue
        # A network's own classifier is never left over: one whose shape differs has the same name.
        of_detector = classifier[0].startswith("base.") and any(key.startswith("base.") for key in known)
        if of_detector or (rest.keys() == set(classifier) and not classifier[0].startswith("base.")):
            return (*parts, *(rest[name] for name in classifier))
    return parts


def _same(keys: Sequence[str], _: frozenset[str]) -> Renames:
    return {key: key for key in keys}


def _undotted(keys: Sequence[str], _: frozenset[str]) -> Renames:
    return {key: _DOTTED.sub(r"\1\2", key) for key in keys}


def _without_detector(keys: Sequence[str], _: frozenset[str]) -> Renames:
    """Without the longest prefix under which a whole detector keeps its backbone."""
    prefix = next((p for p in _BACKBONE_PREFIXES if any(key.startswith(p) for key in keys)), "")
    return {
        key: key if _DETECTOR_PARTS.match(key) else key.removeprefix(prefix) for key in keys
    }  # fmt: skip


def _other_scales(keys: Sequence[str], known: frozenset[str]) -> Renames:
    """Without ``base.`` where every key of the file has it, with it where every key of the network has."""
    if keys and all(key.startswith(SCALES_PREFIX) for key in keys):
        return {key: key.removeprefix(SCALES_PREFIX) for key in keys}
    if known and all(key.startswith(SCALES_PREFIX) for key in known):
        return {key: SCALES_PREFIX + key for key in keys}
    return _same(keys, known)


def _timm_vovnet(keys: Sequence[str], _: frozenset[str]) -> Renames:
    separable = {key.rpartition(".conv_dw.")[0] for key in keys if ".conv_dw." in key}
    parts = {"conv": "conv", "bn": "norm", "conv_dw": "dw_conv3x3", "conv_pw": "pw_conv1x1"}

    def leaf(owner: str, part: str, value: str) -> str:
        name = "pw_norm" if part == "bn" and owner in separable else parts.get(part, part)
        return f"{name}.{value}"

    def rename(key: str) -> str:
        if found := _TIMM_STEM.match(key):
            index, part, value = found.groups()
            return f"stem.stem_{int(index) + 1}/{leaf(f'stem.{index}', part, value)}"
        if found := _TIMM_BLOCK.match(key):
            stage, block, module, index, part, value = found.groups()
            number = int(stage) + 2
            name = f"OSA{number}_{int(block) + 1}"
            path = f"stage{number}.{name}"
            match module:
                case "conv_mid":
                    owner = f"stages.{stage}.blocks.{block}.conv_mid.{index}"
                    return f"{path}.layers.{index}.{name}_{index}/{leaf(owner, part, value)}"
                case "conv_reduction":
                    return f"{path}.conv_reduction.{name}_reduction_0/{leaf('', part, value)}"
                case "conv_concat":
                    return f"{path}.concat.{name}_concat/{leaf('', part, value)}"
                case "attn":
                    return f"{path}.ese.{part}.{value}"
        return f"classifier.{key.removeprefix('head.fc.')}" if key.startswith("head.fc.") else key

    return {key: rename(key) for key in keys}


CONVENTIONS = (
    Convention(Layout.ORIGINAL, "the network's own keys", _same),
    Convention(Layout.DENSENET_DOTTED, "torchvision's older names, such as norm.1 for norm1", _undotted),
    Convention(Layout.DETECTRON2, "the backbone of a detectron2 detector", _without_detector),
    Convention(Layout.MULTI_SCALE, "deeplab-pytorch's, with another wrapper for scales", _other_scales),
    Convention(Layout.TIMM_VOVNET, "timm's names for VoVNet", _timm_vovnet),
)
"""Every layout that is read, the plainest first."""
