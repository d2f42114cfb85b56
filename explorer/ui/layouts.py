"""Layouts for pages, kept for all visitors: small ones made at once, large ones in a worker with a time limit."""

import streamlit as st

from explorer.errors import LayoutError
from explorer.graph.layout import layout
from explorer.graph.layout_model import Layout
from explorer.graph.view_model import View
from explorer.runtime.worker import JobFailed, JobTimeout, Worker

SECONDS = 8.0
"""Time limit of one layout: the largest network, wholly open, takes two."""

SMALL = 400
"""Nodes and edges up to which a view is placed here: that takes less than sending it to another process and back."""

_LAYOUT = "explorer.graph.layout:layout"


@st.cache_resource(show_spinner=False)
def _worker() -> Worker:
    worker = Worker()
    worker.warm(_LAYOUT)
    return worker


def warm() -> None:
    """Start the worker while the first page is being read; asking again costs nothing."""
    _worker()


def layout_of(view: View) -> Layout:
    """The geometry of a view; raises LayoutError, with advice, where it takes too long."""
    return _layout(view.digest, view)


@st.cache_resource(max_entries=128, show_spinner=False)
def _layout(digest: str, _view: View) -> Layout:
    if len(_view.nodes) + len(_view.edges) <= SMALL:
        return layout(_view)
    try:
        return _worker().call(_LAYOUT, _view, seconds=SECONDS)
    except JobTimeout as error:
        raise LayoutError(
            f"Placing {len(_view.nodes)} nodes and {len(_view.edges)} edges takes longer than {SECONDS:g} s: "
            "open fewer groups."
        ) from error
    except JobFailed as error:
        raise LayoutError(f"{len(_view.nodes)} nodes could not be placed: open fewer groups.") from error
