"""Two networks as they are drawn beside each other: what of each is open, where it stands, and what corresponds."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from explorer.errors import LayoutError
from explorer.graph.alignment import Alignment, align
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.layout_model import Layout
from explorer.graph.view_model import Style, View, ViewFrame, ViewNode
from explorer.ui import deltas, graph_against, graph_groups, layouts, state
from explorer.ui.plain import plain

DEPTH = 8
"""How often groups inside groups are opened after the other network's."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two networks: what it is, what to call it beside the other, its graph, and what of it is drawn."""

    about: state.Current
    name: str
    graph: LayerGraph
    view: View


@dataclass(frozen=True, slots=True)
class Drawn:
    """Both sides with their layouts, and what corresponds."""

    sides: tuple[Side, Side]
    placed: tuple[Layout, Layout]
    alignment: Alignment

    @property
    def homes(self) -> tuple[str, str]:
        """What the two drawings are called; a network beside itself is two."""
        first, second = (
            f"compare.{number}.{side.about.config.digest}.{side.about.size}.{side.view.style}"
            for number, side in enumerate(self.sides)
        )
        return first, second


def drawn(
    here: state.Current, graph: LayerGraph, there: state.Current, other: LayerGraph, style: Style,
    groups: graph_groups.Groups,
) -> Drawn:  # fmt: skip
    """Both views with their layouts; the first look where what is open takes too long to place."""
    theirs = others_groups(there, other, style)
    try:
        return _opened(here, graph, there, other, style, groups.opened, theirs.opened)
    except LayoutError as error:
        st.warning(f"{plain(error)} The first look is shown instead.", icon=":material/hourglass_disabled:")
    try:
        return _opened(here, graph, there, other, style, groups.default, theirs.default)
    except LayoutError as error:
        st.error(plain(error), icon=":material/error:")
        st.stop()


def _opened(
    here: state.Current, graph: LayerGraph, there: state.Current, other: LayerGraph, style: Style,
    ours: frozenset[str], theirs: frozenset[str],
) -> Drawn:  # fmt: skip
    names = deltas.labels(here.config, there.config)
    first = Side(
        here, names[0], graph, graph_groups.view_of(here.config.digest, here.size, style, ours, graph)
    )
    opened = _following(first.view.digest, there.config.digest, there.size, theirs, first, there, other)
    shown = graph_groups.view_of(there.config.digest, there.size, style, opened, other)
    second = Side(there, names[1], other, shown)
    placed = layouts.layout_of(first.view), layouts.layout_of(shown)
    return Drawn((first, second), placed, _aligned(first.view.digest, shown.digest, first, second))


def others_groups(there: state.Current, other: LayerGraph, style: Style) -> graph_groups.Groups:
    """What is open in the other network where nothing here corresponds."""
    return graph_groups.groups_of(there, other, style, graph_against.OPEN)


@st.cache_resource(max_entries=32, show_spinner=False)
def _following(
    leader: str, digest: str, size: tuple[int, int], own: frozenset[str], _leader: Side, _there: state.Current,
    _graph: LayerGraph,
) -> frozenset[str]:  # fmt: skip
    """What is open in the other network: its ``own`` choice, but for groups that correspond to one of the leader's."""
    style, opened = _leader.view.style, own
    for _ in range(DEPTH):
        shown = graph_groups.view_of(digest, size, style, opened, _graph)
        wanted = set(opened)
        for pair in align((_leader.graph, _leader.view), (_graph, shown)).pairs:
            ours, theirs = _leader.view.items.get(pair.here or ""), shown.items.get(pair.there or "")
            if isinstance(ours, ViewFrame) and isinstance(theirs, ViewNode) and theirs.openable:
                wanted.add(group_of(theirs))
            elif isinstance(ours, ViewNode) and ours.openable and isinstance(theirs, ViewFrame):
                wanted.discard(group_of(theirs))
        if wanted == opened:
            break
        opened = frozenset(wanted)
    return opened


def group_of(item: ViewNode | ViewFrame) -> str:
    """The name under which an item is opened and closed."""
    return item.id.partition("#")[0]


@st.cache_resource(max_entries=32, show_spinner=False)
def _aligned(here: str, there: str, _here: Side, _there: Side) -> Alignment:
    return align((_here.graph, _here.view), (_there.graph, _there.view))
