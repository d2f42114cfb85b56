"""Overlays: one number for every node of a view, and the scale that gives it a colour.

Numbers are computed per operation and then gathered into whatever the view shows, so that the sums over a view, with
what it draws into edges or not at all, are the network's totals however much is folded.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from explorer.analysis.cost import operation_cost
from explorer.analysis.memory_access import memory_access_cost
from explorer.analysis.receptive_field import receptive_fields
from explorer.analysis.weight_statistics import WeightNorm
from explorer.graph.layer_graph import LayerGraph, Operation, parent_path
from explorer.graph.paths import leaving
from explorer.graph.view import ancestry
from explorer.graph.view_model import NodeKind, View, ViewFrame, ViewNode


class Quantity(StrEnum):
    """What an overlay shows; the values are what a link says."""

    PARAMETERS = "parameters"
    MACS = "macs"
    ACCESS = "access"
    ACTIVATIONS = "activations"
    FIELD = "field"
    STRIDE = "stride"
    LATENCY = "latency"
    NORM = "norm"


class Gathering(StrEnum):
    """How a group's number comes from those of its parts."""

    SUM = "sum"
    NORM = "root of the sum of squares"
    LARGEST = "largest"


class Spacing(StrEnum):
    """How numbers are spread over the colours."""

    LINEAR = "linear"
    LOGARITHMIC = "logarithmic"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a quantity is: its title, unit, definition, how groups gather it and how it is coloured."""

    title: str
    unit: str
    definition: str
    gathering: Gathering
    spacing: Spacing


MEANINGS: Mapping[Quantity, Meaning] = {
    Quantity.PARAMETERS: Meaning(
        "Parameters", "elements", "learned weights, each counted once", Gathering.SUM, Spacing.LOGARITHMIC
    ),
    Quantity.MACS: Meaning(
        "MACs", "multiply-accumulates", "of convolutions and linear layers; FLOPs are twice that",
        Gathering.SUM, Spacing.LOGARITHMIC,
    ),
    Quantity.ACCESS: Meaning(
        "Memory access",
        "elements",
        "read and written by convolutions and linear layers, h·w·(cᵢ + cₒ) + k²·cᵢ·cₒ",
        Gathering.SUM,
        Spacing.LOGARITHMIC,
    ),
    Quantity.ACTIVATIONS: Meaning(
        "Activation memory", "bytes", "newly written by operations; views and in-place operations write none",
        Gathering.SUM, Spacing.LOGARITHMIC,
    ),
    Quantity.FIELD: Meaning(
        "Receptive field", "pixels", "side of the input region that one position can depend on, through every path",
        Gathering.LARGEST, Spacing.LINEAR,
    ),
    Quantity.STRIDE: Meaning(
        "Output stride", "pixels", "input height over the result's height", Gathering.LARGEST, Spacing.LOGARITHMIC
    ),
    Quantity.LATENCY: Meaning(
        "Latency", "seconds", "measured in a forward pass on this device", Gathering.SUM, Spacing.LOGARITHMIC
    ),
    Quantity.NORM: Meaning(
        "Weight norm", "", "L2 norm, √Σw², of everything learned: weights, biases, normalisation's factors",
        Gathering.NORM, Spacing.LOGARITHMIC,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Amount:
    """A node's number; ``low`` is the smallest where a node has several results that differ, and None elsewhere."""

    value: float
    low: float | None = None


