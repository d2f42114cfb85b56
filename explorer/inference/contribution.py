"""How much each source of an aggregation contributes in truth, for one picture. Imports torch.

A connection's strength is a property of the weights. What a source contributes depends on what it computes as well:

- **ablation**: the source's channels are set to zero where one target reads them, and nowhere else; the contribution is
  ‖y′ − y‖ / ‖y‖, the relative L2 change of all of the network's outputs y;
- **gradient × activation**: |Σ g·a| over the source's channels at that target, with g the gradient of the score that
  the network decided for (the largest over channels, summed over positions): the first-order estimate of how that
  score falls when the source is zeroed there.

The shared network is run under its lock and in step with its graph, as in ``inside``; channels are zeroed in a pass's
own tensors and put back behind the operation that read them, so nothing of the network is hooked or changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.analysis.aggregation import Aggregation, Kind, Matrix
from explorer.analysis.filter_slice import channels_of
from explorer.analysis.provenance import Provenance, provenance
from explorer.graph.layer_graph import LayerGraph, Operation
from explorer.inference.effective_field import gradient_demand
from explorer.runtime import budget
from explorer.runtime.engine import Engine
from explorer.runtime.replay import replay, tensors_in


class Method(StrEnum):
    """How a contribution is measured."""

    ABLATION = "ablation"
    GRADIENT = "gradient"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source is read: an operation's id, the tensor that it reads there, and the channels of it."""

    operation: int
    tensor: int
    channels: slice


OnStep = Callable[[int, int, Matrix], None]
"""Told the passes done and those to do, and the matrix so far; what it raises ends the computation."""


def places(
    graph: LayerGraph, features: Mapping[int, Provenance], item: Aggregation, source: int, target: int
) -> list[Place]:
    """Every place where a target reads a source: once a call, where a module runs at several scales.

    ``features`` are the graph's, see ``provenance``.
    """
    operation = graph.operations[item.targets[target].operation]
    again = [
        other
        for other in graph.operations
        if other.kind == operation.kind
        and other.path == operation.path
        and other.id in graph.live
        and (other.kind != "add" or _ends(graph, other))
    ]
    if item.kind is Kind.SUM:
        branches = [_summands(graph, other)[source] for other in again]
        return [Place(addition.id, tensor, slice(None)) for addition, tensor in branches]
    channels = channels_of(graph, features, item, source, target)
    return [Place(other.id, other.inputs[0], channels) for other in again]


def ablation(
    engine: Engine, graph: LayerGraph, inputs: Tensor, item: Aggregation, on_step: OnStep | None = None
) -> Matrix:
    """Relative change of the outputs for each connection of ``item``, (sources, targets) float64, NaN where none is.

    ``inputs`` is (1, C, H, W) of the size at which ``graph`` was traced. A pass for each connection, and one more; the
    network is free for others between them. Raises BudgetError where the size does not fit the memory.
    """
    _, _, height, width = inputs.shape
    features = provenance(graph)
    found = np.full(item.strength.shape, np.nan)
    cells = [(int(source), int(target)) for target, source in np.argwhere(item.connected.T)]
    engine.require((width, height))
    with engine.held(), torch.inference_mode():
        whole = _outputs(replay(engine.network, graph, engine.placed(inputs), lambda _, call: call()))
    size = float(whole.norm())
    for done, (source, target) in enumerate(cells):
        if on_step is not None:
            on_step(done, len(cells), found)
        with engine.held(), torch.inference_mode():
            changed = _outputs(
                _ablated(engine, graph, engine.placed(inputs), places(graph, features, item, source, target))
            )
        found[source, target] = float((changed - whole).norm()) / size if size else 0.0
    engine.tally.runs += 1 + len(cells)
    return found


def gradient_times_activation(
    engine: Engine, graph: LayerGraph, inputs: Tensor, items: Sequence[Aggregation]
) -> list[Matrix]:
    """|Σ g·a| for each connection of each of ``items``, (sources, targets) float64, NaN where none is: one pass.

    ``inputs`` as for ``ablation``. Raises BudgetError where keeping what the gradient needs does not fit the memory.
    """
    demand = gradient_demand(graph, graph.outputs[0], engine.device)
    budget.require(demand, demand.pixels, engine.device)
    features = provenance(graph)
    wanted = {
        (i, source, target): places(graph, features, item, source, target)
        for i, item in enumerate(items)
        for source, target in np.argwhere(item.connected).tolist()
    }
    readers = {place.operation for each in wanted.values() for place in each}
    read = {place.tensor for each in wanted.values() for place in each}
    with engine.held(), torch.enable_grad():
        products = _products(engine, graph, engine.placed(inputs).requires_grad_(), readers, read)
    found = [np.full(item.strength.shape, np.nan) for item in items]
    for (i, source, target), each in wanted.items():
        total = sum(float(products[place.operation, place.tensor][place.channels].sum()) for place in each)
        found[i][source, target] = abs(total)
    engine.tally.runs += 1
    return found


