"""ImageNet accuracy against cost, for every network of the catalog of which both are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, hypot, inf, log10, pi, sin

import streamlit as st

from explorer.ui import numbers, theme
from explorer.ui.catalog import Entry, Family, Measure

_HEIGHT = 400
_X_RANGE, _Y_RANGE = (-0.42, 1.22), (63.0, 81.0)
_PLOT = (500.0, 320.0)
"""Pixels that the marks spread over, at least on a desk."""
_STRETCHES = (1.0, 1.3, 1.8)
"""How much wider it may be: labels keep clear of each other at all of these."""

Point = tuple[float, float]

_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")
_FONT, _LETTER, _LINE = 11, 6.1, 13.0
_HOVER = "<b>%{text}</b><br>%{y:.1f} % top-1<br>%{x:.2f} GMACs<br>%{customdata[0]} parameters<extra></extra>"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, by its centre; y grows downwards."""

    x: float
    y: float
    width: float
    height: float

    def overlap(self, other: "Box") -> float:
        """The area that two rectangles share."""
        wide = (self.width + other.width) / 2 - abs(self.x - other.x)
        high = (self.height + other.height) / 2 - abs(self.y - other.y)
        return max(wide, 0.0) * max(high, 0.0)


def accuracy(entries: Sequence[Entry]) -> None:
    """A mark per network, its area in proportion to parameters, its colour and shape by family."""
    import plotly.graph_objects as go

    scored = [entry for entry in entries if entry.score and entry.score.measure is Measure.TOP1]
    figure = go.Figure()
    families = [family for family in Family if any(entry.family is family for entry in scored)]
    for family, colour, symbol in zip(families, theme.SERIES, _SYMBOLS, strict=False):
        group = [entry for entry in scored if entry.family is family]
        figure.add_scatter(
            x=[entry.macs / 1e9 for entry in group],
            y=[entry.score.value for entry in group if entry.score],
            text=[entry.name for entry in group],
            customdata=[[numbers.count(entry.parameters)] for entry in group],
            name=family.value,
            mode="markers",
            marker={
                "size": [_size(entry) for entry in group],
                "symbol": symbol,
                "color": colour,
                "opacity": 0.9,
                "line": {"width": 1, "color": theme.RULE},
            },
            hovertemplate=_HOVER,
        )
    for entry, (x, y) in zip(scored, _offsets(tuple(entry.name for entry in scored), scored), strict=True):
        figure.add_annotation(
            x=log10(entry.macs / 1e9),
            y=entry.score.value if entry.score else None,
            ax=x,
            ay=y,
            text=entry.name,
            font={"size": _FONT},
            arrowhead=0,
            arrowwidth=0.8,
            arrowcolor=theme.RULE,
            standoff=_size(entry) / 2 + 1,
            borderpad=0,
        )
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        xaxis={
            "type": "log",
            "title": "GMACs at 224×224",
            "tickvals": [0.5, 1, 2, 5, 10],
            "range": _X_RANGE,
        },
        yaxis={"title": "ImageNet top-1, %", "range": _Y_RANGE},
        legend={"x": 0.98, "y": 0.04, "xanchor": "right", "yanchor": "bottom", "itemsizing": "constant"},
    )
    st.plotly_chart(
        figure,
        width="stretch",
        config={"displayModeBar": False},
        key="catalog-accuracy",
        alt=f"ImageNet top-1 accuracy against multiply-accumulates for {len(scored)} classification networks",
    )
    sources = dict.fromkeys(entry.score.source for entry in scored if entry.score)
    links = " · ".join(f"[{source.title}]({source.url})" for source in sources)
    st.caption(f"Accuracy: {links}; cost as traced here.")


@st.cache_data(max_entries=4, show_spinner=False)
def _offsets(names: tuple[str, ...], _entries: Sequence[Entry]) -> list[Point]:
    """``label_offsets``, kept: the page runs at every keystroke, and the named entries never change."""
    return label_offsets(_entries)