@dataclass(frozen=True, slots=True)
class Overlay:
    """A quantity over a view.

    ``nodes`` and ``frames`` have an Amount by id; a node without one, such as a ReLU's parameters, has nothing of
    it. ``in_edges`` is what the view draws into edges, ``undrawn`` what it does not draw: both None where a quantity
    is not a sum. ``total`` is the network's.
    """

    quantity: Quantity
    nodes: Mapping[str, Amount]
    frames: Mapping[str, Amount]
    in_edges: float | None
    undrawn: float | None
    total: float | None
    scale: Scale


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers from ``low`` to ``high`` to positions from 0 to 1."""

    low: float
    high: float
    spacing: Spacing

    def position(self, value: float) -> float:
        """Where a number lies between ``low``, 0, and ``high``, 1; beyond them at the ends."""
        low, high, at = self.low, self.high, value
        if self.spacing is Spacing.LOGARITHMIC:
            low, high, at = math.log(low), math.log(high), math.log(value) if value > 0 else -math.inf
        return 1.0 if high <= low else min(max((at - low) / (high - low), 0.0), 1.0)

    def ticks(self, most: int = 5) -> tuple[float, ...]:
        """The ends, and between them numbers at equal distances along the colours."""
        if self.high <= self.low:
            return (self.high,)
        steps = [index / (most - 1) for index in range(most)]
        if self.spacing is Spacing.LOGARITHMIC:
            return tuple(self.low * (self.high / self.low) ** step for step in steps)
        return tuple(self.low + (self.high - self.low) * step for step in steps)


PerOperation = Sequence[float]
"""One number per operation of a graph, by id; 0 where an operation has nothing of the quantity."""


def per_operation(graph: LayerGraph, quantity: Quantity) -> PerOperation:
    """The numbers of a quantity that the graph alone decides and groups sum."""
    rules: Mapping[Quantity, Callable[[], list[float]]] = {
        Quantity.PARAMETERS: lambda: [float(o.parameters) for o in graph.operations],
        Quantity.MACS: lambda: [float(o.macs) for o in graph.operations],
        Quantity.ACCESS: lambda: [float(memory_access_cost(o, graph)) for o in graph.operations],
        Quantity.ACTIVATIONS: lambda: [
            float(operation_cost(graph, o).activation_bytes) for o in graph.operations
        ],
    }
    return rules[quantity]()


def norm_per_operation(graph: LayerGraph, norms: Mapping[str, WeightNorm]) -> PerOperation:
    """The L2 norm of the weights that belong to each operation; ``norms`` are by path, what is inside included.

    What a module owns itself belongs to the first of its operations that reads parameters, or else to the first
    operation inside of it.
    """
    inside: dict[str, list[Operation]] = defaultdict(list)
    for operation in graph.operations:
        for path in ancestry(operation.path):
            inside[path].append(operation)
    below: dict[str, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for path, norm in norms.items():
        if path:
            count, square = below[parent_path(path)]
            below[parent_path(path)] = count + norm.count, square + norm.l2**2
    squares = [0.0] * len(graph.operations)
    for path, norm in norms.items():
        own = [o for o in inside[path] if o.path == path and o.parameters] or inside[path]
        if own and norm.count > below[path][0]:
            squares[own[0].id] += max(norm.l2**2 - below[path][1], 0.0)
    return [math.sqrt(square) for square in squares]


def per_tensor(graph: LayerGraph, quantity: Quantity) -> Sequence[float | None]:
    """The numbers of a quantity that belongs to results, by tensor id; None where it has no meaning."""
    if quantity is Quantity.FIELD:
        fields = receptive_fields(graph)
        return [
            float(max(fields[tensor.id].size)) if tensor.id in fields else None for tensor in graph.tensors
        ]
    rows = graph.tensors[graph.inputs[0]].shape[-2]
    return [rows / tensor.shape[-2] if len(tensor.shape) == 4 else None for tensor in graph.tensors]


def gather(view: View, graph: LayerGraph, quantity: Quantity, numbers: PerOperation) -> Overlay:
    """Sums, or roots of sums of squares, of what belongs to operations."""
    root = MEANINGS[quantity].gathering is Gathering.NORM

    def gathered(operations: Sequence[int]) -> float:
        if root:
            return math.sqrt(sum(numbers[operation] ** 2 for operation in operations))
        return math.fsum(numbers[operation] for operation in operations)

    drawn = {operation for node in view.nodes for operation in node.operations}
    hidden = set(view.drawn_away)
    carried = [o.id for o in graph.operations if o.id not in drawn | hidden]
    never_run = _never_run(graph) if quantity is Quantity.PARAMETERS else 0.0
    everything = gathered(range(len(graph.operations)))
    nodes = _amounts(view.nodes, lambda node: gathered(node.operations))
    return Overlay(
        quantity,
        nodes,
        _amounts(view.frames, lambda frame: gathered(frame.operations)),
        None if root else gathered(carried),
        None if root else gathered(sorted(hidden)) + never_run,
        everything + never_run,
        _scale(nodes, quantity),
    )


def of_results(view: View, graph: LayerGraph, quantity: Quantity, numbers: Sequence[float | None]) -> Overlay:
    """The largest number, with the smallest, among the results that leave each node."""

    def amount(item: ViewNode | ViewFrame) -> Amount | None:
        found = [number for tensor in leaving(graph, item) if (number := numbers[tensor])]
        if not found:
            return None
        return Amount(max(found), min(found) if min(found) < max(found) else None)

    nodes = {
        node.id: found for node in view.nodes if node.kind is not NodeKind.OUTPUT and (found := amount(node))
    }
    frames = {frame.id: found for frame in view.frames if (found := amount(frame))}
    return Overlay(quantity, nodes, frames, None, None, None, _scale(nodes, quantity))


def _amounts(
    items: Sequence[ViewNode] | Sequence[ViewFrame], number: Callable[[ViewNode | ViewFrame], float]
) -> dict[str, Amount]:
    return {item.id: Amount(value) for item in items if (value := number(item)) > 0}


def _scale(nodes: Mapping[str, Amount], quantity: Quantity) -> Scale:
    found = [amount.value for amount in nodes.values()] or [1.0]
    spacing = MEANINGS[quantity].spacing
    low = 0.0 if spacing is Spacing.LINEAR else min(found)
    return Scale(low, max(found), spacing)


def _never_run(graph: LayerGraph) -> float:
    """Parameters of modules that no operation reads: the total counts them."""
    return float(graph.totals.parameters - sum(operation.parameters for operation in graph.operations))
