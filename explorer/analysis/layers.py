"""The layer table: what every part, module or operation of a network reads, writes, holds and costs.

Computed from a LayerGraph alone. Every operation belongs to exactly one row of a table, so that every column of
numbers sums to the network's totals, whatever the grain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from explorer.analysis.cost import Cost, operation_cost, stage_costs
from explorer.graph.layer_graph import LayerGraph, Operation, Scope, parent_path
from explorer.roles import Role

Sizes = tuple[int, ...]


class Grain(StrEnum):
    """What a row stands for.

    ``PARTS``: the innermost module with a role in its paper, such as a block or an aggregation node.
    ``MODULES``: one call of one module, without what the modules inside it do.
    ``OPERATIONS``: one call of a torch function.
    """

    PARTS = "parts"
    MODULES = "modules"
    OPERATIONS = "operations"


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One row of the table.

    ``node`` is the row's id in views of the graph; ``path`` the module's qualified name; ``type`` its class, or the
    torch function's name. ``role`` and ``stage`` are its own or those of the nearest enclosing module that has one.
    ``inputs`` are the shapes, usually (N, C, H, W), of the tensors that come from outside the row, in order of
    use, and ``outputs`` those that leave it (or that nobody reads). ``kernel``, ``stride``, ``dilation`` and
    ``groups`` list the settings of its convolutions and poolings in order of execution, () where it has none.
    ``parameters`` counts elements, each parameter once; ``live_parameters`` those whose result reaches an output.
    ``macs`` counts multiply-accumulates, batch included (FLOPs = 2 × MACs); ``activation_bytes`` the memory of the
    tensors that it newly writes. ``operations`` are ids in the graph, none for a module that never runs.
    ``live`` says whether anything it computes reaches an output.
    """

    node: str
    path: str
    type: str
    role: Role | None
    stage: int | None
    inputs: tuple[Sizes, ...]
    outputs: tuple[Sizes, ...]
    kernel: tuple[Sizes, ...]
    stride: tuple[Sizes, ...]
    dilation: tuple[Sizes, ...]
    groups: tuple[int, ...]
    parameters: int
    live_parameters: int
    macs: int
    activation_bytes: int
    operations: tuple[int, ...]
    live: bool

    @property
    def dead_parameters(self) -> int:
        """Parameters whose result never reaches an output of the network."""
        return self.parameters - self.live_parameters


def layer_table(graph: LayerGraph, grain: Grain = Grain.MODULES) -> list[LayerRow]:
    """The rows of ``graph`` in order of execution, then modules that hold parameters but never run."""
    parts = _Enclosing(graph)
    keys: dict[Grain, Callable[[Operation], tuple[str, str]]] = {
        Grain.PARTS: lambda o: (parts.part(o.path), parts.part(o.path)),
        Grain.MODULES: lambda o: (o.path, f"{o.path}#{o.call}" if o.call else o.path),
        Grain.OPERATIONS: lambda o: (o.path, f"op:{o.id}"),
    }
    groups: dict[tuple[str, str], list[Operation]] = {}
    for operation in graph.operations:
        groups.setdefault(keys[grain](operation), []).append(operation)
    rows = [
        _row(graph, parts, path, node, operations, by_function=grain is Grain.OPERATIONS)
        for (path, node), operations in groups.items()
    ]
    return rows + [_unused(parts, scope) for scope in _never_run(graph)]


def section_costs(graph: LayerGraph) -> dict[str, Cost]:
    """The cost of every stage by name, in order, then of each outermost module outside the stages.

    Sections add up to the network.
    """
    costs = {f"Stage {stage}": cost for stage, cost in stage_costs(graph).items() if stage is not None}
    for row in layer_table(graph, Grain.MODULES):
        if row.stage is None:
            # A module that never runs is named in full: what runs around it may be in a stage.
            name = (row.path.partition(".")[0] if row.operations else row.path) or graph.scope("").type
            cost = Cost(row.parameters, row.live_parameters, row.macs, row.activation_bytes)
            costs[name] = costs.get(name, Cost()) + cost
    return {name: cost for name, cost in costs.items() if cost != Cost()}


