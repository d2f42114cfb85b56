"""A drawing on the Concepts page: the Graph page's component, with one item that drawing and page both can choose."""

from __future__ import annotations

import streamlit as st

from explorer.graph.layout_model import Layout
from explorer.graph.view_model import View
from explorer.ui.graph_component import drawing, graph_component, graph_marks

NOTHING_FOUND = {"query": "", "total": 0, "hits": [], "error": ""}


def graph(shown: View, placed: Layout, home: str, wanted: str | None, key: str) -> tuple[str | None, bool]:
    """Draw ``shown``; the id of the node that is chosen, and whether it was chosen in the drawing just now.

    ``home`` names what is drawn; while it stays, zoom and position are kept. ``wanted`` is what the page has chosen:
    it is marked where the drawing does not know it yet.
    """
    seen_key, request_key = f"{key}.seen", f"{key}.request"
    request = st.session_state.get(request_key, (None, 0))
    reader = graph_component(drawing(shown, placed, home), on_toggle=_nothing, on_reveal=_nothing, key=key)
    news = reader.picked != st.session_state.get(seen_key)
    if news:
        st.session_state[seen_key] = reader.picked
        wanted = reader.picked if reader.picked in shown.items else None
        request = wanted, request[1]
    elif wanted != request[0]:
        request = wanted, request[1] + 1
    st.session_state[request_key] = request
    graph_marks(home, select=request, overlay=None, route=None, find=NOTHING_FOUND, key=f"{key}.marks")
    return wanted, news


def _nothing() -> None:
    """There are no groups to open in these drawings."""
