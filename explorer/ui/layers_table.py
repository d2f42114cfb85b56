"""The layer table: filters above it, its columns, its selection, and where a row leads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import streamlit as st

from explorer.analysis.layers import Grain, LayerRow
from explorer.analysis.layers_text import shapes_text, step_text, window_text
from explorer.config import ModelConfig
from explorer.graph.layer_graph import LayerGraph
from explorer.roles import ROLE_STYLES, Role
from explorer.ui import numbers, services, shell, state, theme
from explorer.ui.layers_link import graph_query

if TYPE_CHECKING:
    import pandas as pd

GRAIN_LABELS = {Grain.PARTS: "Parts", Grain.MODULES: "Modules", Grain.OPERATIONS: "Operations"}

_GRAIN_HELP = (
    "Parts are what the paper names: blocks, aggregation nodes, projections. Modules are those that compute "
    "something themselves. Operations are single calls of a torch function. Each adds up to the whole network."
)
_NO_STAGE = "none"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a visitor wants to see; an empty part lets everything through."""

    words: str = ""
    roles: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    dead_only: bool = False

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that are equal for equal filters."""
        return sha256(repr(self).encode()).hexdigest()[:8]

    def admits(self, row: LayerRow) -> bool:
        """Whether a row has every word in its path, type, role or shapes, and one of the chosen values each."""
        searched = f"{row.path} {row.type} {role_label(row.role)} {shapes_text(row.outputs)}".casefold()
        return (
            all(word in searched for word in self.words.casefold().split())
            and (not self.roles or role_label(row.role) in self.roles)
            and (not self.stages or stage_label(row.stage) in self.stages)
            and (not self.types or row.type in self.types)
            and (not self.dead_only or not row.live or row.dead_parameters > 0)
        )


def role_label(role: Role | None) -> str:
    """A role in words; a dash for none."""
    return "–" if role is None else ROLE_STYLES[role].label


def stage_label(stage: int | None) -> str:
    """A stage's number; ``none`` for decoders, heads and what else lies outside the pyramid."""
    return _NO_STAGE if stage is None else str(stage)


def choose_grain() -> Grain:
    """The switch between parts, modules and operations; the URL keeps the choice."""
    label = st.segmented_control(
        "Rows",
        list(GRAIN_LABELS.values()),
        default=GRAIN_LABELS[Grain.MODULES],
        required=True,
        key="rows",
        bind="query-params",
        help=_GRAIN_HELP,
    )
    return next((grain for grain, text in GRAIN_LABELS.items() if text == label), Grain.MODULES)


def choose_filter(rows: Sequence[LayerRow], identity: str) -> Filter:
    """The filter's controls; ``identity`` names the network, whose roles, stages and types are on offer."""
    words = st.text_input("Find", placeholder="level3 conv, 64×56 …", key="layers.words", width=230)
    with st.popover("Filter", icon=":material/filter_list:"):
        roles = st.multiselect(
            "Role", _distinct(role_label(row.role) for row in rows), key=f"layers.roles.{identity}"
        )
        stages = st.multiselect(
            "Stage", _distinct(stage_label(row.stage) for row in rows), key=f"layers.stages.{identity}"
        )
        types = st.multiselect("Type", _distinct(row.type for row in rows), key=f"layers.types.{identity}")
        dead_only = st.checkbox(
            "Dead ones alone",
            key="layers.dead",
            help="Rows whose result never reaches an output, such as the projections of outer trees.",
        )
    return Filter(words, tuple(roles), tuple(stages), tuple(types), dead_only)


