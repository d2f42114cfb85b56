"""What can be carried away from the Graph page: the view as a picture or a graph, and the network itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import streamlit as st

from explorer.errors import BudgetError, ExplorerError
from explorer.exports.files import Exports, Look, network_bytes, write_network
from explorer.exports.formats import ABOUT, Content, Format, of_content
from explorer.exports.mermaid import excess
from explorer.exports.pdf import pixels_per_unit
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.layout_model import Layout
from explorer.graph.view_model import View, shape_text
from explorer.ui import inspector_engine, numbers, services, state
from explorer.ui.plain import plain

MOST_PREPARED = 768 * 2**20
"""Bytes of a file that is made here; the command line streams larger ones."""
STEP = 0.02
"""Share of a file after which its progress is shown again."""
_PREPARED = "graph.prepared"

PAPERS = {"white": "White", "dark": "Dark", "transparent": "Transparent"}
PAGES = {"own": "The picture's own size", "a4": "A4", "a3": "A3"}
SCALES = (1, 2, 4)
ICONS = {
    Format.SVG: "shapes", Format.PDF: "picture_as_pdf", Format.PNG: "image", Format.DOT: "account_tree",
    Format.MERMAID: "schema", Format.JSON: "data_object", Format.MODEL_EXPLORER: "travel_explore",
    Format.ONNX: "deployed_code", Format.SCRIPT: "code", Format.WEIGHTS: "weight", Format.YAML: "tune",
}  # fmt: skip
HELP = {
    Format.SVG: "Text stays text, nothing is fetched. For browsers, Inkscape, Illustrator.",
    Format.PDF: "One page of vector graphics with its fonts inside. For LaTeX and printers.",
    Format.PNG: "Pixels, for wherever vectors cannot go.",
    Format.DOT: "This view's nodes and edges for Graphviz, Gephi, yEd: they place them anew.",
    Format.MERMAID: "This view as text that GitHub, GitLab and Notion draw.",
    Format.JSON: "Every operation and tensor, as this explorer reads it back.",
    Format.MODEL_EXPLORER: "Every operation, in layers by module, for Google's Model Explorer.",
    Format.SCRIPT: "One file of plain torch with the same keys, to read, change and train.",
    Format.YAML: "What this explorer builds the network from.",
    Format.ONNX: "Opens in Netron, runs in ONNX Runtime for any batch and size; the weights are inside.",
    Format.WEIGHTS: "The state dict as safetensors: what the PyTorch script loads.",
}


def downloads(here: state.Current, graph: LayerGraph, shown: View, placed: Layout) -> None:
    """A popover with every format; nothing is made while it is closed, and what is slow only when asked for."""
    popover = st.popover("Download", icon=":material/download:", on_change="rerun", key="graph.download")
    if not popover.open:
        return
    stem = f"{here.title}-{shape_text(here.input_shape[2:], batch=True)}".replace("×", "x")
    exports = Exports(here.config, graph, shown, lambda: placed)
    with popover:
        _picture(exports, f"{stem}-{shown.style}")
        _graph(here, exports, stem)
        _network(here, exports, stem)


def _picture(exports: Exports, stem: str) -> None:
    st.markdown("**Picture** of this view, with legend and caption")
    paper = st.segmented_control(
        "Paper",
        list(PAPERS),
        default="white",
        required=True,
        format_func=PAPERS.__getitem__,
        key="graph.paper",
    )
    chosen = replace(exports, look=Look(paper=paper or "white"))
    width, height = chosen.scene.width, chosen.scene.height
    with st.container(horizontal=True):
        page = st.selectbox(
            "PDF page", list(PAGES), format_func=PAGES.__getitem__, key="graph.page",
            help="Its own size for LaTeX and slides; on a sheet it is scaled down to fit.",
        )  # fmt: skip
        scale = st.selectbox(
            "PNG pixels", SCALES, index=1, key="graph.scale",
            format_func=lambda scale: _pixels(width, height, pixels_per_unit(chosen.scene, scale)),
        )  # fmt: skip
    drawn = replace(exports, look=Look(paper=paper or "white", page=page, scale=scale))
    with st.container(horizontal=True):
        for form in (Format.SVG, Format.PDF):
            _button(form, drawn.content(form), stem)
        # Drawing pixels takes a moment: only when it is clicked.
        _button(Format.PNG, lambda: drawn.content(Format.PNG), stem)


def _graph(here: state.Current, exports: Exports, stem: str) -> None:
    st.markdown("**Graph**: this view for other programs to place, or every operation")
    with st.container(horizontal=True):
        for form in of_content(Content.VIEW):
            _button(form, exports.content(form), f"{stem}-{exports.view.style}")
        for form in of_content(Content.GRAPH):
            _button(form, _whole(form, here.config.digest, here.title, here.size, exports), stem)
    if sentence := excess(exports.view, exports.content(Format.MERMAID).decode()):
        st.caption(sentence)


def _network(here: state.Current, exports: Exports, stem: str) -> None:
    st.markdown("**Network**, built as it is here")
    row, slot = st.container(horizontal=True), st.empty()
    with row:
        for form in (Format.SCRIPT, Format.YAML):
            _button(form, _whole(form, here.config.digest, here.title, here.size, exports), here.title)
        asked = [form for form in (Format.ONNX, Format.WEIGHTS) if _offered(here, exports, form, stem)]
    for form in asked:
        _prepare(here, exports, form, slot)
    if remark := inspector_engine.weights_remark(here):
        st.caption(remark)


def _button(form: Format, content: bytes | Callable[[], bytes], stem: str, *, ready: bool = False) -> None:
    about = ABOUT[form]
    size = f" · {numbers.memory(len(content))}" if isinstance(content, bytes) else ""
    st.download_button(
        f"{'Save ' if ready else ''}{about.title}{size}", content, file_name=f"{stem}.{about.ending}", mime=about.mime,
        help=HELP[form], icon=f":material/{ICONS[form]}:", key=f"graph-download-{form}", on_click="ignore",
        type="primary" if ready else "secondary",
    )  # fmt: skip


@st.cache_data(max_entries=16, show_spinner=False)
def _whole(form: Format, digest: str, title: str, size: tuple[int, int], _exports: Exports) -> bytes:
    """What does not depend on the view, made once for a network, by the name it has here, and a size."""
    return _exports.content(form)


def _offered(here: state.Current, exports: Exports, form: Format, stem: str) -> bool:
    """A button that saves a file with weights, or, before it is made, one that asks for it; whether it was asked."""
    kept, content = st.session_state.get(_PREPARED, (None, b""))
    if kept == _key(here, form):
        _button(form, content, stem, ready=True)
        return False
    return st.button(
        f"Make {ABOUT[form].title} · {numbers.memory(network_bytes(form, exports.graph))}", help=HELP[form],
        icon=f":material/{ICONS[form]}:", key=f"graph-make-{form}",
    )  # fmt: skip


def _key(here: state.Current, form: Format) -> tuple[object, ...]:
    return form, *inspector_engine.identity(here)


def _prepare(
    here: state.Current, exports: Exports, form: Format, slot: st.delta_generator.DeltaGenerator
) -> None:
    """Make a file with weights; ``slot`` shows how far it is. A session keeps the last such file."""
    st.session_state.pop(_PREPARED, None)
    bar = slot.progress(0.0, f"Building {here.title}")
    try:
        content = _made(here, exports, form, bar)
    except ExplorerError as error:
        slot.error(plain(error), icon=":material/error:")
        return
    st.session_state[_PREPARED] = (_key(here, form), content)
    st.rerun(scope="fragment")


def _made(
    here: state.Current, exports: Exports, form: Format, bar: st.delta_generator.DeltaGenerator
) -> bytes:
    """The file. Raises BudgetError where it is larger than what a page should hold."""
    size = network_bytes(form, exports.graph)
    free = services.free_memory("cpu") or 0
    if size > min(MOST_PREPARED, free // 2):
        raise BudgetError(
            f"{ABOUT[form].title} of {here.title} has {numbers.memory(size)}, but at most "
            f"{numbers.memory(min(MOST_PREPARED, free // 2))} are made here: the command line writes it into a file, "
            f"python -m explorer graph NETWORK --format {form} --out FILE."
        )
    engine = inspector_engine.engine_of(here)
    shown = 0.0

    def progress(share: float) -> None:
        nonlocal shown
        if share - shown >= STEP:
            shown = share
            bar.progress(min(share, 1.0), f"Writing {numbers.memory(share * size)} of {numbers.memory(size)}")

    file = BytesIO()
    write_network(
        form, here.config, exports.graph, engine.network.state_dict(), engine.weights, file, progress
    )
    return file.getvalue()


def _pixels(width: float, height: float, scale: float) -> str:
    return f"{width * scale:,.0f} × {height * scale:,.0f}"
