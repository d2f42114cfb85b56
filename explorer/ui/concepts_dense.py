"""Dense against one-shot aggregation, and what memory access makes of the difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from explorer.analysis.memory_access import memory_access_cost
from explorer.concepts.blocks import LayerCost, costs, traced
from explorer.config import Dense, preset
from explorer.graph.layer_graph import LayerGraph
from explorer.ui import concepts_graph, numbers, services, theme
from explorer.ui.concepts import PANEL

if TYPE_CHECKING:
    import plotly.graph_objects as go

KEY = "concepts.dense"
NAMES = {Dense.DENSE: "Dense block", Dense.OSA: "One-shot block (OSA)"}
COLOURS = {Dense.DENSE: theme.BLUE, Dense.OSA: theme.AMBER}
PRESETS = {
    "5 layers of 43": {"osa_layers": 5, "osa_width": 43},
    "12 layers of 23": {"osa_layers": 12, "osa_width": 23},
}
"""One-shot blocks in the place of DenseNet-40's first dense block, as networks of the catalog have them."""
DENSENET40 = {"channels": 16, "side": 32, "dense_layers": 12, "growth": 12}
STUDY = ("densenet40_k12", "densenet40_osa5_43", "densenet40_osa12_23")


@dataclass(frozen=True)
class Block:
    """A block with the cost of its layers."""

    graph: LayerGraph
    costs: tuple[LayerCost, ...]


@st.cache_resource(max_entries=64, show_spinner=False)
def block_of(kind: Dense, channels: int, layers: int, width: int, side: int) -> Block:
    """Trace a block and count its costs."""
    graph = traced(kind, channels, layers, width, side)
    return Block(graph, costs(graph))


@st.fragment
def show() -> None:
    """Draw the section."""
    st.subheader("Dense and one-shot aggregation", anchor="dense")
    st.markdown(
        "A dense layer reads everything before it, so its input grows from layer to layer. One-shot aggregation keeps "
        "every layer too, but reads them once, at the end: inputs stay as wide as outputs, and less has to be moved. "
        "VoVNet, [arXiv 1904.09730](https://arxiv.org/abs/1904.09730); DenseNet, "
        "[arXiv 1608.06993](https://arxiv.org/abs/1608.06993)."
    )
    _presets()
    with st.container(horizontal=True, gap="large"):
        channels = _slider("Input channels", 4, 512, 16, "channels", step=4)
        side = _slider("Feature map, h = w", 4, 128, 32, "side", step=4)
    settings = {
        Dense.DENSE: ("dense_layers", 12, "growth", 12),
        Dense.OSA: ("osa_layers", 5, "osa_width", 43),
    }
    found: dict[Dense, Block] = {}
    beside = st.container(horizontal=True, gap="large")
    for kind, (count, layers, wide, width) in settings.items():
        with beside.container(width=PANEL):
            st.markdown(f"**{NAMES[kind]}**")
            with st.container(horizontal=True):
                layers = _slider("Layers", 1, 16, layers, count, width=190)
                label = "Growth rate k" if kind is Dense.DENSE else "Width"
                width = _slider(label, 1, 160, width, wide, width=190)
            found[kind] = block_of(kind, channels, layers, width, side)
            home = f"{KEY}.{kind}.{channels}.{layers}.{width}.{side}"
            key = f"{KEY}.{kind}"
            shown, placed = concepts_graph.folded(found[kind].graph, home, key)
            concepts_graph.graph(shown, placed, home, None, key)
            _totals(found[kind].costs, channels)
    _formula(found, side)
    st.plotly_chart(
        _figure(tuple(found[Dense.DENSE].costs), tuple(found[Dense.OSA].costs)),
        width="stretch",
        key=f"{KEY}.chart",
        config={"displayModeBar": False},
        alt="Memory access cost of each layer of both blocks",
    )
    st.caption(
        "Dashes are the least cost that the layer's multiply-accumulates allow, where cᵢ = cₒ: "
        "2·√(h·w·B / k²) + B / (h·w), B the multiply-accumulates. It is the form of ShuffleNet V2's first guideline "
        "([arXiv 1807.11164](https://arxiv.org/abs/1807.11164)), which is for 1×1 convolutions, carried over to k×k."
    )
    _study()


def _slider(
    label: str, least: int, most: int, start: int, name: str, *, step: int = 1, width: int = 300
) -> int:
    """A size that the URL remembers under ``name``."""
    return st.slider(label, least, most, start, step, key=name, bind="query-params", width=width)


def _presets() -> None:
    """The settings that the VoVNet paper studies."""

    def take(values: dict[str, int]) -> None:
        for name, value in (DENSENET40 | values).items():
            st.session_state[name] = value

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("DenseNet-40's first block against", width="content")
        for label, values in PRESETS.items():
            st.button(label, on_click=take, args=(values,), key=f"{KEY}.{label}", help=(
                "VoVNet paper, section 3: dense blocks replaced by 5 layers of 43 channels" if "43" in label else
                "As many layers as the dense block; 23 channels give about as many multiply-accumulates (ours)"
            ))  # fmt: skip


