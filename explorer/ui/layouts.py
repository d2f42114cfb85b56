"""Layouts for pages: made in a worker process with a time limit, kept for all visitors."""

import streamlit as st

from explorer.errors import LayoutError
from explorer.graph.layout_model import Layout
from explorer.graph.view_model import View
from explorer.runtime.worker import JobFailed, JobTimeout, Worker

SECONDS = 8.0
"""Time limit of one layout: a fully opened DLA-169 takes half a second."""

_LAYOUT = "explorer.graph.layout:layout"
_READY = "explorer.graph.layout_dot:ready"


@st.cache_resource(show_spinner=False)
def _worker() -> Worker:
    worker = Worker()
    worker.warm(_LAYOUT, _READY)
    return worker


def warm() -> None:
    """Start the worker while the first page is being read; asking again costs nothing."""
    _worker()


def layout_of(view: View) -> Layout:
    """The geometry of a view; raises LayoutError, with advice, where it takes too long."""
    return _layout(view.digest, view)


@st.cache_resource(max_entries=128, show_spinner=False)
def _layout(digest: str, _view: View) -> Layout:
    try:
        return _worker().call(_LAYOUT, _view, seconds=SECONDS)
    except JobTimeout as error:
        raise LayoutError(
            f"Placing {len(_view.nodes)} nodes and {len(_view.edges)} edges takes longer than {SECONDS:g} s: "
            "open fewer groups."
        ) from error
    except JobFailed as error:
        raise LayoutError(f"{len(_view.nodes)} nodes could not be placed: open fewer groups.") from error
