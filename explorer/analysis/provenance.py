"""Which earlier features each channel of a tensor is: concatenations followed through per-channel operations.

A feature is what one convolution, linear layer or sum computed. Batch norms, activations, poolings, resizings,
depthwise convolutions and channel attention change a feature's values, but not whose channel it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

from explorer.graph.layer_graph import LayerGraph, Operation

_KEEPS_CHANNELS = frozenset(
    {"batch_norm", "relu", "relu6", "leaky_relu", "sigmoid", "hardsigmoid", "tanh", "gelu", "silu", "elu", "dropout",
     "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "interpolate", "pad", "clone",
     "contiguous"}
)  # fmt: skip
_CONVOLUTIONS = frozenset({"conv2d", "conv_transpose2d"})


@dataclass(frozen=True, slots=True)
class Norm:
    """A batch norm that a feature went through: the module's path, and the feature's first channel there."""

    path: str
    start: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive channels of a tensor that are one feature.

    ``source`` is the id of the feature's tensor as it was first computed; ``channels`` how many channels of it these
    are, each of them ``repeat`` values wide (more than 1 where a map was flattened); ``norms`` the batch norms since.
    """

    source: int
    channels: int
    repeat: int = 1
    norms: tuple[Norm, ...] = ()

    @property
    def width(self) -> int:
        """Entries along the channel axis."""
        return self.channels * self.repeat


Provenance = tuple[Segment, ...]


def provenance(graph: LayerGraph) -> Mapping[int, Provenance]:
    """For every tensor of a graph, by id, the features along its channel axis, in order."""
    found: dict[int, Provenance] = {t: _own(graph, t) for t in graph.inputs}
    for operation in graph.operations:
        kept = _kept(graph, operation, found)
        for tensor in operation.outputs:
            found[tensor] = kept if kept is not None else _own(graph, tensor)
    return found


def is_depthwise(operation: Operation) -> bool:
    """Whether a convolution computes each channel from the same channel of its input alone."""
    attributes = operation.attributes
    return (
        operation.kind in _CONVOLUTIONS
        and attributes["groups"] == attributes["in_channels"] == attributes["out_channels"]
        and attributes["groups"] != 1
    )


def _own(graph: LayerGraph, tensor: int) -> Provenance:
    shape = graph.tensors[tensor].shape
    return (Segment(tensor, shape[1] if len(shape) > 1 else 1),)


def _kept(graph: LayerGraph, operation: Operation, found: Mapping[int, Provenance]) -> Provenance | None:
    """What an operation's result inherits; None where it is a feature of its own."""
    first = found[operation.inputs[0]] if operation.inputs else ()
    match operation.kind:
        case "cat" if operation.attributes["dim"] == 1:
            return tuple(segment for tensor in operation.inputs for segment in found[tensor])
        case "batch_norm":
            return _normed(first, operation.path)
        case "mul" if (scaled := _scaled(graph, operation)) is not None:
            return found[scaled]
        case "flatten" | "view" | "reshape":
            return _flattened(graph, operation, first)
        case kind if kind in _KEEPS_CHANNELS or is_depthwise(operation):
            return first
    return None


def _normed(segments: Provenance, path: str) -> Provenance:
    start, result = 0, []
    for segment in segments:
        result.append(replace(segment, norms=(*segment.norms, Norm(path, start))))
        start += segment.width
    return tuple(result)


def _scaled(graph: LayerGraph, operation: Operation) -> int | None:
    """The map that a product scales by a factor for each channel, as channel attention does."""
    if len(operation.inputs) != 2:
        return None
    shapes = [graph.tensors[t].shape for t in operation.inputs]
    result = graph.tensors[operation.outputs[0]].shape
    for mine, other in ((0, 1), (1, 0)):
        if shapes[mine] == result and prod(shapes[other][2:]) == 1:
            return operation.inputs[mine]
    return None


def _flattened(graph: LayerGraph, operation: Operation, segments: Provenance) -> Provenance | None:
    before = graph.tensors[operation.inputs[0]].shape
    after = graph.tensors[operation.outputs[0]].shape
    if len(before) < 3 or len(after) != 2 or before[0] != after[0]:
        return None
    cells = prod(before[2:])
    return tuple(replace(segment, repeat=segment.repeat * cells) for segment in segments)
