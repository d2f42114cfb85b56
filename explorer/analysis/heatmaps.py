"""Aggregations as the papers draw them: heatmaps with sources down and targets across.

A block of several targets (dense block, OSA module) has a heatmap of its own, as in the DenseNet paper's Fig. 5 and the
VoVNet paper's Fig. 2. Aggregations of one target (roots, nodes, ASPP, sums) stand side by side in one heatmap, a column
each, and a row is the part that a child plays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from explorer.analysis.aggregation import Aggregation, Kind
from explorer.graph.layer_graph import LayerGraph, parent_path
from explorer.roles import Role


class Scale(StrEnum):
    """What shares one scale of [0, 1]; raw values are coloured up to the largest of the figure."""

    FIGURE = "figure"
    BLOCK = "block"
    TARGET = "target"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Mark:
    """A row or a column: a short label, and in words what it is."""

    label: str
    about: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A connection: where it stands, and which source and target of which aggregation (by index) it is."""

    row: int
    column: int
    aggregation: int
    source: int
    target: int
    strength: float


@dataclass(frozen=True, slots=True)
class Heatmap:
    """One figure. ``framed`` are the columns of what reads a whole block; cells that are not listed are no connections.

    ``gathered`` says that each column is an aggregation of its own.
    """

    title: str
    kind: Kind
    rows: tuple[Mark, ...]
    columns: tuple[Mark, ...]
    framed: frozenset[int]
    cells: tuple[Cell, ...]
    gathered: bool = False


TITLES = {
    Kind.HDA: "DLA roots (HDA)",
    Kind.IDA: "DLA-up nodes (IDA)",
    Kind.SUM: "Sums",
    Kind.ASPP: "ASPP fusion",
    Kind.CONCAT: "Other concatenations",
    Kind.DENSE: "Dense blocks",
    Kind.OSA: "OSA modules",
}
LAST_LABELS = {Role.TRANSITION: "T", Role.CLASSIFIER: "C", Role.CONCAT: "A"}
LAST_MEANINGS = {
    "T": "transition",
    "C": "classifier",
    "A": "aggregation over all layers",
    "→": "read outside the block",
}
_SMALL = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def heatmaps(graph: LayerGraph, aggregations: Sequence[Aggregation]) -> list[Heatmap]:
    """All heatmaps of a network, in order of execution; those of single targets after the blocks."""
    found = [_block(i, item) for i, item in enumerate(aggregations) if len(item.targets) > 1]
    for kind in Kind:
        alone = [
            (i, item) for i, item in enumerate(aggregations) if item.kind is kind and len(item.targets) == 1
        ]
        if alone:
            found.append(_gathered(graph, kind, alone))
    return found


def last_targets(item: Aggregation) -> frozenset[int]:
    """Targets that read a block as a whole: a transition, a classifier, OSA's last convolution, or the only one."""
    if len(item.targets) == 1:
        return frozenset({0})
    return frozenset(
        i
        for i, target in enumerate(item.targets)
        if target.role in LAST_LABELS or not target.path.startswith(f"{item.path}.")
    )


def divisors(figures: Sequence[Sequence[Heatmap]], scale: Scale) -> list[list[list[float]]]:
    """What each cell's strength is divided by, for figures that are shown together; never 0.

    Sums show another quantity than concatenations, so each of the two has a largest value of its own.
    """
    largest: dict[tuple[object, ...], float] = {}
    for figure, heatmap, cell in _cells(figures):
        key = _sharing(figure, heatmap, cell, scale)
        largest[key] = max(largest.get(key, 0.0), cell.strength)
    return [
        [[largest[_sharing(i, heatmap, cell, scale)] or 1.0 for cell in heatmap.cells] for heatmap in figure]
        for i, figure in enumerate(figures)
    ]


def _cells(figures: Sequence[Sequence[Heatmap]]) -> Iterator[tuple[int, Heatmap, Cell]]:
    for i, figure in enumerate(figures):
        for heatmap in figure:
            for cell in heatmap.cells:
                yield i, heatmap, cell


def _sharing(figure: int, heatmap: Heatmap, cell: Cell, scale: Scale) -> tuple[object, ...]:
    match scale:
        case Scale.BLOCK:
            return figure, cell.aggregation
        case Scale.TARGET:
            return figure, cell.aggregation, cell.target
        case _:
            return (heatmap.kind is Kind.SUM,)


