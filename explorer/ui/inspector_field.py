"""What a position of a node's result sees of the picture: the theoretical and the effective receptive field."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from explorer.analysis.receptive_field import ReceptiveField, Spans
from explorer.config.protocol import protocol_of
from explorer.errors import ExplorerError
from explorer.graph.layer_graph import LayerGraph
from explorer.inference.tiles import heat
from explorer.ui import inspector_engine, numbers, state
from explorer.ui.inspector_facts import Row, stride_text, table
from explorer.ui.inspector_picture import Shown
from explorer.ui.inspector_pixels import picture_url, png_url
from explorer.ui.plain import plain

if TYPE_CHECKING:
    from explorer.inference.effective_field import EffectiveField

ASSETS = Path(__file__).parents[2] / "assets"
NOISE_IMAGES = 8
KEY = "inspector-field"
_START = (0.5, 0.5)
_ASKED = "inspector.asked"
_SOURCES = {"picture": "This picture", "noise": f"{NOISE_IMAGES} noise images"}

_mount = st.components.v2.component(
    "receptive_field",
    html='<div class="field">\n</div>',
    css=(ASSETS / "inspector_field.css").read_text(),
    js=(ASSETS / "inspector_field.js").read_text(),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A node's result and the position in it that is looked at."""

    tensor: int
    field: ReceptiveField
    cell: tuple[int, int]


def show(here: state.Current, graph: LayerGraph, tensor: int, field: ReceptiveField, picture: Shown) -> None:
    """The picture with the boxes, and the numbers beside it."""
    at = _at()
    place = Place(
        tensor, field, (min(int(at[0] * field.cells[0]), field.cells[0] - 1),
                        min(int(at[1] * field.cells[1]), field.cells[1] - 1)),
    )  # fmt: skip
    left, right = st.columns([1, 1.25], gap="large")
    with right:
        table(_theory(field, here.size))
        for sentence in _remarks(field):
            st.caption(sentence)
        effective = _effective(here, graph, place, picture)
    with left:
        _mount(
            key=KEY,
            data=_drawing(picture, field, effective),
            default={"at": list(_START)},
            on_at_change=lambda: None,
        )


def _at() -> tuple[float, float]:
    """Where the reader points, as fractions of the picture's height and width."""
    kept = getattr(st.session_state.get(KEY), "at", None)
    if not isinstance(kept, list | tuple) or len(kept) != 2:
        return _START
    return _fraction(kept[0]), _fraction(kept[1])


def _fraction(value: object) -> float:
    return min(max(float(value), 0.0), 1.0) if isinstance(value, int | float) else 0.5


def _theory(field: ReceptiveField, size: tuple[int, int]) -> list[Row]:
    larger = field.size[0] > size[0] or field.size[1] > size[1]
    note = f", larger than the {numbers.size(size)} picture" if larger else ""
    return [
        (
            "Receptive field",
            f"{_pixels(field.size)}{note}",
            "1 + Σ (k − 1)·d·Π s along the path that sees most, maps without borders (Araujo et al. 2019)",
        ),
        (
            "Range over paths",
            f"{_pixels(field.smallest)} to {_pixels(field.size)}",
            "From the path that sees least, such as that of the skips, to all paths together",
        ),
        (
            "Stride",
            stride_text(field),
            "How far the field moves from one position to the next: the product of strides",
        ),
        ("Positions", numbers.size(field.cells), "Rows and columns of the result"),
    ]


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]} px"


def _remarks(field: ReceptiveField) -> list[str]:
    found = []
    if not field.known:
        found.append("Behind a function whose reach is not known: it is taken to read everything.")
    elif field.whole:
        found.append(
            "Some path reads a whole map (global pooling, or attention made of it), so the exact box is the whole "
            "picture. The sizes are those of the other paths."
        )
    if field.learned:
        found.append(
            "A deformable convolution on the way chooses where it reads: the boxes are those of its regular positions, "
            "a lower bound."
        )
    return found


