"""DeepLab's heads (Chen et al.: arXiv 1412.7062, 1606.00915, 1706.05587, 1802.02611) on a dilated ResNet."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from explorer.config.part import Channels, Classes, Part
from explorer.config.shown import Group, Shown


class Variant(StrEnum):
    """Which DeepLab."""

    V1 = "v1"
    V2 = "v2"
    V3 = "v3"
    V3PLUS = "v3plus"


Rate = Annotated[int, Field(ge=1, le=256)]
Scale = Annotated[float, Field(ge=0.1, le=4.0)]

PUBLISHED_RATES = {Variant.V2: (6, 12, 18, 24), Variant.V3: (6, 12, 18), Variant.V3PLUS: (6, 12, 18)}


class DeepLabHead(Part):
    """Segmentation by atrous convolution: one classifier (v1), or atrous spatial pyramid pooling."""

    kind: Literal["deeplab"] = "deeplab"

    variant: Annotated[Variant, Shown(Group.HEAD, "Version of DeepLab")]
    """`v1` a 1×1 classifier; `v2` classifiers at several rates, summed; `v3` branches at several rates and an image
    feature, concatenated; `v3plus` that, refined by the features at stride 4."""

    classes: Annotated[Classes, Shown(Group.HEAD, "Classes", "C")] = 21
    """Number of classes, background included."""

    rates: Annotated[
        tuple[Rate, ...], Field(max_length=8), Shown(Group.HEAD, "ASPP rates", "r", entry="branch {n}")
    ] = ()
    """Dilations of the 3×3 branches: 6, 12, 18, 24 in v2; 6, 12, 18 in v3 at stride 16, twice that at stride 8."""

    width: Annotated[Channels, Shown(Group.HEAD, "Channels of each branch", "cₒ", wide=True)] = 256
    """Channels of each branch and of the layers after them in v3 and v3plus."""

    low_level_channels: Annotated[Channels, Shown(Group.HEAD, "Low-level channels", "cₒ", wide=True)] = 48
    """Channels that v3plus keeps of the features at stride 4."""

    multi_scale: Annotated[bool, Shown(Group.INPUT, "Multi-scale input")] = False
    """Whether the network also sees its input at other scales, and the largest score of each class wins."""

    scales: Annotated[
        tuple[Scale, ...],
        Field(min_length=1, max_length=8),
        Shown(Group.INPUT, "The other scales", entry="scale {n}"),
    ] = (0.5, 0.75)
    """The other scales."""

    @model_validator(mode="after")
    def _rates_belong_to_the_variant(self) -> Self:
        usual = PUBLISHED_RATES.get(self.variant)
        if usual is None and self.rates:
            raise ValueError(
                f"rates is {list(self.rates)}, but DeepLab v1 has a single 1×1 classifier: leave rates out"
            )
        if usual is not None and not self.rates:
            raise ValueError(
                f"rates is empty, but DeepLab {self.variant.value} needs some: use {list(usual)}"
            )
        return self
