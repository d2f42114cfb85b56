"""PeleeNet (Wang, Li, Ling: arXiv 1804.06882): a light DenseNet with two-way layers."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from explorer.config.part import InputChannels, Part
from explorer.config.shown import Group, Shown

Layers = Annotated[int, Field(ge=1, le=64)]
Width = Annotated[int, Field(ge=1, le=16)]


class PeleeNetBackbone(Part):
    """A stem block to stride 4, then four blocks of two-way dense layers at strides 4, 8, 16 and 32."""

    kind: Literal["peleenet"] = "peleenet"

    layers: Annotated[
        tuple[Layers, Layers, Layers, Layers],
        Shown(Group.STAGES, "Layers in each block", "n", entry="block {n}"),
    ] = (3, 4, 8, 6)
    """Dense layers in each block."""

    growth_rate: Annotated[int, Field(ge=8, le=512), Shown(Group.BLOCK, "Growth rate", "k", wide=True)] = 32
    """Channels that each layer puts out, half of them by each of its two ways."""

    bottleneck_widths: Annotated[
        tuple[Width, Width, Width, Width],
        Shown(Group.BLOCK, "Bottleneck width", "×k/2", entry="block {n}"),
    ] = (1, 2, 4, 4)
    """Width of each block's 1×1 convolutions, in halves of the growth rate; less where few channels enter."""

    stem_channels: Annotated[
        int, Field(ge=8, le=1024), Shown(Group.STEM, "Channels of the stem", "k₀", wide=True)
    ] = 32
    """Channels of the stem block."""

    input_channels: Annotated[InputChannels, Shown(Group.INPUT, "Channels of the image", "cᵢ")] = 3
    """Channels of the image: 3 for RGB."""

    @property
    def block_channels(self) -> tuple[tuple[int, int], ...]:
        """Channels that enter and leave each block; transitions keep their number."""
        found = []
        width = self.stem_channels
        for count in self.layers:
            found.append((width, width + count * self.growth_rate))
            width = found[-1][1]
        return tuple(found)

    @property
    def pyramid(self) -> dict[int, int]:
        """Channels of each level, by the log2 of its stride; level 1 is the first convolution of the stem."""
        ends = [leaving for _, leaving in self.block_channels]
        return {1: self.stem_channels, **dict(enumerate(ends, start=2))}

    @property
    def side(self) -> int:
        """Side of the square images that it classifies in its paper."""
        return 224

    @model_validator(mode="after")
    def _ways_are_halves(self) -> Self:
        for name, value in (("growth_rate", self.growth_rate), ("stem_channels", self.stem_channels)):
            if value % 2:
                raise ValueError(
                    f"{name} is {value}, but PeleeNet halves it: use an even number such as {value + 1}"
                )
        return self
