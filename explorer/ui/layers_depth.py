"""Resolution, channels and cost along the depth of a network, drawn with Plotly."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from html import escape
from itertools import groupby
from math import ceil, floor, log2, prod, sqrt
from typing import TYPE_CHECKING

import streamlit as st

from explorer.analysis.layers import LayerRow, Sizes
from explorer.analysis.layers_text import shapes_text
from explorer.roles import AGGREGATIONS, ROLE_STYLES, Role
from explorer.ui import numbers, theme
from explorer.ui.layers_table import role_label

if TYPE_CHECKING:
    import plotly.graph_objects as go

_BAND = "rgba(128, 122, 108, 0.09)"
_NARROWEST_LABEL = 0.05
"""The share of the width from which a stage's label fits its band."""

Placed = tuple[int, LayerRow]
"""A row and its place in the order of execution, from 1."""


class Measure(StrEnum):
    """What the bars measure; the value is the label."""

    MACS = "MACs"
    PARAMETERS = "Parameters"
    MEMORY = "Activation memory"

    @property
    def axis(self) -> str:
        """The axis title, with its unit."""
        return {
            Measure.MACS: "Million MACs",
            Measure.PARAMETERS: "Thousand parameters",
            Measure.MEMORY: "Activations, MiB",
        }[self]

    def of(self, row: LayerRow) -> float:
        """A row's cost in the axis's unit."""
        return {
            Measure.MACS: row.macs / 1e6,
            Measure.PARAMETERS: row.parameters / 1e3,
            Measure.MEMORY: row.activation_bytes / 2**20,
        }[self]


def choose_measure() -> Measure:
    """The switch between the costs that the bars can show."""
    label = st.segmented_control(
        "Cost",
        [measure.value for measure in Measure],
        default=Measure.MACS.value,
        required=True,
        key="layers.cost",
        help="MACs are multiply-accumulates of convolutions and linear layers; FLOPs are twice as many.",
    )
    return Measure(label or Measure.MACS)


