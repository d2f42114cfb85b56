"""A network as an ONNX model: every operation that reaches an output as its operator, under the network's own names.

Written from the LayerGraph, without running or exporting the torch module: the networks here consist of some twenty
kinds of operations, each with an exact ONNX operator. Nodes are called after modules, weights are called as in the
state dict, and the batch and the image's size stay open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from explorer import __version__
from explorer.config import ModelConfig, Task
from explorer.config.protocol import protocol_of
from explorer.errors import TraceError
from explorer.exports.names import Names
from explorer.exports.onnx_operators import Site, operators
from explorer.exports.onnx_sizes import Sizes
from explorer.exports.onnx_wire import Constant, Model, Node, Value
from explorer.graph import trace
from explorer.graph.layer_graph import LayerGraph
from explorer.weights.info import WeightsInfo

if TYPE_CHECKING:
    from torch import Tensor

_OFFSETS = ((37, 101), (64, 3), (149, 58), (5, 226), (203, 87), (90, 175), (11, 14), (122, 31))
"""How much taller and wider than the input the probes are, in steps of the sizes that the network takes."""
LARGEST_STRIDE = 32


def onnx_model(
    config: ModelConfig, graph: LayerGraph, state: Mapping[str, Tensor], weights: WeightsInfo
) -> Model:
    """``graph``, which is ``config`` traced at one size, as a model for batches and images of any size it takes.

    ``state`` is the network's state dict, read only when the model is written. Operations whose results reach no
    output are left out, with their parameters. Raises ExportError for an operation without an exact ONNX operator.
    """
    sizes = Sizes(graph, _probes(config, graph))
    names = Names(graph)
    nodes: list[Node] = []
    constants: dict[str, Constant] = {}
    for number in sorted(graph.live):
        operation = graph.operations[number]
        like = sizes.like(operation) if operation.kind == "interpolate" else None
        site = Site(
            operation,
            names.nodes[number],
            tuple(names.tensors[t] for t in operation.inputs),
            tuple(names.tensors[t] for t in operation.outputs),
            tuple(len(graph.tensors[t].shape) for t in operation.inputs),
            None if like is None else names.tensors[like],
        )
        operators(site)
        nodes += site.nodes
        for key in site.parameters:
            constants[key] = Constant(key, "float32", tuple(state[key].shape), partial(_values, state[key]))
        for name, array in site.constants.items():
            constants[name] = Constant(name, str(array.dtype), array.shape, partial(np.asarray, array))
    # A tensor that is returned under two names is written once, and repeated.
    nodes += [Node("Identity", copy, (name,), (copy,), {}) for copy, name in names.repeated.items()]

    def described(name: str, tensor: int) -> Value:
        return Value(name, graph.tensors[tensor].dtype, sizes.dimensions(tensor))

    written = {t for number in graph.live for t in graph.operations[number].outputs}
    return Model(
        name=graph.name,
        description=_description(config, weights),
        nodes=tuple(nodes),
        inputs=tuple(described(names.tensors[t], t) for t in graph.inputs),
        outputs=tuple(described(name, t) for name, t in zip(names.outputs, graph.outputs, strict=True)),
        between=tuple(described(names.tensors[t], t) for t in sorted(written.difference(graph.outputs))),
        constants=tuple(constants.values()),
        metadata=_metadata(config, weights),
        producer="layer-aggregation-explorer",
        version=__version__,
    )


def _probes(config: ModelConfig, graph: LayerGraph) -> tuple[LayerGraph, ...]:
    """The network traced at other sizes, which tell what dimensions depend on and which belong together."""
    resizes = any(operation.kind == "interpolate" for operation in graph.operations)
    offsets = _OFFSETS if resizes else _OFFSETS[:3]
    try:
        return tuple(_traced_beside(config, graph, offset, config.size_step) for offset in offsets)
    except TraceError:
        # Classifiers whose two ways to half a size round differently take no odd sizes.
        return tuple(_traced_beside(config, graph, offset, LARGEST_STRIDE) for offset in offsets)


def _traced_beside(config: ModelConfig, graph: LayerGraph, offset: tuple[int, int], step: int) -> LayerGraph:
    from explorer.graph.tracing import MAX_SIDE

    n, c, *sides = graph.tensors[graph.inputs[0]].shape
    larger = [side + steps * step for side, steps in zip(sides, offset, strict=True)]
    height, width = (
        other if other <= MAX_SIDE else 2 * side - other for side, other in zip(sides, larger, strict=True)
    )
    return trace(config, (n, c, height, width))


def _values(tensor: Tensor) -> np.ndarray:
    """A tensor's values on the CPU, float32, in C order."""
    array: np.ndarray = tensor.detach().float().cpu().contiguous().numpy()
    return array


def _description(config: ModelConfig, weights: WeightsInfo) -> str:
    step = config.size_step
    sides = f"height and width multiples of {step}" if step > 1 else "any height and width"
    return (
        f"{config.title}. Input: (N, {config.backbone.input_channels}, H, W) float32, {sides}. "
        f"{_OUTPUTS[config.task]} Weights: {weights.title} ({weights.source})."
    )


_OUTPUTS: Mapping[Task, str] = {
    Task.CLASSIFICATION: "Output: logits (N, classes).",
    Task.SEGMENTATION: "Outputs: class scores (N, classes, h, w).",
    Task.DETECTION: "Outputs: CenterNet's maps; those of centres are logits, before the sigmoid.",
    Task.FEATURES: "Outputs: the features of each stage.",
}


def _metadata(config: ModelConfig, weights: WeightsInfo) -> dict[str, str]:
    """What a program needs to know to feed the network and to read its answer."""
    protocol = protocol_of(config)
    return {
        "configuration": config.to_yaml(),
        "digest": config.digest,
        "task": config.task.value,
        "channel_order": protocol.channel_order.value,
        "normalisation": "(pixel / 255 - mean) / std",
        "mean": json.dumps(protocol.mean),
        "std": json.dumps(protocol.std),
        "labels": json.dumps(protocol.labels, ensure_ascii=False),
        "weights": f"{weights.title}; {weights.source}",
        "licence of the weights": weights.licence,
    }
