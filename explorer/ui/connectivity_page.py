"""The parts of the Connectivity page: which earlier layers each aggregation really uses."""

from __future__ import annotations

import streamlit as st

from explorer.errors import ExplorerError
from explorer.graph.layer_graph import LayerGraph
from explorer.ui import (
    connectivity_cell,
    connectivity_contribution,
    connectivity_downloads,
    connectivity_figure,
    connectivity_options,
    connectivity_reading,
    shell,
    state,
)
from explorer.ui.connectivity_networks import MOST_CELLS, networks
from explorer.ui.plain import plain

HINT = (
    "Point at a cell for its numbers, click it for the weights behind it. With the keyboard: Tab to a heatmap, arrow "
    "keys from cell to cell, Enter to open."
)

_OPENED_IN = "connectivity.opened_in"


def explore(here: state.Current, graph: LayerGraph) -> None:
    """The figure with its controls, the connection that is open, and what the numbers say.

    No fragment: Streamlit lets a fragment that runs go on whatever is clicked in it, and measuring must be stoppable.
    """
    _forget_cell_of_another(here)
    connectivity_reading.question()
    options = connectivity_options.choose(here)
    try:
        shown = networks(here, graph, options)
    except ExplorerError as error:
        st.error(plain(error), icon=":material/error:")
        return
    if not shown[0].aggregations:
        _nothing(here)
        return
    connectivity_reading.warn_of_random(shown)
    drawn = list(shown)
    while sum(network.cells for network in drawn) > MOST_CELLS and len(drawn) > 1:
        drawn.pop()
    if drawn[0].cells > MOST_CELLS:
        st.warning(
            f"{drawn[0].cells:,} connections are too many to draw (at most {MOST_CELLS:,}): the files below "
            f"have them all.",
            icon=":material/grid_off:",
        )
    else:
        if len(drawn) < len(shown):
            st.info(
                f"Only {len(drawn)} of {len(shown)} networks are drawn: together they have over {MOST_CELLS:,} cells."
            )
        connectivity_figure.show(
            [network.row for network in drawn],
            options.scale,
            connectivity_options.chosen(),
            connectivity_options.choose_cell,
        )
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.caption(HINT)
            connectivity_downloads.show(drawn, options)
        connectivity_cell.show(drawn, connectivity_options.chosen())
    connectivity_reading.show(shown, options.scale)
    connectivity_contribution.show(shown[0])


def _forget_cell_of_another(here: state.Current) -> None:
    """Close the open connection when the network changes: its numbers mean another one there."""
    if st.session_state.get(_OPENED_IN, here.config.digest) != here.config.digest:
        connectivity_options.close_cell()
    st.session_state[_OPENED_IN] = here.config.digest


def _nothing(here: state.Current) -> None:
    st.info(
        f"No layer of {plain(here.title)} reads several earlier features together, so there is nothing to compare. "
        "Networks that aggregate: densenet121, vovnet39, dla34, or deeplabv3.",
        icon=":material/grid_off:",
    )
    with st.container(horizontal=True):
        for name in ("densenet121", "vovnet39", "dla34"):
            shell.page_link("connectivity", state.changed(here, model=name), name)
