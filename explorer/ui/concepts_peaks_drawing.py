"""The drawings of the section on peaks: the picture under its heatmap, and the cells around one peak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from explorer.concepts import peaks
from explorer.concepts.peaks import Maps, Peak
from explorer.ui.concepts_figure import Figure, paint_url, picture_url

if TYPE_CHECKING:
    from explorer.concepts.observing import Observation

SHOWN = 580
CLOSE_UP_CELLS = 9
LABELLED = 70
"""Sides of a box, in units of the figure, from which its halves are named."""


def _painted(plane: np.ndarray) -> np.ndarray:
    """A heatmap as vermilion that is the stronger the higher the score."""
    painted = np.zeros((*plane.shape, 4), np.uint8)
    painted[..., :3] = [255, 72, 0]
    painted[..., 3] = np.minimum(255, np.rint(plane * 255 * 1.1))
    return painted


@st.cache_data(max_entries=16, show_spinner=False)
def _picture_url(digest: str, _seen: Observation) -> str:
    return picture_url(_seen.image.rgb, 800)


def _css(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def picture(
    key: str, seen: Observation, plane: np.ndarray, shown: list[Peak], chosen: Peak | None, step: int
) -> None:
    """The picture under a heatmap, with its peaks; the chosen one with what the step adds."""
    maps, image = seen.maps, seen.image
    # All that the network sees is drawn, its padding included: heat may lie there.
    left, top = maps.in_picture(0, 0)
    right, bottom = maps.in_picture(plane.shape[1], plane.shape[0])
    zoom = SHOWN / max(right - left, bottom - top)
    figure = Figure(
        (right - left) * zoom, (bottom - top) * zoom, "The picture under the heatmap, with its peaks"
    )

    def at(x: float, y: float) -> tuple[float, float]:
        return (x - left) * zoom, (y - top) * zoom

    def on_map(x: float, y: float) -> tuple[float, float]:
        return at(*maps.in_picture(x, y))

    figure.rect(0, 0, figure.width, figure.height, kind="panel")
    figure.image(
        *at(0, 0), image.width * zoom, image.height * zoom, _picture_url(image.digest, seen), kind="subdued"
    )
    figure.image(0, 0, figure.width, figure.height, paint_url(_painted(plane)), kind="pixelated")
    for peak in reversed(shown):
        if peak is chosen:
            continue
        x, y = on_map(*peak.centre)
        figure.circle(
            x, y, 4.5, fill=_css(maps.colours[peak.class_id]), stroke="#fff", stroke_width=1.5,
            pick=maps.peaks.index(peak),
            tip=f"{maps.labels[peak.class_id]} {peak.score:.2f}, cell {peak.cell[0]}, {peak.cell[1]}",
        )  # fmt: skip
    if chosen is not None:
        _construction(figure, maps, chosen, step, on_map)
    figure.show(key)


def _construction(figure: Figure, maps: Maps, chosen: Peak, step: int, on_map: peaks.Placement) -> None:
    """The chosen peak's cell, centre, half sides and box, as far as the step goes."""
    colour = _css(maps.colours[chosen.class_id])
    (x1, y1), (x2, y2) = on_map(*chosen.corners[:2]), on_map(*chosen.corners[2:])
    cx, cy = on_map(*chosen.centre)
    if step >= 3:
        figure.rect(
            x1, y1, x2 - x1, y2 - y1, kind="hollow", stroke="#000", stroke_opacity=0.5, stroke_width=5
        )
        figure.rect(x1, y1, x2 - x1, y2 - y1, kind="hollow", stroke=colour, stroke_width=2.5)
    if step >= 2:
        for a, b, c, d in ((x1, cy, x2, cy), (cx, y1, cx, y2)):
            figure.line(a, b, c, d, stroke="#fff", stroke_width=1.6, stroke_dasharray="4 3")
        if x2 - x1 > LABELLED:
            figure.text((cx + x2) / 2, cy - 6, "w/2", "middle", kind="small on-picture")
        if y2 - y1 > LABELLED:
            figure.text(cx + 6, (cy + y2) / 2 + 4, "h/2", kind="small on-picture")
    if step >= 3:
        bx1, by1, bx2, by2 = chosen.box
        figure.text(max(x1, 4), max(y1 - 6, 12), f"{bx1:.1f}, {by1:.1f}", kind="small on-picture value")
        figure.text(
            min(x2, figure.width - 4),
            min(y2 + 15, figure.height - 4),
            f"{bx2:.1f}, {by2:.1f}",
            "end",
            kind="small on-picture value",
        )
    (cell_x, cell_y), (next_x, next_y) = on_map(*chosen.cell), on_map(chosen.cell[0] + 1, chosen.cell[1] + 1)
    figure.rect(
        cell_x, cell_y, next_x - cell_x, next_y - cell_y, kind="hollow", stroke="#fff", stroke_width=1.5
    )
    if step >= 1:
        figure.circle(cx, cy, 3.5, fill=colour, stroke="#fff", stroke_width=1.5)
    figure.circle(
        (cell_x + next_x) / 2, (cell_y + next_y) / 2, 9, fill="#fff", fill_opacity=0, stroke="#fff", stroke_width=1.5,
        pick=maps.peaks.index(chosen),
        tip=f"Chosen: {maps.labels[chosen.class_id]} {chosen.score:.2f}, cell {chosen.cell[0]}, {chosen.cell[1]}",
    )  # fmt: skip


