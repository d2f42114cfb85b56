"""Which parts of two networks correspond: ``align(here, there)`` pairs the nodes and frames of two views.

Within a section (``sections``: a stage, the decoder, the head), modules that have the same path and role in both
correspond first; between those, the two sequences are aligned by role and structure so that the sum of what is alike is
the largest (Needleman and Wunsch, 1970, without a price for gaps: a weighted longest common subsequence). Every item of
both views is in exactly one pair.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TypeVar

from explorer.graph.layer_graph import LayerGraph, Operation
from explorer.graph.sections import Part, Section, sections
from explorer.graph.view_model import NodeKind, View, ViewFrame, ViewNode
from explorer.graph.view_plan import ancestry
from explorer.roles import Role

Item = ViewNode | ViewFrame
T = TypeVar("T")

KIN, SAME_ROLE, SAME_STRUCTURE, SAME_DEPTH = 4, 6, 8, 1
"""What it is worth to pair two items: related roles, the same role, the same structure as well; and one depth."""

MOST_CELLS = 2_000_000
"""Pairs that are weighed between two shared modules; beyond, items of a role are paired in order."""

_FAMILIES = (
    frozenset({Role.BLOCK, Role.LAYER, Role.DENSE_LAYER}),
    frozenset({Role.ROOT, Role.NODE, Role.CONCAT}),
    frozenset({Role.STAGE, Role.TREE, Role.OSA, Role.DENSE_BLOCK}),
    frozenset({Role.TRANSITION, Role.DOWNSAMPLE}),
    frozenset({Role.DECODER, Role.IDA, Role.ASPP}),
    frozenset({Role.HEAD, Role.CLASSIFIER}),
)
_FAMILY = {role: number for number, family in enumerate(_FAMILIES) for role in family}
_GROUPS = _FAMILY[Role.STAGE]
_SETTINGS = ("kernel", "stride", "padding", "dilation")


class Aspect(StrEnum):
    """What two corresponding items can differ in."""

    SHAPE = "shape"
    PARAMETERS = "parameters"
    MACS = "MACs"
    SETTINGS = "settings"


class Status(StrEnum):
    """What became of an item."""

    EQUAL = "equal"
    DIFFERENT = "different"
    HERE = "here"
    THERE = "there"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two items that correspond, by id; or one that has no counterpart, and None. ``aspects`` is what differs."""

    here: str | None
    there: str | None
    section: Section
    aspects: tuple[Aspect, ...] = ()

    @property
    def status(self) -> Status:
        """Whether the two are equal, or where the one is."""
        if self.there is None:
            return Status.HERE
        if self.here is None:
            return Status.THERE
        return Status.DIFFERENT if self.aspects else Status.EQUAL


