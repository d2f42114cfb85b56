"""Beyond weights: what each source contributes for a picture, in the same matrix, and where that disagrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np
import streamlit as st

from explorer.analysis.aggregation import Matrix
from explorer.analysis.connectivity_summary import ranks, spearman
from explorer.analysis.heatmaps import Cell, Heatmap, Scale
from explorer.config.protocol import protocol_of
from explorer.errors import ExplorerError
from explorer.runtime.recent import Recent
from explorer.ui import (
    connectivity_figure,
    connectivity_options,
    inspector_engine,
    inspector_picture,
)
from explorer.ui.connectivity_figure import Row
from explorer.ui.connectivity_networks import Shown
from explorer.ui.plain import plain

MOST_PASSES = 400
MOST_SECONDS = 240.0
NAMED = 3
METHODS = {"ablation": "Ablation", "gradient": "Gradient × activation"}
UNITS = {"ablation": "relative change of the output", "gradient": "|Σ gradient × activation|"}
WORDS = {
    "ablation": "A source is set to zero where one target reads it, and nowhere else; the number is "
    "‖y′ − y‖ / ‖y‖ over "
    "all outputs y. One pass of the network for each connection.",
    "gradient": "|Σ g·a| over a source’s channels where one target reads it, g the gradient of the "
    "score that the network "
    "decides for (the largest over channels, summed over positions): to first order, how that score "
    "falls without the "
    "source. One pass for all connections.",
}
_ASKED, _PARTIAL = "connectivity.asked", "connectivity.partial"


@dataclass(frozen=True, eq=False)
class Measured:
    """Contributions by aggregation (sources, targets), NaN where there is none or it was not reached."""

    matrices: dict[int, Matrix]
    remark: str = ""

    @property
    def nbytes(self) -> int:
        """Memory that the matrices take."""
        return sum(matrix.nbytes for matrix in self.matrices.values())


class _Enough(Exception):
    """The time is up."""


@st.cache_resource(show_spinner=False)
def kept() -> Recent[inspector_engine.Key, Measured]:
    """Contributions measured lately, shared by all visitors."""
    return Recent(16 * 2**20)


def show(network: Shown) -> None:
    """The controls, and the two matrices side by side once one has been measured."""
    st.subheader("Beyond weights", anchor=False)
    st.markdown(
        "Large weights can read a source that says nothing, and small ones one that decides. For a "
        "picture, measure what each "
        "source contributes in truth, and compare."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        titles = [heatmap.title for heatmap in network.heatmaps]
        title = st.selectbox(
            "Aggregation", titles, width=300, key=f"connectivity.part.{network.here.config.digest}"
        )
        heatmap = network.heatmaps[titles.index(title)]
        method = st.segmented_control(
            "Measured by", list(METHODS), default="ablation", format_func=METHODS.__getitem__, required=True,
            key="connectivity.method",
        ) or "ablation"  # fmt: skip
        picture = inspector_picture.choose(network.here.size)
        passes = len(heatmap.cells)
        key = (*inspector_engine.identity(network.here), picture.digest, method, title)
        st.button(
            "Measure", icon=":material/play_arrow:", type="primary", key="connectivity.measure", on_click=_ask,
            args=(key,), disabled=method == "ablation" and passes > MOST_PASSES,
        )  # fmt: skip
    st.caption(f"{WORDS[method]} Picture: {plain(picture.name)}.")
    if method == "ablation" and passes > MOST_PASSES:
        st.info(
            f"{title} has {passes:,} connections, but at most {MOST_PASSES} passes are made here: measure it "
            f"by gradient × "
            "activation, in one pass.",
            icon=":material/timer:",
        )
    found = kept().get(key)
    if st.session_state.pop(_ASKED, None) == key and found is None:
        found = _measured(network, heatmap, method, picture, key)
    stopped = st.session_state.get(_PARTIAL)
    if found is None and stopped is not None and stopped[0] == key:
        found = stopped[1]
    if found is not None:
        _compare(network, heatmap, method, found, key)


def _ask(key: inspector_engine.Key) -> None:
    st.session_state[_ASKED] = key


def _measured(
    network: Shown, heatmap: Heatmap, method: str, picture: inspector_picture.Shown, key: inspector_engine.Key
) -> Measured | None:
    """Measure, with progress and a button to stop; what was reached by then stays."""
    slot = st.empty()
    members = sorted({cell.aggregation for cell in heatmap.cells})
    total, began = len(heatmap.cells), monotonic()
    matrices: dict[int, Matrix] = {}
    try:
        with slot.container(horizontal=True, vertical_alignment="center"):
            bar = st.progress(0.0, f"Preparing {network.here.title}")
            st.button("Stop", icon=":material/stop:", key="connectivity.stop")
        from explorer.inference.contribution import ablation, gradient_times_activation
        from explorer.inference.inside import picture_input, require_channels

        engine = inspector_engine.engine_of(network.here)
        require_channels(engine)
        inputs = picture_input(picture.rgb, protocol_of(network.here.config))
        if method == "gradient":
            bar.progress(0.3, "Running forwards and backwards")
            items = [network.aggregations[i] for i in members]
            matrices = dict(
                zip(members, gradient_times_activation(engine, network.graph, inputs, items), strict=True)
            )
        else:
            before = 0
            for i in members:
                item = network.aggregations[i]

                def step(done: int, count: int, so_far: Matrix, i: int = i, before: int = before) -> None:
                    matrices[i] = so_far
                    passed = before + done
                    st.session_state[_PARTIAL] = (
                        key,
                        Measured(dict(matrices), f"Stopped after {passed} of {total} passes."),
                    )
                    if monotonic() - began > MOST_SECONDS:
                        raise _Enough
                    bar.progress(passed / total, f"Pass {passed + 1} of {total} on {engine.device}")

                matrices[i] = ablation(engine, network.graph, inputs, item, step)
                before += int(item.connected.sum())
    except _Enough:
        slot.empty()
        return None
    except ExplorerError as error:
        slot.error(plain(error), icon=":material/error:")
        return None
    slot.empty()
    st.session_state.pop(_PARTIAL, None)
    found = Measured(matrices)
    kept().put(key, found)
    return found


def _compare(
    network: Shown, heatmap: Heatmap, method: str, found: Measured, key: inspector_engine.Key
) -> None:
    cells = [
        (cell, float(found.matrices[cell.aggregation][cell.source, cell.target]))
        for cell in heatmap.cells
        if cell.aggregation in found.matrices
        and np.isfinite(found.matrices[cell.aggregation][cell.source, cell.target])
    ]
    if found.remark:
        st.info(found.remark, icon=":material/stop_circle:")
    if not cells:
        return
    truth = replace(heatmap, cells=tuple(replace(cell, strength=value) for cell, value in cells))
    rows = [
        Row("Weights", "mean magnitude", (heatmap,), network.random),
        Row(METHODS[method], UNITS[method], (truth,), False, UNITS[method]),
    ]
    connectivity_figure.show(
        rows, Scale.FIGURE, None, connectivity_options.choose_cell_of_first, f"connectivity-truth-{heatmap.title}",
        apart=True,
    )  # fmt: skip
    weights = np.array([cell.strength for cell, _ in cells])
    values = np.array([value for _, value in cells])
    rho = spearman(weights, values)
    if rho is None:
        st.caption("Too few connections, or too alike, for a rank correlation.")
        return
    st.markdown(
        f"**Rank correlation** (Spearman) of the two over {len(cells)} connections: **{rho:+.2f}**. {_verdict(rho)}"
    )
    for sentence in _disagreements(network, [cell for cell, _ in cells], weights, values):
        st.markdown(f"- {sentence}")
    if network.random:
        st.caption("Random weights: this is what the architecture does before it has learned anything.")


def _verdict(rho: float) -> str:
    if rho > 0.6:
        return "Here the weights tell well which sources matter."
    if rho > 0.2:
        return "The weights tell something, but not most, of which sources matter for this picture."
    return "For this picture the weights do not tell which sources matter."


def _disagreements(
    network: Shown, cells: Sequence[Cell], weights: np.ndarray, values: np.ndarray
) -> list[str]:
    """The connections whose rank by weights differs most from that by contribution, in both directions."""
    count = len(cells)
    by_weight, by_truth = count + 1 - ranks(weights), count + 1 - ranks(values)
    gap = by_weight - by_truth
    order = np.argsort(-np.abs(gap), kind="stable")[:NAMED]
    lines = []
    for i in order:
        if abs(gap[i]) < max(2.0, count / 10):
            continue
        item = network.aggregations[cells[i].aggregation]
        made, reads = item.sources[cells[i].source].path or "input", item.targets[cells[i].target].path
        more = (
            "contributes more than its weights say" if gap[i] > 0 else "contributes less than its weights say"
        )
        lines.append(
            f"`{made}` → `{reads}` {more}: {by_truth[i]:.0f}. of {count} by contribution, "
            f"{by_weight[i]:.0f}. "
            "by weights."
        )
    return lines or ["No connection ranks far apart in the two."]
