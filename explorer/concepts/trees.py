"""What a traced DLA Tree shows of its wiring: what each root concatenates, in order, and what nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from explorer.graph.layer_graph import LayerGraph, Operation, parent_path
from explorer.roles import Role


class Part(Enum):
    """What a child is to the tree that its root closes; the value is the code's name for it."""

    LAST = "x2"
    FIRST = "x1"
    BOTTOM = "bottom"
    OUTER = "outer x1"


@dataclass(frozen=True, slots=True)
class Child:
    """One tensor of a root's concatenation.

    ``source`` is the block or root that it comes from, ``input`` for what enters the network. ``owner`` is the tree
    that hands it on. ``columns`` are the first and the last input channel of the root's convolution that read it.
    ``added`` says whether the root also adds it before its ReLU.
    """

    part: Part
    source: str
    owner: str
    channels: int
    columns: tuple[int, int]
    added: bool


@dataclass(frozen=True, slots=True)
class RootWiring:
    """A root: its path, its children in the order of concatenation, its output channels and parameters."""

    path: str
    children: tuple[Child, ...]
    out_channels: int
    parameters: int

    @property
    def width(self) -> int:
        """Channels that its convolution reads."""
        return sum(child.channels for child in self.children)

    @property
    def depth(self) -> int:
        """Which tree of the paper it closes: T_n reads n − 1 aggregates and two blocks."""
        return sum(child.part is not Part.BOTTOM for child in self.children) - 1


@dataclass(frozen=True, slots=True)
class Projection:
    """A tree's 1×1 convolution for the shortcut of its first block, and whether a block reads it."""

    path: str
    live: bool
    parameters: int
    macs: int


def roots(graph: LayerGraph) -> tuple[RootWiring, ...]:
    """Every root of a graph, in the order in which they run."""
    return tuple(
        _wiring(graph, operation)
        for operation in graph.operations
        if operation.kind == "cat" and graph.scope(operation.path).role is Role.ROOT
    )


def projections(graph: LayerGraph) -> tuple[Projection, ...]:
    """Every projection of a graph, in the order in which they run: outer trees before inner ones."""
    found = []
    for scope in graph.scopes:
        if scope.role is Role.PROJECTION:
            inside = [each for each in graph.operations if _within(each.path, scope.path)]
            live = any(each.id in graph.live for each in inside)
            projection = Projection(scope.path, live, scope.parameters, sum(each.macs for each in inside))
            found.append((inside[0].id, projection))
    return tuple(projection for _, projection in sorted(found, key=lambda pair: pair[0]))


def _wiring(graph: LayerGraph, concatenation: Operation) -> RootWiring:
    path = concatenation.path
    inside = [each for each in graph.operations if _within(each.path, path)]
    added = {
        tensor for each in inside if each.kind == "add" for tensor in each.inputs if tensor in concatenation.inputs
    }  # fmt: skip
    children, start = [], 0
    for tensor in concatenation.inputs:
        channels = graph.tensors[tensor].shape[1]
        columns = start, start + channels - 1
        children.append(_child(graph, path, tensor, columns, tensor in added))
        start += channels
    return RootWiring(
        path,
        tuple(children),
        graph.tensors[inside[-1].outputs[0]].shape[1],
        sum(each.parameters for each in inside),
    )


def _child(graph: LayerGraph, root: str, tensor: int, columns: tuple[int, int], added: bool) -> Child:
    tree = parent_path(root)
    channels = graph.tensors[tensor].shape[1]
    producer = graph.tensors[tensor].producer
    if producer is None:
        return Child(Part.BOTTOM, "input", _outermost(graph, tree), channels, columns, added)
    path = graph.operations[producer].path
    for above in _upwards(path):
        role = graph.scope(above).role
        if role is Role.DOWNSAMPLE:
            return Child(Part.BOTTOM, "input", parent_path(above), channels, columns, added)
        if role is Role.BLOCK:
            part = Part.LAST if above.endswith(".tree2") else Part.FIRST
            return Child(part, above, parent_path(above), channels, columns, added)
        if role is Role.ROOT:
            owner = next(tree for tree in _upwards(above) if _within(root, tree))
            return Child(Part.OUTER, above, owner, channels, columns, added)
    raise AssertionError(f"{root} reads {path}, which is no part of a tree")


def _outermost(graph: LayerGraph, tree: str) -> str:
    return [above for above in _upwards(tree) if graph.scope(above).role is Role.TREE][-1]


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = parent_path(path)


def _within(path: str, scope: str) -> bool:
    return path == scope or path.startswith(f"{scope}.")
