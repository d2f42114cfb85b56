"""A configuration being edited, as text and as a form at once; nothing that was typed is ever lost."""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from explorer.config import (
    Backbone,
    CenterNetHead,
    ClassifyHead,
    DeepLabHead,
    DenseNetBackbone,
    DLABackbone,
    DLAUpHead,
    FeaturesHead,
    Head,
    ModelConfig,
    PeleeNetBackbone,
    ResNetBackbone,
    Variant,
    VoVNetBackbone,
    preset,
)
from explorer.config.backbones import misfit
from explorer.config.deeplab import PUBLISHED_RATES
from explorer.config.part import Part
from explorer.errors import ConfigError

BACKBONES: Mapping[str, type[Part]] = {
    part.model_fields["kind"].default: part
    for part in (DLABackbone, VoVNetBackbone, DenseNetBackbone, PeleeNetBackbone, ResNetBackbone)
}
"""The backbones by their ``kind``."""

HEADS: Mapping[str, type[Part]] = {
    part.model_fields["kind"].default: part
    for part in (ClassifyHead, DLAUpHead, CenterNetHead, DeepLabHead, FeaturesHead)
}
"""The heads by their ``kind``."""

_FIRST = {
    "dla": "dla34",
    "vovnet": "vovnet39",
    "densenet": "densenet121",
    "peleenet": "peleenet",
    "resnet": "deeplab_resnet101",
}
"""The preset whose backbone a kind starts from."""

# Bounded: Python refuses to read thousands of digits, and no field takes ten.
_WHOLE = re.compile(r"[+-]?\d{1,9}")
_DECIMAL = re.compile(r"[+-]?\d{0,9}\.\d{1,9}")


@dataclass(slots=True)
class Draft:
    """Text on one side, fields on the other.

    ``fields`` are the configuration as plain lists, dicts, numbers and words: the last that the text could be read
    as. ``problem`` is the sentence about the text as it stands, None where it is valid. While text typed by hand is
    not valid, the fields are behind it (``behind``) and must not be edited: an edit would overwrite the text.
    ``revision`` grows when either side changes the other, so that widgets know to start over.
    """

    text: str
    fields: dict[str, Any]
    problem: str | None = None
    behind: bool = False
    revision: int = 0
    config: ModelConfig | None = field(default=None)

    @classmethod
    def of(cls, config: ModelConfig) -> "Draft":
        """A draft that starts from a configuration, its name left out: what is changed needs another one."""
        unnamed = config.model_copy(update={"name": None})
        return cls(unnamed.to_yaml(), _plain(unnamed), config=unnamed)

    def type(self, text: str) -> None:
        """Take text as it was typed; the fields follow if it is valid."""
        self.text = text
        try:
            self.config = ModelConfig.from_yaml(text)
        except ConfigError as error:
            self.config, self.problem, self.behind = None, str(error), True
            return
        self.fields, self.problem, self.behind = _plain(self.config), None, False
        self.revision += 1

    def set(self, part: str, name: str, value: Any) -> None:
        """Change one field of a part, ``backbone``, ``head`` or ``head.heads``; the text follows."""
        place = self.fields
        for step in part.split("."):
            place = place[step]
        place[name] = value
        self._write()

    def choose_backbone(self, kind: str) -> None:
        """Put another kind of backbone in place, as its first preset has it, under the same head or one that fits."""
        backbone = preset(_FIRST[kind]).backbone
        before = self.fields["head"]
        kinds = (before["kind"], *HEADS)
        self.fields["head"] = next(head for each in kinds if (head := _head_on(backbone, each, before)))
        channels = self.fields["backbone"].get("input_channels", backbone.input_channels)
        self.fields["backbone"] = backbone.model_dump(mode="json") | {"input_channels": channels}
        self._write()

    def choose_head(self, kind: str) -> None:
        """Put another kind of head in place, at defaults that fit but for the fields that both have."""
        if self.config is not None and (head := _head_on(self.config.backbone, kind, self.fields["head"])):
            self.fields["head"] = head
            self._write()

    def choose_variant(self, variant: str) -> None:
        """Make a DeepLab head another DeepLab, with that one's rates."""
        doubled = 2 if variant != Variant.V2 and self.fields["backbone"].get("output_stride") == 8 else 1
        rates = [doubled * rate for rate in PUBLISHED_RATES.get(Variant(variant), ())]
        self.fields["head"] |= {"variant": variant, "rates": rates}
        self._write()

    def heads(self) -> dict[str, str | None]:
        """Every kind of head, and why it cannot stand on the backbone, None where it can.

        While the configuration is not valid, only the kind that stands there is known to be possible.
        """
        if self.config is None:
            return {self.fields["head"]["kind"]: None}
        backbone = self.config.backbone
        return {kind: _refusal(backbone, kind) for kind in HEADS}

    def _write(self) -> None:
        try:
            self.config = ModelConfig.from_plain(copy.deepcopy(self.fields))
        except ConfigError as error:
            self.config, self.problem = None, str(error)
            self.text = yaml.safe_dump(
                self.fields, sort_keys=False, allow_unicode=True, default_flow_style=None
            )
        else:
            self.problem = None
            self.text = self.config.to_yaml()
        self.revision += 1


