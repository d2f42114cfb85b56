"""What a network computes, as a graph: trace it, fold it into views, lay it out, export it. Imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explorer.graph.layer_graph import LayerGraph, Operation, Scope, Tensor, Totals
from explorer.graph.layout import Layout, layout
from explorer.graph.view import view
from explorer.graph.view_model import Style, View

if TYPE_CHECKING:
    from torch import nn

    from explorer.config import ModelConfig

__all__ = [
    "LayerGraph",
    "Layout",
    "Operation",
    "Scope",
    "Style",
    "Tensor",
    "Totals",
    "View",
    "layout",
    "trace",
    "view",
]


def trace(network: ModelConfig | str | nn.Module, input_shape: tuple[int, int, int, int]) -> LayerGraph:
    """What ``network`` computes for an input of ``input_shape``, (N, C, H, W); see explorer.graph.tracing.trace.

    ``network`` is a configuration, a preset's name, or any module. Imports torch at the first call.
    Raises ConfigError for an unknown preset and TraceError where sizes do not fit.
    """
    from explorer.graph.tracing import trace as traced

    return traced(network, input_shape)
