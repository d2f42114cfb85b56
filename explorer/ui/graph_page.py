"""The parts of the Graph page: what is shown and open, what is picked, and what is laid over it."""

import streamlit as st

from explorer.analysis.overlays import Quantity
from explorer.errors import LayoutError
from explorer.graph.find import opening
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.layout_model import Layout
from explorer.graph.view import ancestry, around
from explorer.graph.view_model import Style, View
from explorer.ui import (
    graph_find,
    graph_measured,
    graph_overlay,
    graph_routes,
    graph_url,
    inspector,
    layouts,
    state,
)
from explorer.ui.graph_component import graph_component, graph_marks, text_sent
from explorer.ui.graph_downloads import downloads
from explorer.ui.graph_groups import (
    Groups,
    choose_opening,
    choose_style,
    drawing_of,
    groups_of,
    short,
    unknown_style,
    view_of,
)
from explorer.ui.plain import plain

KEY = "graph"
HINT = (
    "Click a node for its shapes, cost and source code; double-click a group to open it. Scroll to zoom and drag to "
    "move. With the keyboard: Tab into the graph, arrow keys from node to node, Enter to open, / to find, f to fit."
)
_SEEN = "graph.seen"
_KNOWN = "graph.known"
_SELECT = "graph.select"
_ARRIVED = "graph.arrived"


@st.fragment
def explore(here: state.Current, graph: LayerGraph) -> None:
    """The graph with its controls and the inspector; what a reader does in here reruns only this."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="graph-toolbar"):
        style = choose_style()
        groups = groups_of(here, graph, style)
        choose_opening(groups)
        quantity = graph_overlay.choose()
        progress = st.empty()
        if quantity is Quantity.LATENCY:
            graph_measured.measuring(here, graph, progress)
        corner = st.container(width="stretch", horizontal=True, horizontal_alignment="right")

    shown, placed = _placed(here, graph, style, groups)
    overlay = graph_overlay.overlay_of(here, graph, shown, quantity) if quantity else None
    home = f"{here.config.digest}.{here.size}.{style}"
    with st.container(gap=None):
        reader = graph_component(
            drawing_of(shown.digest, home, shown, placed),
            at=graph_url.decode_place(st.query_params.get("at", "")),
            on_toggle=lambda: _toggle(groups),
            on_reveal=lambda: _reveal(here, graph, shown, groups),
            key=KEY,
        )
        wanted, notice = _wanted(graph, shown)
        wanted = _remember(reader.picked, wanted)
        item = shown.items.get(wanted or "")
        ways = graph_routes.found(graph, item)
        graph_marks(
            home,
            select=_request(wanted),
            overlay=graph_overlay.painted(overlay, graph_measured.remark(here, overlay.quantity))
            if overlay
            else None,
            route=graph_routes.lit(graph, shown, ways),
            find=graph_find.answer(here, graph, shown, graph_find.query(reader.query)),
            key=f"{KEY}.marks",
        )
    with corner:
        downloads(here, graph, shown, placed)
    for sentence in (notice, unknown_style(), graph_overlay.unknown()):
        if sentence:
            st.info(plain(sentence), icon=":material/visibility_off:")
    graph_routes.show(graph, item, ways)
    if overlay:
        graph_overlay.table(overlay, shown, _select)
    if item is None:
        st.caption(HINT)
    else:
        inspector.show(shown, graph, here, item, _select)


def _placed(here: state.Current, graph: LayerGraph, style: Style, groups: Groups) -> tuple[View, Layout]:
    """The view with its layout; where that takes too long, the first look, and a sentence that says so."""
    digest = here.config.digest
    shown = view_of(digest, here.size, style, _with_node_in_sight(graph, style, groups), graph)
    try:
        return shown, layouts.layout_of(shown)
    except LayoutError as error:
        st.warning(f"{plain(error)} The first look is shown instead.", icon=":material/hourglass_disabled:")
    shown = view_of(digest, here.size, style, groups.default, graph)
    try:
        return shown, layouts.layout_of(shown)
    except LayoutError as error:
        st.error(plain(error), icon=":material/error:")
        st.stop()


def _with_node_in_sight(graph: LayerGraph, style: Style, groups: Groups) -> frozenset[str]:
    """The open groups; a link to a node, followed for the first time, opens the groups around it."""
    node = st.query_params.get("node")
    if node is None or st.session_state.get(_ARRIVED) == node:
        return groups.opened
    st.session_state[_ARRIVED] = node
    opened = groups.opened | (around(graph, style, node.partition("#")[0]) & groups.everything)
    if opened > groups.opened:
        groups.write(opened)
    return opened


def _wanted(graph: LayerGraph, shown: View) -> tuple[str | None, str | None]:
    """The node of the URL, or the visible group that holds it, and what to say of that."""
    node = st.query_params.get("node")
    if not node or node in shown.items:
        return node or None, None
    number = node.removeprefix("op:")
    if number != node and number.isascii() and number.isdigit() and int(number[:9]) < len(graph.operations):
        holders = [each.id for each in shown.nodes if int(number) in each.operations]
        path = graph.operations[int(number)].path
        node = f"{graph.operations[int(number)].kind} of {path or graph.name}"
    else:
        path = node.partition("#")[0]
        holders = []
    held = holders or [above for above in reversed(ancestry(path)) if above in shown.items]
    if not held:
        return None, f"There is no {short(node)} in {shown.name}: pick a node in the graph."
    return held[0], f"{short(node)} is inside {held[0]}: open that, or change the view, to see it."


def _request(wanted: str | None) -> tuple[str | None, int]:
    """What to tell the graph to pick: news only if a link, not the graph itself, changed what counts."""
    node, number = st.session_state.get(_SELECT, (None, 0))
    if wanted != st.session_state.get(_KNOWN):
        node, number = wanted, number + 1
        st.session_state[_SELECT], st.session_state[_KNOWN] = (node, number), wanted
    return node, number


def _remember(picked: str | None, wanted: str | None) -> str | None:
    """The node that counts: the one picked last, in the graph or by a link. Keeps the URL in step."""
    seen = st.session_state.get(_SEEN)
    if picked == seen:
        return wanted
    st.session_state[_SEEN] = st.session_state[_KNOWN] = st.session_state[_ARRIVED] = picked
    if picked is None:
        st.query_params.pop("node", None)
    else:
        st.query_params["node"] = picked
    return picked


def _select(node: str) -> None:
    """Pick a node from Python."""
    st.query_params["node"] = node
    st.session_state[_ARRIVED] = node


def _reveal(here: state.Current, graph: LayerGraph, shown: View, groups: Groups) -> None:
    """Open the groups around a folded hit, and pick it."""
    asked = text_sent(getattr(st.session_state.get(KEY), "revealed", None))
    hit = graph_find.hit_of(here, graph, shown, asked or "")
    if hit is not None:
        groups.write(groups.opened | opening(graph, shown.style, hit))
        _select(hit.node)


def _toggle(groups: Groups) -> None:
    """Open or close the group that the reader asked for."""
    asked = text_sent(getattr(st.session_state.get(KEY), "toggled", None))
    path = (asked or "").partition("#")[0]
    if path in groups.openable:
        groups.write(groups.opened ^ {path})
