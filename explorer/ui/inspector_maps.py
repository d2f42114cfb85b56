"""The feature maps of a node for the picture: small ones to compare, one of them in full."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from explorer.config.protocol import protocol_of
from explorer.errors import ExplorerError
from explorer.graph.layer_graph import LayerGraph
from explorer.inference.tiles import Order, Scale, ranking, sequential, sheet, unit_range
from explorer.ui import inspector_engine, numbers, state, theme
from explorer.ui.inspector_engine import FullMap
from explorer.ui.inspector_facts import table
from explorer.ui.inspector_picture import Shown
from explorer.ui.inspector_pixels import large, png_url
from explorer.ui.plain import plain

if TYPE_CHECKING:
    from explorer.inference.inside import FeatureMaps

ASSETS = Path(__file__).parents[2] / "assets"
COUNTS = (24, 96, 384)
SHEET_COLUMNS = 16
FULL_SIDE = 384

_ORDERS = {Order.CHANNEL: "Channel", Order.MEAN: "Mean", Order.SPREAD: "Spread"}
_SCALES = {Scale.EACH: "Each channel", Scale.ALL: "All together"}

_mount = st.components.v2.component(
    "tiles",
    html='<div class="tiles" role="group">\n</div>',
    css=(ASSETS / "inspector_tiles.css").read_text(),
    js=(ASSETS / "inspector_tiles.js").read_text(),
)


def show(here: state.Current, graph: LayerGraph, tensor: int, picture: Shown) -> None:
    """Every channel as a tile, in an order, and the chosen one in full beside the picture."""
    slot = st.empty()
    try:
        maps = _maps(here, graph, tensor, picture, slot)
    except ExplorerError as error:
        slot.error(plain(error), icon=":material/error:")
        return
    if maps.shape[1:] == (1, 1):
        _vector(maps)
    else:
        _tiled(here, graph, tensor, picture, maps)
    if remark := inspector_engine.weights_remark(here):
        st.caption(remark)


def _maps(
    here: state.Current,
    graph: LayerGraph,
    tensor: int,
    picture: Shown,
    slot: st.delta_generator.DeltaGenerator,
) -> FeatureMaps:
    key = (*inspector_engine.identity(here), tensor, picture.digest)
    found = inspector_engine.kept_maps().get(key)
    if found is not None:
        return found
    with slot.status("Preparing the network", type="compact") as status:
        from explorer.inference.inside import feature_maps, picture_input, require_channels

        engine = inspector_engine.engine_of(here)
        require_channels(engine)
        found = feature_maps(
            engine, graph, picture_input(picture.rgb, protocol_of(here.config)), tensor,
            on_turn=lambda: status.update(label=f"Running {here.title} on {engine.device}"),
        )  # fmt: skip
    slot.empty()
    inspector_engine.kept_maps().put(key, found)
    return found


def _channel(here: state.Current, graph: LayerGraph, tensor: int, picture: Shown, channel: int) -> np.ndarray:
    key = (*inspector_engine.identity(here), tensor, picture.digest, channel)
    found = inspector_engine.kept_channels().get(key)
    if found is None:
        from explorer.inference.inside import feature_map, picture_input

        engine = inspector_engine.engine_of(here)
        inputs = picture_input(picture.rgb, protocol_of(here.config))
        found = FullMap(feature_map(engine, graph, inputs, tensor, channel))
        inspector_engine.kept_channels().put(key, found)
    return found.values


def _tiled(here: state.Current, graph: LayerGraph, tensor: int, picture: Shown, maps: FeatureMaps) -> None:
    channels = maps.shape[0]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        order = st.segmented_control(
            "Order", list(Order), format_func=_ORDERS.__getitem__, default=Order.MEAN, required=True,
            key="inspector-order", help="Largest first: the mean over positions, or the standard deviation.",
        )  # fmt: skip
        scale = st.segmented_control(
            "Colours", list(Scale), format_func=_SCALES.__getitem__, default=Scale.EACH, required=True,
            key="inspector-scale", help="What spans the colours from its smallest to its largest value.",
        )  # fmt: skip
        count = COUNTS[0]
        if channels > COUNTS[0]:
            choices = [number for number in COUNTS if number < channels] + (
                [channels] if channels <= COUNTS[-1] else []
            )
            count = st.segmented_control(
                "Channels", choices, default=choices[0], required=True, key=f"inspector-count-{choices[-1]}"
            )
    ranked = ranking(order, maps.mean, maps.std)[:count]
    chosen = _chosen(channels, int(ranked[0]))
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        _mount(
            key="inspector-tiles",
            data=_sheet(maps, ranked, scale, chosen),
            default={"picked": None},
            on_picked_change=lambda: None,
        )
        shown = f"{len(ranked)} of {channels} channels" if len(ranked) < channels else numbers_of(channels)
        st.caption(f"{shown}. {_range_text(maps, scale)}{_reduced(maps)}")
    with right:
        _full(here, graph, tensor, picture, maps, chosen)


def numbers_of(channels: int) -> str:
    """``1 channel``, ``64 channels``."""
    return f"{channels} channel{'' if channels == 1 else 's'}"


def _chosen(channels: int, otherwise: int) -> int:
    """The channel that was clicked, where this result has it."""
    picked = getattr(st.session_state.get("inspector-tiles"), "picked", None)
    return picked if isinstance(picked, int) and 0 <= picked < channels else otherwise


def _sheet(maps: FeatureMaps, ranked: np.ndarray, scale: Scale, chosen: int) -> dict[str, object]:
    tiles = maps.tiles[ranked]
    if scale is Scale.ALL:
        low, high = float(maps.minimum.min()), float(maps.maximum.max())
        unit = (tiles - low) / (high - low if high > low else 1)
    else:
        unit = unit_range(tiles, Scale.EACH)
    columns = min(SHEET_COLUMNS, len(ranked))
    return {
        "sheet": png_url(sheet(sequential(unit), columns)),
        "columns": columns,
        "rows": -(-len(ranked) // columns),
        "ratio": f"{tiles.shape[2]} / {tiles.shape[1]}",
        "side": 76,
        "picked": chosen,
        "label": "Feature maps: choose one to enlarge it",
        "tiles": [
            {
                "id": int(channel),
                "text": f"{channel} · {maps.mean[channel]:.3g}",
                "title": f"Channel {channel}: mean {maps.mean[channel]:.4g}, deviation {maps.std[channel]:.4g}",
            }
            for channel in ranked
        ],
    }


def _range_text(maps: FeatureMaps, scale: Scale) -> str:
    if scale is Scale.ALL:
        return (
            f"Dark to bright: {maps.minimum.min():.3g} to {maps.maximum.max():.3g}, the same for all. "
            "Below each, its number and mean."
        )
    return "Dark to bright: each channel's own smallest to largest value. Below each, its number and mean."


def _reduced(maps: FeatureMaps) -> str:
    size = maps.tiles.shape[1:]
    if size == maps.shape[1:]:
        return ""
    return f" Averaged down from {numbers.size(maps.shape[1:])} to {numbers.size((size[0], size[1]))}."


def _full(
    here: state.Current, graph: LayerGraph, tensor: int, picture: Shown, maps: FeatureMaps, channel: int
) -> None:
    try:
        full = _channel(here, graph, tensor, picture, channel)
    except ExplorerError as error:
        st.error(plain(error), icon=":material/error:")
        return
    pixels = sequential(unit_range(full[None], Scale.EACH)[0])
    st.markdown(f"**Channel {channel}**, {numbers.size(maps.shape[1:])}")
    st.image(large(pixels, FULL_SIDE), width=FULL_SIDE)
    table(
        [
            ("Range", f"{maps.minimum[channel]:.4g} to {maps.maximum[channel]:.4g}", "Colours span it"),
            ("Mean ± deviation", f"{maps.mean[channel]:.4g} ± {maps.std[channel]:.4g}", "Over all positions"),
            ("Above 0", numbers.share(float(maps.positive[channel]), 1), "Share of positions"),
        ]
    )


def _vector(maps: FeatureMaps) -> None:
    """A result without positions: its numbers as bars."""
    import plotly.graph_objects as go

    values = maps.mean[: COUNTS[-1] * 4]
    figure = go.Figure(
        go.Bar(x=np.arange(len(values)), y=values, marker_color=theme.BLUE, marker_line_width=0)
    )
    figure.update_layout(
        height=260, margin=dict(l=0, r=0, t=8, b=0), bargap=0, xaxis_title="Channel", yaxis_title="Value"
    )
    st.plotly_chart(figure, key="inspector-vector")
    st.caption(
        f"{numbers_of(maps.shape[0])} without positions, from {maps.mean.min():.3g} to {maps.mean.max():.3g}."
    )
