"""Repetition: consecutive modules that do the same, which a view folds into one node "× n".

Two kinds. A *run* is a row of equal siblings, such as the 22 later blocks of a ResNet-101's fourth stage. Where every
layer is kept for a concatenation, the pattern is the point: the first two and the last stay, and those between fold.
*Calls* are the second and later runs of one large module, such as a backbone that sees the image at several scales.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from explorer.graph.layer_graph import Json, LayerGraph, Scope
from explorer.roles import AGGREGATIONS, Role

SHORTEST = 3
"""Equal siblings from which a run folds."""

GATHERED = frozenset({Role.LAYER, Role.DENSE_LAYER})
"""Roles of layers that are kept for a concatenation."""
FIRST, LAST, BETWEEN = 2, 1, 4
"""Of such layers: how many stay at the beginning and at the end, and how many there must be between."""

READ = frozenset({"channels", "in_channels"})
"""Settings that only repeat what an operation reads."""

BETWEEN_NAMES = "~"
"""Joins the names of the first and the last module of a run: no URL, id or path gives it another meaning."""
CALLS = f"{BETWEEN_NAMES}calls"


@dataclass(frozen=True, slots=True)
class Run:
    """Modules that fold into one: ``path`` names them together, ``members`` are their own paths in order."""

    path: str
    members: tuple[str, ...]


def runs(
    graph: LayerGraph, held: Mapping[str, Sequence[int]], folds: Callable[[Scope], bool]
) -> Iterator[Run]:
    """Every run of ``graph``. ``held`` has the operations inside of each path; ``folds`` says what may be a member."""
    for scope in graph.scopes:
        if len(scope.children) < SHORTEST:
            continue
        children = [graph.scope(path) for path in scope.children if held.get(path)]
        signed = [(_signature(graph, held, child) if folds(child) else None, child) for child in children]
        for signature, equals in groupby(signed, key=lambda pair: pair[0]):
            members = [child.path for _, child in equals]
            if signature is None or graph.scope(members[0]).role in AGGREGATIONS:
                continue
            if graph.scope(members[0]).role in GATHERED:
                members = _between(members, children)
            if len(members) >= SHORTEST and _in_order(held, members):
                last = members[-1].rpartition(".")[2]
                yield Run(f"{members[0]}{BETWEEN_NAMES}{last}", tuple(members))


def repeated_calls(
    graph: LayerGraph, calls: Mapping[str, int], folds: Callable[[Scope], bool]
) -> Iterator[str]:
    """Paths of the outermost modules that run at least ``SHORTEST`` times and have parts of their own."""
    for scope in graph.scopes:
        above = scope.path.rpartition(".")[0]
        if (
            scope.path
            and scope.children
            and calls[scope.path] >= SHORTEST
            and calls[above] <= 1
            and folds(scope)
        ):
            yield scope.path


def _between(members: list[str], children: Sequence[Scope]) -> list[str]:
    """The layers of a concatenation's chain that may fold: neither its first ones nor its last."""
    chain = [child.path for child in children if child.role in GATHERED]
    inner = set(chain[FIRST : len(chain) - LAST])
    found = [member for member in members if member in inner]
    return found if len(found) >= BETWEEN else []


def _in_order(held: Mapping[str, Sequence[int]], members: Sequence[str]) -> bool:
    firsts = [held[member][0] for member in members]
    return firsts == sorted(firsts) and len({len(held[member]) for member in members}) == 1


Signature = tuple[object, ...]


def _signature(graph: LayerGraph, held: Mapping[str, Sequence[int]], scope: Scope) -> Signature:
    """What makes two siblings equal: type, role, the operations inside with their settings, and the shapes that leave.

    What enters is compared as well, but for dense layers, which by nature read more one after the other.
    """
    inside = held[scope.path]
    own = frozenset(inside)
    operations = [graph.operations[number] for number in inside]
    # Names do not count, and those of published checkpoints number modules throughout: who feeds whom does.
    steps = tuple(
        (
            operation.kind,
            graph.scope(operation.path).type,
            tuple(
                operation.id - producer
                for tensor in operation.inputs
                if (producer := graph.tensors[tensor].producer) in own and producer is not None
            ),
            _settings(operation.attributes),
        )
        for operation in operations
    )
    leaving = tuple(
        graph.tensors[tensor].shape
        for operation in operations
        for tensor in operation.outputs
        if not own.issuperset(graph.tensors[tensor].consumers)
    )
    entering: tuple[object, ...] = ()
    if scope.role is not Role.DENSE_LAYER:
        entering = tuple(
            graph.tensors[tensor].shape
            for operation in operations
            for tensor in operation.inputs
            if graph.tensors[tensor].producer not in own
        )
    return scope.type, scope.role, steps, leaving, entering


def _settings(attributes: Mapping[str, Json]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in attributes.items() if name not in READ)
