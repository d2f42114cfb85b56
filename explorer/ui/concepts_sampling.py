"""The section on deformable sampling: where each tap of a deformable convolution reads, on a picture."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from explorer.concepts import sampling
from explorer.concepts.sampling import Sampling, Tap
from explorer.ui import concepts_detector, theme
from explorer.ui.concepts_figure import Figure, picture_url

if TYPE_CHECKING:
    from explorer.concepts.observing import Observation

ASSETS = Path(__file__).parents[2] / "assets"
KEY = "concepts-sampling"
FIRST = "ida_up.node_2.conv"
"""The layer just before the heads."""
MAX_LEVELS = 3
_KEPT, _START = f"{KEY}.kept", f"{KEY}.start"

_mount = st.components.v2.component(
    "deformable_sampling",
    html='<div class="sampling">\n</div>',
    css=(ASSETS / "concepts_sampling.css").read_text(),
    js=(ASSETS / "concepts_sampling.js").read_text(),
)


@dataclass(frozen=True, slots=True)
class Set:
    """What the visitor has set on the picture; ``place`` (x, y) is a fraction of its width and height."""

    place: tuple[float, float] = (0.56, 0.37)
    share: float = 1.0
    masked: bool = True


@st.fragment
def show() -> None:
    """Draw the section; the first picture runs the shared detector once."""
    st.subheader("Deformable sampling", anchor="deformable-sampling")
    st.markdown(
        "A plain 3×3 convolution reads nine cells in a square. A deformable one lets the picture decide: "
        "for every place a small convolution predicts how far each tap moves, and how much it counts."
    )
    st.latex(r"y(p) = b + \sum_{k=1}^{9} w_k \cdot m_k \cdot x(p + p_k + \Delta p_k)")
    picture = concepts_detector.choose(KEY)
    seen = concepts_detector.observed(picture)
    if seen is None:
        return
    layers = _chosen(seen)
    now, start = _set(), _start()
    _mount(
        key=KEY,
        data=_payload(tuple(layer.path for layer in layers), seen.image.digest, start, seen, layers),
        on_place_change=lambda: None,
        on_share_change=lambda: None,
        on_masked_change=lambda: None,
    )
    _numbers(layers[0], cell_at(seen, layers[0], now.place), now)
    st.caption(
        "Offsets come from a convolution of the layer's own input: channel 2k is Δy and 2k + 1 is Δx of "
        "tap k, then nine mask channels through a sigmoid. Sources: Dai et al., *Deformable "
        "Convolutional Networks*, [arXiv 1703.06211](https://arxiv.org/abs/1703.06211), section 2.1, "
        "Figs. 5 and 6; Zhu et al., *Deformable ConvNets v2*, [arXiv "
        "1811.11168](https://arxiv.org/abs/1811.11168), equation 1. The detector is `scenes_det`, a "
        "CenterNet on a narrow DLA-34 with the weights that were trained here."
    )


def _chosen(seen: Observation) -> list[Sampling]:
    """The layer to look at, and those behind it whose points are shown too."""
    paths = list(seen.layers)[::-1]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        path = st.selectbox(
            "Deformable layer",
            paths,
            index=paths.index(FIRST) if FIRST in paths else 0,
            format_func=lambda path: _title(seen.layers[path]),
            key=f"{KEY}-layer",
            persist_state="session",
            width=380,
        )
        lineage = seen.lineage[str(path)][:MAX_LEVELS]
        levels = st.segmented_control(
            "Layers deep",
            range(1, MAX_LEVELS + 1),
            default=1,
            required=True,
            key=f"{KEY}-levels",
            persist_state="session",
            help="Points of points: every sample was itself computed by an earlier deformable layer from nine samples.",
        )
    shown = lineage[: int(levels)]
    if len(shown) > 1:
        chain = " ← ".join(f"`{_name(path)}`" for path in shown)
        st.caption(f"{chain}: {9 ** len(shown)} samples behind one output cell, fewer at the border.")
    if len(shown) < int(levels):
        st.caption(
            f"Before `{_name(shown[-1])}` there is no other deformable layer on the way, only plain ones."
        )
    return [seen.layers[path] for path in shown]


def _title(layer: Sampling) -> str:
    # No size: the control would go on showing that of the picture before.
    return f"{_name(layer.path)}, stride {layer.output_scale:g}"


def _name(path: str) -> str:
    return path.removesuffix(".conv")


def _set() -> Set:
    """What the browser sent last, as far as it makes sense."""
    state: Mapping[str, Any] = st.session_state.get(KEY) or {}
    start = _start()
    place, share, masked = state.get("place"), state.get("share"), state.get("masked")
    valid = (
        isinstance(place, list | tuple)
        and len(place) == 2
        and all(isinstance(value, int | float) and 0 <= value <= 1 for value in place)
    )
    now = Set(
        place=(float(place[0]), float(place[1])) if valid and place else start.place,
        share=min(max(float(share), 0.0), 1.0) if isinstance(share, int | float) else start.share,
        masked=masked if isinstance(masked, bool) else start.masked,
    )
    st.session_state[_KEPT] = now
    return now


def _start() -> Set:
    """What the component starts with: what was set when it was last seen. Once it is there, it knows better."""
    if KEY not in st.session_state or _START not in st.session_state:
        st.session_state[_START] = st.session_state.get(_KEPT, Set())
    start: Set = st.session_state[_START]
    return start


def cell_at(seen: Observation, layer: Sampling, place: tuple[float, float]) -> sampling.Cell:
    """The output cell of ``layer`` under a place, given as a fraction of the picture's width and height."""
    where = seen.maps.geometry
    x = place[0] * seen.image.width * where.scale[0] + where.shift[0]
    y = place[1] * seen.image.height * where.scale[1] + where.shift[1]
    row, column = int(y // layer.output_scale), int(x // layer.output_scale)
    return min(max(row, 0), layer.size[0] - 1), min(max(column, 0), layer.size[1] - 1)


@st.cache_data(max_entries=24, show_spinner=False)
def _payload(
    paths: tuple[str, ...], digest: str, start: Set, _seen: Observation, _layers: Sequence[Sampling]
) -> dict[str, Any]:
    place = _seen.maps.geometry
    data: dict[str, Any] = {
        "picture": picture_url(_seen.image.rgb, 1024),
        "width": _seen.image.width,
        "height": _seen.image.height,
        "scale": list(place.scale),
        "shift": list(place.shift),
        "layers": [_packed(layer) for layer in _layers],
        "start": {"place": list(start.place), "share": start.share, "masked": start.masked},
    }
    return data | {"digest": sha256(dumps(data).encode()).hexdigest()[:16]}


def _packed(layer: Sampling) -> dict[str, Any]:
    """A layer's offsets as 16-bit multiples of ``quantum`` cells and its masks as bytes, for the browser."""
    quantum = max(float(np.abs(layer.offsets).max()), 1.0) / 32767
    rows, columns = layer.size
    return {
        "name": _name(layer.path),
        "rows": rows,
        "columns": columns,
        "unit": layer.scale,
        "kernel": layer.weight.shape[2],
        "stride": layer.stride,
        "padding": layer.padding,
        "dilation": layer.dilation,
        "quantum": quantum,
        "offsets": b64encode(np.rint(layer.offsets / quantum).astype("<i2").tobytes()).decode(),
        "mask": b64encode(np.rint(layer.mask * 255).astype(np.uint8).tobytes()).decode(),
    }


def _numbers(layer: Sampling, cell: sampling.Cell, now: Set) -> None:
    """The sum at the chosen cell, term by term, and how one of its samples is interpolated."""
    channel = sampling.loudest(layer, cell)
    taps = sampling.terms(layer, cell, channel, now.share, now.masked)
    result = sum(tap.term for tap in taps) + float(layer.bias[channel])
    # Side by side where there is room for both, below each other where not.
    row = st.container(horizontal=True, gap="large")
    with row.container(width=740):
        st.markdown(
            f"**The sum at row {cell[0]}, column {cell[1]}**, for output channel {channel}, which answers "
            f"most strongly there. Each tap reads all {layer.inputs.shape[0]} input channels; *w·x* is "
            "their weighted sum."
        )
        _table(taps)
        own = float(layer.outputs[channel, cell[0], cell[1]])
        learned = now.share == 1 and now.masked
        st.latex(
            rf"y = {sum(tap.term for tap in taps):.4f} + {_signed(float(layer.bias[channel]))} = {result:.4f}"
            + (rf"\qquad\text{{(the network computed {own:.4f})}}" if learned else "")
        )
    with row.container(width=400):
        strongest = max(taps, key=lambda tap: abs(tap.term)).index
        index = st.segmented_control(
            "One sample, close up: tap",
            range(len(taps)),
            default=strongest,
            required=True,
            format_func=lambda index: str(index + 1),
            key=f"{KEY}-tap-{layer.path}-{cell[0]}-{cell[1]}",
        )
        _interpolation(taps[int(index)])


def _table(taps: Sequence[Tap]) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {
            "k": [tap.index + 1 for tap in taps],
            "p + pₖ": [f"{tap.grid[0]:g}, {tap.grid[1]:g}" for tap in taps],
            "Δy": [tap.offset[0] for tap in taps],
            "Δx": [tap.offset[1] for tap in taps],
            "row": [tap.position[0] for tap in taps],
            "column": [tap.position[1] for tap in taps],
            "mₖ": [tap.mask for tap in taps],
            "wₖ·x": [tap.value for tap in taps],
            "term": [tap.term for tap in taps],
        }
    )
    column = st.column_config.NumberColumn
    st.dataframe(
        frame,
        hide_index=True,
        height="content",
        column_config={
            "k": st.column_config.NumberColumn(width=36, help="Tap, row by row of the kernel"),
            "p + pₖ": st.column_config.TextColumn(
                help="Row, column of the regular grid, in cells of the layer's input"
            ),
            "Δy": column(
                format="%.2f", help="Learned offset down, in cells, times the share that is applied"
            ),
            "Δx": column(format="%.2f", help="Learned offset to the right, in cells, times the share"),
            "row": column(format="%.2f", help="Where the tap reads: p + pₖ + Δpₖ"),
            "column": column(format="%.2f", help="Where the tap reads: p + pₖ + Δpₖ"),
            "mₖ": st.column_config.ProgressColumn(
                format="%.2f", min_value=0, max_value=1, help="Modulation: the sigmoid of the mask channel"
            ),
            "wₖ·x": column(
                format="%.3f", help="The tap's weights times what is read there, over all input channels"
            ),
            "term": column(format="%.3f", help="mₖ · (wₖ·x): what the tap adds to the sum"),
        },
    )