def _summands(graph: LayerGraph, target: Operation) -> list[tuple[Operation, int]]:
    """The additions and tensors that a sum is made of, in the order of its sources; additions of a module are one."""
    addition = target
    if target.kind != "add":
        producer = graph.tensors[target.inputs[0]].producer
        assert producer is not None
        addition = graph.operations[producer]
    found = []
    for tensor in addition.inputs:
        producer = graph.tensors[tensor].producer
        inner = None if producer is None else graph.operations[producer]
        if inner is not None and inner.kind == "add" and inner.path == addition.path:
            found += _summands(graph, inner)
        else:
            found.append((addition, tensor))
    return found


def _ends(graph: LayerGraph, operation: Operation) -> bool:
    """Whether no addition of the same module adds more to this one's result."""
    consumers = (graph.operations[c] for c in graph.tensors[operation.outputs[0]].consumers)
    return not any(c.kind == "add" and c.path == operation.path for c in consumers)


def _ablated(engine: Engine, graph: LayerGraph, placed: Tensor, wanted: Sequence[Place]) -> Any:
    """A pass in which the channels of ``wanted`` are zero for the operations that read them there."""
    at = {place.operation: place for place in wanted}
    watched = {place.tensor for place in wanted}
    values: dict[int, Tensor] = dict.fromkeys(graph.inputs, placed)

    def watch(operation: Operation, call: Callable[[], Any]) -> Any:
        place = at.get(operation.id)
        result = call() if place is None else _with_zeros(values[place.tensor], place.channels, call)
        _keep(operation, result, watched, values)
        return result

    # The caller's picture may be what is zeroed: a copy then.
    return replay(engine.network, graph, placed.clone() if watched & set(graph.inputs) else placed, watch)


def _with_zeros(value: Tensor, channels: slice, call: Callable[[], Any]) -> Any:
    saved = value[:, channels].clone()
    value[:, channels] = 0
    result = call()
    if all(tensor.data_ptr() != value.data_ptr() for tensor in tensors_in(result)):
        value[:, channels] = saved
    return result


def _keep(operation: Operation, result: Any, watched: set[int], values: dict[int, Tensor]) -> None:
    made = zip(operation.outputs, tensors_in(result), strict=True)
    values.update({tensor: value for tensor, value in made if tensor in watched})


def _products(
    engine: Engine, graph: LayerGraph, placed: Tensor, readers: set[int], read: set[int]
) -> Mapping[tuple[int, int], Tensor]:
    """g·a summed over positions, for each channel of each tensor that an operation of ``readers`` reads, (C,)."""
    values: dict[int, Tensor] = dict.fromkeys(graph.inputs, placed)
    ends: list[tuple[Operation, Tensor, dict[int, Tensor]]] = []

    def watch(operation: Operation, call: Callable[[], Any]) -> Any:
        result = call()
        if operation.id in readers:
            # A copy goes on, so that an activation in place leaves what is differentiated as it was.
            ends.append(
                (operation, result, {t: values[t] for t in operation.inputs if t in values and t in read})
            )
            result = result.clone()
        _keep(operation, result, read, values)
        return result

    scores = next(tensors_in(_flat(replay(engine.network, graph, placed, watch))))
    score = scores.amax(1).sum()
    gradients = torch.autograd.grad(
        score, [result for _, result, _ in ends], retain_graph=True, allow_unused=True
    )
    found: dict[tuple[int, int], Tensor] = {}
    for (operation, result, inputs), gradient in zip(ends, gradients, strict=True):
        for tensor, value in inputs.items():
            if gradient is None:
                found[operation.id, tensor] = torch.zeros(value.shape[1])
                continue
            (slope,) = torch.autograd.grad(result, value, gradient, retain_graph=True, allow_unused=True)
            product = torch.zeros_like(value) if slope is None else slope * value.detach()
            found[operation.id, tensor] = product[0].reshape(value.shape[1], -1).sum(1).double().cpu()
    return found


def _outputs(value: Any) -> Tensor:
    """All outputs as one vector of float64, on the CPU."""
    return torch.cat([tensor.reshape(-1).double().cpu() for tensor in tensors_in(_flat(value))])


def _flat(value: Any) -> Any:
    """Outputs by name as a list, in order."""
    if isinstance(value, Mapping):
        return [_flat(each) for each in value.values()]
    if isinstance(value, list | tuple):
        return [_flat(each) for each in value]
    return value
