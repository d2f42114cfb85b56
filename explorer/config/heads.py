"""What reads a backbone: a classifier, the DLA-up segmenter, CenterNet's detector, DeepLab, or nothing."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from explorer.config.deeplab import DeepLabHead
from explorer.config.part import Classes, LeftoverClasses, Part
from explorer.config.shown import Group, Shown

DownRatio = Literal[2, 4, 8, 16]


class Pool(StrEnum):
    """How a classifier averages the last feature map."""

    WINDOW7 = "window7"
    GLOBAL = "global"


class Aggregation(StrEnum):
    """How a decoder's aggregation node meets its two inputs."""

    SUM = "sum"
    CONCAT = "concat"


class ClassifyHead(Part):
    """Average pooling and a linear classifier; on DLA a 1×1 convolution (arXiv 1707.06484, section 4.1)."""

    kind: Literal["classify"] = "classify"

    classes: Annotated[Classes, Shown(Group.HEAD, "Classes", "C")] = 1000
    """Number of classes."""

    pool: Annotated[Pool, Shown(Group.HEAD, "Pooling")] = Pool.WINDOW7
    """`global` averages all positions; `window7`, only with DLA, averages 7×7 windows as its published code does (one
    window at 224×224). Where it is left out, it is `window7` for DLA and `global` for the others."""


class DLAUpHead(Part):
    """Segmentation by iterative deep aggregation over the pyramid (arXiv 1707.06484, section 4.2 and Fig. 4)."""

    kind: Literal["dla_up"] = "dla_up"

    classes: Annotated[Classes, Shown(Group.HEAD, "Classes", "C")] = 19
    """Number of classes, background included."""

    down_ratio: Annotated[DownRatio, Shown(Group.AGGREGATION, "Down ratio", "R")] = 2
    """Stride of the finest level that the decoder reaches; the rest is bilinear upsampling."""

    base_classes: Annotated[LeftoverClasses, Shown(Group.PROTOCOL, "Unused classes of the backbone")] = 0
    """Classes of the backbone's unused classifier that published files carry along as `base.fc`; 0: none."""

    @property
    def first_level(self) -> int:
        """log2 of the down ratio: the finest pyramid level in use."""
        return self.down_ratio.bit_length() - 1


RESERVED_HEAD_NAMES = frozenset(
    {"T_destination", "add_module", "apply", "base", "bfloat16", "buffers", "call_super_init", "children", "compile",
     "cpu", "cuda", "dla_up", "double", "dump_patches", "eval", "extra_repr", "float", "forward", "get_buffer",
     "get_extra_state", "get_parameter", "get_submodule", "half", "heads", "ida_up", "ipu", "load_state_dict",
     "modules", "mtia", "named_buffers", "named_children", "named_modules", "named_parameters", "parameters",
     "register_backward_hook", "register_buffer", "register_forward_hook", "register_forward_pre_hook",
     "register_full_backward_hook", "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
     "register_load_state_dict_pre_hook", "register_module", "register_parameter", "register_state_dict_post_hook",
     "register_state_dict_pre_hook", "requires_grad_", "role", "set_extra_state", "set_submodule", "share_memory",
     "stage", "state_dict", "to", "to_empty", "train", "training", "type", "xpu", "zero_grad"}
)  # fmt: skip
"""Names that a head cannot take because the network's module already has them."""

HeadName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class CenterNetHead(Part):
    """CenterNet's detector: DLA-34's decoder and heads, on any pyramid (arXiv 1904.07850, section 5 and appendix A)."""

    kind: Literal["centernet"] = "centernet"

    heads: Annotated[
        dict[HeadName, Classes],
        Field(min_length=1, max_length=16),
        Shown(Group.HEAD, "Output maps", "cₒ"),
    ] = Field(default_factory=lambda: {"hm": 80, "wh": 2, "reg": 2})
    """Output maps by name: `hm` a centre heatmap per class, `wh` box sizes, `reg` centre offsets."""

    down_ratio: Annotated[DownRatio, Shown(Group.AGGREGATION, "Down ratio", "R")] = 4
    """Stride of the output maps."""

    last_level: Annotated[int, Field(ge=2, le=6), Shown(Group.AGGREGATION, "End of the final IDA")] = 5
    """The final IDA merges the levels from log2(down ratio) up to, not including, this one."""

    head_conv: Annotated[
        int, Field(ge=0, le=4096), Shown(Group.HEAD, "Channels of each output head", "cₒ", wide=True)
    ] = 256
    """Channels of the 3×3 convolution in each output head; 0 leaves it out."""

    final_kernel: Annotated[Literal[1, 3, 5, 7], Shown(Group.HEAD, "Last kernel", "k")] = 1
    """Kernel size of each output head's last convolution."""

    aggregation: Annotated[Aggregation, Shown(Group.AGGREGATION, "Aggregation nodes")] = Aggregation.SUM
    """`sum`: nodes add their inputs and a final IDA follows (`pose_dla_dcn`); `concat`: DLA-up's nodes (`dlav0`)."""

    deformable: Annotated[bool, Shown(Group.AGGREGATION, "Deformable convolutions")] = True
    """Whether projections and nodes are deformable convolutions v2 (arXiv 1811.11168); only with `sum`."""

    base_classes: Annotated[LeftoverClasses, Shown(Group.PROTOCOL, "Unused classes of the backbone")] = 0
    """Classes of the backbone's unused classifier that published files carry along as `base.fc`; 0: none."""

    @property
    def first_level(self) -> int:
        """log2 of the down ratio: the finest pyramid level in use."""
        return self.down_ratio.bit_length() - 1

    @model_validator(mode="after")
    def _fields_agree(self) -> Self:
        if self.last_level <= self.first_level:
            raise ValueError(
                f"last_level is {self.last_level}, but down_ratio {self.down_ratio} starts at level "
                f"{self.first_level}: use {self.first_level + 1} to 6"
            )
        if self.aggregation is Aggregation.CONCAT and self.deformable:
            raise ValueError(
                "deformable is true, but nodes that concatenate use plain convolutions: set it to false"
            )
        if taken := sorted(set(self.heads) & RESERVED_HEAD_NAMES):
            raise ValueError(
                f"heads names {taken[0]!r}, which the network's module needs itself: choose another name"
            )
        return self


class FeaturesHead(Part):
    """No head: the network returns its stages by name, as the published VoVNet v2 backbones do."""

    kind: Literal["features"] = "features"


Head = Annotated[
    ClassifyHead | DLAUpHead | CenterNetHead | DeepLabHead | FeaturesHead, Field(discriminator="kind")
]
