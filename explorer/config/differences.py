"""What two configurations differ in, field by field and in the papers' words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from explorer.config.fields import BACKBONES, HEADS, Control, FormField, fields_of
from explorer.config.model import ModelConfig
from explorer.config.presets import presets

BACKBONE_TITLES = {
    "dla": "DLA", "vovnet": "VoVNet", "densenet": "DenseNet", "peleenet": "PeleeNet", "resnet": "ResNet"
}  # fmt: skip
HEAD_TITLES = {
    "classify": "Classification",
    "dla_up": "Segmentation (DLA-up)",
    "centernet": "Detection (CenterNet)",
    "deeplab": "Segmentation (DeepLab)",
    "features": "None: features by stage",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two configurations do not share; ``old`` and ``new`` as a table would print them."""

    part: str
    label: str
    symbol: str
    old: str
    new: str


def differences(old: ModelConfig, new: ModelConfig) -> list[Difference]:
    """Everything that decides the network and is not the same, backbone first; another kind counts as one thing."""
    found: list[Difference] = []
    for part, kinds, titles in (
        ("backbone", BACKBONES, BACKBONE_TITLES),
        ("head", HEADS, HEAD_TITLES),
    ):
        before, after = getattr(old, part), getattr(new, part)
        if before.kind != after.kind:
            found.append(Difference(part, part.capitalize(), "", titles[before.kind], titles[after.kind]))
            continue
        plain = (before.model_dump(mode="json"), after.model_dump(mode="json"))
        for field in fields_of(kinds[after.kind]):
            values = [side[field.name] for side in plain]
            if values[0] != values[1]:
                found += _of_field(part, field, *values)
    return found


def _of_field(part: str, field: FormField, old: Any, new: Any) -> list[Difference]:
    def said(entry: str, before: object, after: object) -> Difference:
        label = f"{field.label}, {entry}" if entry else field.label
        return Difference(part, label, field.symbol, _printed(before), _printed(after))

    if field.control is Control.MAPPING:
        names = dict.fromkeys((*old, *new))
        return [said(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]
    if field.control is Control.LIST and len(old) == len(new):
        changed = [index for index, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
        if len(changed) <= _APART:
            return [said(field.entry_name(index), old[index], new[index]) for index in changed]
    return [said("", old, new)]


_APART = 2
"""So many entries of a list are told apart; more are shown as the whole list."""


def _printed(value: object) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(str(entry) for entry in value) or "none"
        case _:
            return str(value)


def nearest_preset(config: ModelConfig) -> str:
    """The preset that differs in the fewest fields; the same kinds of backbone and head count most."""

    def distance(known: ModelConfig) -> tuple[int, int, int]:
        other_backbone = known.backbone.kind != config.backbone.kind
        other_head = known.head.kind != config.head.kind
        return other_backbone + other_head, int(other_backbone), len(differences(known, config))

    known = presets()
    return min(known, key=lambda name: distance(known[name]))
