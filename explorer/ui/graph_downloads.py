"""What can be carried away from the Graph page: the view as a picture or a graph, and the network itself."""

from collections.abc import Callable

import streamlit as st

from explorer.exports.dot import to_dot
from explorer.exports.pdf import to_pdf, to_png
from explorer.exports.svg import to_svg
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.layout_model import Layout
from explorer.graph.view_model import View, shape_text
from explorer.ui import state


def downloads(here: state.Current, graph: LayerGraph, shown: View, placed: Layout) -> None:
    """A popover with every format; what is made is made when it is asked for."""
    stem = f"{here.title}-{shape_text(here.input_shape[2:], batch=True)}-{shown.style}".replace("×", "x")
    formats: dict[str, tuple[Callable[[], str | bytes], str, str]] = {
        "SVG": (lambda: to_svg(shown, placed), "svg", "image/svg+xml"),
        "PDF": (lambda: to_pdf(shown, placed), "pdf", "application/pdf"),
        "PNG": (lambda: to_png(shown, placed), "png", "image/png"),
        "DOT": (lambda: to_dot(shown), "dot", "text/vnd.graphviz"),
        "JSON": (graph.to_json, "json", "application/json"),
    }
    with st.popover("Download", icon=":material/download:"):
        for name, (make, ending, mime) in formats.items():
            st.download_button(
                name, make, file_name=f"{stem}.{ending}", mime=mime, key=f"graph-download-{name}", on_click="ignore",
                width="stretch",
            )  # fmt: skip
