"""From a row of the layer table to its node on the Graph page."""

from __future__ import annotations

from collections.abc import Mapping

from explorer.analysis.layers import Grain, LayerRow
from explorer.graph.layer_graph import LayerGraph, parent_path
from explorer.graph.view import all_open, default_open
from explorer.graph.view_model import Style
from explorer.roles import CONTRACTED
from explorer.ui import graph_url, state


def graph_query(row: LayerRow, grain: Grain, graph: LayerGraph, about: state.Current) -> Mapping[str, str]:
    """The Graph page's parameters for a row: a view that has a node for it, the groups around it open, it selected."""
    style = view_of(row, grain)
    first = row.path if grain is Grain.OPERATIONS else parent_path(row.path)
    default = default_open(graph, style)
    opened = graph_url.encode(default | set(_upwards(first)), default, all_open(graph, style))
    query = {**state.query(about), "view": style.value, "node": row.node}
    return query | ({"open": opened} if opened else {})


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
