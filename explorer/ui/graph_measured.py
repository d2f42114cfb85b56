"""Overlays whose numbers the graph alone does not have: norms of the loaded weights, and measured latency."""

import threading
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

import streamlit as st

from explorer.analysis.overlays import Quantity, norm_per_operation
from explorer.analysis.weight_statistics import WeightNorm, weight_norms
from explorer.errors import ExplorerError
from explorer.graph.layer_graph import LayerGraph
from explorer.measure import Latency, measure_latency
from explorer.ui import numbers, services, state, weights_control
from explorer.ui.plain import plain
from explorer.ui.predict_run import engines
from explorer.weights import WeightsKind

_LATENCY = "graph.latency"

Numbers = Sequence[float] | None


def _norm(here: state.Current, graph: LayerGraph) -> Numbers:
    """The L2 norm of each operation's weights; None, after a sentence, where the weights cannot be loaded."""
    own = weights_control.own(here)
    named = here.weights if own is None else sha256(own).hexdigest()
    try:
        return norm_per_operation(graph, _norms(here.config.digest, named, here.device, here, own))
    except ExplorerError as error:
        st.error(plain(error), icon=":material/error:")
        return None


@st.cache_resource(max_entries=16, show_spinner="Reading the weights")
def _norms(
    digest: str, weights: str, device: str, _here: state.Current, _own: bytes | None
) -> Mapping[str, WeightNorm]:
    engine = engines().engine_for(_here.config, _here.weights, _here.device, _own)
    return weight_norms(engine.network.state_dict())


def _latency(here: state.Current, graph: LayerGraph) -> Numbers:
    measured = last_latency(here)
    return None if measured is None else measured.operations


SOURCES: Mapping[Quantity, Callable[[state.Current, LayerGraph], Numbers]] = {
    Quantity.NORM: _norm,
    Quantity.LATENCY: _latency,
}
"""Where the numbers per operation come from; None stands for "not yet"."""


def last_latency(here: state.Current) -> Latency | None:
    """What this visitor measured last, if it was this network at this size on this device."""
    key, measured = st.session_state.get(_LATENCY, (None, None))
    return measured if key == _key(here) else None


def _key(here: state.Current) -> tuple[str, tuple[int, int], str]:
    # Weights do not matter: the same numbers are multiplied, whatever they are.
    return here.config.digest, here.size, here.device


@st.cache_resource(show_spinner=False)
def _alone() -> threading.Lock:
    """Held by whoever measures: two measurements at a time would measure each other."""
    return threading.Lock()


def measuring(here: state.Current, graph: LayerGraph, slot: st.delta_generator.DeltaGenerator) -> None:
    """The button that measures latency; progress is shown in ``slot``."""
    title = f"Measure on {services.device_name(here)}"
    if not st.button(
        title, icon=":material/timer:", key="graph-measure", help="Forward passes, timed by operation"
    ):
        return
    bar = slot.progress(0.0, "Preparing the network")
    try:
        engine = engines().engine_for(here.config, here.weights, here.device, weights_control.own(here))
        st.session_state[_LATENCY] = _key(here), measure_latency(
            engine, graph, _alone(),
            # Each step is a Streamlit call, at which a run that a newer click has overtaken ends.
            lambda done, planned: bar.progress(done / planned, f"Pass {done + 1} of {planned} on {engine.device}"),
        )  # fmt: skip
    except ExplorerError as error:
        slot.error(plain(error), icon=":material/error:")
    else:
        slot.empty()


def remark(here: state.Current, quantity: Quantity) -> str:
    """What has to be said of the numbers besides what they mean."""
    if quantity is Quantity.NORM and here.weights == WeightsKind.RANDOM:
        return "These weights are random: nothing has been learned"
    measured = last_latency(here) if quantity is Quantity.LATENCY else None
    if measured is None:
        return ""
    return (
        f"{measured.title}, {numbers.size(measured.size)}, median of {measured.repetitions} passes; "
        f"unwatched, the network takes {numbers.duration(measured.whole)}"
    )
