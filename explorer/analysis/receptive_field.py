"""The theoretical receptive field of every tensor of a network: which input pixels its cells can depend on.

Computed from the LayerGraph alone, through every skip, by carrying intervals of input pixels along each axis from
operation to operation. Definitions and the recurrence for chains: Araujo, Norris, Sim, *Computing Receptive Fields of
Convolutional Neural Networks*, Distill 2019, doi 10.23915/distill.00021, sections "Single-path networks" and
"Arbitrary computation graphs". Theirs is a formula for paths that agree in stride; intervals need no such agreement.

Three intervals are carried for each cell:

- what it depends on in truth: maps end at their borders, and what lies beyond is padding that no pixel decides;
- the largest, as if maps went on without borders, and without paths through operations that read a whole map (global
  pooling, and the channel attention made of it) wherever there are others: this is the size that papers state;
- the smallest, along the one path that sees least.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from explorer.analysis.reads import NOWHERE, Everywhere, Reading, Reads, Same, map_size, reads_of
from explorer.graph.layer_graph import LayerGraph

_FAR = 2**40
"""Beyond every pixel: an empty interval goes from here to its negative."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of input pixels: rows ``top`` to before ``bottom``, columns ``left`` to before ``right``."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Rows of pixels, 0 for an empty box."""
        return max(0, self.bottom - self.top)

    @property
    def width(self) -> int:
        """Columns of pixels, 0 for an empty box."""
        return max(0, self.right - self.left)

    def within(self, height: int, width: int) -> Box:
        """The part that lies on an image."""
        return Box(max(0, self.top), max(0, self.left), min(height, self.bottom), min(width, self.right))


@dataclass(frozen=True, slots=True)
class Spans:
    """For each cell along one axis the first and the last input pixel; where first > last there is none."""

    first: np.ndarray
    last: np.ndarray

    @property
    def largest(self) -> int:
        """Pixels of the widest span."""
        return max(0, int((self.last - self.first).max()) + 1)


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """What the cells of one tensor depend on; every pair is (rows, columns), in pixels of the input.

    ``size`` is the largest cell's, border-free, over all paths that do not read a whole map where there are such;
    ``smallest`` is that of the path which sees least. ``stride`` is how far the field moves from cell to cell.
    ``whole`` says that some path reads a whole map, ``learned`` that a deformable convolution moves what is read (its
    regular positions are then a lower bound), ``known`` is False behind a function that no rule describes, which is
    taken to read everything. ``true_spans`` are exact up to the borders, though too wide where padding alone reaches a
    cell along one of several paths; ``free_spans`` are those of ``size`` and may leave the image.
    """

    size: tuple[int, int]
    smallest: tuple[int, int]
    stride: tuple[Fraction, Fraction]
    whole: bool
    learned: bool
    known: bool
    true_spans: tuple[Spans, Spans]
    free_spans: tuple[Spans, Spans]

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of the map; (1, 1) for what is no map."""
        return len(self.true_spans[0].first), len(self.true_spans[1].first)

    def box(self, row: int, column: int) -> Box:
        """The pixels that the cell depends on: nothing outside has any influence."""
        return _box(self.true_spans, row, column)

    def free_box(self, row: int, column: int) -> Box:
        """The box of ``size``; where ``whole``, of the paths that do not read a whole map. May leave the image."""
        return _box(self.free_spans, row, column)

    def centre(self, row: int, column: int) -> tuple[float, float]:
        """(y, x) of the middle of ``free_box``; a pixel's own centre lies at half."""
        box = self.free_box(row, column)
        return (box.top + box.bottom) / 2, (box.left + box.right) / 2


