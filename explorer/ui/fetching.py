"""Fetches of published weights as a visitor sees them: how far they are, a way to stop, a way to use what arrived."""

import secrets
from functools import partial

import streamlit as st

from explorer.errors import ExplorerError
from explorer.ui import control, state
from explorer.ui.plain import plain
from explorer.weights import Published, WeightsKind, library
from explorer.weights.downloads import Download, Downloads
from explorer.weights.fetching import FetchState

_VISITOR = "fetching.visitor"
_PROBLEM = "fetching.problem"
_BEAT = 0.5
"""Seconds between two looks at a running fetch."""

_WORDS = {
    FetchState.WAITING: "Waiting",
    FetchState.CONNECTING: "Connecting",
    FetchState.RECEIVING: "Fetching",
    FetchState.CHECKING: "Checking",
    FetchState.DONE: "Ready",
}


@st.cache_resource(show_spinner=False)
def downloads() -> Downloads:
    """The fetches of this process, shared by all visitors."""
    return Downloads(library())


def start(item: Published) -> None:
    """Begin to fetch a file for this visitor, or join those who do; a click's callback."""
    try:
        downloads().start(item, _visitor())
    except ExplorerError as error:
        st.session_state[_PROBLEM] = str(error)


def running(item: Published) -> bool:
    """Whether a file is on its way, for whomever."""
    download = downloads().find(item)
    return download is not None and download.running


def show(current: state.Current) -> None:
    """This visitor's fetches, on whichever page; nothing where there are none."""
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(plain(problem), icon=":material/error:")
    mine = downloads().watched(_visitor())
    if any(download.running for download in mine):
        st.fragment(_rows, run_every=_BEAT)(current)
    elif mine:
        _rows(current)


def use(item: Published) -> None:
    """Run the current network with a file that is at hand; a click's callback."""
    _leave(item)
    here = state.current()
    control.change(state.changed(here, weights=WeightsKind.PUBLISHED.value, checkpoint=item.name))


def _rows(current: state.Current) -> None:
    mine = downloads().watched(_visitor())
    fitting = library().registry.for_config(current.config)
    for download in mine:
        with st.container(
            horizontal=True, vertical_alignment="center", key=f"fetch-row-{download.item.name}"
        ):
            _row(download, download.item in fitting)
    # Once nothing moves any more, the whole page is drawn again: the menu offers what has arrived.
    marks = frozenset(download.item.name for download in mine if download.running)
    before = st.session_state.get("fetching.running", frozenset())
    st.session_state["fetching.running"] = marks
    if before - marks:
        st.rerun()


def _row(download: Download, fits: bool) -> None:
    item, progress = download.item, download.progress
    if download.running:
        total = progress.total or item.size
        words = _WORDS[progress.state]
        st.progress(
            min(1.0, progress.received / total),
            f"{words} {plain(item.file)}: {progress.received / 1e6:.1f} of {total / 1e6:.1f} MB",
            width="stretch",
        )
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            key=f"fetch-stop-{item.name}",
            on_click=partial(_leave, item),
            help="What has arrived is kept: the next fetch goes on from there.",
        )
        return
    if download.problem:
        st.error(plain(download.problem), icon=":material/cloud_off:", width="stretch")
    else:
        st.success(f"{plain(item.title)} is here.", icon=":material/check_circle:", width="stretch")
        if fits:
            st.button("Use it", type="primary", key=f"fetch-use-{item.name}", on_click=partial(use, item))
    st.button("Close", key=f"fetch-close-{item.name}", on_click=partial(_leave, item))


def _leave(item: Published) -> None:
    downloads().leave(item, _visitor())


def _visitor() -> str:
    """This browser session, among those who want the same file."""
    return st.session_state.setdefault(_VISITOR, secrets.token_hex(8))
