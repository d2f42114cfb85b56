"""Fold the edges of a LayerGraph: bundle what runs between two visible nodes, and say what kind it is."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from explorer.graph.layer_graph import LayerGraph, Operation, parent_path
from explorer.graph.view_model import EdgeKind, NodeKind, Style, ViewEdge
from explorer.roles import Role

PRECEDENCE = {kind: rank for rank, kind in enumerate(EdgeKind)}

DENSE = (Role.CONCAT, Role.DENSE_LAYER, Role.DENSE_BLOCK, Role.OSA)
"""Roles inside of which a concatenation is what the network is about."""

GLUE = frozenset({"cat", "add", "stack"})
"""Kinds that join several tensors, so that what reads them is where the tensors really meet."""


@dataclass(frozen=True)
class Fold:
    """Which node holds each operation (``home``, by operation id), and which nodes are drawn into edges."""

    graph: LayerGraph
    style: Style
    home: tuple[str, ...]
    contracted: frozenset[str]


@dataclass
class _Arrival:
    """How a tensor reaches a node: the consuming operations, the shape on arrival, and what it passed through."""

    consumers: set[int] = field(default_factory=set)
    shape: tuple[int, ...] = ()
    through: dict[int, None] = field(default_factory=dict)

    def absorb(self, other: "_Arrival", passed: list[int]) -> None:
        self.consumers |= other.consumers
        self.shape = self.shape or other.shape
        self.through.update(dict.fromkeys(passed) | other.through)


@dataclass
class _Bundle:
    tensors: dict[int, None] = field(default_factory=dict)
    kinds: set[EdgeKind] = field(default_factory=set)
    arrival: tuple[int, ...] = ()
    through: dict[int, None] = field(default_factory=dict)
    dead: bool = True


def fold_edges(fold: Fold) -> tuple[ViewEdge, ...]:
    """Every edge of the LayerGraph whose ends lie in different visible nodes, bundled by that pair of nodes."""
    return _Folding(fold).edges()


class _Folding:
    def __init__(self, fold: Fold) -> None:
        self.graph = fold.graph
        self.style = fold.style
        self.home = fold.home
        self.contracted = fold.contracted
        self.reached: dict[str, dict[str, _Arrival]] = {}
        self.inside: dict[str, list[int]] = defaultdict(list)
        for operation, home in enumerate(self.home):
            if home in self.contracted:
                self.inside[home].append(operation)

    def edges(self) -> tuple[ViewEdge, ...]:
        bundles: dict[tuple[str, str], _Bundle] = defaultdict(_Bundle)
        for tensor in self.graph.tensors:
            source = self._source(tensor.id)
            if source is None or source in self.contracted:
                continue
            for target, arrival in self._arrivals(tensor.id, source).items():
                self._bundle(bundles[source, target], tensor.id, target, arrival)
        return tuple(self._edge(*ends, bundle) for ends, bundle in bundles.items())

    def _source(self, tensor: int) -> str | None:
        producer = self.graph.tensors[tensor].producer
        if producer is not None:
            return self.home[producer]
        inputs = self.graph.inputs
        return f"{NodeKind.INPUT}:{inputs.index(tensor)}" if tensor in inputs else None

    def _arrivals(self, tensor: int, source: str) -> dict[str, _Arrival]:
        """The visible nodes that a tensor reaches, directly or through contracted nodes only."""
        found: dict[str, _Arrival] = defaultdict(_Arrival)
        shape = self.graph.tensors[tensor].shape
        for consumer in self.graph.tensors[tensor].consumers:
            target = self.home[consumer]
            if target == source:
                continue
            if target in self.contracted:
                for beyond, arrival in self._beyond(target).items():
                    if beyond != source:
                        found[beyond].absorb(arrival, self.inside[target])
            else:
                found[target].absorb(_Arrival({consumer}, shape), [])
        for index, output in enumerate(self.graph.outputs):
            if output == tensor:
                found[f"{NodeKind.OUTPUT}:{index}"].absorb(_Arrival(set(), shape), [])
        return found

    def _beyond(self, contracted: str) -> dict[str, _Arrival]:
        if contracted not in self.reached:
            found: dict[str, _Arrival] = defaultdict(_Arrival)
            for operation in self.inside[contracted]:
                for tensor in self.graph.operations[operation].outputs:
                    for target, arrival in self._arrivals(tensor, contracted).items():
                        found[target].absorb(arrival, [])
            self.reached[contracted] = found
        return self.reached[contracted]

    def _bundle(self, bundle: _Bundle, tensor: int, target: str, arrival: _Arrival) -> None:
        bundle.tensors[tensor] = None
        bundle.arrival = bundle.arrival or arrival.shape
        bundle.through.update(arrival.through)
        is_output = target.startswith(f"{NodeKind.OUTPUT}:")
        bundle.dead = bundle.dead and not is_output and self.graph.live.isdisjoint(arrival.consumers)
        for consumer in arrival.consumers:
            bundle.kinds.add(self._kind(tensor, self.graph.operations[consumer], arrival))
        if not arrival.consumers:
            bundle.kinds.add(EdgeKind.UPSAMPLE if self._passes(arrival, Role.UPSAMPLE) else EdgeKind.FLOW)

    def _edge(self, source: str, target: str, bundle: _Bundle) -> ViewEdge:
        tensors = tuple(bundle.tensors)
        operations = tuple(sorted(bundle.through))
        paths = dict.fromkeys(self._named(operation) for operation in operations)
        return ViewEdge(
            source=source,
            target=target,
            kind=min(bundle.kinds, key=PRECEDENCE.__getitem__),
            tensors=tensors,
            shape=self.graph.tensors[tensors[0]].shape,
            arrival=bundle.arrival,
            through=tuple(path for path in paths if path),
            operations=operations,
            dead=bundle.dead,
        )

    def _named(self, operation: int) -> str:
        """The contracted module an operation belongs to, or ``""`` for glue between modules."""
        home = self.home[operation]
        return "" if home.startswith("op:") else home

    def _kind(self, tensor: int, consumer: Operation, arrival: _Arrival) -> EdgeKind:
        producer = self.graph.tensors[tensor].producer
        source = None if producer is None else self.graph.operations[producer].path
        aggregation = self._aggregation(consumer, arrival)
        if aggregation is not None and not _within(source, aggregation):
            role = self.graph.scope(aggregation).role
            if role is Role.ROOT:
                # What a pooling hands to a root is the previous stage's aggregate, even where the pooling is a node.
                hierarchical = _within(source, self._stage_tree(aggregation))
                pooled = self._lies_in(source, Role.DOWNSAMPLE)
                return EdgeKind.HDA if hierarchical and not pooled else EdgeKind.IDA
            if role is Role.NODE and (
                self._passes(arrival, Role.UPSAMPLE) or self._lies_in(source, Role.UPSAMPLE)
            ):
                return EdgeKind.IDA
            return EdgeKind.FLOW
        if self._passes(arrival, Role.UPSAMPLE) or self._crosses(source, consumer.path, Role.UPSAMPLE):
            return EdgeKind.UPSAMPLE
        if self._passes(arrival, Role.DOWNSAMPLE) or self._crosses(source, consumer.path, Role.DOWNSAMPLE):
            return EdgeKind.DOWNSAMPLE
        if self._concatenates(consumer, arrival):
            return EdgeKind.DENSE
        if consumer.kind == "add" and not _within(source, self._block(consumer.path)):
            return EdgeKind.RESIDUAL
        return EdgeKind.FLOW

    def _aggregation(self, consumer: Operation, arrival: _Arrival) -> str | None:
        """The root or node at which a tensor that ``consumer`` reads is aggregated, if it is."""
        inner = self._nearest(consumer.path, Role.ROOT, Role.NODE)
        if inner is not None or consumer.kind not in GLUE:
            return inner
        readers = {reader for tensor in consumer.outputs for reader in self.graph.tensors[tensor].consumers}
        beyond = {
            self._nearest(self.graph.operations[reader].path, Role.ROOT, Role.NODE) for reader in readers
        }
        return beyond.pop() if len(beyond) == 1 else None

    def _concatenates(self, consumer: Operation, arrival: _Arrival) -> bool:
        """Whether a one-shot or dense concatenation lies at the end of the edge or on its way."""
        met = (consumer, *(self.graph.operations[operation] for operation in arrival.through))
        return any(each.kind == "cat" and self._nearest(each.path, *DENSE) is not None for each in met)

    def _stage_tree(self, root: str) -> str:
        """The outermost of the trees that enclose ``root`` without a gap."""
        tree = self._nearest(root, Role.TREE) or root
        while tree and self.graph.scope(parent_path(tree)).role is Role.TREE:
            tree = parent_path(tree)
        return tree

    def _block(self, path: str) -> str:
        return self._nearest(path, Role.BLOCK) or ""

    def _nearest(self, path: str, *roles: Role) -> str | None:
        while path:
            if self._roles.get(path) in roles:
                return path
            path = parent_path(path)
        return None

    def _lies_in(self, path: str | None, role: Role) -> bool:
        return path is not None and self._nearest(path, role) is not None

    def _crosses(self, source: str | None, target: str, role: Role) -> bool:
        """Whether an edge enters or leaves a module of ``role``."""
        return self._lies_in(source, role) != self._lies_in(target, role)

    def _passes(self, arrival: _Arrival, role: Role) -> bool:
        return any(
            self._lies_in(self.graph.operations[operation].path, role) for operation in arrival.through
        )

    @cached_property
    def _roles(self) -> dict[str, Role | None]:
        return {scope.path: scope.role for scope in self.graph.scopes}


def _within(path: str | None, scope: str) -> bool:
    return path is not None and (scope == "" or path == scope or path.startswith(f"{scope}."))
