"""The workbench: the editor on the left, and what the network would be and take on the right, at every keystroke."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from explorer.config import ModelConfig
from explorer.ui import (
    build_bench,
    build_editor,
    build_panel,
    build_refused,
    build_trial,
    services,
    shell,
    state,
    warm,
)
from explorer.ui.build_bench import FROM, Bench

MAX_BATCH = 64
_BATCH = "build-batch"


@st.fragment
def workbench(here: state.Current) -> None:
    """Draw both sides and take edits; the rest of the page follows once an edit is finished."""
    bench = build_bench.of_session(here)
    if bench.stale:
        bench.stale = False
        st.rerun()
    bench.take(build_editor.sent())
    valid = bench.draft.config
    about = state_of(here, bench.valid)
    if valid is not None and bench.finished:
        bench.finished = False
        if publish(bench, about):
            st.rerun()
    with st.container(key="build"):
        left, right = st.container(key="build-left"), st.container(key="build-right")
    with right, st.container(key="build-panel", gap="small"):
        advise = _panel(bench, about, ready=valid is not None)
    with left:
        build_editor.show(bench, about if valid is not None else None)
    if valid is not None:
        advise()  # last: it may have to search


def state_of(here: state.Current, config: ModelConfig) -> state.Current:
    """The state with another network, at the chosen input size where the network takes it as well."""
    usual = config.default_input == here.config.default_input
    fits = all(side % config.size_step == 0 for side in here.size)
    return state.changed(here, model=config, size=here.size if usual and fits else None)


def publish(bench: Bench, about: state.Current) -> bool:
    """Make the draft the current network; whether the address has changed."""
    before = st.query_params.to_dict()
    state.apply(about, **{FROM: None if about.preset else bench.base})
    bench.shown = state.current().config
    return st.query_params.to_dict() != before


def _panel(bench: Bench, about: state.Current, ready: bool) -> Callable[[], None]:
    """Draw the right side; returns what draws, in its place there, the advice about a network that does not fit."""
    device = services.device_name(about)
    # A place is kept only where it is filled twice: emptied at every keystroke, it would flicker.
    slot = st if warm.loaded() else st.empty()
    if not warm.loaded():
        # Torch is still on its way: the structure is there before the numbers.
        slot.html(build_panel.face(bench, about, None, device))
    if wanted := st.session_state.pop(build_refused.WANTED, None):
        st.session_state[_BATCH] = wanted
    batch = int(st.session_state.get(_BATCH, 1))
    where = services.resolved(about.device)
    found = build_panel.feedback(about, bench.base, batch, where, services.free_memory(where))
    slot.html(build_panel.face(bench, about, found, device))
    advice = st.container(gap="small")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.number_input("Batch", 1, MAX_BATCH, key=_BATCH, width=120, help="Images that run at once.")
        build_trial.button(about, batch, bench, ready=ready and found.fits)
    build_trial.show(about)
    if ready:
        build_panel.difference(bench.base, bench.valid)
    with st.container(horizontal=True, gap="small"):
        for page in build_trial.PAGES:
            shell.page_link(page, about)

    def advise() -> None:
        with advice:
            build_refused.advise(about, batch, where, found, bench)

    return advise
