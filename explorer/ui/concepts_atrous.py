"""The section on atrous convolution; taps and holes are drawn here, the rest in files of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.concepts import atrous
from explorer.ui import concepts_aspp, concepts_stride, numbers, theme
from explorer.ui.concepts_figure import Figure, paint_url

KEY = "concepts-atrous"
MULTI_GRID = (1, 2, 4)
"""DeepLab v3's unit rates of the last stage's three blocks."""
EQUAL, GRID = "equal: r, r, r", "multi-grid: r, 2r, 4r"


@st.fragment
def show() -> None:
    """Draw the section; nothing here runs a network."""
    st.subheader("Atrous convolution and fields of view", anchor="atrous-convolution")
    st.markdown(
        "Atrous convolution spreads its taps: with rate *r* it skips *r* − 1 cells between two of them, "
        "and so sees further at the same cost, on a map that keeps its resolution."
    )
    st.latex(r"y[i] = \sum_k x[i + r \cdot k]\, w[k] \qquad k_e = k + (k - 1)(r - 1)")
    _taps()
    concepts_aspp.show()
    concepts_stride.show()


def _taps() -> None:
    """One layer's taps, and what a stack of layers covers."""
    st.markdown("#### Taps, and the holes that equal rates leave")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kernel = int(
            st.segmented_control(
                "Kernel k", (3, 5), default=3, required=True, key=f"{KEY}-kernel", persist_state="session"
            )
        )
        rate = st.slider("Rate r", 1, 6, 2, key=f"{KEY}-rate", persist_state="session", width=220)
        layers = int(
            st.segmented_control(
                "Layers", (1, 2, 3), default=3, required=True, key=f"{KEY}-layers", persist_state="session"
            )
        )
        pattern = st.segmented_control(
            "Rates of the layers",
            (EQUAL, GRID),
            default=EQUAL,
            required=True,
            key=f"{KEY}-pattern",
            persist_state="session",
        )
    rates = [rate * (MULTI_GRID[index] if pattern == GRID else 1) for index in range(layers)]
    counts = atrous.coverage(kernel, rates)
    _coverage_figure(kernel, rate, rates, counts)
    read, cells = int((counts > 0).sum()), counts.size
    span, field = atrous.effective_kernel(kernel, rate), len(counts)
    written = " + ".join(rf"{kernel - 1} \cdot {rate}" for rate in rates)
    st.latex(
        rf"k_e = {kernel} + ({kernel} - 1)({rate} - 1) = {span} \qquad "
        rf"F = 1 + {written} = {field}"
    )
    holes = cells - read
    st.markdown(
        f"The stack sees a field of {field}×{field} = {cells} cells and reads **{read}** of them"
        + (
            f"; **{holes} ({numbers.share(holes, cells)}) are holes** that no path reaches."
            if holes
            else ", without a hole."
        )
        + f" Weights per layer: {kernel * kernel}, whatever the rate."
    )
    st.caption(
        "Sources: Chen et al., [arXiv 1606.00915](https://arxiv.org/abs/1606.00915), section 3.1; "
        "multi-grid: [arXiv 1706.05587](https://arxiv.org/abs/1706.05587), section 3.2.1. Counted "
        "exactly: the number in a cell is how many paths lead from it to one output."
    )


def _coverage_figure(kernel: int, rate: int, rates: Sequence[int], counts: np.ndarray) -> None:
    panel, gap, top = 330, 90, 30
    figure = Figure(2 * panel + gap, panel + top + 34, "Taps of one layer and coverage of the stack")
    span, field = atrous.effective_kernel(kernel, rate), len(counts)

    shown = span + 2
    cell = panel / shown
    figure.text(panel / 2, 16, f"One layer: {kernel}×{kernel} taps, rate {rate}", "middle", kind="strong")
    for i in range(shown + 1):
        figure.line(i * cell, top, i * cell, top + panel, kind="rule")
        figure.line(0, top + i * cell, panel, top + i * cell, kind="rule")
    figure.rect(
        cell,
        top + cell,
        span * cell,
        span * cell,
        kind="frame hollow",
        stroke_width=1.5,
        stroke_dasharray="5 3",
    )
    for row, column in atrous.tap_cells(kernel, rate, (shown // 2, shown // 2)):
        centre = row == column == shown // 2
        figure.rect(
            column * cell + 1, top + row * cell + 1, cell - 2, cell - 2, rx=min(4, cell / 5),
            fill=theme.VERMILION if centre else theme.BLUE, tip=f"tap at row {row - 1}, column {column - 1}",
        )  # fmt: skip
    figure.text(panel / 2, top + panel + 20, f"kₑ = {span} cells", "middle", kind="value")

    left = panel + gap
    figure.path(f"M{panel + 18} {top + panel / 2}h{gap - 44}m-7 -5l8 5l-8 5", kind="ink", stroke_width=1.5)
    figure.text(panel + gap / 2, top + panel / 2 - 12, f"×{len(rates)}", "middle", kind="value")
    title = "rate " + ", ".join(map(str, rates)) if len(rates) == 1 else "rates " + ", ".join(map(str, rates))
    figure.text(left + panel / 2, 16, f"What one output of the stack reads: {title}", "middle", kind="strong")
    figure.image(left, top, panel, panel, paint_url(_painted(counts)), kind="pixelated")
    figure.rect(left, top, panel, panel, kind="frame hollow")
    cell = panel / field
    if cell > 15:
        for i in range(1, field):
            figure.line(left + i * cell, top, left + i * cell, top + panel, kind="rule")
            figure.line(left, top + i * cell, left + panel, top + i * cell, kind="rule")
    if cell > 19:
        for row, column in np.ndindex(counts.shape):
            if counts[row, column]:
                dark = counts[row, column] ** 2 > counts.max()
                figure.text(
                    left + (column + 0.5) * cell, top + (row + 0.5) * cell + 4, str(counts[row, column]), "middle",
                    kind="small value light" if dark else "small value",
                )  # fmt: skip
    figure.text(left + panel / 2, top + panel + 20, f"F = {field} cells", "middle", kind="value")
    figure.show(f"{KEY}-coverage")


def _painted(counts: np.ndarray) -> np.ndarray:
    """Counts as blue that is the stronger the more there are; holes are left bare."""
    strength = np.log1p(counts) / np.log1p(counts.max())
    painted = np.zeros((*counts.shape, 4), np.uint8)
    painted[..., :3] = [int(theme.BLUE[i : i + 2], 16) for i in (1, 3, 5)]
    painted[..., 3] = np.where(counts > 0, 40 + 215 * strength, 0).astype(np.uint8)
    return painted
