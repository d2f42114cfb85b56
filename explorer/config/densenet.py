"""DenseNet backbones (Huang, Liu, van der Maaten, Weinberger: arXiv 1608.06993), and the same with OSA blocks."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from explorer.config.part import MAX_CHANNELS, Channels, InputChannels, Part
from explorer.config.shown import Group, Shown


class Entry(StrEnum):
    """How a DenseNet begins, and which published code its names follow."""

    IMAGENET = "imagenet"
    CIFAR = "cifar"


class Dense(StrEnum):
    """What a block's layers read, and so how often earlier features are aggregated."""

    DENSE = "dense"
    OSA = "osa"


MAX_BLOCKS = {Entry.IMAGENET: 4, Entry.CIFAR: 6}
"""Blocks until stride 32."""


class DenseNetBackbone(Part):
    """Blocks of densely connected layers, joined by transitions that halve the resolution."""

    kind: Literal["densenet"] = "densenet"

    entry: Annotated[Entry, Shown(Group.STEM, "Entry")] = Entry.IMAGENET
    """`imagenet`: 7×7 convolution and pooling to stride 4; `cifar`: one 3×3 convolution at full resolution."""

    layers: Annotated[
        tuple[Annotated[int, Field(ge=1, le=64)], ...],
        Field(min_length=1, max_length=6),
        Shown(Group.STAGES, "Layers in each block", "n", entry="block {n}"),
    ]
    """Layers in each block; a transition stands between any two blocks."""

    growth_rate: Annotated[int, Field(ge=1, le=512), Shown(Group.BLOCK, "Growth rate", "k", wide=True)] = 32
    """Channels that each layer puts out: k in the paper."""

    initial_channels: Annotated[Channels, Shown(Group.STEM, "Initial channels", "k₀", wide=True)] = 64
    """Channels that enter the first block."""

    bottleneck: Annotated[int, Field(ge=0, le=16), Shown(Group.BLOCK, "Bottleneck width", "×k")] = 4
    """Each layer first reduces to this multiple of the growth rate by a 1×1 convolution (DenseNet-B); 0: it doesn't."""

    compression: Annotated[float, Field(gt=0.0, le=1.0), Shown(Group.STAGES, "Compression", "θ")] = 0.5
    """Share of the channels that a transition keeps: θ in the paper (DenseNet-C has 0.5)."""

    block: Annotated[Dense, Shown(Group.AGGREGATION, "Aggregation in each block")] = Dense.DENSE
    """`dense`: each layer reads all before it; `osa`: each reads the last one, and one concatenation ends the block."""

    input_channels: Annotated[InputChannels, Shown(Group.INPUT, "Channels of the image", "cᵢ")] = 3
    """Channels of the image: 3 for RGB."""

    @property
    def block_channels(self) -> tuple[tuple[int, int], ...]:
        """Channels that enter and leave each block."""
        found = []
        width = self.initial_channels
        for count in self.layers:
            entering, width = width, width + count * self.growth_rate
            found.append((entering, width))
            width = self.after_transition(width)
        return tuple(found)

    def after_transition(self, channels: int) -> int:
        """Channels that a transition puts out."""
        return int(channels * self.compression)

    @property
    def pyramid(self) -> dict[int, int]:
        """Channels of each level, by the log2 of its stride: the blocks, and before them ImageNet's 7×7 convolution."""
        ends = [leaving for _, leaving in self.block_channels]
        if self.entry is Entry.CIFAR:
            return dict(enumerate(ends))
        return {1: self.initial_channels, **dict(enumerate(ends, start=2))}

    @property
    def side(self) -> int:
        """Side of the square images that it classifies in its paper."""
        return 224 if self.entry is Entry.IMAGENET else 32

    @model_validator(mode="after")
    def _blocks_fit(self) -> Self:
        most = MAX_BLOCKS[self.entry]
        if len(self.layers) > most:
            raise ValueError(
                f"layers has {len(self.layers)} blocks, but with entry {self.entry.value} block {most} is already at "
                f"stride 32: use at most {most}"
            )
        for index, (entering, leaving) in enumerate(self.block_channels):
            if not entering:
                raise ValueError(
                    f"compression is {self.compression}, which leaves no channels to block {index + 1}: use 0.5"
                )
            if leaving > 4 * MAX_CHANNELS:
                raise ValueError(
                    f"block {index + 1} puts out {leaving} channels, but at most {4 * MAX_CHANNELS} are built: "
                    "use fewer layers or a smaller growth_rate"
                )
        return self
