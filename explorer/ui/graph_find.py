"""The search of the Graph page: what was typed, read and answered for the view that is shown."""

from typing import Any

import streamlit as st

from explorer.graph.find import Hit, Part, find, locate, parts
from explorer.graph.find_terms import MAX_CHARACTERS, FindError, parse
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.view_model import View
from explorer.ui import state

MOST_SENT = 300
_SEEN = "graph.query.seen"


@st.cache_resource(max_entries=32, show_spinner=False)
def _parts(digest: str, size: tuple[int, int], _graph: LayerGraph) -> tuple[Part, ...]:
    return parts(_graph)


def query(typed: str | None) -> str:
    """The search that counts: the one typed last, or the link's. Keeps the URL in step."""
    if typed is not None and typed != st.session_state.get(_SEEN):
        st.session_state[_SEEN] = typed
        if typed:
            st.query_params["find"] = typed
        else:
            st.query_params.pop("find", None)
    return st.query_params.get("find", "")[: MAX_CHARACTERS + 1]


def hits(here: state.Current, graph: LayerGraph, shown: View, text: str) -> tuple[Hit, ...]:
    """Where the view has what was searched for; raises FindError for a search that cannot be read."""
    return locate(find(_parts(here.config.digest, here.size, graph), parse(text)), shown)


def answer(here: state.Current, graph: LayerGraph, shown: View, text: str) -> dict[str, Any]:
    """The hits of a search as the component wants them, or a sentence that says why there are none."""
    try:
        found = hits(here, graph, shown, text)
    except FindError as error:
        return {"query": text, "total": 0, "hits": [], "error": str(error)}
    return {
        "query": text,
        "total": len(found),
        "hits": [
            {
                "node": hit.node,
                "label": hit.label,
                "shown": hit.shown,
                "folded": hit.folded,
                "edges": hit.edges[:4],
            }
            for hit in found[:MOST_SENT]
        ],
        "error": "",
    }


def hit_of(here: state.Current, graph: LayerGraph, shown: View, node: str) -> Hit | None:
    """The part that a reader asks to see, as a hit; None for an id that no part has."""
    found = tuple(part for part in _parts(here.config.digest, here.size, graph) if part.node == node)
    return next(iter(locate(found, shown)), None)
