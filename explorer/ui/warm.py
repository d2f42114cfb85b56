"""Load torch while the first page is being read, so that the second one does not wait for it."""

import gc
import importlib
import threading

import streamlit as st

_HEAD_START = 1.0
"""Seconds that the browser has to fetch and paint the page before the import takes a core for two seconds."""


@st.cache_resource(show_spinner=False)
def torch() -> threading.Thread:
    """The process's one thread that imports torch, started at the first call; it touches nothing of Streamlit."""
    thread = threading.Timer(_HEAD_START, _load)
    thread.daemon = True
    thread.start()
    return thread


def _load() -> None:
    """Import torch and the tracer, and tell the garbage collector that they stay.

    Else every tenth trace or so waits a fifth of a second while the collector walks through all of torch.
    """
    importlib.import_module("explorer.graph.tracing")
    gc.collect()
    gc.freeze()


def loaded() -> bool:
    """Whether torch is there; asking for it earlier would make a visitor wait for the import."""
    return not torch().is_alive()
