"""A dense block and a one-shot block, alone, and what their layers cost. Imports torch only to trace."""

from __future__ import annotations

from dataclasses import dataclass, replace

from explorer.analysis.memory_access import lower_bound, memory_access_cost, weight_elements
from explorer.config import Dense, DenseNetBackbone
from explorer.graph.layer_graph import LayerGraph

KERNEL = 3


@dataclass(frozen=True, slots=True)
class LayerCost:
    """One 3×3 convolution: its channels, and its costs for one image. ``access`` and ``bound`` are in elements."""

    in_channels: int
    out_channels: int
    parameters: int
    macs: int
    access: int
    bound: float


def traced(kind: Dense, channels: int, layers: int, width: int, side: int) -> LayerGraph:
    """One of DenseNet's blocks with plain 3×3 layers of that width, for a map of channels × side × side."""
    import torch
    from torch import nn

    from explorer.graph import trace
    from explorer.networks.densenet import DenseBlock, OSABlock

    config = DenseNetBackbone(
        layers=(layers,), growth_rate=width, initial_channels=channels, bottleneck=0, block=kind
    )
    made = DenseBlock if kind is Dense.DENSE else OSABlock
    with torch.device("meta"):
        network = nn.Sequential()
        network.add_module("block", made(config, channels, layers, lambda index: f"layer{index + 1}"))
    name = "Dense block" if kind is Dense.DENSE else "One-shot block"
    return replace(trace(network, (1, channels, side, side)), name=name)


def costs(graph: LayerGraph) -> tuple[LayerCost, ...]:
    """What each convolution of a block costs, in order."""
    found = []
    for operation in graph.operations:
        if operation.kind != "conv2d":
            continue
        read, written = graph.tensors[operation.inputs[0]].shape, graph.tensors[operation.outputs[0]].shape
        found.append(
            LayerCost(
                in_channels=read[1],
                out_channels=written[1],
                parameters=weight_elements(operation),
                macs=operation.macs,
                access=memory_access_cost(operation, graph),
                bound=lower_bound(operation.macs, written[2], written[3], KERNEL),
            )
        )
    return tuple(found)
