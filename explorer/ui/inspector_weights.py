"""The weights of a node: statistics, a histogram, and kernels as small pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from explorer.analysis.weight_statistics import WeightStatistics, tensor_statistics, values
from explorer.errors import ExplorerError
from explorer.graph.layer_graph import LayerGraph, parent_path
from explorer.graph.view_model import ViewFrame, ViewNode
from explorer.inference.tiles import Scale, diverging, filters_as_rgb, matrix_of_tiles, signed_range
from explorer.ui import inspector_engine, numbers, state, theme
from explorer.ui.plain import plain

if TYPE_CHECKING:
    from explorer.runtime.engine import Engine

MOST_TENSORS = 400
SHORT_TABLE = 8
MOST_VALUES = 40_000_000
FILTERS, SLICES = 24, 32
RGB_FILTERS = 64
MATRIX_SIDE = 256
SHEET_WIDTH = 760

_SCALES = {Scale.ALL: "All filters", Scale.EACH: "Each filter"}


def show(here: state.Current, graph: LayerGraph, item: ViewNode | ViewFrame) -> None:
    """A row per tensor; the chosen one's histogram and kernels."""
    paths = {graph.operations[i].path for i in item.operations if _has_state(graph, i)}
    if not paths:
        st.caption("Nothing in here has weights.")
        return
    if item.parameters > MOST_VALUES:
        st.caption(
            f"{numbers.parameters(item.parameters)} are too many to look at together: choose a part of this group."
        )
        return
    try:
        with st.spinner("Reading the weights"):
            engine = inspector_engine.engine_of(here)
            found = _statistics((*inspector_engine.identity(here), *sorted(paths)), engine, frozenset(paths))
    except ExplorerError as error:
        st.error(plain(error), icon=":material/error:")
        return
    _described(engine)
    left, right = st.columns([1.7, 1], gap="large")
    with left:
        chosen = _table(found, item.id)
    with right:
        _histogram(chosen)
    _kernels(values(engine.network.state_dict()[chosen.name]).astype(np.float32), chosen)


def _has_state(graph: LayerGraph, operation: int) -> bool:
    found = graph.operations[operation]
    # Batch normalisation without factors still has running statistics.
    return found.parameters > 0 or found.kind == "batch_norm"


@st.cache_data(max_entries=32, show_spinner=False)
def _statistics(
    key: inspector_engine.Key, _engine: Engine, _paths: frozenset[str]
) -> tuple[WeightStatistics, ...]:
    state_dict = _engine.network.state_dict()
    names = [
        name
        for name, tensor in state_dict.items()
        if parent_path(name) in _paths and tensor.is_floating_point()
    ]
    return tuple(tensor_statistics(name, values(state_dict[name])) for name in names[:MOST_TENSORS])


def _described(engine: Engine) -> None:
    about = engine.weights
    st.caption(f"{plain(about.title)}. {plain(about.note)}" if about.note else f"{plain(about.title)}.")


def _table(found: tuple[WeightStatistics, ...], identity: str) -> WeightStatistics:
    event = st.dataframe(
        [
            {
                "Tensor": statistics.name,
                "Shape": numbers.shape(statistics.shape),
                "Mean": statistics.mean,
                "Std": statistics.std,
                "Min": statistics.minimum,
                "Max": statistics.maximum,
                "L1": statistics.l1,
                "L2": statistics.l2,
                "Zero": statistics.zero_share,
                "Near zero": statistics.near_zero_share,
            }
            for statistics in found
        ],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"inspector-weights-{identity}",
        height="auto" if len(found) <= SHORT_TABLE else 318,
        column_config={
            **{
                name: st.column_config.NumberColumn(format="%.3g")
                for name in ("Mean", "Std", "Min", "Max", "L1", "L2")
            },
            "Zero": st.column_config.NumberColumn(format="percent", help="Exactly 0"),
            "Near zero": st.column_config.NumberColumn(
                format="percent", help="Below a thousandth of the tensor's largest magnitude"
            ),
        },
    )
    rows = event.selection.rows if event else []
    st.caption(
        "L1 is Σ|w|, L2 is √Σw². Click a row for its histogram and kernels."
        + (f" The first {MOST_TENSORS} tensors." if len(found) == MOST_TENSORS else "")
    )
    if rows and rows[0] < len(found):
        return found[rows[0]]
    return max(found, key=lambda statistics: (len(statistics.shape) > 1, -found.index(statistics)))


