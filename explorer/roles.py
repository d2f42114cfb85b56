"""What a module *is* in its paper: the vocabulary that colours, legends, folding and analyses share."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """The part that a module plays in its paper's architecture."""

    BACKBONE = "backbone"
    STEM = "stem"
    STAGE = "stage"
    BLOCK = "block"
    LAYER = "layer"
    ROOT = "root"
    TREE = "tree"
    IDA = "ida"
    DECODER = "decoder"
    NODE = "node"
    PROJECTION = "projection"
    DOWNSAMPLE = "downsample"
    UPSAMPLE = "upsample"
    CONCAT = "concat"
    OSA = "osa"
    DENSE_BLOCK = "dense_block"
    DENSE_LAYER = "dense_layer"
    TRANSITION = "transition"
    ASPP = "aspp"
    ASPP_BRANCH = "aspp_branch"
    POOL = "pool"
    ATTENTION = "attention"
    CLASSIFIER = "classifier"
    HEAD = "head"


class Shape(StrEnum):
    """How a node of a role is drawn, so that colour is never the only sign."""

    SQUARE = "square"
    ROUND = "round"
    PILL = "pill"


@dataclass(frozen=True, slots=True)
class RoleStyle:
    """How a role is named and drawn; ``colour`` is ``#rrggbb`` from the Okabe–Ito palette or a grey."""

    label: str
    colour: str
    shape: Shape
    meaning: str


_SKY, _GREEN, _AMBER, _VERMILION, _BLUE, _PINK = (
    "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#0072B2", "#CC79A7",
)  # fmt: skip
_GREY, _DARK_GREY = "#9AA0A6", "#6B7280"

ROLE_STYLES: Mapping[Role, RoleStyle] = MappingProxyType(
    {
        Role.BACKBONE: RoleStyle("Backbone", _GREY, Shape.SQUARE, "the feature pyramid that the head reads"),
        Role.STEM: RoleStyle("Stem", _GREY, Shape.PILL, "the first convolution, before the stages"),
        Role.STAGE: RoleStyle("Stage", _GREY, Shape.SQUARE, "layers that share one resolution"),
        Role.BLOCK: RoleStyle("Block", _SKY, Shape.SQUARE, "a residual block of two or three convolutions"),
        Role.LAYER: RoleStyle("Layer", _SKY, Shape.SQUARE, "a convolution that one-shot aggregation keeps"),
        Role.ROOT: RoleStyle("Aggregation node (root)", _GREEN, Shape.ROUND, "fuses the children of a tree"),
        Role.TREE: RoleStyle("HDA tree", _VERMILION, Shape.SQUARE, "hierarchical deep aggregation"),
        Role.IDA: RoleStyle("IDA", _AMBER, Shape.SQUARE, "iterative deep aggregation, shallow to deep"),
        Role.DECODER: RoleStyle(
            "IDA decoder", _AMBER, Shape.SQUARE, "aggregates the pyramid up in resolution"
        ),
        Role.NODE: RoleStyle("Aggregation node (IDA)", _GREEN, Shape.ROUND, "fuses two resolutions"),
        Role.PROJECTION: RoleStyle("Projection", _DARK_GREY, Shape.PILL, "matches the number of channels"),
        Role.DOWNSAMPLE: RoleStyle("Downsampling", _BLUE, Shape.PILL, "halves the resolution"),
        Role.UPSAMPLE: RoleStyle("Upsampling", _BLUE, Shape.PILL, "raises the resolution"),
        Role.CONCAT: RoleStyle("Concatenation", _PINK, Shape.ROUND, "one-shot or dense aggregation"),
        Role.OSA: RoleStyle("OSA module", _PINK, Shape.SQUARE, "one-shot aggregation"),
        Role.DENSE_BLOCK: RoleStyle("Dense block", _PINK, Shape.SQUARE, "every layer reads all before it"),
        Role.DENSE_LAYER: RoleStyle("Dense layer", _SKY, Shape.SQUARE, "adds `growth rate` channels"),
        Role.TRANSITION: RoleStyle("Transition", _BLUE, Shape.PILL, "halves the resolution between blocks"),
        Role.ASPP: RoleStyle("ASPP", _AMBER, Shape.SQUARE, "atrous spatial pyramid pooling"),
        Role.ASPP_BRANCH: RoleStyle("ASPP branch", _SKY, Shape.SQUARE, "one atrous rate"),
        Role.POOL: RoleStyle("Pooling", _DARK_GREY, Shape.PILL, "averages over positions"),
        Role.ATTENTION: RoleStyle(
            "Channel attention", _DARK_GREY, Shape.PILL, "weighs channels by their averages"
        ),
        Role.CLASSIFIER: RoleStyle("Classifier", _DARK_GREY, Shape.PILL, "features to class scores"),
        Role.HEAD: RoleStyle("Head", _DARK_GREY, Shape.PILL, "features to the task's outputs"),
    }
)

AGGREGATIONS = frozenset({Role.ROOT, Role.NODE, Role.CONCAT})
"""Roles where several earlier features meet."""

FRAMES = frozenset(
    {Role.BACKBONE, Role.STAGE, Role.TREE, Role.IDA, Role.DECODER, Role.OSA, Role.DENSE_BLOCK, Role.ASPP}
)
"""Roles that the paper view draws as frames around their parts."""

CONTRACTED = frozenset({Role.PROJECTION, Role.DOWNSAMPLE, Role.UPSAMPLE})
"""Roles that the paper view draws as part of an edge."""
