"""One connection opened: its numbers, the weights behind it as pictures and as a histogram, and links to the graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from explorer.analysis import Aggregation, Kind
from explorer.analysis.filter_slice import filter_slice
from explorer.inference.tiles import Scale, diverging, matrix_of_tiles, signed_range
from explorer.ui import connectivity_options, inspector_engine, state, theme
from explorer.ui.connectivity_networks import Shown
from explorer.ui.connectivity_options import Place
from explorer.ui.inspector import STYLE
from explorer.ui.inspector_facts import table
from explorer.ui.plain import plain

OWN_STYLE = Path(__file__).parents[2] / "assets" / "connectivity_page.css"
DOWN, ACROSS = 128, 640
KERNELS_DOWN, KERNELS_ACROSS = 24, 32
PICTURE_WIDTH = 640
BINS = 61


def show(networks: Sequence[Shown], place: Place | None) -> None:
    """The panel of the connection that the URL names; a sentence where there is none of that number."""
    if place is None:
        return
    network_at, aggregation, source, target = place
    network = networks[network_at] if network_at < len(networks) else None
    item = network.aggregations[aggregation] if network and aggregation < len(network.aggregations) else None
    if (
        network is None or item is None or source >= len(item.sources) or target >= len(item.targets)
        or not item.connected[source, target]
    ):  # fmt: skip
        st.info("The connection that the link names is not in this figure.", icon=":material/visibility_off:")
        return
    st.html(STYLE)
    st.html(OWN_STYLE)
    with st.container(border=True, key="connectivity-cell"):
        _heading(network, item, source, target)
        weights = _slice(
            (*inspector_engine.identity(network.here), network.beside, *place[1:]),
            network,
            item,
            source,
            target,
        )
        left, right = st.columns([1.35, 1], gap="large")
        with right:
            table(_facts(network, item, source, target, weights))
            _histogram(weights)
        with left:
            _picture(weights, item)


@st.cache_data(max_entries=16, show_spinner="Reading the weights")
def _slice(
    key: tuple[str | int, ...], _network: Shown, _item: Aggregation, _source: int, _target: int
) -> np.ndarray:
    return filter_slice(_network.graph, _network.state_dict(), _item, _source, _target)


def _heading(network: Shown, item: Aggregation, source: int, target: int) -> None:
    made, reads = item.sources[source].path, item.targets[target].path
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(made or 'input')}** → **{plain(reads)}**", width="stretch")
        if network.random:
            st.badge("Random weights", color="orange")
        graph = {"view": "modules"}
        st.link_button(
            "Target in the graph", state.link("graph", network.here, node=reads, **graph),
            icon=":material/account_tree:", type="tertiary",
        )  # fmt: skip
        st.link_button(
            "Source in the graph", state.link("graph", network.here, node=made or "input:0", **graph),
            icon=":material/account_tree:", type="tertiary",
        )  # fmt: skip
        st.button("Close", icon=":material/close:", type="tertiary", on_click=connectivity_options.close_cell)


def _facts(
    network: Shown, item: Aggregation, source: int, target: int, weights: np.ndarray
) -> list[tuple[str, str, str]]:
    strength = float(item.strength[source, target])
    everything = [
        one.strength.max()
        for one in network.aggregations
        if (one.kind is Kind.SUM) == (item.kind is Kind.SUM)
    ]
    into = item.strength[item.connected[:, target], target]
    rank = 1 + int((into > strength).sum())
    filters, channels, *kernel = weights.shape
    return [
        ("Mean |w|", f"{strength:.4g}", "The formula above: the mean magnitude of the weights shown"),
        (
            "Of the largest",
            f"{strength / max(everything):.2f} of the network · {item.normalized[source, target]:.2f} of its block · "
            f"{item.normalized_by_target[source, target]:.2f} into its target",
            "The strength over the largest one of each",
        ),
        ("Among its target’s sources", f"{rank} of {len(into)}", "1 is the strongest"),
        (
            "Source",
            f"{item.sources[source].channels} channels",
            "Made by the module on the left of the arrow",
        ),
        (
            "Weights",
            f"{weights.size:,} = {filters} filters × {channels} channels × {'×'.join(map(str, kernel))}",
            "The slice of the reading layer’s filters that sees the source; of a sum, the branch’s own last "
            "convolution",
        ),
    ]


def _picture(weights: np.ndarray, item: Aggregation) -> None:
    """Channels of the source down, filters across, as the heatmaps are."""
    if not np.isfinite(weights).all():
        st.caption("Not every weight is a finite number: there is no picture of them.")
        return
    own = "its own last convolution" if item.kind is Kind.SUM else "the layer that reads"
    turned = weights.swapaxes(0, 1)
    if weights.shape[2:] == (1, 1):
        shown = turned[:DOWN, :ACROSS]
        zoom = max(1, min(14, PICTURE_WIDTH // shown.shape[1]))
        st.image(diverging(signed_range(shown[:, :, 0, 0], Scale.ALL)).repeat(zoom, 0).repeat(zoom, 1))
    else:
        shown = turned[:KERNELS_DOWN, :KERNELS_ACROSS]
        gap = 3 if shown.shape[1] <= 16 else 2
        zoom = max(1, min(9, (PICTURE_WIDTH // shown.shape[1] - gap) // shown.shape[3]))
        st.image(matrix_of_tiles(diverging(signed_range(shown, Scale.ALL)), gap=gap, zoom=zoom))
    rows, columns = shown.shape[:2]
    st.caption(
        f"Down: the source’s channels 0 to {rows - 1} of {turned.shape[0]}. Across: filters 0 to {columns - 1} of "
        f"{turned.shape[1]} of {own}. Blue is negative, pale 0, orange positive, up to ±{np.abs(shown).max():.3g}."
    )


def _histogram(weights: np.ndarray) -> None:
    import plotly.graph_objects as go

    finite = weights[np.isfinite(weights)]
    largest = float(np.abs(finite).max(initial=0.0)) or 1.0
    counts, edges = np.histogram(finite, BINS, (-largest, largest))
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2, y=counts, width=np.diff(edges), marker_color=theme.BLUE,
            marker_line_width=0, customdata=np.stack([edges[:-1], edges[1:]], 1),
            hovertemplate="%{customdata[0]:.4g} to %{customdata[1]:.4g}: %{y:,}<extra></extra>",
        )
    )  # fmt: skip
    mean = float(np.abs(finite).mean()) if finite.size else 0.0
    for side in (-mean, mean):
        figure.add_vline(side, line=dict(color=theme.VERMILION, width=1.3, dash="dot"))
    figure.update_layout(
        height=190, margin=dict(l=0, r=0, t=8, b=0), bargap=0, showlegend=False, yaxis_title="Weights per bin"
    )
    st.plotly_chart(figure, key="connectivity-histogram", config={"displayModeBar": False})
    st.caption("Dotted: ± the mean magnitude, which is the strength.")
