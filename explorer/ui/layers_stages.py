"""Totals of every stage, which add up to the network."""

from __future__ import annotations

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from explorer.analysis.cost import Cost
from explorer.analysis.layers import section_costs
from explorer.graph.layer_graph import LayerGraph
from explorer.ui import theme


def show(graph: LayerGraph) -> None:
    """A row per stage, one per outermost module outside the stages, and the sum."""
    import pandas as pd

    costs = section_costs(graph)
    total = sum(costs.values(), Cost())
    rows = [*costs.values(), total]

    def share(part: int, whole: int) -> float:
        return 100 * part / whole if whole else 0.0

    frame = pd.DataFrame(
        {
            "Stage": [*costs, "Network"],
            "Live parameters": [cost.live_parameters for cost in rows],
            "Dead": [cost.dead_parameters for cost in rows],
            "Share of parameters": [share(cost.parameters, total.parameters) for cost in rows],
            "MACs": [cost.macs for cost in rows],
            "Share of MACs": [share(cost.macs, total.macs) for cost in rows],
            "Memory, MiB": [cost.activation_bytes / 2**20 for cost in rows],
            "Share of memory": [share(cost.activation_bytes, total.activation_bytes) for cost in rows],
        }
    )
    columns = st.column_config

    def bar(colour: str) -> ColumnConfig:
        return columns.ProgressColumn(format="%.1f %%", min_value=0, max_value=100, color=colour)

    st.dataframe(
        frame,
        hide_index=True,
        height="content",
        width="stretch",
        key="layers.stages",
        alt="Parameters, multiply-accumulates and activation memory per stage",
        column_config={
            "Stage": columns.TextColumn(
                pinned=True,
                help="Stage s works at 1/2ˢ of the input's size; decoders and heads lie outside, by module.",
            ),
            "Live parameters": columns.NumberColumn(
                format="localized", help="Their result reaches an output of the network."
            ),
            "Dead": columns.NumberColumn(format="localized", help="Their result reaches no output."),
            "MACs": columns.NumberColumn(
                format="localized",
                help="Multiply-accumulates of convolutions and linear layers; FLOPs are 2 × MACs.",
            ),
            "Memory, MiB": columns.NumberColumn(
                format="%.2f", help="Newly written activations, summed over the forward pass; not its peak."
            ),
            "Share of parameters": bar(theme.GREEN),
            "Share of MACs": bar(theme.SKY),
            "Share of memory": bar(theme.AMBER),
        },
    )