def numbers_in(text: str) -> list[int | float | str]:
    """Numbers separated by commas or spaces; what is not one, or is far too long, stays as it was typed."""
    return [_number(word) for word in text.replace(",", " ").split()]


def _number(word: str) -> int | float | str:
    if _WHOLE.fullmatch(word):
        return int(word)
    return float(word) if _DECIMAL.fullmatch(word) else word


def _heads_of(kind: str, backbone: Backbone) -> Iterator[Head]:
    """Heads of a kind that may stand on a backbone, the most usual first."""
    match kind:
        case "classify":
            yield ClassifyHead(pool=preset(_FIRST[backbone.kind]).head.pool)  # type: ignore[union-attr]  # all classify
        case "dla_up":
            yield from (DLAUpHead(down_ratio=ratio) for ratio in (2, 4, 8, 16))
        case "centernet":
            for ratio, first in ((4, 2), (2, 1), (8, 3), (16, 4)):
                last = max(first + 1, min(5, max(backbone.pyramid) + 1))
                yield CenterNetHead(down_ratio=ratio, last_level=last)
        case "deeplab":
            doubled = 2 if isinstance(backbone, ResNetBackbone) and backbone.output_stride == 8 else 1
            rates = tuple(doubled * rate for rate in PUBLISHED_RATES[Variant.V3PLUS])
            yield DeepLabHead(variant=Variant.V3PLUS, rates=rates)
        case "features":
            yield FeaturesHead()


def _refusal(backbone: Backbone, kind: str) -> str | None:
    reasons = [misfit(backbone, head) for head in _heads_of(kind, backbone)]
    return None if None in reasons else reasons[0]


def _head_on(backbone: Backbone, kind: str, before: Mapping[str, Any]) -> dict[str, Any] | None:
    """A head of a kind that fits on a backbone, with the fields of the one before where they fit as well."""
    head = next((head for head in _heads_of(kind, backbone) if misfit(backbone, head) is None), None)
    if head is None:
        return None
    plain: dict[str, Any] = head.model_dump(mode="json")
    if before.get("kind") == kind:
        kept = {**plain, **before}
        try:
            ModelConfig.from_plain({"backbone": backbone.model_dump(mode="json"), "head": kept})
        except ConfigError:
            pass
        else:
            return kept
    shared = {"classes", "base_classes"} & before.keys() & plain.keys()
    if not isinstance(backbone, DLABackbone):
        shared -= {"base_classes"}
    return plain | {name: before[name] for name in shared}


def _plain(config: ModelConfig) -> dict[str, Any]:
    plain: dict[str, Any] = config.model_dump(mode="json", exclude_none=True)
    return plain