def label_offsets(entries: Sequence[Entry]) -> list[Point]:
    """Where each label's centre stands from its mark, in pixels: the nearest place that is least in the way.

    Greedy, the most crowded marks first. A label avoids all marks, the labels placed before it with their lines, and
    the plot's edges, at each of the widths that the plot may have.
    """
    marks = [place(entry) for entry in entries]
    crowd = [sum(hypot(x - u, y - v) < 90 for u, v in marks) for x, y in marks]
    offsets: dict[int, Point] = {}
    for index in sorted(range(len(entries)), key=lambda i: -crowd[i]):
        width = len(entries[index].name) * _LETTER + 4

        least, best = inf, (0.0, 0.0)
        for offset in _around(width, _size(entries[index])):
            lost = sum(_lost(entries, offsets, index, offset, width, stretch) for stretch in _STRETCHES)
            if lost < least:
                least, best = lost, offset
            if not lost:
                break
        offsets[index] = best
    return [offsets[index] for index in range(len(entries))]


def _lost(
    entries: Sequence[Entry],
    offsets: Mapping[int, Point],
    index: int,
    offset: Point,
    width: float,
    stretch: float,
) -> float:
    """The area, in pixels, that a label at an offset would take from what is there, in a plot so much wider."""
    marks = [(x * stretch, y) for x, y in map(place, entries)]
    mark = marks[index]
    label = Box(mark[0] + offset[0], mark[1] + offset[1], width, _LINE)
    labels, lines = [], []
    for other, (x, y) in offsets.items():
        at = marks[other]
        labels.append(Box(at[0] + x, at[1] + y, len(entries[other].name) * _LETTER + 4, _LINE))
        lines += _line(at, labels[-1])
    squares = [Box(x, y, _size(e) + 2, _size(e) + 2) for e, (x, y) in zip(entries, marks, strict=True)]
    right = label.x + width / 2 - _PLOT[0] * stretch
    outside = max(0.0, width / 2 - label.x, right) + max(0.0, _LINE - label.y, label.y + _LINE - _PLOT[1])
    return (
        sum(label.overlap(box) for box in (*squares, *labels, *lines))
        + sum(point.overlap(box) for point in _line(mark, label) for box in labels)
        + outside * _LINE
    )


def _line(start: Point, label: Box) -> list[Box]:
    """Points of the line from a mark to its label, as far as the label does not hide it."""
    across, down = label.x - start[0], label.y - start[1]
    return [
        Box(start[0] + across * t, start[1] + down * t, 3, 3)
        for t in (step / 12 for step in range(1, 12))
        if abs(down) * (1 - t) > label.height / 2 or abs(across) * (1 - t) > label.width / 2
    ]


def _around(width: float, mark: float) -> list[Point]:
    """Offsets of a label from its mark: sixteen directions, and ever farther out, the nearest first."""
    found = [
        (
            cos(turn * pi / 8) * (mark / 2 + 4 + gap + width / 2),
            sin(turn * pi / 8) * (mark / 2 + 4 + gap + _LINE / 2),
        )
        for gap in range(0, 70, 5)
        for turn in range(16)
    ]
    return sorted(found, key=lambda offset: hypot(offset[0] / 2, offset[1]))


def place(entry: Entry) -> Point:
    """A mark's place in the plot, in pixels from its upper left corner."""
    value = entry.score.value if entry.score else _Y_RANGE[0]
    across = (log10(entry.macs / 1e9) - _X_RANGE[0]) / (_X_RANGE[1] - _X_RANGE[0])
    down = (_Y_RANGE[1] - value) / (_Y_RANGE[1] - _Y_RANGE[0])
    return across * _PLOT[0], down * _PLOT[1]


def _size(entry: Entry) -> float:
    return 7 + 2.4 * (entry.parameters / 1e6) ** 0.5
