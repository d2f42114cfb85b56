"""Memory access cost: how many values a layer moves, whatever it computes.

The VoVNet paper (arXiv 1904.09730, section 2.2) writes it for a k×k convolution from cᵢ to cₒ channels on a map of h×w
as ``h·w·(cᵢ + cₒ) + k²·cᵢ·cₒ``: the map that is read, the map that is written and the weights, each once, in elements.
The form and its bound are ShuffleNetV2's (arXiv 1807.11164, section 2, G1).
"""

from __future__ import annotations

from math import prod, sqrt

from explorer.graph.layer_graph import LayerGraph, Operation

CONVOLUTIONS = frozenset(f"{name}{rank}d" for name in ("conv", "conv_transpose") for rank in (1, 2, 3)) | {
    "deform_conv2d"
}
"""Kinds that the formula is for; a linear layer is one on a map of 1×1."""


def memory_access_cost(operation: Operation, graph: LayerGraph) -> int:
    """Elements that a convolution or linear layer reads and writes: its input, its output and its weight, each once.

    At stride 1 and without groups this is the formula above, times the batch for the two maps. A stride makes the map
    that is written smaller than the one that is read, and groups divide the weight; both are counted as they are.
    Biases are left out, as in the formula. Every other operation costs 0, because networks fuse or skip most of them.
    """
    weight = weight_elements(operation)
    if not weight:
        return 0
    read, written = graph.tensors[operation.inputs[0]].shape, graph.tensors[operation.outputs[0]].shape
    return prod(read) + prod(written) + weight


def weight_elements(operation: Operation) -> int:
    """Elements of a convolution's or linear layer's weight; 0 for anything else."""
    found = operation.attributes
    if operation.kind == "linear":
        return _number(found["in_features"]) * _number(found["out_features"])
    if operation.kind not in CONVOLUTIONS:
        return 0
    kernel = found["kernel"]
    assert isinstance(kernel, tuple)
    taps = prod(_number(side) for side in kernel)
    groups = _number(found.get("groups", 1))
    return taps * _number(found["in_channels"]) * _number(found["out_channels"]) // groups


def lower_bound(macs: int, height: int, width: int, kernel: int) -> float:
    """The least cost of a k×k convolution with that many multiply-accumulates, which it has where cᵢ = cₒ.

    ``2·√(h·w·B / k²) + B / (h·w)`` with ``B = k²·h·w·cᵢ·cₒ``: by the inequality of arithmetic and geometric means,
    ``cᵢ + cₒ ≥ 2·√(cᵢ·cₒ)``.
    """
    positions = height * width
    return 2 * sqrt(positions * macs / kernel**2) + macs / positions


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value
