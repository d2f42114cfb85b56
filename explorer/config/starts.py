"""What to begin with: a backbone of each kind, and a head of each kind that fits on a backbone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from explorer.config.backbones import Backbone, misfit
from explorer.config.deeplab import PUBLISHED_RATES, DeepLabHead, Variant
from explorer.config.densenet import DenseNetBackbone
from explorer.config.dla import DLABackbone
from explorer.config.fields import HEADS
from explorer.config.heads import CenterNetHead, ClassifyHead, DLAUpHead, FeaturesHead, Head, Pool
from explorer.config.model import ModelConfig
from explorer.config.peleenet import PeleeNetBackbone
from explorer.config.presets import preset
from explorer.config.resnet import FULL_STRIDE, ResNetBackbone
from explorer.config.vovnet import VoVNetBackbone
from explorer.errors import ConfigError

_FIRST = {
    "dla": "dla34",
    "vovnet": "vovnet39",
    "densenet": "densenet121",
    "peleenet": "peleenet",
    "resnet": "deeplab_resnet101",
}
"""The preset whose backbone a kind starts from."""


def usual(kind: str) -> Backbone:
    """A published backbone of a kind."""
    return preset(_FIRST[kind]).backbone


def bare(kind: str) -> Backbone:
    """The smallest sensible backbone of a kind, to build up from: one of everything in each stage."""
    match kind:
        case "dla":
            return DLABackbone(levels=(1, 1, 1, 1, 1, 1), channels=(16, 32, 64, 128, 256, 512))
        case "vovnet":
            return VoVNetBackbone(widths=(64, 80, 96, 112), channels=(128, 256, 384, 512), layers=3)
        case "densenet":
            return DenseNetBackbone(layers=(2, 2, 2, 2))
        case "peleenet":
            return PeleeNetBackbone(layers=(1, 1, 1, 1))
        case "resnet":
            return ResNetBackbone(blocks=(1, 1, 1, 1))
        case _:
            raise ConfigError(
                f"There is no backbone of the kind {kind[:40]!r}: use one of {', '.join(_FIRST)}."
            )


def adapted(backbone: Backbone, kind: str) -> Backbone:
    """The backbone with what a head of a kind needs of a ResNet: dilation for DeepLab, exact halves for decoders."""
    if not isinstance(backbone, ResNetBackbone):
        return backbone
    if kind == "deeplab" and backbone.output_stride == FULL_STRIDE:
        return backbone.model_copy(update={"output_stride": 16})
    if kind in ("dla_up", "centernet"):
        return backbone.model_copy(update={"output_stride": FULL_STRIDE, "ceil_pool": False})
    return backbone


def refusal_of(backbone: Backbone, kind: str) -> str | None:
    """Why no head of a kind can stand on a backbone, however adapted; None where one can."""
    backbone = adapted(backbone, kind)
    reasons = [misfit(backbone, head) for head in _heads_of(kind, backbone)]
    return None if None in reasons else reasons[0]


def head_on(backbone: Backbone, kind: str, before: Mapping[str, Any]) -> dict[str, Any] | None:
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


def network_on(kind: str, head: Mapping[str, Any], channels: int | None = None) -> dict[str, Any]:
    """Backbone and head as plain values: the usual backbone of a kind, under the same head or one that fits."""
    for head_kind in (str(head.get("kind")), *HEADS):
        backbone = adapted(usual(kind), head_kind)
        found = head_on(backbone, head_kind, head)
        if found is not None:
            plain = backbone.model_dump(mode="json")
            return {
                "backbone": plain if channels is None else plain | {"input_channels": channels},
                "head": found,
            }
    raise ConfigError(f"No head stands on {kind}.")


def rates_of(variant: str, output_stride: object) -> list[int]:
    """The published rates of a DeepLab at an output stride: v3 and v3plus double theirs at stride 8."""
    doubled = 2 if variant != Variant.V2 and output_stride == 8 else 1
    return [doubled * rate for rate in PUBLISHED_RATES.get(Variant(variant), ())]


def _heads_of(kind: str, backbone: Backbone) -> Iterator[Head]:
    """Heads of a kind that may stand on a backbone, the most usual first."""
    match kind:
        case "classify":
            yield ClassifyHead(pool=Pool.WINDOW7 if isinstance(backbone, DLABackbone) else Pool.GLOBAL)
        case "dla_up":
            yield from (DLAUpHead(down_ratio=ratio) for ratio in (2, 4, 8, 16))
        case "centernet":
            for ratio, first in ((4, 2), (2, 1), (8, 3), (16, 4)):
                last = max(first + 1, min(5, max(backbone.pyramid) + 1))
                yield CenterNetHead(down_ratio=ratio, last_level=last)
        case "deeplab":
            stride = backbone.output_stride if isinstance(backbone, ResNetBackbone) else 16
            yield DeepLabHead(variant=Variant.V3PLUS, rates=tuple(rates_of(Variant.V3PLUS, stride)))
        case "features":
            yield FeaturesHead()
