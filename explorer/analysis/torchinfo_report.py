"""torchinfo's own summary of a network, and why its totals differ from a LayerGraph's.

torchinfo 1.8 counts by module, from class names and parameters, where a LayerGraph counts by operation. Its rules,
read from ``torchinfo.layer_info.LayerInfo.calculate_macs`` and ``torchinfo.model_statistics.ModelStatistics``, are
stated in ``_REASONS``; every difference is attributed to one kind of operation, and they sum exactly.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import torchinfo
from torchinfo.layer_info import LayerInfo

from explorer.config import ModelConfig
from explorer.graph import LayerGraph
from explorer.networks import construct

MAX_DEPTH = 12

_TITLES: Mapping[str, str] = {
    "conv2d": "Convolutions",
    "conv_transpose2d": "Transposed convolutions",
    "deform_conv2d": "Deformable convolutions",
    "batch_norm": "Batch normalisation",
    "linear": "Linear layers",
}

_REASONS: Mapping[str, str] = {
    "conv2d": "torchinfo also counts one multiply-add per bias and output position.",
    "conv_transpose2d": "torchinfo takes a layer for a convolution if its class is called so, and counts the others "
    "once per image instead of once per position.",
    "deform_conv2d": "torchinfo counts modules without children alone, and a deformable convolution has a child "
    "that predicts its offsets.",
    "batch_norm": "torchinfo counts one multiply-add per scale and shift and image; in use they fold into the "
    "convolution before.",
    "linear": "torchinfo also counts one multiply-add per bias.",
}
_OTHER = "torchinfo counts a module's parameters once per image."


@dataclass(frozen=True, slots=True)
class Difference:
    """Multiply-accumulates of one kind of operation, as both count them."""

    title: str
    torchinfo: int
    graph: int
    reason: str


@dataclass(frozen=True, slots=True)
class TorchinfoReport:
    """torchinfo's table as text, its totals, and where they part from the graph's.

    ``output_bytes`` is its "forward/backward pass size". ``differences`` has a row for every kind of operation with
    multiply-accumulates on either side; both columns sum to the totals. Without a difference ``reason`` is empty.
    """

    text: str
    parameters: int
    macs: int
    output_bytes: int
    differences: tuple[Difference, ...]


def torchinfo_report(
    config: ModelConfig, input_shape: tuple[int, int, int, int], graph: LayerGraph, depth: int = 3
) -> TorchinfoReport:
    """Summarise a network built for this alone, on the meta device: nothing is allocated or computed.

    ``input_shape`` is (N, C, H, W) and must be that of ``graph``; ``depth`` is how many levels of modules the text
    shows, at most ``MAX_DEPTH``.
    """
    statistics = torchinfo.summary(
        construct(config, device="meta"),
        input_size=input_shape,
        device="meta",
        mode="eval",
        depth=min(depth, MAX_DEPTH),
        col_names=("input_size", "output_size", "kernel_size", "num_params", "mult_adds"),
        col_width=20,
        row_settings=("var_names",),
        # Its cache is keyed by class name: the next network of the same class would get this one's rows.
        cache_forward_pass=False,
        verbose=0,
    )
    return TorchinfoReport(
        text=str(statistics),
        parameters=statistics.total_params,
        macs=statistics.total_mult_adds,
        output_bytes=statistics.total_output_bytes,
        differences=_differences(statistics.summary_list, graph),
    )


def _differences(layers: list[LayerInfo], graph: LayerGraph) -> tuple[Difference, ...]:
    kind_of: dict[str, str] = {}
    ours: Counter[str] = Counter()
    for operation in graph.operations:
        ours[operation.kind] += operation.macs
        if operation.parameters or operation.macs:
            kind_of.setdefault(operation.path, operation.kind)
    theirs: defaultdict[str, int] = defaultdict(int)
    for layer in layers:
        if layer.is_leaf_layer:
            theirs[kind_of.get(_path(layer), "other")] += layer.macs
    kinds = [kind for kind in (*_TITLES, *ours, *theirs) if ours[kind] or theirs[kind]]
    return tuple(
        Difference(
            title=_TITLES.get(kind, kind.capitalize()),
            torchinfo=theirs[kind],
            graph=ours[kind],
            reason="" if theirs[kind] == ours[kind] else _REASONS.get(kind, _OTHER),
        )
        for kind in dict.fromkeys(kinds)
    )


def _path(layer: LayerInfo) -> str:
    """The module's qualified name."""
    names: list[str] = []
    while layer.parent_info is not None:
        names.append(layer.var_name)
        layer = layer.parent_info
    return ".".join(reversed(names))
