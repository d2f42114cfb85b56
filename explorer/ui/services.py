"""What pages compute and share: bounded, and kept once for all visitors. Imports torch only when called."""

import sys
from importlib.metadata import version

import streamlit as st

from explorer.config import ModelConfig, preset, preset_name
from explorer.errors import BudgetError, ExplorerError
from explorer.graph.layer_graph import LayerGraph
from explorer.ui import state, warm
from explorer.ui.plain import plain


@st.cache_resource(max_entries=48, show_spinner="Tracing the network")
def _graph(digest: str, size: tuple[int, int], _config: ModelConfig) -> LayerGraph:
    from explorer.graph import trace

    return trace(_config, (1, _config.backbone.input_channels, *size))


def graph_of(config: ModelConfig, size: tuple[int, int]) -> LayerGraph:
    """The traced graph of a network for one image of (height, width); raises TraceError where that cannot work.

    It is shared by all visitors, so it is called what the network is called by everybody: the name that one of them
    gave to theirs stays with them.
    """
    known = preset_name(config)
    common = preset(known) if known else config.model_copy(update={"name": None})
    return _graph(config.digest, size, common)


def graph_or_stop(here: state.Current) -> LayerGraph:
    """The current network's graph; where there can be none, the reason on the page, which ends there."""
    try:
        return graph_of(here.config, here.size)
    except ExplorerError as error:
        st.error(plain(error), icon=":material/error:")
        st.stop()


def resolved(device: str) -> str:
    """The device that a name stands for; the CPU for one that is not here. Asks torch which devices there are."""
    from explorer.runtime.device import resolve

    try:
        return resolve(device)
    except BudgetError:
        return "cpu"


def free_memory(device: str) -> int:
    """Bytes that a device has free."""
    from explorer.runtime import budget

    return budget.free_memory(device)


def device_name(current: state.Current) -> str:
    """What to call the device in a label: ``CPU``, ``cuda:0``; ``the best device`` until torch can be asked."""
    name = current.device
    if name == state.AUTO_DEVICE:
        if warm.loaded():
            from explorer.runtime.device import devices

            name = devices()[0]
        elif version("torch").endswith("+cpu") and sys.platform != "darwin":
            name = "cpu"
        else:
            return "the best device"
    return "CPU" if name == "cpu" else name
