"""Find parts of a network, shown or folded away: by name, class, role, size, and what they cost.

What is searched are the modules that run and the operations; a module that is a single operation counts once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from explorer.graph.find_terms import Comparison, Field, Size, Term, Word
from explorer.graph.layer_graph import LayerGraph, Operation, Scope, writes_memory
from explorer.graph.view import ancestry, around, openable
from explorer.graph.view_model import Style, View
from explorer.roles import ROLE_STYLES

ALIASES: Mapping[str, str] = {
    "concat": "cat", "concatenation": "cat", "bn": "batch_norm", "batchnorm": "batch_norm", "dcn": "deform_conv2d",
    "deformable": "deform_conv2d", "convolution": "conv", "pooling": "pool", "upsample": "interpolate",
}  # fmt: skip
"""What else an operation is called."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that can be found: ``operations`` are its ids, ``node`` is its id in a view that shows it."""

    node: str
    path: str
    operations: tuple[int, ...]
    names: tuple[str, ...]
    sizes: tuple[tuple[int, ...], ...]
    numbers: Mapping[Field, tuple[float, ...]]

    @property
    def label(self) -> str:
        """What to call it: a module by its path, an operation by its module's and its own name."""
        return self.path if self.node == self.path else f"{self.path} · {self.names[0]}".removeprefix(" · ")


@dataclass(frozen=True, slots=True)
class Hit:
    """A part that was found, and where a view has it.

    ``shown`` is the node or frame that is the part or holds it, None where the view draws it into ``edges`` (ids) or
    not at all. ``folded`` says that ``shown`` only holds it.
    """

    node: str
    path: str
    label: str
    shown: str | None
    folded: bool
    edges: tuple[str, ...]


def parts(graph: LayerGraph) -> tuple[Part, ...]:
    """Everything that can be found, in order of execution, groups before what they hold."""
    inside: dict[str, list[Operation]] = defaultdict(list)
    for operation in graph.operations:
        for path in ancestry(operation.path)[1:]:
            inside[path].append(operation)
    found: list[Part] = []
    for scope in graph.scopes:
        held = inside.get(scope.path, [])
        if held:
            found.append(_module(graph, scope, held))
    # A module of one operation, however often it is called, is that operation.
    alone = {path for path, held in inside.items() if len(held) == 1 + max(o.call for o in held)}
    found += [_operation(graph, operation) for operation in graph.operations if operation.path not in alone]
    return tuple(sorted(found, key=lambda part: (part.operations[0], -len(part.operations))))


def find(parts: tuple[Part, ...], terms: tuple[Term, ...]) -> tuple[Part, ...]:
    """The parts for which every term holds; none for no terms."""
    return tuple(part for part in parts if terms and all(_holds(part, term) for term in terms))


def locate(found: tuple[Part, ...], view: View) -> tuple[Hit, ...]:
    """Where a view has the parts that were found."""
    home = {operation: node.id for node in view.nodes for operation in node.operations}
    carried: dict[int, list[str]] = defaultdict(list)
    for edge in view.edges:
        for operation in edge.operations:
            carried[operation].append(edge.id)
    hits = []
    for part in found:
        exact = part.node in view.items
        holders = dict.fromkeys(home[operation] for operation in part.operations if operation in home)
        shown = part.node if exact else next(iter(holders), None)
        edges = () if shown else tuple(dict.fromkeys(e for o in part.operations for e in carried[o]))
        hits.append(Hit(part.node, part.path, part.label, shown, bool(shown) and not exact, edges))
    return tuple(hits)


def opening(graph: LayerGraph, style: Style, hit: Hit) -> frozenset[str]:
    """What has to be open for a hit to be in sight, as far as the style can show it."""
    needed = around(graph, style, hit.path)
    return needed if hit.node == hit.path else needed | ({hit.path} & openable(graph, style))


def _holds(part: Part, term: Term) -> bool:
    match term:
        case Word(text):
            if "." in text:
                return text in part.path.lower()
            wanted = {text, ALIASES.get(text, text)}
            return any(word in name for name in part.names for word in wanted)
        case Size(sizes):
            kernel = tuple(map(float, sizes)) == part.numbers.get(Field.KERNEL)
            return kernel or any(shape[-len(sizes) :] == sizes for shape in part.sizes)
        case Comparison(field=field):
            return term.holds(part.numbers.get(field, ()))


def _module(graph: LayerGraph, scope: Scope, held: list[Operation]) -> Part:
    operations = tuple(operation.id for operation in held)
    names = [scope.path.rpartition(".")[2], scope.type]
    if scope.role is not None:
        names += [scope.role.value, ROLE_STYLES[scope.role].label]
    numbers = _numbers(graph, held, scope.parameters)
    kinds = {operation.kind for operation in held}
    # One convolution, called once or often: its settings are the module's.
    if len(kinds) == 1 and all(operation.path == scope.path for operation in held):
        names += kinds
        numbers |= dict(_settings(held[0]))
    if scope.stage is not None:
        numbers[Field.STAGE] = (float(scope.stage),)
    return _part(graph, scope.path, scope.path, operations, names, numbers)


def _operation(graph: LayerGraph, operation: Operation) -> Part:
    numbers = _numbers(graph, [operation], operation.parameters) | dict(_settings(operation))
    return _part(graph, f"op:{operation.id}", operation.path, (operation.id,), [operation.kind], numbers)


def _part(
    graph: LayerGraph,
    node: str,
    path: str,
    operations: tuple[int, ...],
    names: list[str],
    numbers: dict[Field, tuple[float, ...]],
) -> Part:
    sizes = tuple(dict.fromkeys(graph.tensors[t].shape for t in _leaving(graph, operations)))
    channels = {float(shape[1]) for shape in sizes if len(shape) > 1}
    if len(channels) == 1:
        numbers[Field.CHANNELS] = tuple(channels)
    return Part(node, path, operations, tuple(name.lower() for name in names), sizes, numbers)


def _numbers(graph: LayerGraph, held: list[Operation], parameters: int) -> dict[Field, tuple[float, ...]]:
    inside = {operation.id for operation in held}
    read = {t for operation in held for t in operation.inputs if graph.tensors[t].producer not in inside}
    written = sum(graph.tensors[t].bytes for o in held if writes_memory(o) for t in o.outputs)
    return {
        Field.PARAMETERS: (float(parameters),),
        Field.MACS: (float(sum(operation.macs for operation in held)),),
        Field.MEMORY: (float(written),),
        Field.INPUTS: (float(len(read)),),
    }


def _settings(operation: Operation) -> Iterator[tuple[Field, tuple[float, ...]]]:
    for field in (Field.KERNEL, Field.STRIDE, Field.DILATION, Field.GROUPS):
        value = operation.attributes.get(field.value)
        if isinstance(value, tuple | list):
            yield field, tuple(float(part) for part in value if isinstance(part, int | float))
        elif isinstance(value, int) and not isinstance(value, bool):
            yield field, (float(value),)


def _leaving(graph: LayerGraph, operations: tuple[int, ...]) -> Iterator[int]:
    inside = set(operations)
    for operation in operations:
        for tensor in graph.operations[operation].outputs:
            consumers = graph.tensors[tensor].consumers
            if not consumers or tensor in graph.outputs or not inside.issuperset(consumers):
                yield tensor