def show(rows: Sequence[LayerRow], identity: str, measure: Measure) -> None:
    """Draw the picture; ``identity`` names the rows."""
    st.plotly_chart(
        _figure(identity, measure, rows),
        width="stretch",
        key=f"layers.depth.{identity}.{measure.name}",
        config={"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]},
        alt=f"Resolution, channels and {measure.value} of {len(rows)} rows in order of execution",
    )


@st.cache_resource(max_entries=24, show_spinner=False)
def _figure(identity: str, measure: Measure, _rows: Sequence[LayerRow]) -> go.Figure:
    return figure(_rows, measure)


def figure(rows: Sequence[LayerRow], measure: Measure) -> go.Figure:
    """Three panels over the rows that run, in order: side and channels of the largest output, and cost by role."""
    from plotly.subplots import make_subplots

    running = list(enumerate((row for row in rows if row.operations), start=1))
    maps = [(place, row) for place, row in running if len(_map(row)) == 4]
    drawn = make_subplots(
        rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.05, row_heights=[0.27, 0.27, 0.46]
    )
    _levels(drawn, 1, "Side, pixels", maps, [sqrt(_map(row)[2] * _map(row)[3]) for _, row in maps])
    _levels(drawn, 2, "Channels", maps, [float(_map(row)[1]) for _, row in maps])
    for role, bars in _by_role(running).items():
        drawn.add_bar(
            x=[place for place, _ in bars],
            y=[measure.of(row) for _, row in bars],
            marker={"color": theme.role_colour(role), "line": {"width": 0}},
            customdata=[_hover(row) for _, row in bars],
            hovertemplate="%{customdata}<extra></extra>",
            name="No role" if role is None else role_label(role),
            legendgroup=role_label(role),
            row=3,
            col=1,
        )
    _sections(drawn, running)
    drawn.update_yaxes(title=measure.axis, rangemode="tozero", row=3, col=1)
    drawn.update_xaxes(title="Row of the table, in order of execution", row=3, col=1)
    drawn.update_xaxes(range=[0.4, len(running) + 0.6], zeroline=False, showgrid=False)
    drawn.update_layout(
        height=590,
        bargap=0.15 if len(running) < 150 else 0,
        margin={"l": 8, "r": 8, "t": 26, "b": 8},
        legend={"orientation": "h", "yanchor": "top", "y": -0.11, "x": 0, "itemsizing": "constant"},
        hoverlabel={"align": "left"},
    )
    return drawn


def _levels(
    drawn: go.Figure, panel: int, title: str, maps: Sequence[Placed], values: Sequence[float]
) -> None:
    """A line of steps and a mark per row, on an axis whose ticks are powers of two."""
    drawn.add_scatter(
        x=[place for place, _ in maps],
        y=values,
        mode="lines",
        line={"shape": "hvh", "width": 1, "color": theme.RULE},
        hoverinfo="skip",
        showlegend=False,
        row=panel,
        col=1,
    )
    value_at = dict(zip((place for place, _ in maps), values, strict=True))
    for role, group in _by_role(maps).items():
        drawn.add_scatter(
            x=[place for place, _ in group],
            y=[value_at[place] for place, _ in group],
            mode="markers",
            marker={
                "size": 6 if len(maps) < 150 else 4,
                "color": theme.role_colour(role),
                "symbol": "circle" if role in AGGREGATIONS else "square",
            },
            customdata=[_hover(row) for _, row in group],
            hovertemplate="%{customdata}<extra></extra>",
            legendgroup=role_label(role),
            showlegend=False,
            row=panel,
            col=1,
        )
    low, high = (floor(log2(min(values))), ceil(log2(max(values)))) if values else (0, 1)
    ticks = [2**power for power in range(low, high + 1, 1 if high - low <= 6 else 2)]
    margin = 0.4  # of a power of two, so that marks at the ends are whole
    drawn.update_yaxes(
        title=title,
        type="log",
        tickvals=ticks,
        ticktext=[str(tick) for tick in ticks],
        range=[(low - margin) * _LOG10_2, (high + margin) * _LOG10_2],
        row=panel,
        col=1,
    )


_LOG10_2 = 1 / log2(10)


def _sections(drawn: go.Figure, running: Sequence[Placed]) -> None:
    """Shade every second stage, or outermost module where there are none, and name them above."""
    grouped = [
        (name, list(members)) for name, members in groupby(running, key=lambda item: _section(item[1]))
    ]
    for number, (name, members) in enumerate(grouped):
        first, last = members[0][0] - 0.5, members[-1][0] + 0.5
        if number % 2:
            drawn.add_vrect(x0=first, x1=last, fillcolor=_BAND, line_width=0, layer="below")
        if len(members) >= _NARROWEST_LABEL * len(running):
            drawn.add_annotation(
                x=(first + last) / 2,
                y=1,
                xref="x",
                yref="paper",
                yanchor="bottom",
                text=escape(name),
                showarrow=False,
                font={"size": 11},
            )


def _section(row: LayerRow) -> str:
    return row.path.partition(".")[0] if row.stage is None else f"Stage {row.stage}"


def _by_role(rows: Sequence[Placed]) -> dict[Role | None, list[Placed]]:
    """Rows of one colour, in the order of the roles' definition; those without a role last."""
    present = {row.role for _, row in rows}
    roles = [role for role in ROLE_STYLES if role in present] + ([None] if None in present else [])
    return {role: [item for item in rows if item[1].role is role] for role in roles}


def _map(row: LayerRow) -> Sizes:
    """The shape of the row's largest output."""
    return max(row.outputs, key=prod, default=())


def _hover(row: LayerRow) -> str:
    lines = [
        f"<b>{escape(row.path or '(network)')}</b>",
        escape(f"{row.type} · {role_label(row.role)}" if row.role else row.type),
        f"{shapes_text(row.inputs)} → {shapes_text(row.outputs)}",
        f"{numbers.parameters(row.parameters, row.live_parameters)} · {numbers.macs(row.macs)}",
        f"{numbers.memory(row.activation_bytes)} of activations",
    ]
    return "<br>".join(lines if row.live else [*lines, "dead: reaches no output"])