@dataclass(frozen=True)
class Alignment:
    """All pairs, by section and then in order of execution."""

    pairs: tuple[Pair, ...]

    @cached_property
    def of_here(self) -> Mapping[str, Pair]:
        """The pair of every item of the first view."""
        return {pair.here: pair for pair in self.pairs if pair.here is not None}

    @cached_property
    def of_there(self) -> Mapping[str, Pair]:
        """The pair of every item of the second view."""
        return {pair.there: pair for pair in self.pairs if pair.there is not None}


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as the alignment sees it.

    ``path`` names it in both networks if anything does: without the backbone's own path, so that a network and the same
    one under a decoder share theirs. ``structure`` is what it computes, channels apart; ``shapes`` those of its last
    operation's results, without the batch: which others leave it is a matter of what reads them.
    """

    item: Item
    section: Section
    path: str
    what: Role | str
    depth: int
    structure: int
    shapes: frozenset[tuple[int, ...]]

    @property
    def holds(self) -> bool:
        """Whether there is something inside to see."""
        return isinstance(self.item, ViewFrame) or self.item.openable

    @property
    def facts(self) -> dict[Aspect, object]:
        """What is compared of two items that correspond."""
        item = self.item
        return {
            Aspect.SHAPE: self.shapes,
            Aspect.PARAMETERS: item.parameters,
            Aspect.MACS: item.macs,
            Aspect.SETTINGS: self.structure,
        }


def align(here: tuple[LayerGraph, View], there: tuple[LayerGraph, View]) -> Alignment:
    """The items of two views, paired. Neither the order of the two nor what is open changes the rules."""
    ours, theirs = entries(*here), entries(*there)
    found = sorted({entry.section for entry in (*ours, *theirs)}, key=lambda section: section.order)
    pairs: list[Pair] = []
    for section in found:
        left = [entry for entry in ours if entry.section == section]
        right = [entry for entry in theirs if entry.section == section]
        pairs += [_pair(section, *matched) for matched in _matched(left, right)]
    return Alignment(tuple(pairs))


def entries(graph: LayerGraph, view: View) -> list[Entry]:
    """The items of a view in order of execution, frames before what they hold."""
    section = sections(graph)
    backbones = [scope.path for scope in graph.scopes if scope.role is Role.BACKBONE]
    codes = [_code(operation) for operation in graph.operations]
    depths: dict[str | None, int] = {None: 0}
    for frame in view.frames:
        depths[frame.id] = depths[frame.frame] + (frame.role is not Role.BACKBONE)
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for item in sorted(view.everything, key=lambda item: _place(item, depths)):
        what: Role | str = item.role or item.type
        home = Section(Part.ENDS)
        path = _shared(item.path, backbones)
        if isinstance(item, ViewNode) and item.kind in (NodeKind.INPUT, NodeKind.OUTPUT):
            what, path = item.kind.value, item.id
        else:
            home = section(item.path)
            if isinstance(item, ViewNode) and item.kind is NodeKind.OPERATION:
                what = item.label
                path = f"{path}:{what}"
            elif item.members:
                path += "~"
            path += item.id.partition("#")[1] + item.id.partition("#")[2]
        # A module's operations have no names but their order.
        number = seen[home.title, path]
        seen[home.title, path] += 1
        structure = hash(tuple(codes[number] for number in item.operations))
        ends = [tensor for last in item.operations[-1:] for tensor in graph.operations[last].outputs]
        shapes = [graph.tensors[tensor].shape for tensor in ends] or [*item.inputs, *item.outputs]
        yielded = frozenset(shape[1:] for shape in shapes)
        found.append(
            Entry(
                item,
                home,
                f"{path}@{number}" if number else path,
                what,
                depths[item.frame],
                structure,
                yielded,
            )
        )
    return found


def _place(item: Item, depths: Mapping[str | None, int]) -> tuple[float, int, bool]:
    if isinstance(item, ViewNode) and not item.operations:
        return (-1.0 if item.kind is NodeKind.INPUT else float("inf")), 0, False
    return float(item.operations[0]), depths[item.frame], isinstance(item, ViewNode)


def _shared(path: str, backbones: Sequence[str]) -> str:
    """A path without that of the backbone around it."""
    for above in ancestry(path):
        if above in backbones and above:
            return path.removeprefix(above).lstrip(".")
    return path


def _code(operation: Operation) -> tuple[object, ...]:
    """What an operation is, however many channels it has."""
    attributes = operation.attributes
    groups = attributes.get("groups", 1)
    depthwise = groups != 1 and groups == attributes.get("in_channels")
    settings = tuple(str(attributes.get(name)) for name in _SETTINGS)
    return operation.kind, settings, "depthwise" if depthwise else groups


Matched = tuple[Entry | None, Entry | None]


def _pair(section: Section, here: Entry | None, there: Entry | None) -> Pair:
    aspects: tuple[Aspect, ...] = ()
    if here and there:
        ours, theirs = here.facts, there.facts
        aspects = tuple(aspect for aspect in Aspect if ours[aspect] != theirs[aspect])
    return Pair(here.item.id if here else None, there.item.id if there else None, section, aspects)


def _matched(left: Sequence[Entry], right: Sequence[Entry]) -> Iterator[Matched]:
    """Both sequences, paired: first by path, then what lies between."""
    i = j = 0
    for a, b in [*_anchors(left, right), (len(left), len(right))]:
        yield from _between(left[i:a], right[j:b])
        if a < len(left):
            yield left[a], right[b]
        i, j = a + 1, b + 1


def _anchors(left: Sequence[Entry], right: Sequence[Entry]) -> list[tuple[int, int]]:
    """Positions of what has the same path and role in both: as many as can be in the same order."""
    positions = {(entry.path, entry.what): number for number, entry in enumerate(right)}
    shared = [
        (number, positions[entry.path, entry.what])
        for number, entry in enumerate(left)
        if (entry.path, entry.what) in positions
    ]
    return [shared[index] for index in increasing([b for _, b in shared])]


def increasing(numbers: Sequence[int]) -> list[int]:
    """Indices of a longest strictly increasing subsequence (patience sorting)."""
    tops: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        pile = bisect_left(tops, number)
        before.append(piles[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [number]
        piles[pile : pile + 1] = [index]
    found: list[int] = []
    at = piles[-1] if piles else -1
    while at >= 0:
        found.append(at)
        at = before[at]
    return found[::-1]


def _between(left: Sequence[Entry], right: Sequence[Entry]) -> Iterator[Matched]:
    if len(left) * len(right) > MOST_CELLS:
        taken = list(_in_order(left, right))
    else:
        taken = best(left, right, likeness)
    i = j = 0
    for a, b in [*taken, (len(left), len(right))]:
        for entry in left[i:a]:
            yield entry, None
        for entry in right[j:b]:
            yield None, entry
        if a < len(left):
            yield left[a], right[b]
        i, j = a + 1, b + 1


def best(left: Sequence[T], right: Sequence[T], worth: Callable[[T, T], int]) -> list[tuple[int, int]]:
    """Pairs of positions, increasing in both, whose sum of ``worth`` is the largest; early ones where several are."""
    table = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    worths = [[worth(a, b) for b in right] for a in left]
    for i in reversed(range(len(left))):
        row, below, own = table[i], table[i + 1], worths[i]
        for j in reversed(range(len(right))):
            most = below[j] if below[j] > row[j + 1] else row[j + 1]
            if own[j] and below[j + 1] + own[j] > most:
                most = below[j + 1] + own[j]
            row[j] = most
    found = []
    i = j = 0
    while i < len(left) and j < len(right):
        if worths[i][j] and table[i][j] == table[i + 1][j + 1] + worths[i][j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif table[i][j] == table[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def likeness(here: Entry, there: Entry) -> int:
    """What it is worth to pair two items; 0 for those that may not be."""
    learned = {bool(entry.item.parameters) for entry in (here, there)}
    if here.section.part is Part.HEAD and len(learned) > 1:
        return 0  # a softmax is no predictor
    if here.what == there.what:
        worth = SAME_STRUCTURE if here.structure == there.structure else SAME_ROLE
    else:
        families = [
            _FAMILY.get(entry.what) if isinstance(entry.what, Role) else None for entry in (here, there)
        ]
        if families[0] is None or families[0] != families[1]:
            return 0
        if families[0] == _GROUPS and here.holds != there.holds:
            return 0
        worth = KIN
    return worth + (SAME_DEPTH if here.depth == there.depth else 0)


def _in_order(left: Sequence[Entry], right: Sequence[Entry]) -> Iterable[tuple[int, int]]:
    """The next of the same role, taken greedily: for sequences too long to weigh."""
    j = 0
    for i, entry in enumerate(left):
        for at in range(j, len(right)):
            if right[at].what == entry.what:
                yield i, at
                j = at + 1
                break
