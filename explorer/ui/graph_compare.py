"""The Graph page with a second network beside the current one: two drawings that open, close and move together."""

from __future__ import annotations

from functools import partial
from html import escape
from pathlib import Path

import streamlit as st

from explorer.analysis.comparison import Comparison, compare
from explorer.graph.alignment import Alignment, Pair
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.view_model import ViewFrame
from explorer.ui import (
    deltas,
    graph_against,
    graph_compare_marks,
    graph_compare_node,
    graph_compare_sides,
    graph_compare_table,
    graph_groups,
    graph_page,
    inspector,
    state,
)
from explorer.ui.graph_compare_marks import Look
from explorer.ui.graph_compare_sides import Drawn
from explorer.ui.graph_component import graph_component, graph_marks, text_sent
from explorer.ui.plain import plain

STYLE = Path(__file__).parents[2] / "assets" / "graph_compare.css"
HINT = (
    "Click a node to see it beside its counterpart; double-click a group to open it in both. The two drawings move "
    "together; what is pointed at in one is outlined in the other."
)
_LOOK = "graph.compare.look"
_NO_SEARCH = {"query": "", "total": 0, "hits": [], "error": ""}


def explore(here: state.Current, graph: LayerGraph, against: graph_against.Against) -> None:
    """The current network alone, or both."""
    for notice in against.notices:
        st.warning(plain(notice), icon=":material/info:")
    if against.there is None or against.graph is None:
        graph_page.explore(here, graph)
    else:
        _both(here, graph, against.there, against.graph)


@st.cache_resource(max_entries=32, show_spinner=False)
def _compared(key: object, _here: LayerGraph, _there: LayerGraph) -> Comparison:
    return compare(_here, _there)


@st.fragment
def _both(here: state.Current, graph: LayerGraph, there: state.Current, other: LayerGraph) -> None:
    st.html(STYLE)
    comparison = _compared((here.config.digest, here.size, there.config.digest, there.size), graph, other)
    names = deltas.labels(here.config, there.config)
    sentence = deltas.sentence(comparison, *names)
    if here.config.digest == there.config.digest:
        sentence = (
            f"This is {here.title} beside itself: nothing differs. Choose another network to compare with."
        )
    st.html(f'<p class="compare-sentence">{escape(sentence)}</p>')
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="graph-toolbar"):
        style = graph_groups.choose_style()
        groups = graph_groups.groups_of(here, graph, style)
        graph_groups.choose_opening(groups, partial(_write_both, groups))
    both = graph_compare_sides.drawn(here, graph, there, other, style, groups)
    st.html(graph_compare_marks.legend(both))
    picked = graph_compare_node.pair_of(
        both.alignment, st.query_params.get("node"), st.query_params.get(graph_against.NODE)
    )
    look: Look = st.session_state.get(_LOOK, (None, 0))
    with st.container(key="compare-drawings"):
        for number in range(2):
            with st.container(gap=None):
                _draw(number, both, groups, picked, look)
    if problem := graph_groups.unknown_style():
        st.info(plain(problem), icon=":material/visibility_off:")
    if picked is None:
        st.caption(HINT)
    else:
        graph_compare_node.show(picked, both.sides)
        _inspect(picked, both)
    st.subheader("Differences by stage", anchor=False)
    key = f"graph.compare.table.{here.config.digest}.{there.config.digest}.{style}"
    section = graph_compare_table.show(comparison, *names, key)
    st.caption("Select a stage, by its row's first cell, to bring it into the middle of both drawings.")
    if section != look[0]:
        st.session_state[_LOOK] = (section, look[1] + 1)
        st.rerun(scope="fragment")


def _draw(number: int, both: Drawn, groups: graph_groups.Groups, picked: Pair | None, look: Look) -> None:
    side, home = both.sides[number], both.homes[number]
    key = f"graph.compare.{number}"
    st.html(graph_compare_marks.heading(side, number))
    graph_component(
        graph_groups.drawing_of(side.view.digest, home, side.view, both.placed[number]) | {"bare": True},
        on_toggle=partial(_toggle, key, number, both, groups),
        on_choose=partial(_choose, key, number, both.alignment),
        key=key,
    )
    own = (picked.here, picked.there)[number] if picked else None
    graph_marks(
        home, select=_request(number, own), overlay=None, route=None, find=_NO_SEARCH,
        pair=graph_compare_marks.marks(both, number, look), key=f"{key}.marks",
    )  # fmt: skip


def _write_both(groups: graph_groups.Groups, opened: frozenset[str]) -> None:
    """Open or close all of both: what has no counterpart follows the buttons, too."""
    groups.write(opened)
    if opened == groups.default:
        st.query_params.pop(graph_against.OPEN, None)
    else:
        st.query_params[graph_against.OPEN] = "*" if opened else "-"


def _toggle(key: str, number: int, both: Drawn, groups: graph_groups.Groups) -> None:
    """Open or close a group. The second network follows the first; so the first one's counterpart is what changes."""
    asked = text_sent(getattr(st.session_state.get(key), "toggled", None)) or ""
    group = asked.partition("#")[0]
    if number == 0:
        if group in groups.openable:
            groups.write(groups.opened ^ {group})
        return
    first, second = both.sides
    pair = both.alignment.of_there.get(asked)
    twin = first.view.items.get(pair.here or "") if pair else None
    if twin is not None and (isinstance(twin, ViewFrame) or twin.openable):
        groups.write(groups.opened ^ {graph_compare_sides.group_of(twin)})
        return
    theirs = graph_compare_sides.others_groups(second.about, second.graph, second.view.style)
    if group in theirs.openable:
        theirs.write(theirs.opened - {group} if group in second.view.open else theirs.opened | {group})


def _choose(key: str, number: int, alignment: Alignment) -> None:
    """Put what was picked in a drawing into the URL, with its counterpart."""
    chosen = text_sent(getattr(st.session_state.get(key), "chosen", None)) or ""
    pair = (alignment.of_there if number else alignment.of_here).get(chosen)
    for name, value in (("node", pair and pair.here), (graph_against.NODE, pair and pair.there)):
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)


def _request(number: int, own: str | None) -> tuple[str | None, int]:
    """What to tell a drawing to pick: a number that is new whenever that changes."""
    key = f"graph.compare.select.{number}"
    before, count = st.session_state.get(key, (None, 0))
    if own != before:
        count += 1
        st.session_state[key] = (own, count)
    return own, count


def _inspect(picked: Pair, both: Drawn) -> None:
    """The inspector of either counterpart, where a reader asks for it."""
    sides = both.sides
    found = [
        (side, item)
        for side, identity in zip(sides, (picked.here, picked.there), strict=True)
        if (item := side.view.items.get(identity or "")) is not None
    ]
    with st.expander(
        "Inspector", icon=":material/search:", on_change="rerun", key="compare-inspector"
    ) as box:
        if not box.open:
            return
        labels = [plain(f"{side.name}: {item.id}") for side, item in found]
        chosen = 0
        if len(found) > 1:
            chosen = st.radio(
                "Network", range(len(found)), format_func=labels.__getitem__, horizontal=True,
                label_visibility="collapsed", key="compare-inspected",
            )  # fmt: skip
        side, item = found[chosen]
        names = (graph_against.NODE,) if side is sides[1] else ("node",)
        inspector.show(side.view, side.graph, side.about, item, partial(_select, names[0]))


def _select(parameter: str, node: str) -> None:
    for name in ("node", graph_against.NODE):
        st.query_params.pop(name, None)
    st.query_params[parameter] = node