def close_up(key: str, maps: Maps, plane: np.ndarray, chosen: Peak, step: int) -> None:
    """The scores around the peak, the 3×3 it is compared with, and where in its cell the centre lies."""
    half = CLOSE_UP_CELLS // 2
    side, left, top = 36, 46, 26
    whole = CLOSE_UP_CELLS * side
    figure = Figure(
        left + whole + 10,
        top + whole + 12,
        f"Scores around cell {chosen.cell[0]}, {chosen.cell[1]}",
        shown=400,
    )
    column0, row0 = chosen.cell[0] - half, chosen.cell[1] - half
    figure.rect(left, top, whole, whole, kind="panel")
    kept = peaks.survivors(plane)
    middle_x, middle_y = left + half * side, top + half * side
    x, y = left + (chosen.centre[0] - column0) * side, top + (chosen.centre[1] - row0) * side
    inside = [
        (i, j)
        for i, j in np.ndindex(CLOSE_UP_CELLS, CLOSE_UP_CELLS)
        if 0 <= row0 + i < plane.shape[0] and 0 <= column0 + j < plane.shape[1]
    ]
    for i, j in inside:
        figure.rect(left + j * side, top + i * side, side, side, kind="paper")
        score = float(plane[row0 + i, column0 + j])
        figure.rect(
            left + j * side, top + i * side, side, side, fill="#E8480C", fill_opacity=score, kind="rule-edge"
        )
    if step >= 2:
        x1, x2 = (min(max(x + sign * chosen.size[0] / 2 * side, left), left + whole) for sign in (-1, 1))
        y1, y2 = (min(max(y + sign * chosen.size[1] / 2 * side, top), top + whole) for sign in (-1, 1))
        figure.line(x1, y, x2, y, kind="primary", stroke_width=2)
        figure.line(x, y1, x, y2, kind="primary", stroke_width=2)
    for i, j in inside:
        score = float(plane[row0 + i, column0 + j])
        strong = bool(kept[row0 + i, column0 + j]) and score >= 0.01
        kind = "small value" + (" strong" if strong else "") + (" light" if score > 0.6 else " halo")
        # The centre is drawn into the middle cell from the second step on.
        if not (step >= 1 and i == j == half):
            figure.text(
                left + (j + 0.5) * side, top + (i + 0.5) * side + 4, f"{score:.2f}", "middle", kind=kind
            )
    for i in range(CLOSE_UP_CELLS):
        figure.text(left + (i + 0.5) * side, top - 8, str(column0 + i), "middle", kind="small quiet value")
        figure.text(left - 8, top + (i + 0.5) * side + 4, str(row0 + i), "end", kind="small quiet value")
    figure.rect(
        middle_x - side,
        middle_y - side,
        3 * side,
        3 * side,
        kind="hollow ink",
        stroke_width=2.5,
        stroke_dasharray="6 4",
    )
    figure.rect(middle_x, middle_y, side, side, kind="hollow ink", stroke_width=3)
    if step >= 1:
        figure.line(middle_x, middle_y, x, y, kind="ink", stroke_width=2)
        figure.circle(middle_x, middle_y, 3.5, kind="ink-fill")
        figure.circle(
            x,
            y,
            6,
            kind="primary-fill",
            stroke="#fff",
            stroke_width=2,
            tip="centre: the cell's corner plus the offset",
        )
    figure.show(key)
