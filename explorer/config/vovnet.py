"""VoVNet backbones: one-shot aggregation (Lee et al.: arXiv 1904.09730; version 2: arXiv 1911.06667)."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from explorer.config.part import Channels, InputChannels, Part
from explorer.config.shown import Group, Shown

FourWidths = tuple[Channels, Channels, Channels, Channels]


class Attention(StrEnum):
    """Which modules of a stage weigh their channels by effective squeeze-excitation (arXiv 1911.06667, section 3.3)."""

    NONE = "none"
    EVERY = "every"
    LAST = "last"


Count = Annotated[int, Field(ge=1, le=16)]


class VoVNetBackbone(Part):
    """Three stem convolutions to stride 4, then four stages of OSA modules at strides 4, 8, 16 and 32."""

    kind: Literal["vovnet"] = "vovnet"

    stem: Annotated[
        tuple[Channels, Channels, Channels],
        Shown(Group.STEM, "Channels of the stem", "cₒ", entry="conv {n}", wide=True),
    ] = (64, 64, 128)
    """Channels of the three 3×3 convolutions of the stem; the first and the last halve the resolution."""

    widths: Annotated[
        FourWidths,
        Shown(Group.STAGES, "Channels of each 3×3 convolution", "c", entry="stage {n}", first=2, wide=True),
    ]
    """Channels of each convolution in the OSA modules of stages 2 to 5."""

    channels: Annotated[
        FourWidths, Shown(Group.STAGES, "Channels of each stage", "cₒ", entry="stage {n}", first=2, wide=True)
    ]
    """Channels that stages 2 to 5 put out: those of the 1×1 convolution after the concatenation."""

    modules: Annotated[
        tuple[Count, Count, Count, Count],
        Shown(Group.STAGES, "OSA modules in each stage", "×n", entry="stage {n}", first=2),
    ] = (1, 1, 1, 1)
    """OSA modules in each of stages 2 to 5."""

    layers: Annotated[Count, Shown(Group.AGGREGATION, "Layers in each OSA module", "n")] = 5
    """3×3 convolutions in each OSA module; all of them are aggregated once, at its end."""

    residual: Annotated[bool, Shown(Group.AGGREGATION, "Identity mapping")] = True
    """Whether modules after a stage's first add their input to what they put out."""

    attention: Annotated[Attention, Shown(Group.AGGREGATION, "Channel attention", "eSE")] = Attention.NONE
    """Effective squeeze-excitation: in no module (version 1), in `every` one (version 2), or in each stage's `last`."""

    depthwise: Annotated[bool, Shown(Group.BLOCK, "Depthwise convolutions")] = False
    """Whether the convolutions of modules and stem, but the first, are depthwise, each followed by a 1×1."""

    input_channels: Annotated[InputChannels, Shown(Group.INPUT, "Channels of the image", "cᵢ")] = 3
    """Channels of the image: 3 for RGB."""

    @property
    def pyramid(self) -> dict[int, int]:
        """Channels of each level, by the log2 of its stride; level 1 is the second convolution of the stem."""
        return {1: self.stem[1], **dict(enumerate(self.channels, start=2))}

    @property
    def side(self) -> int:
        """Side of the square images that it classifies in its paper."""
        return 224
