"""What CenterNet is trained to put out for a box: a Gaussian, and where its radius comes from."""

from __future__ import annotations

from math import ceil

import numpy as np
import streamlit as st

from explorer.concepts import peaks
from explorer.concepts.peaks import Case
from explorer.training.targets import MINIMUM_OVERLAP, gaussian_radius
from explorer.ui.concepts_figure import Figure, paint_url

KEY = "concepts-gaussian"
STRIDE = 4
CELLS = 56


def show() -> None:
    """Draw the target of one box, whose sides are sliders."""
    st.markdown("#### The target: a Gaussian for every object")
    st.markdown(
        "Training asks for 1 at the cell of an object's centre, and for less around it, because a box "
        "from a cell nearby still overlaps the object well."
    )
    st.latex(
        r"Y_{xyc} = \exp\left(-\frac{(x - \tilde p_x)^2 + (y - \tilde p_y)^2}{2 \sigma^2}\right) "
        r"\qquad \sigma = \frac{2r + 1}{6}"
    )
    with st.container(horizontal=True, gap="medium"):
        width = st.slider(
            "Box width, pixels", 8, 200, 120, 4, key=f"{KEY}-width", persist_state="session", width=260
        )
        height = st.slider(
            "Box height, pixels", 8, 200, 72, 4, key=f"{KEY}-height", persist_state="session", width=260
        )
    across, down = ceil(width / STRIDE), ceil(height / STRIDE)
    cases = peaks.radius_cases(down, across)
    radius = max(0, int(gaussian_radius(down, across)))
    row = st.container(horizontal=True, gap="large")
    with row.container(width=470):
        _figure(width, height, radius, min(case.exact for case in cases))
    with row.container(width=600):
        _cases(cases, down, across, radius)


def _figure(width: int, height: int, radius: int, exact: float) -> None:
    side, pixels = 8, CELLS * STRIDE
    whole = CELLS * side
    # Not on a multiple of the stride: the centre then lies inside its cell, as it does on real pictures.
    centre = (pixels / 2 + 1.5, pixels / 2 + 2.5)
    box = (centre[0] - width / 2, centre[1] - height / 2, centre[0] + width / 2, centre[1] + height / 2)
    heat = peaks.target([box], [0], 1, pixels, STRIDE)[0]
    painted = np.zeros((*heat.shape, 4), np.uint8)
    painted[..., :3] = [255, 72, 0]
    painted[..., 3] = np.rint(heat * 255)
    figure = Figure(
        whole, whole + 26, f"Gaussian of radius {radius} in a box of {width}×{height} pixels", shown=whole
    )
    figure.rect(0, 0, whole, whole, kind="panel", rx=4)
    for i in range(0, CELLS + 1, 4):
        figure.line(i * side, 0, i * side, whole, kind="rule")
        figure.line(0, i * side, whole, i * side, kind="rule")
    figure.image(0, 0, whole, whole, paint_url(painted), kind="pixelated")
    scale = side / STRIDE
    x1, y1, x2, y2 = (value * scale for value in box)
    figure.rect(x1, y1, x2 - x1, y2 - y1, kind="hollow primary", stroke_width=2.5)
    grown = exact * side
    for sign in (-1, 1):
        figure.rect(
            x1 - sign * grown, y1 - sign * grown,
            max(x2 - x1 + 2 * sign * grown, 0), max(y2 - y1 + 2 * sign * grown, 0),
            kind="hollow primary", stroke_opacity=0.75, stroke_width=1.2, stroke_dasharray="4 3",
        )  # fmt: skip
    # The Gaussian is cut off beyond the radius, in a square around the cell.
    cell_x, cell_y = (int(value / STRIDE) for value in centre)
    cut = (2 * radius + 1) * side
    figure.rect((cell_x - radius) * side, (cell_y - radius) * side, cut, cut, kind="ink", stroke_width=1.2)
    figure.circle(
        centre[0] * scale, centre[1] * scale, 3.5, kind="primary-fill", stroke="#fff", stroke_width=1.5
    )
    figure.text(
        (cell_x + radius + 1) * side + 5,
        (cell_y - radius) * side + 10,
        f"r = {radius} cells",
        kind="small value halo",
    )
    figure.text(
        whole / 2,
        whole + 18,
        f"{width}×{height} pixels = {width / STRIDE:g}×{height / STRIDE:g} cells at stride {STRIDE}",
        "middle",
        kind="small",
    )
    figure.show(f"{KEY}-figure")


def _cases(cases: tuple[Case, Case, Case], height: int, width: int, radius: int) -> None:
    import pandas as pd

    least = min(cases, key=lambda case: case.published)
    st.latex(
        rf"r = \lfloor \min({', '.join(f'{case.published:.2f}' for case in cases)}) \rfloor = {radius} "
        rf"\qquad "
        rf"\sigma = \frac{{2 \cdot {radius} + 1}}{{6}} = {peaks.sigma(radius):.2f}"
    )
    rows = [
        {
            "Displacement": case.name,
            "published r": case.published,
            "exact r": case.exact,
            "IoU at exact r": at_exact,
            "IoU at r": at_used,
        }
        for case, at_exact, at_used in zip(
            cases,
            (peaks.overlaps(height, width, case.exact)[index] for index, case in enumerate(cases)),
            peaks.overlaps(height, width, radius),
            strict=True,
        )
    ]
    number = st.column_config.NumberColumn
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height="content",
        column_config={
            "published r": number(
                format="%.2f",
                help="(b + √(b² − 4ac)) / 2, as the code of CornerNet and CenterNet computes it, in cells",
            ),
            "exact r": number(
                format="%.2f", help=f"The largest r for which the IoU is at least {MINIMUM_OVERLAP}, in cells"
            ),
            "IoU at exact r": number(format="%.2f"),
            "IoU at r": number(
                format="%.2f", help=f"Overlap of a box displaced by the r that is used, {radius} cells"
            ),
        },
    )
    st.markdown(
        f"The radius should be the largest displacement that keeps an IoU of {MINIMUM_OVERLAP}. The "
        "published code takes "
        r"$(b + \sqrt{b^2 - 4ac})/2$ as the root of all three equations: it lacks the division by *a*, and "
        r"in the first two "
        "cases it is the wrong root. So the smallest of its radii is always the last, "
        f"{4 * MINIMUM_OVERLAP:.1f} times the exact one of that case: here {least.published:.2f} cells "
        f"instead of {min(case.exact for case in cases):.2f}, the exact minimum. Networks are trained "
        "with it, ours included; dashed lines show the box shrunk and grown by the exact minimum."
    )
    st.caption(
        "Sources: Law, Deng, *CornerNet*, [arXiv 1808.01244](https://arxiv.org/abs/1808.01244), section "
        "3.2 (the radius); Zhou et al., [arXiv 1904.07850](https://arxiv.org/abs/1904.07850), section 3 "
        "(the Gaussian); the code of xingyizhou/CenterNet."
    )
