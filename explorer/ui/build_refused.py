"""What to do about a network that does not fit: searched for, and one click away."""

from __future__ import annotations

import streamlit as st

from explorer.config import ModelConfig
from explorer.runtime.budget import RESERVE
from explorer.runtime.fitting import Fitting, fitting
from explorer.ui import numbers, services, state
from explorer.ui.build_bench import Bench
from explorer.ui.build_panel import Feedback

WANTED = "build.batch-wanted"
"""Where a batch waits for the run in which its control is drawn with it."""


def advise(about: state.Current, batch: int, device: str, found: Feedback, bench: Bench) -> None:
    """Say both numbers and what would fit, where the run does not; nothing where it does."""
    if found.now is None or found.free is None or found.fits:
        return
    st.error(
        f"A run needs about {numbers.memory(found.now.memory)}, but {services.device_name(about)} has "
        f"{numbers.memory(found.free * RESERVE)} to spare.",
        icon=":material/error:",
    )
    ways = _search(about.config.digest, about.size, batch, device, _rounded(found.free), about.config)
    labels = {
        "size": ways.size and f"Input {numbers.size(ways.size)}",
        "batch": ways.batch and f"Batch {ways.batch}",
        "narrower": ways.share and f"{numbers.share(ways.share, 1)} of the channels",
    }
    offered = {way: label for way, label in labels.items() if label}
    if not offered:
        st.caption(
            "No smaller input, batch or width was found that fits: use fewer layers, or another device."
        )
        return
    st.caption("Each of these alone would make it fit:")
    with st.container(horizontal=True, gap="small"):
        for way, label in offered.items():
            st.button(label, key=f"build-fit-{way}", on_click=_follow, args=(way, ways, about, bench))


def _follow(way: str, ways: Fitting, about: state.Current, bench: Bench) -> None:
    if way == "size" and ways.size:
        state.apply(state.changed(about, size=ways.size))
    elif way == "batch" and ways.batch:
        st.session_state[WANTED] = ways.batch
    elif ways.narrower is not None:
        bench.put(ways.narrower)
    bench.stale = True


def _rounded(free: int) -> int:
    """Free memory, down by less than a sixteenth: the search is not repeated whenever a page of it is taken."""
    step = 1 << max(0, free.bit_length() - 5)
    return free // step * step


@st.cache_data(max_entries=32, show_spinner="Searching what would fit")
def _search(
    digest: str, size: tuple[int, int], batch: int, device: str, free: int, _config: ModelConfig
) -> Fitting:
    return fitting(_config, size, batch, device, lambda estimate: estimate.fits(free), services.graph_of)
