"""Fold a LayerGraph into what a reader sees: ``view(graph, style, open_scopes)``.

Only roles and the module tree are read, never class names, so a network of a new family folds by the same rules.
"""

from collections.abc import Collection

from explorer.graph.layer_graph import LayerGraph
from explorer.graph.view_build import built
from explorer.graph.view_first import first_open
from explorer.graph.view_model import Style, View
from explorer.graph.view_plan import Plan, ancestry

__all__ = ["all_open", "ancestry", "around", "default_open", "openable", "view"]


def view(graph: LayerGraph, style: Style | str, open_scopes: Collection[str] | None = None) -> View:
    """Fold ``graph``.

    ``paper`` shows blocks and aggregation nodes in frames of trees and decoders, with projections, downsampling and
    upsampling drawn into the edges; ``modules`` shows each closed module as one node; ``operations`` shows
    every torch function. In the first two, repetition folds into one node "× n" (``view_runs``). ``open_scopes``
    are the paths of the modules and repetitions to open; a path that cannot be opened in this style is ignored, and
    None opens ``default_open(graph, style)``. Raises ValueError for an unknown style.
    """
    plan = Plan(graph, Style(style))
    opened = first_open(plan) if open_scopes is None else plan.openable & frozenset(open_scopes)
    return built(plan, opened)


def default_open(graph: LayerGraph, style: Style | str) -> frozenset[str]:
    """What is open at first sight; see ``view_first``."""
    return first_open(Plan(graph, Style(style)))


def openable(graph: LayerGraph, style: Style | str) -> frozenset[str]:
    """Every path that can be opened in this style, at any depth; opened all at once they show the whole network."""
    return Plan(graph, Style(style)).openable


def all_open(graph: LayerGraph, style: Style | str) -> frozenset[str]:
    """What "open all" opens: in the paper view every frame and repetition, but not the insides of blocks."""
    plan = Plan(graph, Style(style))
    return plan.frames | frozenset(plan.runs) if plan.style is Style.PAPER else plan.openable


def around(graph: LayerGraph, style: Style | str, path: str) -> frozenset[str]:
    """What has to be open for the module at ``path`` to be in sight: modules around it, and repetitions."""
    return Plan(graph, Style(style)).around(path)
