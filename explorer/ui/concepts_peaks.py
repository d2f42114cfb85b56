"""The section on CenterNet's peaks: from a heatmap to boxes, and from a box to its heatmap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from explorer.concepts import peaks
from explorer.concepts.peaks import Maps, Peak
from explorer.ui import concepts_detector, concepts_gaussian, concepts_peaks_drawing
from explorer.ui.concepts_figure import picked
from explorer.ui.predict_source import Picture

if TYPE_CHECKING:
    from explorer.concepts.observing import Observation

KEY = "concepts-peaks"
STEPS = ("1 Peak", "2 Offset", "3 Size", "4 Box")
ALL = "all, the highest"
PREDICTED, TARGET = "predicted", "target of training"


@st.fragment
def show() -> None:
    """Draw the section; the first picture runs the shared detector once."""
    st.subheader("CenterNet's peaks", anchor="peaks")
    st.markdown(
        "CenterNet finds an object as one point: a peak of its class's heatmap. What the other two maps "
        "say at that cell, an offset and a size, makes the box; there are no anchors and no suppression "
        "of overlaps."
    )
    st.latex(
        r"\hat Y_{xyc} = \max_{|i|,|j| \le 1} \hat Y_{x+i,\,y+j,\,c} \quad\Rightarrow\quad "
        r"\left(\hat x + \delta\hat x - \tfrac{\hat w}{2},\; \hat y + \delta\hat y - \tfrac{\hat h}{2},\; "
        r"\hat x + \delta\hat x + \tfrac{\hat w}{2},\; \hat y + \delta\hat y + \tfrac{\hat h}{2}\right) "
        r"\cdot R"
    )
    picture = concepts_detector.choose(KEY)
    seen = concepts_detector.observed(picture)
    if seen is not None:
        _peaks(seen, picture)
    concepts_gaussian.show()


def _peaks(seen: Observation, picture: Picture) -> None:
    maps = seen.maps
    class_id, threshold, top_k, source = _controls(maps, picture)
    heat = maps.heat
    if source == TARGET and picture.truth is not None:
        truth = picture.truth
        heat = peaks.target(
            truth.boxes.tolist(),
            truth.categories.tolist(),
            len(maps.labels),
            truth.image.shape[0],
            maps.stride,
        )
    plane = heat.max(axis=0) if class_id is None else heat[class_id]
    shown = maps.shown(threshold, top_k, class_id)
    if not shown:
        best = max((peak.score for peak in maps.shown(0, top_k, class_id)), default=0.0)
        st.info(f"No peak scores {threshold:.2f} or more; the best has {best:.2f}. Lower the threshold.")
        concepts_peaks_drawing.picture(_figure_key(seen), seen, plane, [], None, 0)
        return
    chosen = _picked(seen, shown)
    step = STEPS.index(
        st.segmented_control(
            "Step",
            STEPS,
            default=STEPS[-1],
            required=True,
            key=f"{KEY}-step",
            persist_state="session",
            label_visibility="collapsed",
        )
    )
    row = st.container(horizontal=True, gap="large")
    with row.container(width=590):
        concepts_peaks_drawing.picture(_figure_key(seen), seen, plane, shown, chosen, step)
        st.caption(
            f"{len(shown)} of {len(maps.peaks)} decoded peaks shown. Click a peak, or reach it with the "
            "Tab key and press Enter; where classes share a cell, choose one of them above."
        )
    with row.container(width=500):
        st.markdown(
            f"**Scores of class *{maps.labels[chosen.class_id]}* around cell {chosen.cell[0]}, {chosen.cell[1]}**"
        )
        concepts_peaks_drawing.close_up(f"{KEY}-close-up", maps, heat[chosen.class_id], chosen, step)
        _working(maps, chosen, step)
    st.caption(
        "Source: Zhou, Wang, Krähenbühl, *Objects as Points*, [arXiv "
        "1904.07850](https://arxiv.org/abs/1904.07850), section 4 (from points to bounding boxes). Equal "
        f"neighbouring peaks both survive. The detector is `{concepts_detector.NETWORK}`, with the weights that were "
        f"trained here. {_size_note(seen)}"
    )


def _controls(maps: Maps, picture: Picture) -> tuple[int | None, float, int, str]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        choices = (ALL, *maps.labels)
        choice = choices.index(
            st.selectbox("Class", choices, key=f"{KEY}-class", persist_state="session", width=190)
        )
        class_id = choice - 1 if choice else None
        threshold = st.slider(
            "Score threshold", 0.0, 1.0, 0.3, 0.01, key=f"{KEY}-threshold", persist_state="session", width=220
        )
        top_k = st.slider(
            "Top K",
            1,
            len(maps.peaks),
            len(maps.peaks),
            key=f"{KEY}-k",
            persist_state="session",
            width=220,
            help="The best K of all classes are kept",
        )
        source = PREDICTED
        if picture.truth is not None:
            source = st.segmented_control(
                "Heatmap",
                (PREDICTED, TARGET),
                default=PREDICTED,
                required=True,
                key=f"{KEY}-heatmap",
                persist_state="session",
                help="The target is known for the samples, which are drawn scenes.",
            )
    return class_id, float(threshold), int(top_k), source


def _size_note(seen: Observation) -> str:
    """Whether the Predict page has the same boxes: it computes large pictures at more pixels."""
    place = seen.maps.geometry
    (width, height), (across, down) = place.image, place.content
    if place.content == place.image:
        return "Boxes are those of the Predict page: the same decoder makes them."
    return (
        f"This picture of {width}×{height} pixels is computed at {across}×{down} here, so that what every layer saw "
        "can be kept; the Predict page computes it larger, unless told otherwise, and has other boxes."
    )


def _figure_key(seen: Observation) -> str:
    # Another picture has other peaks: what was picked on the last one means nothing there.
    return f"{KEY}-picture-{seen.image.digest[:12]}"


def _picked(seen: Observation, shown: list[Peak]) -> Peak:
    """The peak that was clicked, the best one otherwise."""
    index = picked(_figure_key(seen))
    if isinstance(index, int) and 0 <= index < len(seen.maps.peaks) and seen.maps.peaks[index] in shown:
        return seen.maps.peaks[index]
    return shown[0]


def _working(maps: Maps, chosen: Peak, step: int) -> None:
    """The numbers of the chosen peak, a line per step."""
    (x, y), (dx, dy), (width, height) = chosen.cell, chosen.offset, chosen.size
    (cx, cy), (x1, y1, x2, y2) = chosen.centre, chosen.corners
    label = maps.labels[chosen.class_id]
    pixels = (value * maps.stride for value in chosen.corners)
    lines = [
        rf"\hat Y &= {chosen.score:.3f} \;\text{{ ({label}) at }}\; (\hat x, \hat y) = ({x}, {y})",
        rf"c &= ({x} {dx:+.3f},\; {y} {dy:+.3f}) = ({cx:.3f},\; {cy:.3f})",
        rf"c &\pm ({width:.2f},\; {height:.2f}) / 2 = ({x1:.2f}, {y1:.2f}), ({x2:.2f}, {y2:.2f})",
        rf"\times {maps.stride} &= ({',;'.join(f'{value:.1f}' for value in pixels)})".replace(",;", r",\; "),
    ]
    st.latex(r"\begin{aligned}" + r" \\ ".join(lines[: step + 1]) + r"\end{aligned}")
    place = maps.geometry
    if step == 3 and (place.shift != (0, 0) or place.scale != (1, 1)):
        st.caption(
            f"Then to the picture's own pixels: minus the shift {place.shift[0]:g}, {place.shift[1]:g} of "
            f"the padding, divided by the scale {place.scale[0]:.3g}: "
            f"({', '.join(f'{value:.1f}' for value in chosen.box)})."
        )
    words = (
        "A cell is kept where no neighbour in the dashed 3×3 exceeds it: a max-pooling and a comparison.",
        "The map has a quarter of the picture's resolution. The offset gives back what that rounding cut "
        "off: it leads from the cell's corner to the centre.",
        "The size map gives width and height in cells, in one number each: no anchors.",
        "The stride R turns cells into pixels.",
    )
    st.caption(words[step])