def _effective(here: state.Current, graph: LayerGraph, place: Place, picture: Shown) -> EffectiveField | None:
    """The effective field of the position where it is known already, with the control that computes it."""
    st.markdown("**Effective receptive field**")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.segmented_control(
            "Images",
            list(_SOURCES),
            format_func=_SOURCES.__getitem__,
            default="picture",
            required=True,
            key="inspector-erf-source",
        )
        key = (
            *inspector_engine.identity(here),
            place.tensor,
            *place.cell,
            picture.digest if source == "picture" else source,
        )
        found = inspector_engine.kept_fields().get(key)
        st.button(
            "Compute at this position",
            icon=":material/blur_on:",
            key="inspector-erf",
            on_click=lambda: st.session_state.update({_ASKED: key}),
            disabled=found is not None,
        )
    slot = st.empty()
    if st.session_state.pop(_ASKED, None) == key and found is None:
        try:
            found = _computed(here, graph, place, None if source == "noise" else picture, slot)
        except ExplorerError as error:
            slot.error(plain(error), icon=":material/error:")
            return None
        inspector_engine.kept_fields().put(key, found)
    with slot.container():
        if found is None:
            st.caption(
                "The mean of |∂y/∂x| over images, y being the position's sum over channels (Luo et al. 2016): how much "
                "each pixel matters, where the box says only which can."
            )
        elif not found.reaches:
            st.caption("No pixel matters here: every gradient is 0, as behind a ReLU that is off everywhere.")
        else:
            table(_measured(found, place))
        if remark := inspector_engine.weights_remark(here):
            st.caption(remark)
    return found


def _measured(found: EffectiveField, place: Place) -> list[Row]:
    side, half = found.side, found.side_of(0.5, place.field.centre(*place.cell))
    whole = max(place.field.size)
    images = "1 image" if found.images == 1 else f"{found.images} images"
    return [
        (
            "Size",
            f"{side:.0f} px, {numbers.share(side, whole)} of the theoretical side",
            "The root of the number of pixels whose gradient exceeds 4.55 % of the largest",
        ),
        ("Half of all gradient", f"within {half}×{half} px", "The smallest square around the field's centre"),
        ("Mean over", images, "Σ over the input's channels of |∂y/∂x|, averaged"),
    ]


def _computed(
    here: state.Current,
    graph: LayerGraph,
    place: Place,
    picture: Shown | None,
    slot: st.delta_generator.DeltaGenerator,
) -> EffectiveField:
    bar = slot.progress(0.0, "Preparing the network")
    from explorer.inference.effective_field import effective_field, noise
    from explorer.inference.inside import picture_input, require_channels

    engine = inspector_engine.engine_of(here)
    if picture is None:
        images, count = noise(here.input_shape, NOISE_IMAGES), NOISE_IMAGES
    else:
        require_channels(engine)
        images, count = [picture_input(picture.rgb, protocol_of(here.config))], 1
    # Each step is a Streamlit call, at which a run that a newer click has overtaken ends.
    return effective_field(
        engine, graph, images, count, place.tensor, place.cell,
        on_step=lambda done, total: bar.progress(done / total, f"Image {done + 1} of {total} on {engine.device}"),
    )  # fmt: skip


def _drawing(picture: Shown, field: ReceptiveField, effective: EffectiveField | None) -> dict[str, object]:
    height, width = picture.rgb.shape[:2]
    exact, free = _sides(field.true_spans, height, width), _sides(field.free_spans, height, width)
    return {
        "picture": _url(picture.digest, picture.rgb),
        "width": width,
        "height": height,
        "cells": list(field.cells),
        "exact": exact,
        "free": free,
        "differs": exact != free,
        "heat": None if effective is None or not effective.reaches else png_url(heat(effective.gradient)),
        "start": list(_START),
    }


@st.cache_data(max_entries=16, show_spinner=False)
def _url(digest: str, _rgb: np.ndarray) -> str:
    return picture_url(_rgb)


def _sides(spans: tuple[Spans, Spans], height: int, width: int) -> dict[str, list[int]]:
    """Where the boxes of all positions begin and end on a picture."""
    rows, columns = spans
    return {
        "top": np.clip(rows.first, 0, height).tolist(),
        "bottom": np.clip(rows.last + 1, 0, height).tolist(),
        "left": np.clip(columns.first, 0, width).tolist(),
        "right": np.clip(columns.last + 1, 0, width).tolist(),
    }