def table(rows: Sequence[LayerRow], key: str) -> LayerRow | None:
    """Draw the rows and return the selected one. ``key`` must change whenever the rows do."""
    frame = _frame(rows)
    labels, colours = _roles_of(rows)
    heaviest = max((row.macs for row in rows), default=0)
    columns = st.column_config
    answer = st.dataframe(
        frame,
        hide_index=True,
        height=526 if len(rows) > 14 else "auto",
        width="stretch",
        row_height=32,
        placeholder="",
        on_select="rerun",
        selection_mode="single-row",
        key=key,
        alt=f"Layer table with {len(rows)} rows",
        column_config={
            "Module": columns.TextColumn(pinned=True, width=190, help="The module's qualified name."),
            "Type": columns.TextColumn(width=98, help="The module's class, or the torch function's name."),
            "Role": columns.MultiselectColumn(
                width=168,
                options=labels,
                color=colours,
                help="What the innermost module with a role is in its paper.",
            ),
            "Stage": columns.NumberColumn(
                width=56, format="%d", help="Resolution level: a stage s works at 1/2ˢ of the input's size."
            ),
            "Input": columns.TextColumn(
                width=160, help="Channels × height × width of every tensor that comes from outside the row."
            ),
            "Output": columns.TextColumn(width=98, help="Channels × height × width."),
            "Live params": columns.NumberColumn(
                width=84,
                format="localized",
                help="Elements of the parameters whose result reaches an output of the network.",
            ),
            "Dead": columns.NumberColumn(
                width=66,
                format="localized",
                help="Elements of the parameters whose result reaches no output. Published files contain them.",
            ),
            "MMACs": columns.ProgressColumn(
                width=104,
                format="%.1f",
                min_value=0,
                max_value=max(heaviest / 1e6, 1e-6),
                color=theme.SKY,
                help="Million multiply-accumulates of convolutions and linear layers: output positions × kernel "
                "elements × input channels / groups × output channels. FLOPs are twice as many.",
            ),
            "MiB": columns.NumberColumn(
                width=76,
                format="%.2f",
                help="Newly written activations: elements × bytes each. Views and in-place results add none.",
            ),
            "Kernel": columns.TextColumn(width=64),
            "Stride": columns.TextColumn(width=64),
            "Dilation": columns.TextColumn(width=64),
            "Groups": columns.TextColumn(width=64),
        },
    )
    chosen = answer["selection"]["rows"]
    return rows[chosen[0]] if chosen and chosen[0] < len(rows) else None


def summary(shown: Sequence[LayerRow], of: int) -> str:
    """How many rows are shown, and what they add up to."""
    total = sum(row.parameters for row in shown)
    live = sum(row.live_parameters for row in shown)
    macs = numbers.macs(sum(row.macs for row in shown))
    memory = numbers.memory(sum(row.activation_bytes for row in shown))
    count = f"{len(shown)} rows" if len(shown) == of else f"{len(shown)} of {of} rows"
    return f"{count}: {numbers.parameters(total, live)}, {macs}, {memory} of activations"


def show_choice(row: LayerRow | None, grain: Grain, graph: LayerGraph, about: state.Current) -> None:
    """What the selected row is, and the way to its node on the Graph page."""
    if row is None:
        st.caption("Select a row to find it in the graph.")
        return
    facts = [
        f"`{row.path or about.title}`",
        row.type,
        " → ".join(text for text in (shapes_text(row.inputs), shapes_text(row.outputs)) if text)
        or "never runs",
    ]
    if row.parameters:
        facts.append(numbers.parameters(row.parameters, row.live_parameters))
    if row.macs:
        facts.append(numbers.macs(row.macs))
    if not row.live:
        facts.append("dead: nothing of it reaches an output")
    room = next((room for room in shell.ROOMS if room.stem == "graph"), None)
    # The link stands first: the table's own toolbar covers the right end of this line.
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if room is not None and row.operations:
            st.page_link(
                room.page(),
                label="Show in the graph",
                icon=room.icon,
                query_params=dict(graph_query(row, grain, graph, about)),
            )
        st.markdown(" · ".join(facts), width="content")


@st.cache_resource(max_entries=24, show_spinner=False)
def rows_of(digest: str, size: tuple[int, int], grain: Grain, _config: ModelConfig) -> tuple[LayerRow, ...]:
    """The layer table of a network at (height, width), kept for all visitors."""
    from explorer.analysis.layers import layer_table

    return tuple(layer_table(services.graph_of(_config, size), grain))


def _frame(rows: Sequence[LayerRow]) -> pd.DataFrame:
    """The rows as columns that sort as numbers where they are numbers."""
    import pandas as pd

    return pd.DataFrame(
        {
            "Module": [row.path or "(network)" for row in rows],
            "Type": [row.type for row in rows],
            "Role": [[role_label(row.role)] if row.role else [] for row in rows],
            "Stage": pd.array([row.stage for row in rows], dtype="Int64"),
            "Input": [shapes_text(row.inputs) for row in rows],
            "Output": [shapes_text(row.outputs) for row in rows],
            "Live params": pd.array([row.live_parameters or None for row in rows], dtype="Int64"),
            "Dead": pd.array([row.dead_parameters or None for row in rows], dtype="Int64"),
            "MMACs": [row.macs / 1e6 if row.macs else None for row in rows],
            "MiB": [row.activation_bytes / 2**20 if row.activation_bytes else None for row in rows],
            "Kernel": [window_text(row.kernel) for row in rows],
            "Stride": [step_text(row.stride) for row in rows],
            "Dilation": [step_text(row.dilation) for row in rows],
            "Groups": [step_text(row.groups) for row in rows],
        }
    )


def _roles_of(rows: Sequence[LayerRow]) -> tuple[list[str], list[str]]:
    """The labels of the roles that occur, and their colours."""
    roles = [role for role in Role if any(row.role is role for row in rows)]
    return [role_label(role) for role in roles], [theme.pill_colour(role) for role in roles]


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
