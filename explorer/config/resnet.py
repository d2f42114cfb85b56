"""Residual networks in Caffe's form, dilated or not, as DeepLab uses them (He et al.: arXiv 1512.03385)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from explorer.config.part import Channels, InputChannels, Part
from explorer.config.shown import Group, Shown

Blocks = Annotated[int, Field(ge=1, le=64)]
Multiple = Annotated[int, Field(ge=1, le=64)]

FULL_STRIDE = 32


class ResNetBackbone(Part):
    """A 7×7 convolution and pooling to stride 4, then four stages of bottleneck blocks, layer2 to layer5."""

    kind: Literal["resnet"] = "resnet"

    blocks: Annotated[
        tuple[Blocks, Blocks, Blocks, Blocks],
        Shown(Group.STAGES, "Blocks in each stage", "n", entry="layer {n}", first=2),
    ] = (3, 4, 23, 3)
    """Bottleneck blocks in layer2 to layer5; (3, 4, 23, 3) is ResNet-101."""

    stem_channels: Annotated[Channels, Shown(Group.STEM, "Channels of the stem", "cₒ", wide=True)] = 64
    """Channels of the 7×7 convolution."""

    channels: Annotated[
        tuple[Channels, Channels, Channels, Channels],
        Shown(Group.STAGES, "Channels of each stage", "cₒ", entry="layer {n}", first=2, wide=True),
    ] = (256, 512, 1024, 2048)
    """Channels that layer2 to layer5 put out; each block's 3×3 convolution has a quarter."""

    output_stride: Annotated[Literal[8, 16, 32], Shown(Group.BLOCK, "Output stride", "OS")] = 32
    """Stride of the last stage; below 32, later stages are dilated instead of strided (atrous convolution)."""

    multi_grid: Annotated[
        tuple[Multiple, ...],
        Field(max_length=64),
        Shown(Group.BLOCK, "Multi-grid", "r", entry="block {n}"),
    ] = ()
    """Multiples of layer5's dilation, one for each of its blocks, (1, 2, 4) in DeepLab v3; empty: all 1."""

    ceil_pool: Annotated[bool, Shown(Group.STEM, "Pooling rounds up")] = True
    """Whether the stem's pooling rounds sizes up, as Caffe does (512 gives 129); decoders need the exact half, 128."""

    input_channels: Annotated[InputChannels, Shown(Group.INPUT, "Channels of the image", "cᵢ")] = 3
    """Channels of the image: 3 for RGB."""

    @property
    def pyramid(self) -> dict[int, int]:
        """Channels of the deepest features at each stride, by the log2 of the stride."""
        coarsest = self.output_stride.bit_length() - 1
        levels = {1: self.stem_channels}
        for stage, channels in enumerate(self.channels, start=2):
            levels[min(stage, coarsest)] = channels
        return levels

    @property
    def side(self) -> int:
        """Side of the square images that it classifies in its paper."""
        return 224

    @model_validator(mode="after")
    def _fields_agree(self) -> Self:
        for index, channels in enumerate(self.channels):
            if channels % 4:
                raise ValueError(
                    f"channels[{index}] is {channels}, but a bottleneck has a quarter of its channels: use a multiple "
                    f"of 4 such as {max(4, round(channels / 4) * 4)}"
                )
        if self.multi_grid and len(self.multi_grid) != self.blocks[3]:
            raise ValueError(
                f"multi_grid has {len(self.multi_grid)} numbers, but layer5 has {self.blocks[3]} blocks: "
                "give one for each, or none"
            )
        return self
