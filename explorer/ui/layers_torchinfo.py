"""torchinfo's summary beside our totals, and why the two differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from explorer.config import ModelConfig
from explorer.graph.layer_graph import LayerGraph
from explorer.ui import numbers, services

if TYPE_CHECKING:
    from explorer.analysis.torchinfo_report import TorchinfoReport

_DEEPEST = 8


def show(config: ModelConfig, size: tuple[int, int]) -> None:
    """Run torchinfo on a network built for this alone, and compare."""
    import pandas as pd

    graph = services.graph_of(config, size)
    depth = st.slider("Levels of modules", 1, _DEEPEST, 3, key="layers.torchinfo-depth", width=320)
    report = _report(config.digest, size, depth, config, graph)
    totals = graph.totals
    compared = pd.DataFrame(
        {
            "Quantity": ["Parameters", "MACs, torchinfo's “mult-adds”", "Activations"],
            "torchinfo": [
                f"{report.parameters:,}",
                f"{report.macs:,}",
                numbers.memory(report.output_bytes),
            ],
            "Traced graph": [
                f"{totals.parameters:,}",
                f"{totals.macs:,}",
                numbers.memory(totals.activation_bytes),
            ],
            "Why they differ": [
                "They agree." if report.parameters == totals.parameters else "Shared parameters.",
                "They agree." if report.macs == totals.macs else "Row by row below.",
                "torchinfo doubles the outputs of modules with parameters, for their gradients; the graph counts "
                "every newly written tensor once.",
            ],
        }
    )
    st.table(compared, border="horizontal", hide_index=True)
    st.markdown("**Multiply-accumulates by kind**")
    kinds = pd.DataFrame(
        {
            "Kind": [difference.title for difference in report.differences],
            "torchinfo": [f"{difference.torchinfo:,}" for difference in report.differences],
            "Traced graph": [f"{difference.graph:,}" for difference in report.differences],
            "Difference": [
                f"{difference.torchinfo - difference.graph:+,}".replace("-", "−")
                for difference in report.differences
            ],
            "Why": [difference.reason or "They agree." for difference in report.differences],
        }
    )
    st.table(kinds, border="horizontal", hide_index=True)
    st.markdown("**torchinfo’s summary**")
    st.code(report.text, language=None, height=520)


@st.cache_data(max_entries=24, show_spinner="Running torchinfo on a private copy")
def _report(
    digest: str, size: tuple[int, int], depth: int, _config: ModelConfig, _graph: LayerGraph
) -> TorchinfoReport:
    from explorer.analysis.torchinfo_report import torchinfo_report

    return torchinfo_report(_config, (1, _config.backbone.input_channels, *size), _graph, depth)