def _totals(layers: Sequence[LayerCost], channels: int) -> None:
    access, bound = sum(each.access for each in layers), sum(each.bound for each in layers)
    puts_out = channels + sum(each.out_channels for each in layers)
    with st.container(horizontal=True, gap="medium"):
        st.metric("Puts out", puts_out, width="content", help="Channels of the concatenation at the end")
        st.metric("Parameters", numbers.count(sum(each.parameters for each in layers)), width="content",
                  help="Weights of the 3×3 convolutions")  # fmt: skip
        st.metric("MACs", numbers.macs(sum(each.macs for each in layers)).removesuffix("MACs"), width="content",
                  help="Multiply-accumulates of the 3×3 convolutions for one image")  # fmt: skip
        st.metric("Memory access", numbers.count(access), width="content", help=(
            f"Values read and written: {access:,}, {access / bound:.2f} times the least that as many "
            "multiply-accumulates allow."
        ))  # fmt: skip


def _formula(found: dict[Dense, Block], side: int) -> None:
    """The memory access cost with the numbers of one layer of each block."""
    st.markdown("**Memory access cost, layer by layer**")
    most = max(len(block.costs) for block in found.values())
    number = _slider("Layer", 1, most, most, f"layer-of-{most}") if most > 1 else 1
    st.latex(r"\text{cost} = h \cdot w \cdot (c_i + c_o) + k^2 \cdot c_i \cdot c_o")
    beside = st.container(horizontal=True, gap="large")
    for kind, block in found.items():
        at = min(number, len(block.costs))
        layer = block.costs[at - 1]
        with beside.container(width=PANEL):
            st.latex(
                rf"{side} \cdot {side} \cdot ({layer.in_channels} + {layer.out_channels}) + 3^2 \cdot "
                rf"{layer.in_channels} \cdot {layer.out_channels} = {layer.access:,}".replace(",", r"\,")
            )
            st.caption(
                f"{NAMES[kind]}, layer {at} of {len(block.costs)}: {layer.access / layer.bound:.2f} times the least "
                f"for {numbers.macs(layer.macs)}."
            )


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(dense: tuple[LayerCost, ...], osa: tuple[LayerCost, ...]) -> go.Figure:
    import plotly.graph_objects as go

    drawn = go.Figure()
    for offset, (kind, layers) in zip((-0.2, 0.2), ((Dense.DENSE, dense), (Dense.OSA, osa)), strict=True):
        places = [number + offset for number in range(1, len(layers) + 1)]
        drawn.add_bar(
            x=places,
            y=[each.access for each in layers],
            width=0.36,
            name=NAMES[kind],
            marker={"color": COLOURS[kind], "line": {"width": 0}},
            customdata=[
                f"<b>{NAMES[kind]}, layer {number}</b><br>{each.in_channels} → {each.out_channels} channels<br>"
                f"{each.access:,} values moved, at least {each.bound:,.0f}<br>"
                f"{each.parameters:,} parameters · {numbers.macs(each.macs)}"
                for number, each in enumerate(layers, start=1)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
        drawn.add_scatter(
            x=places, y=[each.bound for each in layers], mode="markers", hoverinfo="skip", showlegend=False,
            marker={"symbol": "line-ew", "size": 16, "line": {"width": 2, "color": theme.RULE}},
        )  # fmt: skip
    drawn.update_xaxes(title="Layer", dtick=1, showgrid=False)
    drawn.update_yaxes(title="Values moved", rangemode="tozero")
    drawn.update_layout(
        height=330,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
        hoverlabel={"align": "left"},
    )
    return drawn


def _study() -> None:
    """The same sum over the whole networks of the VoVNet paper's study."""
    st.markdown("**The whole networks of the VoVNet paper's study on CIFAR-10**")
    rows = []
    for name in STUDY:
        graph = services.graph_of(preset(name), (32, 32))
        cost = sum(memory_access_cost(operation, graph) for operation in graph.operations)
        rows.append(
            {
                "Network": name,
                "Parameters": graph.totals.parameters,
                "MACs": graph.totals.macs,
                "Memory access cost": cost,
            }
        )
    st.dataframe(
        rows,
        hide_index=True,
        width="content",
        column_config={
            "Parameters": st.column_config.NumberColumn(format="localized"),
            "MACs": st.column_config.NumberColumn(
                format="localized",
                help="Multiply-accumulates at 32×32; not the paper's MAC, which is the next column",
            ),
            "Memory access cost": st.column_config.NumberColumn(
                format="localized", help="The formula above, summed over convolutions and the classifier"
            ),
        },
    )
    st.caption(
        "The paper reports 3.7 M for DenseNet-40 and 2.5 M with one-shot aggregation, and calls it MAC. The first "
        "is confirmed by this sum. Which settings its 2.5 M belong to is not certain: our network with 12 layers of 23 "
        "channels comes to 2.50 M, the one with 5 layers of 43 channels to 2.07 M."
    )
