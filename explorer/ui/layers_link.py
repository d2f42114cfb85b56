"""From a row of the layer table to its node on the Graph page."""

from __future__ import annotations

from collections.abc import Mapping

from explorer.analysis.layers import Grain, LayerRow
from explorer.graph.layer_graph import LayerGraph, parent_path
from explorer.graph.view import all_open, around, default_open, view
from explorer.graph.view_model import Style
from explorer.roles import CONTRACTED
from explorer.ui import graph_url, state


def graph_query(row: LayerRow, grain: Grain, graph: LayerGraph, about: state.Current) -> Mapping[str, str]:
    """The Graph page's parameters for a row: a view that has a node for it, the groups around it open, it selected.

    A module that its view never shows alone, such as the one convolution of a sequence, leads to what holds it.
    """
    style = view_of(row, grain)
    first = row.path if grain is Grain.OPERATIONS else parent_path(row.path)
    default = default_open(graph, style)
    opened = default | set(_upwards(first)) | around(graph, style, row.path)
    drawn = view(graph, style, opened).items
    node = next((name for name in (row.node, *_upwards(row.path)) if name in drawn), row.node)
    query = {**state.query(about), "view": style.value, "node": node}
    groups = graph_url.encode(opened, default, all_open(graph, style))
    return query | ({"open": groups} if groups else {})


def view_of(row: LayerRow, grain: Grain) -> Style:
    """The coarsest view in which the row is one node; the paper's draws some parts into its edges."""
    match grain:
        case Grain.PARTS if row.role is not None and row.role not in CONTRACTED:
            return Style.PAPER
        case Grain.OPERATIONS:
            return Style.OPERATIONS
        case _:
            return Style.MODULES


def _upwards(path: str) -> list[str]:
    """A module's path and those of the modules around it."""
    paths = []
    while path:
        paths.append(path)
        path = parent_path(path)
    return paths