def receptive_fields(graph: LayerGraph) -> Mapping[int, ReceptiveField]:
    """The receptive field of every tensor with respect to the network's first input, by the tensor's id."""
    reads: list[Reads | None] = [
        None if tensor.producer is None else reads_of(graph, graph.operations[tensor.producer], tensor.id)
        for tensor in graph.tensors
    ]
    rows = _axis(graph, reads, 0)
    columns = rows if _is_square(graph, reads) else _axis(graph, reads, 1)
    learned, known = _inherited(reads)
    return {
        tensor: ReceptiveField(
            size=(down.free.largest, across.free.largest),
            smallest=(down.smallest, across.smallest),
            stride=(down.stride, across.stride),
            whole=down.whole or across.whole,
            learned=learned[tensor],
            known=known[tensor],
            true_spans=(down.true, across.true),
            free_spans=(down.free, across.free),
        )
        for tensor, (down, across) in enumerate(zip(rows, columns, strict=True))
    }


def _box(spans: tuple[Spans, Spans], row: int, column: int) -> Box:
    rows, columns = spans
    return Box(
        int(rows.first[row]),
        int(columns.first[column]),
        int(rows.last[row]) + 1,
        int(columns.last[column]) + 1,
    )


def _is_square(graph: LayerGraph, reads: Sequence[Reads | None]) -> bool:
    """Whether columns do exactly what rows do."""
    sizes = (map_size(tensor.shape) for tensor in graph.tensors)
    return all(height == width for height, width in sizes) and all(
        operand.rows == operand.columns for read in reads if read for operand in read.operands
    )


def _inherited(reads: Sequence[Reads | None]) -> tuple[list[bool], list[bool]]:
    """Per tensor, whether positions behind it are learned, and whether every function behind it is known."""
    learned: list[bool] = []
    known: list[bool] = []
    for read in reads:
        operands = [] if read is None else [operand.tensor for operand in read.operands]
        learned.append((read is not None and read.learned) or any(learned[tensor] for tensor in operands))
        known.append((read is None or read.known) and all(known[tensor] for tensor in operands))
    return learned, known


@dataclass(frozen=True, slots=True)
class _Line:
    """A tensor along one axis: what ReceptiveField has, for the cells that exist."""

    true: Spans
    free: Spans
    smallest: int
    stride: Fraction
    whole: bool


@dataclass(frozen=True, slots=True)
class _Track:
    """Spans of the cells from ``start`` on, some of which may lie before or behind the map."""

    start: int
    spans: Spans

    def at(self, cells: np.ndarray) -> Spans:
        """Around everything that ``cells`` (taps, n) cover; cells that the track does not have add nothing."""
        place = cells - self.start
        count = len(self.spans.first)
        inside = (place >= 0) & (place < count)
        if not inside.all():
            place = np.where(inside, place, 0)
            first = np.where(inside, self.spans.first[place], _FAR)
            last = np.where(inside, self.spans.last[place], -_FAR)
        else:
            first, last = self.spans.first[place], self.spans.last[place]
        return Spans(first.min(0), last.max(0))

    def part(self, low: int, high: int) -> Spans:
        """Spans of the cells ``low`` to ``high``."""
        if low == self.start and high - low + 1 == len(self.spans.first):
            return self.spans
        return Spans(
            self.spans.first[low - self.start : high - self.start + 1],
            self.spans.last[low - self.start : high - self.start + 1],
        )


@dataclass(frozen=True, slots=True)
class _State:
    """Everything carried for one tensor along one axis; ``local`` says that some path reads no whole map."""

    true: _Track
    free: _Track
    least: _Track
    stride: Fraction
    whole: bool
    local: bool


def _axis(graph: LayerGraph, reads: Sequence[Reads | None], axis: int) -> list[_Line]:
    """Every tensor along one axis."""
    lengths = [map_size(tensor.shape)[axis] for tensor in graph.tensors]
    needed = _needed(reads, lengths, axis)
    states: list[_State] = []
    for tensor, read in enumerate(reads):
        low, high = needed[tensor]
        if read is None:
            states.append(_source(tensor == graph.inputs[0], lengths[tensor], low, high))
        else:
            operands = [
                (states[operand.tensor], lengths[operand.tensor], (operand.rows, operand.columns)[axis])
                for operand in read.operands
            ]
            states.append(_step(operands, lengths[tensor], low, high))
    return [_line(state, length) for state, length in zip(states, lengths, strict=True)]


