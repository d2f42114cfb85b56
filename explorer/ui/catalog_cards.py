"""The catalog page's parts: a card per network, the selection, and accuracy against cost."""

import base64
from collections.abc import Sequence
from enum import StrEnum
from html import escape

import streamlit as st

from explorer.roles import ROLE_STYLES, Role, Shape
from explorer.ui import numbers, shell, state, theme
from explorer.ui.catalog import FAMILY_NOTES, Entry, Family, block_of
from explorer.ui.glyph import glyph

_LEGEND = (Role.STEM, Role.BLOCK, Role.ROOT, Role.IDA, Role.HEAD)
_CARD_WIDTH = 290


class Order(StrEnum):
    """What the cards of a family are sorted by."""

    PAPER = "As published"
    PARAMETERS = "Parameters, fewest first"
    MACS = "MACs, fewest first"
    ACCURACY = "Accuracy, best first"


def select(entries: Sequence[Entry], words: str, families: Sequence[str], order: Order) -> list[Entry]:
    """The entries whose name, family or block holds every word, in the given order; no families means all."""
    asked = words.casefold().split()
    found = [
        entry
        for entry in entries
        if (not families or entry.family in families) and all(word in _searched(entry) for word in asked)
    ]
    match order:
        case Order.PARAMETERS:
            return sorted(found, key=lambda entry: entry.parameters)
        case Order.MACS:
            return sorted(found, key=lambda entry: entry.macs)
        case Order.ACCURACY:
            return sorted(found, key=lambda entry: -entry.score.value if entry.score else 0.0)
        case Order.PAPER:
            return found


def legend() -> None:
    """What the marks in the cards' pictures mean."""
    marks = []
    for role in _LEGEND:
        style = ROLE_STYLES[role]
        shape = "round" if style.shape is Shape.ROUND else "square"
        marks.append(f'<span><i class="{shape}" style="background:{style.colour}"></i>{style.label}</span>')
    st.html(f'<div class="legend dim">{"".join(marks)}</div>')


def heading(family: Family, members: Sequence[Entry]) -> None:
    """A family's name, what is common to it, and where it was published."""
    st.subheader(family, anchor=False)
    paper = next((entry.paper for entry in members if entry.paper), None)
    st.caption(FAMILY_NOTES[family] + (f" [{paper.title}]({paper.url})" if paper else ""))


def cards(entries: Sequence[Entry], current: state.Current) -> None:
    """A grid of cards, each with links to the pages about its network."""
    grid = st.grid("auto", min_column_width=_CARD_WIDTH, gap="small")
    for entry in entries:
        about = state.changed(current, model=entry.name)
        with (
            grid.cell(),
            st.container(border=True, gap="xsmall", height="stretch", vertical_alignment="distribute"),
        ):
            st.html(_face(entry))
            with st.container(horizontal=True, gap="xxsmall"):
                for page in ("graph", "layers", "predict"):
                    shell.page_link(page, about)


def accuracy_chart(entries: Sequence[Entry]) -> None:
    """ImageNet accuracy against cost, a mark per classification network, its area in proportion to parameters."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for (kind, name), colour in zip(_KIND_NAMES.items(), theme.SERIES, strict=False):
        group = [
            e for e in entries if e.score and e.score.measure == "Top-1 %" and e.config.backbone.block == kind
        ]
        figure.add_scatter(
            x=[entry.macs / 1e9 for entry in group],
            y=[entry.score.value for entry in group if entry.score],
            text=[entry.name for entry in group],
            customdata=[[numbers.count(entry.parameters)] for entry in group],
            name=name,
            mode="markers+text",
            textposition=[_LABEL_SIDES.get(entry.name, "top center") for entry in group],
            textfont={"size": 11},
            marker={
                "size": [8 + 3 * (entry.parameters / 1e6) ** 0.5 for entry in group],
                "color": colour,
                "opacity": 0.9,
                "line": {"width": 1, "color": theme.RULE},
            },
            hovertemplate=_HOVER,
        )
    figure.update_layout(
        height=340,
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        xaxis={
            "type": "log",
            "title": "GMACs at 224×224",
            "tickvals": [0.5, 1, 2, 5, 10],
            "range": [-0.45, 1.28],
        },
        yaxis={"title": "ImageNet top-1, %", "range": [63, 82]},
        legend={"x": 0.98, "y": 0.04, "xanchor": "right", "yanchor": "bottom", "itemsizing": "constant"},
    )
    st.plotly_chart(
        figure,
        width="stretch",
        config={"displayModeBar": False},
        key="catalog-accuracy",
        alt="ImageNet top-1 accuracy against multiply-accumulates for the ten DLA classification networks",
    )
    source = next(entry.score.source for entry in entries if entry.score)
    st.caption(f"Accuracy: [{source.title}]({source.url}); cost as traced here.")


_HOVER = "<b>%{text}</b><br>%{y:.1f} % top-1<br>%{x:.2f} GMACs<br>%{customdata[0]} parameters<extra></extra>"

_KIND_NAMES = {"basic": "basic block", "bottleneck": "bottleneck", "bottleneck_x": "grouped bottleneck"}

_LABEL_SIDES = {
    "dla34": "bottom center",
    "dla46_c": "middle right",
    "dla46x_c": "middle right",
    "dla60x_c": "middle right",
    "dla60": "bottom center",
    "dla102": "bottom center",
    "dla102x2": "top left",
    "dla169": "bottom center",
}
"""Where labels would meet: on the other side of their marks."""


def _searched(entry: Entry) -> str:
    return f"{entry.name} {entry.family} {block_of(entry.config)} {entry.config.task}".casefold()


def _face(entry: Entry) -> str:
    facts = [
        (
            "Parameters",
            numbers.count(entry.parameters),
            f"{entry.parameters:,} in all, {entry.live_parameters:,} live",
        ),
        (
            "GMACs",
            f"{entry.macs / 1e9:.2f}",
            f"multiply-accumulates at {numbers.size(entry.config.default_input[2:])}",
        ),
    ]
    if entry.score:
        score = entry.score
        note = f"{score.note + '; ' if score.note else ''}{score.source.title}"
        facts.append((score.measure, f"{score.value:.1f}", note))
    cells = "".join(
        f'<div title="{escape(note)}"><b>{escape(label)}</b><span>{escape(value)}</span></div>'
        for label, value, note in facts
    )
    picture = base64.b64encode(glyph(entry.config).encode()).decode()
    return (
        f'<div class="card"><div class="name">{escape(entry.name)}</div>'
        f'<div class="dim">{escape(block_of(entry.config))}</div>'
        f'<img alt="Structure of {escape(entry.name)}" src="data:image/svg+xml;base64,{picture}">'
        f'<div class="facts">{cells}</div></div>'
    )
