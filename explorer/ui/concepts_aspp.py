"""ASPP's fields of view over a picture, and how many of its taps lie on the map at all."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.concepts import atrous
from explorer.concepts.atrous import ASPP
from explorer.inference.open_image import open_image
from explorer.inference.samples import SAMPLES
from explorer.ui import numbers, theme
from explorer.ui.concepts_figure import Cell, Figure, picture_url, pointed

KEY = "concepts-aspp"
INPUTS = (257, 321, 385, 449, 513, 641, 769)
USUAL = 513
BRANCHES = (theme.VERMILION, theme.AMBER, theme.GREEN, theme.BLUE)
VALID = {9: theme.BLUE, 6: "#3F93C6", 4: theme.SKY, 2: theme.AMBER, 1: theme.VERMILION}
"""A colour for every number of taps that can lie on the map: no rate leaves a row of 3 and a column of 1."""


def show() -> None:
    """Draw the branches of a chosen DeepLab, and what padding leaves of them."""
    chosen, size, side = _choice()
    _fields(chosen, size, side)
    _valid(chosen, size)


def _choice() -> tuple[ASPP, int, int]:
    st.markdown("#### ASPP: several fields of view at once")
    st.markdown(
        "Atrous spatial pyramid pooling reads one map at several rates. Click in the picture to move the "
        "output; what falls outside the map reads padding, zeros."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        variant = st.segmented_control(
            "DeepLab",
            list(atrous.VARIANTS),
            default="v2",
            required=True,
            key=f"{KEY}-variant",
            persist_state="session",
        )
        side = int(
            st.select_slider(
                "Input, pixels",
                INPUTS,
                USUAL,
                key=f"{KEY}-side",
                persist_state="session",
                width=260,
                help="Side of the square input: 513 in DeepLab v3's evaluation, 321 in v2's training crops",
            )
        )
    chosen = atrous.aspp(variant)
    return chosen, chosen.size(side), side


def _fields(chosen: ASPP, size: int, side: int) -> None:
    key = f"{KEY}-fields"
    at = pointed(key, size, size, (size // 2, size // 2))
    row = st.container(horizontal=True, gap="large", vertical_alignment="center")
    with row.container(width=660):
        _fields_figure(chosen, size, side, at, key)
    with row.container(width=440):
        _fields_table(chosen, size, at)


@st.cache_data(show_spinner=False)
def _picture() -> str:
    return picture_url(open_image(SAMPLES[4].path.read_bytes()).rgb, 480)


def _fields_figure(chosen: ASPP, size: int, side: int, at: Cell, key: str) -> None:
    reach = max(chosen.rates)
    whole, top = 620, 24
    cell = whole / (size + 2 * reach + 2)
    start = (reach + 1) * cell
    figure = Figure(whole, whole + top, f"ASPP's taps around row {at[0]}, column {at[1]}")

    def middle(row: float, column: float) -> tuple[float, float]:
        return start + (column + 0.5) * cell, top + start + (row + 0.5) * cell

    figure.rect(0, top, whole, whole, kind="panel", rx=6)
    figure.text(10, top + 20, "padding: zeros", kind="small quiet")
    figure.image(start, top + start, size * cell, size * cell, _picture(), opacity=0.8)
    figure.rect(start, top + start, size * cell, size * cell, kind="frame hollow")
    figure.text(
        start + size * cell / 2,
        14,
        f"{side}×{side} pixels → map of {size}×{size} cells at stride {chosen.stride}",
        "middle",
    )
    for rate, colour in reversed(list(zip(chosen.rates, BRANCHES, strict=False))):
        x1, y1 = middle(at[0] - rate - 0.5, at[1] - rate - 0.5)
        span = atrous.effective_kernel(3, rate) * cell
        figure.rect(x1, y1, span, span, kind="hollow", stroke="#000", stroke_opacity=0.3, stroke_width=3.5)
        figure.rect(x1, y1, span, span, kind="hollow", stroke=colour, stroke_width=2)
    for rate, colour in zip(chosen.rates, BRANCHES, strict=False):
        cells = atrous.tap_cells(3, rate, at)
        for (row, column), inside in zip(cells, atrous.inside(cells, size), strict=True):
            x, y = middle(row, column)
            figure.circle(
                x, y, 5.5, fill=colour if inside else "none", stroke="#000" if inside else colour,
                stroke_width=1 if inside else 2,
                tip=f"rate {rate}: row {row}, column {column}" + ("" if inside else ", padding"),
            )  # fmt: skip
    x, y = middle(*at)
    figure.circle(x, y, 6.5, fill="#fff", stroke="#000", stroke_width=1.5)
    for rate in chosen.rates:
        x, y = middle(at[0] - rate - 0.5, at[1] - rate - 0.5)
        figure.text(x + 12, y - 5, f"r = {rate}", kind="small strong halo")
    figure.pointable(
        start,
        top + start,
        cell,
        size,
        size,
        at,
        "The map: arrow keys move the output, with Shift by eight cells",
    )
    figure.show(key)


def _fields_table(chosen: ASPP, size: int, at: Cell) -> None:
    import pandas as pd

    rows = []
    for rate in chosen.rates:
        cells = atrous.tap_cells(3, rate, at)
        valid = atrous.valid_taps(3, rate, size)
        rows.append(
            {
                "Rate": rate,
                "kₑ": atrous.effective_kernel(3, rate),
                "Field, px": atrous.effective_kernel(3, rate) * chosen.stride,
                "Taps here": int(atrous.inside(cells, size).sum()),
                "On average": sum(taps * positions for taps, positions in valid.items()) / size**2,
            }
        )
    st.markdown(f"**Output at row {at[0]}, column {at[1]}** of the {size}×{size} map")
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height="content",
        column_config={
            "kₑ": st.column_config.NumberColumn(
                help="Effective kernel k + (k − 1)(r − 1), in cells of the map"
            ),
            "Field, px": st.column_config.NumberColumn(help="kₑ · output stride, in pixels of the input"),
            "Taps here": st.column_config.NumberColumn(
                format="%d of 9", help="Taps that lie on the map at this position"
            ),
            "On average": st.column_config.NumberColumn(
                format="%.2f of 9", help="Over all positions of the map"
            ),
        },
    )
    st.caption(
        "v2 sums the branches; v3 concatenates them with a 1×1 convolution and the average of the whole "
        "map, which goes on working where large rates no longer do. At output stride 8 v3 doubles its "
        "rates, so that fields stay about the same in pixels. Sources: [arXiv "
        "1606.00915](https://arxiv.org/abs/1606.00915), section 3.2 and Fig. 7; [arXiv "
        "1706.05587](https://arxiv.org/abs/1706.05587), section 3.3 and Fig. 5."
    )


def _valid(chosen: ASPP, size: int) -> None:
    """The share of positions with so many taps on the map, against the rate."""
    st.markdown("#### Why one branch averages the whole map")
    largest = size + max(2, size // 12)
    shares = [atrous.valid_taps(3, rate, size) for rate in range(1, largest + 1)]
    left, top, width, height = 52, 44, 620, 250
    figure = Figure(
        left + width + 128,
        top + height + 46,
        "Share of positions by their number of valid taps, against the rate",
    )

    def x(rate: float) -> float:
        return left + width * (rate - 1) / (largest - 1)

    below = np.zeros(largest)
    for taps, colour in VALID.items():
        share = np.array([found.get(taps, 0) / size**2 for found in shares])
        above = below + share
        points = [(x(rate), top + height * (1 - value)) for rate, value in enumerate(above, 1)]
        back = [(x(rate), top + height * (1 - value)) for rate, value in reversed(list(enumerate(below, 1)))]
        figure.path(
            "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in (*points, *back)) + "Z", fill=colour, fill_opacity=0.9,
            tip=f"{taps} of 9 taps on the map",
        )  # fmt: skip
        below = above
    for part in (0, 0.25, 0.5, 0.75, 1):
        level = top + height * (1 - part)
        figure.line(left - 4, level, left, level, kind="axis")
        figure.text(left - 8, level + 4, f"{part:.0%}".replace("%", " %"), "end", kind="small value")
    for rate in (1, *range(10, largest + 1, 10)):
        figure.line(x(rate), top + height, x(rate), top + height + 4, kind="axis")
        figure.text(x(rate), top + height + 17, str(rate), "middle", kind="small value")
    figure.text(
        left + width / 2, top + height + 37, f"atrous rate r, on a map of {size}×{size} cells", "middle"
    )
    figure.text(left, 14, "positions of the map")
    for rate in chosen.rates:
        if rate <= largest:
            figure.line(
                x(rate), top - 6, x(rate), top + height, stroke="#fff", stroke_width=3, stroke_opacity=0.8
            )
            figure.line(x(rate), top - 6, x(rate), top + height, stroke="#111", stroke_width=1.2)
            figure.text(x(rate), top - 10, str(rate), "middle", kind="small strong value")
    for index, (taps, colour) in enumerate(VALID.items()):
        line = top + 8 + 22 * index
        figure.rect(left + width + 18, line, 13, 13, fill=colour, rx=2)
        figure.text(left + width + 38, line + 11, f"{taps} of 9 taps", kind="small")
    figure.show(f"{KEY}-valid")
    last = max(chosen.rates)
    found = atrous.valid_taps(3, last, size)
    st.markdown(
        f"At rate {last}, **{numbers.share(found.get(9, 0), size**2)}** of the positions use all nine "
        f"weights and {numbers.share(found.get(1, 0), size**2)} use the centre alone. From rate {size} "
        "on, the side of the map, a 3×3 convolution is a 1×1 everywhere."
    )
    st.caption(
        "Source: [arXiv 1706.05587](https://arxiv.org/abs/1706.05587), section 3.3 and Fig. 4. Counted "
        "exactly for 3×3 taps with padding r; vertical lines are the rates of the DeepLab chosen above."
    )
