"""A drawing on the Concepts page: the Graph page's component, with one item that drawing and page both can choose."""

from __future__ import annotations

import streamlit as st

from explorer.graph.layer_graph import LayerGraph
from explorer.graph.layout import layout
from explorer.graph.layout_model import Layout
from explorer.graph.view import all_open, view
from explorer.graph.view_model import Style, View
from explorer.ui.graph_component import drawing, graph_component, graph_marks, text_sent

NO_SEARCH = {"query": "", "total": 0, "hits": [], "error": ""}


def folded(traced: LayerGraph, home: str, key: str) -> tuple[View, Layout]:
    """The paper view of a graph with the groups that a reader has left open, all of them at first, and its layout."""
    everything = all_open(traced, Style.PAPER)
    closed = st.session_state.get(_toggled(home, key), frozenset())
    shown = view(traced, Style.PAPER, everything ^ closed)
    return shown, layout(shown)


def graph(shown: View, placed: Layout, home: str, wanted: str | None, key: str) -> tuple[str | None, bool]:
    """Draw ``shown``; the id of the node that is chosen, and whether it was chosen in the drawing just now.

    ``home`` names what is drawn; while it stays, zoom and position are kept. ``wanted`` is what the page has chosen:
    it is marked where the drawing does not know it yet.
    """
    seen_key, request_key = f"{key}.seen", f"{key}.request"
    request = st.session_state.get(request_key, (None, 0))

    def toggle() -> None:
        asked = text_sent(getattr(st.session_state.get(key), "toggled", None))
        if asked is not None:
            name = _toggled(home, key)
            st.session_state[name] = st.session_state.get(name, frozenset()) ^ {asked.partition("#")[0]}

    data = drawing(shown, placed, home) | {"bare": True}
    reader = graph_component(data, on_toggle=toggle, on_reveal=_nothing, key=key)
    news = reader.picked != st.session_state.get(seen_key)
    if news:
        st.session_state[seen_key] = reader.picked
        wanted = reader.picked if reader.picked in shown.items else None
        request = wanted, request[1]
    elif wanted != request[0]:
        request = wanted, request[1] + 1
    st.session_state[request_key] = request
    graph_marks(home, select=request, overlay=None, route=None, find=NO_SEARCH, key=f"{key}.marks")
    return wanted, news


def _toggled(home: str, key: str) -> str:
    """Where the session keeps the groups whose state is not the first one."""
    return f"{key}.toggled.{home}"


def _nothing() -> None:
    """These drawings have no search that could reveal what is folded."""
