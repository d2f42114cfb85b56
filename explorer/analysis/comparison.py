"""Two networks section by section: what each stage holds, costs and yields, and what the difference is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from explorer.analysis.cost import operation_cost
from explorer.analysis.memory_access import memory_access_cost
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.sections import Section, sections
from explorer.graph.view import ancestry
from explorer.roles import Role


@dataclass(frozen=True, slots=True)
class Measures:
    """Sums over a section.

    ``parameters`` counts elements, those of modules that never run included; ``macs`` multiply-accumulates of
    convolutions and linear layers; ``access`` elements that those read and write (``memory_access``);
    ``activation_bytes`` what operations newly write.
    """

    operations: int = 0
    parameters: int = 0
    macs: int = 0
    access: int = 0
    activation_bytes: int = 0

    def __add__(self, other: Measures) -> Measures:
        return Measures(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Stage:
    """A section of one network. ``output`` is the shape (N, C, H, W) of the last tensor that leaves it.

    ``stride`` is how many rows of the input one row of that stands for; both are None where nothing leaves, and the
    stride where what leaves is no map.
    """

    measures: Measures
    output: tuple[int, ...] | None
    stride: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """A section of both networks; None for one that does not have it."""

    section: Section
    here: Stage | None
    there: Stage | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rows as networks run; they add up to the totals, which are the networks' own."""

    rows: tuple[Row, ...]
    here: Measures
    there: Measures

    @property
    def shared(self) -> int:
        """How many stages of the backbone both networks have."""
        return sum(1 for row in self.rows if row.section.stage is not None and row.here and row.there)


def compare(here: LayerGraph, there: LayerGraph) -> Comparison:
    """Two traced networks, section by section."""
    ours, theirs = stages(here), stages(there)
    found = sorted({*ours, *theirs}, key=lambda section: section.order)
    return Comparison(
        tuple(Row(section, ours.get(section), theirs.get(section)) for section in found),
        sum((stage.measures for stage in ours.values()), Measures()),
        sum((stage.measures for stage in theirs.values()), Measures()),
    )


def stages(graph: LayerGraph) -> Mapping[Section, Stage]:
    """Every section that holds an operation or a parameter."""
    section = sections(graph)
    sums: dict[Section, Measures] = {}
    for scope in graph.scopes:
        own = scope.parameters - sum(graph.scope(child).parameters for child in scope.children)
        if own:
            home = section(scope.path)
            sums[home] = sums.get(home, Measures()) + Measures(parameters=own)
    last: dict[Section, tuple[int, ...]] = {}
    reducing = {scope.path for scope in graph.scopes if scope.role is Role.TRANSITION}

    def reduces(path: str) -> bool:
        """Whether it hands a stage's result on to the next one, at lower resolution."""
        return not reducing.isdisjoint(ancestry(path))

    for operation in graph.operations:
        home = section(operation.path)
        sums[home] = sums.get(home, Measures()) + Measures(
            operations=1,
            macs=operation.macs,
            access=memory_access_cost(operation, graph),
            activation_bytes=operation_cost(graph, operation).activation_bytes,
        )
        for tensor in operation.outputs:
            readers = [graph.operations[reader].path for reader in graph.tensors[tensor].consumers]
            outside = any(section(path) != home or reduces(path) for path in readers)
            if (outside or tensor in graph.outputs) and not reduces(operation.path):
                last[home] = graph.tensors[tensor].shape
    rows = graph.tensors[graph.inputs[0]].shape[-2]
    return {
        home: Stage(
            measures, shape := last.get(home), rows / shape[-2] if shape and len(shape) == 4 else None
        )
        for home, measures in sums.items()
    }


def change(here: float, there: float) -> float | None:
    """How much more ``here`` has than ``there``, as a share of that (0.5 is half as much again); None against none."""
    return (here - there) / there if there else None