def _histogram(statistics: WeightStatistics) -> None:
    import plotly.graph_objects as go

    edges = np.array(statistics.histogram.edges)
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=statistics.histogram.counts,
            width=np.diff(edges),
            marker_color=theme.BLUE,
            marker_line_width=0,
            customdata=np.stack([edges[:-1], edges[1:]], 1),
            hovertemplate="%{customdata[0]:.4g} to %{customdata[1]:.4g}: %{y:,}<extra></extra>",
        )
    )
    for place, dash in (
        (statistics.mean, "solid"),
        (statistics.mean - statistics.std, "dot"),
        (statistics.mean + statistics.std, "dot"),
    ):
        figure.add_vline(place, line=dict(color=theme.VERMILION, width=1.3, dash=dash))
    figure.update_layout(
        height=250, margin=dict(l=0, r=0, t=26, b=0), bargap=0, showlegend=False,
        title=dict(text=f"{numbers.count(statistics.count)} values", font_size=13), yaxis_title="Values per bin",
    )  # fmt: skip
    st.plotly_chart(figure, key="inspector-histogram", config={"displayModeBar": False})
    lost = f" {statistics.not_finite:,} are not finite." if statistics.not_finite else ""
    st.caption(f"`{statistics.name}`. Lines: the mean, and one standard deviation to each side.{lost}")


def _kernels(weights: np.ndarray, statistics: WeightStatistics) -> None:
    if weights.ndim not in (2, 4) or not statistics.learned or not np.isfinite(weights).all():
        return
    st.markdown(f"**Kernels** of `{statistics.name}`")
    scale = st.segmented_control(
        "One colour range for", list(_SCALES), format_func=_SCALES.__getitem__, default=Scale.ALL, required=True,
        key="inspector-kernel-scale",
    )  # fmt: skip
    if weights.ndim == 4 and weights.shape[1] == 3 and weights.shape[2] > 1:
        _rgb(weights[:RGB_FILTERS], len(weights), scale)
    elif weights.ndim == 2 or weights.shape[2:] == (1, 1):
        _matrix(weights.reshape(weights.shape[:2]), scale)
    else:
        _slices(weights, scale)


def _rgb(weights: np.ndarray, count: int, scale: Scale) -> None:
    tiles = filters_as_rgb(weights, scale)
    columns = min(16, len(tiles))
    rows = -(-len(tiles) // columns)
    room = np.full((rows * columns, *tiles.shape[1:]), 128, np.uint8)
    room[: len(tiles)] = tiles
    zoom = max(1, min(9, SHEET_WIDTH // (columns * tiles.shape[2]) - 1))
    picture = matrix_of_tiles(room.reshape(rows, columns, *tiles.shape[1:]), gap=zoom // 2 + 2, zoom=zoom)
    picture = picture if len(tiles) == rows * columns else _without(picture, len(tiles), columns, rows)
    st.image(picture)
    st.caption(
        f"Filters 0 to {len(tiles) - 1} of {count} as colours: the weights of the three input channels are red, green "
        f"and blue. Mid-grey is 0; black and white are ∓ the largest magnitude {_of(scale)}."
    )


def _without(picture: np.ndarray, count: int, columns: int, rows: int) -> np.ndarray:
    """The places of the last row that hold no filter made clear."""
    width = -(-picture.shape[1] // columns)
    height = -(-picture.shape[0] // rows)
    picture[(rows - 1) * height :, (count - (rows - 1) * columns) * width :, 3] = 0
    return picture


def _slices(weights: np.ndarray, scale: Scale) -> None:
    shown = weights[:FILTERS, :SLICES]
    colours = diverging(signed_range(shown, scale))
    zoom = max(2, SHEET_WIDTH // (shown.shape[1] * shown.shape[3]) - 1)
    st.image(matrix_of_tiles(colours, gap=max(2, zoom // 2), zoom=min(zoom, 9)))
    st.caption(
        f"Rows: filters 0 to {len(shown) - 1} of {weights.shape[0]}. Columns: input channels 0 to "
        f"{shown.shape[1] - 1} of {weights.shape[1]}. {_signs(shown, scale)}"
    )


def _matrix(weights: np.ndarray, scale: Scale) -> None:
    shown = weights[:MATRIX_SIDE, :MATRIX_SIDE]
    colours = diverging(signed_range(shown, scale))
    zoom = max(1, min(8, SHEET_WIDTH // shown.shape[1]))
    st.image(colours.repeat(zoom, axis=0).repeat(zoom, axis=1))
    st.caption(
        f"A matrix: rows are filters 0 to {len(shown) - 1} of {weights.shape[0]}, columns input channels 0 to "
        f"{shown.shape[1] - 1} of {weights.shape[1]}. {_signs(shown, scale)}"
    )


def _signs(shown: np.ndarray, scale: Scale) -> str:
    if scale is Scale.EACH:
        return "Blue is negative, pale 0, orange positive; each filter up to its own largest magnitude."
    return f"Blue is negative, pale 0, orange positive, up to ±{np.abs(shown).max():.3g}, the largest magnitude shown."


def _of(scale: Scale) -> str:
    return "of each filter" if scale is Scale.EACH else "of those shown"
