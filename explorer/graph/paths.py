"""Paths from a place in a network to one of its outputs: how many there are, the shortest and the longest.

A LayerGraph is a directed acyclic graph whose operations are numbered in order of execution, so that one pass
against that order (dynamic programming) answers all three exactly, though a DenseNet has more paths than a list
could hold. What flows forward along a path is what the gradient flows back along, so the shortest path is also the
one by which the loss reaches the place most directly: "implicit deep supervision", arXiv 1608.06993, section 5.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from explorer.graph.layer_graph import LayerGraph, Operation
from explorer.graph.view_model import NodeKind, View, ViewFrame, ViewNode

Length = tuple[int, int]
"""(layers, operations): layers count first, operations decide between equals."""


@dataclass(frozen=True, slots=True)
class Route:
    """One path: ``operations`` in order, and ``tensors``, one more than those: the start, then each result.

    ``layers`` counts the operations that multiply by learned weights: convolutions and linear layers.
    """

    operations: tuple[int, ...]
    tensors: tuple[int, ...]
    layers: int


@dataclass(frozen=True, slots=True)
class Paths:
    """Every path from some tensors to an output: their ``count``, two extreme ones, and all that lies on any.

    Two paths are different where they pass through different tensors or operations. ``shortest`` and ``longest`` go
    by layers, then by operations.
    """

    count: int
    shortest: Route
    longest: Route
    operations: frozenset[int]
    tensors: frozenset[int]


def is_layer(operation: Operation) -> bool:
    """Whether an operation counts as a layer: convolutions and linear layers, the only ones with MACs."""
    return operation.macs > 0


def paths(graph: LayerGraph, starts: Iterable[int], output: int) -> Paths | None:
    """The paths from the tensors ``starts`` to the tensor ``output``; None where there is none."""
    ahead = _Ahead(graph, output)
    begins = [tensor for tensor in dict.fromkeys(starts) if ahead.count[tensor]]
    if not begins:
        return None
    tensors, operations = _downstream(graph, begins, ahead.count)
    return Paths(
        count=sum(ahead.count[tensor] for tensor in begins),
        shortest=ahead.route(min(begins, key=lambda tensor: ahead.least[tensor]), ahead.least),
        longest=ahead.route(max(begins, key=lambda tensor: ahead.most[tensor]), ahead.most),
        operations=operations,
        tensors=tensors,
    )


class _Ahead:
    """For every tensor: the number of paths from it to ``output``, and the least and the greatest length."""

    def __init__(self, graph: LayerGraph, output: int) -> None:
        self.graph = graph
        self.output = output
        self.count = [0] * len(graph.tensors)
        self.least: dict[int, Length] = {output: (0, 0)}
        self.most: dict[int, Length] = {output: (0, 0)}
        self.count[output] = 1
        for operation in reversed(graph.operations):
            onward = sum(self.count[tensor] for tensor in operation.outputs)
            if not onward:
                continue
            layer = int(is_layer(operation))
            reached = [tensor for tensor in operation.outputs if self.count[tensor]]
            least = min(self.least[tensor] for tensor in reached)
            most = max(self.most[tensor] for tensor in reached)
            for tensor in dict.fromkeys(operation.inputs):
                shorter, longer = (least[0] + layer, least[1] + 1), (most[0] + layer, most[1] + 1)
                self.least[tensor] = min(self.least.get(tensor, shorter), shorter)
                self.most[tensor] = max(self.most.get(tensor, longer), longer)
                self.count[tensor] += onward

    def route(self, start: int, lengths: dict[int, Length]) -> Route:
        """A path from ``start`` whose length is ``lengths[start]``; of equals, the one through earlier operations."""
        tensors, operations = [start], []
        while tensors[-1] != self.output:
            operation, tensor = self._next(tensors[-1], lengths)
            operations.append(operation)
            tensors.append(tensor)
        return Route(tuple(operations), tuple(tensors), lengths[start][0])

    def _next(self, tensor: int, lengths: dict[int, Length]) -> tuple[int, int]:
        layers, operations = lengths[tensor]
        for consumer in self.graph.tensors[tensor].consumers:
            operation = self.graph.operations[consumer]
            rest = (layers - is_layer(operation), operations - 1)
            for result in operation.outputs:
                if self.count[result] and lengths[result] == rest:
                    return consumer, result
        raise AssertionError(f"tensor {tensor} has a length but no way to go on")


def _downstream(
    graph: LayerGraph, begins: Iterable[int], count: list[int]
) -> tuple[frozenset[int], frozenset[int]]:
    """Tensors and operations that are reached from ``begins`` and lead on to the output."""
    tensors = set(begins)
    operations: set[int] = set()
    for operation in graph.operations:
        onward = [tensor for tensor in operation.outputs if count[tensor]]
        if onward and not tensors.isdisjoint(operation.inputs):
            operations.add(operation.id)
            tensors.update(onward)
    return frozenset(tensors), frozenset(operations)


def leaving(graph: LayerGraph, item: ViewNode | ViewFrame) -> tuple[int, ...]:
    """The tensors at which paths from a node or frame start: those that leave it, in order; an input is its own."""
    if isinstance(item, ViewNode) and item.kind is NodeKind.INPUT:
        return (graph.inputs[int(item.id.partition(":")[2])],)
    inside = set(item.operations)
    return tuple(
        tensor
        for operation in item.operations
        for tensor in graph.operations[operation].outputs
        if tensor in graph.outputs or not inside.issuperset(graph.tensors[tensor].consumers)
    )


def edges_along(
    view: View, graph: LayerGraph, tensors: Collection[int], operations: Collection[int]
) -> frozenset[str]:
    """The ids of the view's edges that a path, or all paths together, run along.

    ``tensors`` and ``operations`` are what lies on it. What happens inside a node leaves no trace, and what the view
    draws into an edge belongs to that edge.
    """
    walk = _Walk(view, graph)
    found: set[str] = set()
    for operation in sorted(operations):
        read = [tensor for tensor in graph.operations[operation].inputs if tensor in tensors]
        sources = frozenset().union(*map(walk.sources, read))
        if operation in walk.home:
            found.update(f"{source} → {walk.home[operation]}" for source in sources)
        else:
            walk.arrived[operation] = sources
    for index, output in enumerate(graph.outputs):
        if output in tensors:
            found.update(f"{source} → {NodeKind.OUTPUT}:{index}" for source in walk.sources(output))
    return frozenset(found & {edge.id for edge in view.edges})


class _Walk:
    """Which visible nodes a tensor comes from."""

    def __init__(self, view: View, graph: LayerGraph) -> None:
        self.graph = graph
        self.home = {operation: node.id for node in view.nodes for operation in node.operations}
        self.arrived: dict[int, frozenset[str]] = {}
        """For operations that are drawn into edges: the nodes at which those edges start."""

    def sources(self, tensor: int) -> frozenset[str]:
        producer = self.graph.tensors[tensor].producer
        if producer is None:
            return frozenset({f"{NodeKind.INPUT}:{self.graph.inputs.index(tensor)}"})
        if producer in self.home:
            return frozenset({self.home[producer]})
        if producer not in self.arrived:
            # A path that starts in the middle of an edge: the edge is lit from its beginning.
            read = self.graph.operations[producer].inputs
            self.arrived[producer] = frozenset().union(*map(self.sources, read))
        return self.arrived[producer]
