"""Deep Layer Aggregation backbones (Yu, Wang, Shelhamer, Darrell: arXiv 1707.06484, section 4)."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from explorer.config.part import Channels, Depth, InputChannels, Part
from explorer.config.shown import Group, Shown


class Block(StrEnum):
    """The residual block at the leaves of the trees (section 4.1)."""

    BASIC = "basic"
    BOTTLENECK = "bottleneck"
    BOTTLENECK_X = "bottleneck_x"


class DLABackbone(Part):
    """Six levels at strides 1, 2, 4, 8, 16 and 32: two of plain convolutions, four trees."""

    kind: Literal["dla"] = "dla"

    levels: Annotated[
        tuple[Depth, Depth, Depth, Depth, Depth, Depth],
        Shown(Group.STAGES, "Depth of each level", "n", entry="level {n}", first=0),
    ]
    """Depth of each level: how many 3×3 convolutions in levels 0 and 1, how deep the tree (2ⁿ blocks) in 2 to 5."""

    channels: Annotated[
        tuple[Channels, Channels, Channels, Channels, Channels, Channels],
        Shown(Group.STAGES, "Channels of each level", "cₒ", entry="level {n}", first=0, wide=True),
    ]
    """Channels that each level puts out."""

    block: Annotated[Block, Shown(Group.BLOCK, "Residual block")] = Block.BASIC
    """The residual block: two 3×3 convolutions, a bottleneck, or a bottleneck with grouped 3×3 (ResNeXt)."""

    cardinality: Annotated[int, Field(ge=1, le=256), Shown(Group.BLOCK, "Cardinality", "C")] = 32
    """Groups of the 3×3 convolution in `bottleneck_x`; the width is channels × cardinality / 32."""

    root_residual: Annotated[bool, Shown(Group.AGGREGATION, "Residual roots")] = False
    """Whether a root adds its last child to what it puts out, before the ReLU (DLA-102 and deeper)."""

    root_kernel: Annotated[Literal[1, 3, 5, 7], Shown(Group.AGGREGATION, "Kernel of the roots", "k")] = 1
    """Kernel size of the roots' convolution; 1 in every published network."""

    input_channels: Annotated[InputChannels, Shown(Group.INPUT, "Channels of the image", "cᵢ")] = 3
    """Channels of the image: 3 for RGB."""

    @property
    def pyramid(self) -> dict[int, int]:
        """Channels of each level, by the log2 of its stride."""
        return dict(enumerate(self.channels))

    @property
    def side(self) -> int:
        """Side of the square images that it classifies in its paper."""
        return 224

    @model_validator(mode="after")
    def _width_fits_the_block(self) -> Self:
        for level, channels in enumerate(self.channels[2:], start=2):
            if self.block is Block.BOTTLENECK and channels % 2:
                raise ValueError(
                    f"channels[{level}] is {channels}, but a bottleneck halves its channels: use an even number "
                    f"such as {channels + 1}"
                )
            if self.block is Block.BOTTLENECK_X and channels % 32:
                raise ValueError(
                    f"channels[{level}] is {channels}, but bottleneck_x needs a multiple of 32, so that its "
                    f"width splits into groups: use {max(32, round(channels / 32) * 32)}"
                )
        return self