def _block(index: int, item: Aggregation) -> Heatmap:
    last = last_targets(item)
    columns, layers = [], 0
    for i, target in enumerate(item.targets):
        if i in last:
            label = LAST_LABELS.get(target.role, "→") if target.role else "→"
            columns.append(Mark(label, f"{target.path}, {LAST_MEANINGS[label]}"))
        else:
            layers += 1
            columns.append(Mark(str(layers), target.path))
    rows = [
        Mark(str(i), f"{source.path}, {source.channels} channels{', the block’s input' if i == 0 else ''}")
        for i, source in enumerate(item.sources)
    ]
    cells = [
        Cell(row, column, index, row, column, float(item.strength[row, column]))
        for row in range(len(item.sources))
        for column in range(len(item.targets))
        if item.connected[row, column]
    ]
    return Heatmap(item.path, item.kind, tuple(rows), tuple(columns), last, tuple(cells))


def _gathered(graph: LayerGraph, kind: Kind, items: Sequence[tuple[int, Aggregation]]) -> Heatmap:
    named = [_children(graph, item) for _, item in items]
    rows = sorted({row for names in named for row in names})
    prefix = _common([item.path for _, item in items])
    columns = tuple(
        Mark(item.path[len(prefix) :].removesuffix(".root") or item.path, item.path) for _, item in items
    )
    cells = [
        Cell(rows.index(row), column, index, source, 0, float(item.strength[source, 0]))
        for column, ((index, item), names) in enumerate(zip(items, named, strict=True))
        for source, row in enumerate(names)
        if item.connected[source, 0]
    ]
    marks = tuple(Mark(label, about) for _, label, about in rows)
    return Heatmap(TITLES[kind], kind, marks, columns, frozenset(), tuple(cells), gathered=True)


Row = tuple[int, str, str]


def _children(graph: LayerGraph, item: Aggregation) -> list[Row]:
    """What each source is to its aggregation: the row's place, label and meaning."""
    if item.kind is Kind.HDA:
        return list(_children_of_root(graph, item))
    found: list[Row] = []
    for i, source in enumerate(item.sources):
        branch = next(
            (part for part in _upwards(source.path) if graph.scope(part).role is not None), source.path
        )
        match item.kind, graph.scope(branch).role:
            case Kind.IDA | Kind.SUM, Role.PROJECTION:
                found.append((1, "projected", "the coarser feature, projected and resized"))
            case Kind.ASPP | Kind.SUM, Role.ASPP_BRANCH | Role.POOL:
                name = source.path.rpartition(".")[2]
                found.append((2 + i, name, f"the branch {name}"))
            case Kind.IDA | Kind.SUM, _:
                found.append((0, "running", "the finer feature, or the node before"))
            case _:
                found.append((i, f"{i + 1}", f"part {i + 1} of the concatenation"))
    return found


def _children_of_root(graph: LayerGraph, item: Aggregation) -> Iterator[Row]:
    """The published order of a root's children: x₂, x₁, the pooled input with ``level_root``, x₁ of trees around."""
    trees = [path for path in _upwards(item.path) if graph.scope(path).role is Role.TREE]
    stage, outer = (trees[-1] if trees else item.path), 0
    for i, source in enumerate(item.sources):
        if i < 2:
            name = f"x{2 - i}".translate(_SMALL)
            yield i, name, f"{name}, the {'second' if i == 0 else 'first'} block or subtree"
        elif not source.path.startswith(f"{stage}."):
            yield 2, "bottom", "bottom, the stage’s pooled input"
        else:
            outer += 1
            name = "outer x₁" if outer == 1 else f"outer x₁ ({outer})"
            yield 2 + outer, name, "x₁ of a tree around this one"


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = parent_path(path)


def _common(paths: Sequence[str]) -> str:
    """The modules that all paths begin with, and the dot behind."""
    parts = [path.split(".")[:-1] for path in paths]
    shared = 0
    while all(len(part) > shared and part[shared] == parts[0][shared] for part in parts):
        shared += 1
    return "".join(f"{part}." for part in parts[0][:shared])