def _needed(reads: Sequence[Reads | None], lengths: Sequence[int], axis: int) -> list[tuple[int, int]]:
    """For each tensor the first and last cell that later ones ask for, were there no borders."""
    needed = [(0, length - 1) for length in lengths]
    for tensor in reversed(range(len(reads))):
        read = reads[tensor]
        for operand in () if read is None else read.operands:
            reading = (operand.rows, operand.columns)[axis]
            low, high = needed[tensor]
            if not isinstance(reading, Same):
                cells = reading.cells(np.arange(low, high + 1))
                cells = cells[cells != NOWHERE]
                if not cells.size:
                    continue
                low, high = int(cells.min()), int(cells.max())
            before = needed[operand.tensor]
            needed[operand.tensor] = min(low, before[0]), max(high, before[1])
    return needed


def _source(is_input: bool, length: int, low: int, high: int) -> _State:
    """The input, where each cell is its own pixel; any other tensor from nowhere depends on no pixel."""
    cells = np.arange(low, high + 1)
    if is_input:
        free = _Track(low, Spans(cells, cells))
        return _State(_Track(0, free.part(0, length - 1)), free, free, Fraction(1), whole=False, local=True)
    nothing = _Track(low, Spans(np.full(len(cells), _FAR), np.full(len(cells), -_FAR)))
    return _State(nothing, nothing, nothing, Fraction(1), whole=False, local=True)


def _step(operands: Sequence[tuple[_State, int, Reading]], length: int, low: int, high: int) -> _State:
    """An operation's result from what it reads."""
    if not operands:
        return _source(False, length, low, high)
    if len(operands) == 1 and isinstance(operands[0][2], Same):
        return operands[0][0]
    cells, real = np.arange(low, high + 1), np.arange(length)
    wholes = [
        isinstance(reading, Everywhere) and (reading.count > 1 or length > 1) for _, _, reading in operands
    ]
    local = [
        state.local and not everywhere for (state, _, _), everywhere in zip(operands, wholes, strict=True)
    ]
    chosen = [
        operand for operand, is_local in zip(operands, local, strict=True) if is_local or not any(local)
    ]
    true = _union([_read(state.true, count, reading, real) for state, count, reading in operands])
    free = _union([_read(state.free, count, reading, cells) for state, count, reading in chosen])
    least = min(
        (_read(state.least, count, reading, cells) for state, count, reading in operands),
        key=lambda spans: Spans(spans.first[-low : length - low], spans.last[-low : length - low]).largest,
    )
    return _State(
        _Track(0, true),
        _Track(low, free),
        _Track(low, least),
        # Interpolation may leave branches a fraction of a cell apart: the simplest stride names them all.
        min((state.stride * reading.scale for state, _, reading in chosen), key=lambda stride: stride.denominator),
        whole=any(wholes) or any(state.whole for state, _, _ in operands),
        local=any(local),
    )  # fmt: skip


def _read(track: _Track, count: int, reading: Reading, cells: np.ndarray) -> Spans:
    """What ``cells`` of a result read of an operand of ``count`` cells."""
    if isinstance(reading, Everywhere):
        real = track.part(0, count - 1)
        return Spans(np.full(len(cells), real.first.min()), np.full(len(cells), real.last.max()))
    if isinstance(reading, Same):
        return track.part(int(cells[0]), int(cells[-1]))
    return track.at(reading.cells(cells))


def _union(spans: Sequence[Spans]) -> Spans:
    if len(spans) == 1:
        return spans[0]
    return Spans(
        np.minimum.reduce([span.first for span in spans]), np.maximum.reduce([span.last for span in spans])
    )


def _line(state: _State, length: int) -> _Line:
    return _Line(
        true=state.true.spans,
        free=state.free.part(0, length - 1),
        smallest=state.least.part(0, length - 1).largest,
        stride=state.stride,
        whole=state.whole,
    )
