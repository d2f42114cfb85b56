"""What each part of a traced network costs, from the LayerGraph alone.

Parameters are counted once, wherever they are shared. A parameter is live when an operation that reads it reaches
an output of the network, and dead otherwise: its module never ran, or nobody used the result. MACs are
multiply-accumulates of everything that ran, dead or live; FLOPs are 2 × MACs. Activation bytes are those of every
tensor that an operation newly writes; results that are views of their input or computed in place write nothing,
and the network's input is not counted. They are a sum over the forward pass, not its peak memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from explorer.graph.layer_graph import LayerGraph, Operation, Scope, parent_path, writes_memory


@dataclass(frozen=True, slots=True)
class Cost:
    """Parameters (counts), multiply-accumulates and bytes of activations of a part of a network."""

    parameters: int = 0
    live_parameters: int = 0
    macs: int = 0
    activation_bytes: int = 0

    @property
    def dead_parameters(self) -> int:
        """Parameters whose use never reaches an output."""
        return self.parameters - self.live_parameters

    @property
    def flops(self) -> int:
        """Floating-point operations: 2 × MACs."""
        return 2 * self.macs

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.parameters + other.parameters,
            self.live_parameters + other.live_parameters,
            self.macs + other.macs,
            self.activation_bytes + other.activation_bytes,
        )


def operation_cost(graph: LayerGraph, operation: Operation) -> Cost:
    """The cost of one operation; a parameter that several operations read belongs to the first live one."""
    return Cost(
        operation.parameters,
        operation.parameters if operation.id in graph.live else 0,
        operation.macs,
        sum(graph.tensors[t].bytes for t in operation.outputs) if writes_memory(operation) else 0,
    )


def scope_costs(graph: LayerGraph) -> Mapping[str, Cost]:
    """For every module's path, the cost of the module with all it contains; ``""`` is the whole network."""
    ran: dict[str, Cost] = defaultdict(Cost)
    for operation in graph.operations:
        cost = operation_cost(graph, operation)
        path = operation.path
        ran[path] += cost
        while path:
            path = parent_path(path)
            ran[path] += cost
    return {
        scope.path: Cost(
            scope.parameters,
            _live_parameters(scope, ran[scope.path]),
            ran[scope.path].macs,
            ran[scope.path].activation_bytes,
        )
        for scope in graph.scopes
    }


def stage_costs(graph: LayerGraph) -> Mapping[int | None, Cost]:
    """The cost of each stage in order, then of what belongs to none (None: decoder, heads).

    A module or operation belongs to the stage of the innermost module around it that names one. The sum over
    stages is the network's cost.
    """
    costs = scope_costs(graph)
    stages: dict[str, int | None] = {}
    for scope in graph.scopes:  # parents come before their children
        inherited = stages.get(parent_path(scope.path)) if scope.path else None
        stages[scope.path] = inherited if scope.stage is None else scope.stage
    totals: dict[int | None, Cost] = defaultdict(Cost)
    for scope in graph.scopes:
        own = costs[scope.path].parameters - sum(costs[c].parameters for c in scope.children)
        live = costs[scope.path].live_parameters - sum(costs[c].live_parameters for c in scope.children)
        totals[stages[scope.path]] += Cost(own, live)
    for operation in graph.operations:
        cost = operation_cost(graph, operation)
        totals[stages[operation.path]] += Cost(0, 0, cost.macs, cost.activation_bytes)
    named = sorted(stage for stage in totals if stage is not None)
    return {stage: totals[stage] for stage in (*named, *((None,) if None in totals else ()))}


def dead_scopes(graph: LayerGraph) -> tuple[str, ...]:
    """Paths of the outermost modules that hold parameters of which none is live."""
    costs = scope_costs(graph)
    dead = {path for path, cost in costs.items() if cost.parameters and not cost.live_parameters}
    return tuple(path for path in costs if path in dead and (not path or parent_path(path) not in dead))


def _live_parameters(scope: Scope, ran: Cost) -> int:
    """As traced; a graph from elsewhere may lack it, and then the operations inside say."""
    known = scope.attributes.get("live_parameters")
    return known if isinstance(known, int) else ran.live_parameters
