"""The figure and its numbers as files; each is made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from explorer.analysis.connectivity_text import csv_text, npz_bytes
from explorer.exports.heatmap_picture import picture
from explorer.ui.connectivity_figure import palette
from explorer.ui.connectivity_networks import Shown
from explorer.ui.connectivity_options import Options

PAPERS = {"white": "White", "dark": "Dark", "transparent": "Transparent"}


def show(shown: Sequence[Shown], options: Options) -> None:
    """A popover: the whole figure as SVG or PNG, the current network's numbers as CSV or NPZ."""
    popover = st.popover(
        "Download", icon=":material/download:", on_change="rerun", key="connectivity.download"
    )
    if not popover.open:
        return
    first = shown[0]
    stem = f"{first.here.title}-connectivity"
    with popover:
        paper = st.segmented_control(
            "Paper", list(PAPERS), default="white", required=True, format_func=PAPERS.__getitem__,
            key="connectivity.paper",
        )  # fmt: skip

        def drawn(form: str) -> bytes:
            from explorer.exports import pdf, svg

            scene = picture(
                [(_title(network), network.heatmaps) for network in shown],
                options.scale,
                palette(),
                paper or "white",
            )
            return svg.to_svg(scene).encode() if form == "svg" else pdf.to_png(scene, 2.0)

        with st.container(horizontal=True):
            _button("SVG", "image/svg+xml", stem, lambda: drawn("svg"), "The figure, text as text.")
            _button("PNG", "image/png", stem, lambda: drawn("png"), "The figure in pixels.")
            _button(
                "CSV", "text/csv", stem, lambda: csv_text(first.aggregations, options.scale).encode(),
                "A line for each connection of the current network.",
            )  # fmt: skip
            _button(
                "NPZ", "application/octet-stream", stem, lambda: npz_bytes(first.aggregations, options.scale),
                "The matrices for NumPy, with the names of their rows and columns.",
            )  # fmt: skip


def _title(network: Shown) -> str:
    return f"{network.here.title}{' (random weights)' if network.random else ''}"


def _button(name: str, mime: str, stem: str, content: Callable[[], bytes], about: str) -> None:
    st.download_button(
        name, content, file_name=f"{stem}.{name.lower()}", mime=mime, help=about, icon=":material/download:",
        key=f"connectivity-download-{name}", on_click="ignore",
    )  # fmt: skip
