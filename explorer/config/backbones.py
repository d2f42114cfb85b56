"""Every backbone, and which heads fit on it."""

from typing import Annotated

from pydantic import Field

from explorer.config.deeplab import DeepLabHead
from explorer.config.densenet import DenseNetBackbone
from explorer.config.dla import DLABackbone
from explorer.config.heads import CenterNetHead, ClassifyHead, DLAUpHead, FeaturesHead, Head, Pool
from explorer.config.peleenet import PeleeNetBackbone
from explorer.config.resnet import FULL_STRIDE, ResNetBackbone
from explorer.config.vovnet import VoVNetBackbone

Backbone = Annotated[
    DLABackbone | VoVNetBackbone | DenseNetBackbone | PeleeNetBackbone | ResNetBackbone,
    Field(discriminator="kind"),
]


def completed(backbone: Backbone, head: Head) -> Head:
    """The head with what it leaves to the backbone filled in: a classifier's pooling."""
    if (
        isinstance(head, ClassifyHead)
        and "pool" not in head.model_fields_set
        and not isinstance(backbone, DLABackbone)
    ):
        return head.model_copy(update={"pool": Pool.GLOBAL})
    return head


def misfit(backbone: Backbone, head: Head) -> str | None:
    """Why this head cannot read this backbone, with what would help; None where it can."""
    match head:
        case FeaturesHead():
            return None
        case ClassifyHead():
            if head.pool is Pool.WINDOW7 and not isinstance(backbone, DLABackbone):
                return f"head.pool is window7, but only dla averages 7×7 windows, not {backbone.kind}: use global"
            return None
        case DeepLabHead():
            if not isinstance(backbone, ResNetBackbone):
                return f"head deeplab needs a dilated resnet, not {backbone.kind}: use backbone.kind resnet, or dla_up"
            if backbone.output_stride == FULL_STRIDE:
                return f"backbone.output_stride is {FULL_STRIDE}, but deeplab reads dilated features: use 16 or 8"
            return None
        case DLAUpHead() | CenterNetHead():
            return _pyramid_misfit(backbone, head)


def _pyramid_misfit(backbone: Backbone, head: DLAUpHead | CenterNetHead) -> str | None:
    if isinstance(backbone, ResNetBackbone):
        if backbone.output_stride != FULL_STRIDE:
            return (
                f"backbone.output_stride is {backbone.output_stride}, but {head.kind} aggregates levels down to "
                f"stride {FULL_STRIDE}: use {FULL_STRIDE}, or head deeplab"
            )
        if backbone.ceil_pool:
            return (
                f"backbone.ceil_pool is true, but {head.kind} adds levels of which each is exactly half the one "
                "before: set it to false"
            )
    if head.base_classes and not isinstance(backbone, DLABackbone):
        return f"head.base_classes is {head.base_classes}, but only dla has published files with it: use 0"
    finest, coarsest = min(backbone.pyramid), max(backbone.pyramid)
    if head.first_level < finest:
        return (
            f"head.down_ratio is {head.down_ratio}, but the finest level of this {backbone.kind} is at stride "
            f"{2**finest}: use {2**finest}"
        )
    if head.first_level >= coarsest:
        if coarsest < 2:
            return (
                f"head {head.kind} aggregates at least two levels from stride 2 on, but this {backbone.kind} ends at "
                f"stride {2**coarsest}: add blocks"
            )
        return (
            f"head.down_ratio is {head.down_ratio}, but this {backbone.kind} ends at stride {2**coarsest} and at "
            f"least two levels are aggregated: use {2 ** (coarsest - 1)} or less"
        )
    if isinstance(head, CenterNetHead) and head.last_level > coarsest + 1:
        return (
            f"head.last_level is {head.last_level}, but the coarsest level of this {backbone.kind} is {coarsest}: "
            f"use {head.first_level + 1} to {coarsest + 1}"
        )
    return None