def _interpolation(tap: Tap) -> None:
    """The four cells around a sample, each with the area that is its part."""
    row, column = tap.position
    top, left = tap.corners[0].row, tap.corners[0].column
    side, x0, y0 = 96, 66, 34
    figure = Figure(320, 262, f"Bilinear sample at row {row:.2f}, column {column:.2f}", shown=340)
    for corner, (i, j) in zip(tap.corners, ((0, 0), (0, 1), (1, 0), (1, 1)), strict=True):
        x, y = x0 + j * side, y0 + i * side
        figure.rect(x, y, side, side, fill=theme.SKY, fill_opacity=0.08 + 0.75 * corner.part, kind="frame")
        # In the outer corners: the sample lies between the four middles.
        edge, anchor = (x + 8, "start") if j == 0 else (x + side - 8, "end")
        line = y + 18 if i == 0 else y + side - 22
        figure.text(edge, line, f"{corner.value:.3f}", anchor, kind="value strong")
        figure.text(edge, line + 15, f"× {corner.part:.3f}", anchor, kind="small value")
    for i in (0, 1):
        figure.text(x0 + (i + 0.5) * side, y0 - 8, f"column {left + i}", "middle", kind="small quiet")
        figure.text(x0 - 8, y0 + (i + 0.5) * side + 4, f"row {top + i}", "end", kind="small quiet")
    # A cell's own position is its middle.
    across, down = x0 + (column - left + 0.5) * side, y0 + (row - top + 0.5) * side
    figure.line(across, y0, across, y0 + 2 * side, kind="axis", stroke_dasharray="3 3")
    figure.line(x0, down, x0 + 2 * side, down, kind="axis", stroke_dasharray="3 3")
    figure.circle(across, down, 6, fill=theme.VERMILION, stroke="#000", stroke_opacity=0.7)
    figure.text(x0 + side, y0 + 2 * side + 24, f"row {row:.2f}, column {column:.2f}", "middle", kind="value")
    figure.show(f"{KEY}-interpolation")
    parts = [rf"{corner.part:.3f} \cdot {_signed(corner.value)}" for corner in tap.corners]
    st.latex(
        rf"\begin{{aligned}} w_{tap.index + 1} x &= {parts[0]} + {parts[1]} \\ &+ {parts[2]} + {parts[3]} \\ "
        rf"&= {tap.value:.3f} \end{{aligned}}"
    )


def _signed(value: float) -> str:
    return f"({value:.3f})" if value < 0 else f"{value:.3f}"