class _Enclosing:
    """What modules inherit from the modules around them."""

    def __init__(self, graph: LayerGraph) -> None:
        self.graph = graph

    def around(self, path: str) -> Iterable[Scope]:
        """The module at ``path``, then those around it; without the network itself."""
        while path:
            yield self.graph.scope(path)
            path = parent_path(path)

    def part(self, path: str) -> str:
        """The path of the innermost module with a role, or of the outermost module where none has one."""
        outermost = ""
        for scope in self.around(path):
            if scope.role is not None:
                return scope.path
            outermost = scope.path
        return outermost

    def role(self, path: str) -> Role | None:
        """The role of the innermost module that has one."""
        return next((scope.role for scope in self.around(path) if scope.role is not None), None)

    def stage(self, path: str) -> int | None:
        """The stage of the innermost module that states one."""
        return next((scope.stage for scope in self.around(path) if scope.stage is not None), None)


def _row(
    graph: LayerGraph,
    enclosing: _Enclosing,
    path: str,
    node: str,
    operations: Sequence[Operation],
    by_function: bool,
) -> LayerRow:
    """The row of some operations, given in order of execution."""
    inside = {operation.id for operation in operations}
    written = [graph.tensors[t] for operation in operations for t in operation.outputs]
    read = dict.fromkeys(t for operation in operations for t in operation.inputs)
    windows = [operation.attributes for operation in operations if "kernel" in operation.attributes]
    cost = sum((operation_cost(graph, operation) for operation in operations), Cost())
    return LayerRow(
        node=node,
        path=path,
        type=operations[0].kind if by_function else graph.scope(path).type,
        role=enclosing.role(path),
        stage=enclosing.stage(path),
        inputs=tuple(graph.tensors[t].shape for t in read if graph.tensors[t].producer not in inside),
        outputs=tuple(
            tensor.shape
            for tensor in written
            if not tensor.consumers or tensor.id in graph.outputs or not inside.issuperset(tensor.consumers)
        ),
        kernel=_settings(windows, "kernel"),
        stride=_settings(windows, "stride"),
        dilation=_settings(windows, "dilation"),
        groups=tuple(groups for window in windows if isinstance(groups := window.get("groups"), int)),
        parameters=cost.parameters,
        live_parameters=cost.live_parameters,
        macs=cost.macs,
        activation_bytes=cost.activation_bytes,
        operations=tuple(operation.id for operation in operations),
        live=not inside.isdisjoint(graph.live),
    )


def _settings(windows: Iterable[object], name: str) -> tuple[Sizes, ...]:
    """One setting of each window, for those that have it."""
    values = (window.get(name) for window in windows if isinstance(window, dict))
    return tuple(tuple(value) for value in values if isinstance(value, list | tuple))


def _never_run(graph: LayerGraph) -> list[Scope]:
    """The outermost modules that hold parameters and in which nothing runs."""
    running = {""}
    for operation in graph.operations:
        path = operation.path
        while path not in running:
            running.add(path)
            path = parent_path(path)
    return [
        scope
        for scope in graph.scopes
        if scope.parameters and scope.path not in running and parent_path(scope.path) in running
    ]


def _unused(enclosing: _Enclosing, scope: Scope) -> LayerRow:
    return LayerRow(
        node=scope.path,
        path=scope.path,
        type=scope.type,
        role=enclosing.role(scope.path),
        stage=enclosing.stage(scope.path),
        inputs=(),
        outputs=(),
        kernel=(),
        stride=(),
        dilation=(),
        groups=(),
        parameters=scope.parameters,
        live_parameters=0,
        macs=0,
        activation_bytes=0,
        operations=(),
        live=False,
    )
