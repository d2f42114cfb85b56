"""The networks of the Connectivity page with their strengths. Imports torch only to read weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from explorer.analysis import Aggregation, connectivity
from explorer.analysis.heatmaps import Heatmap, heatmaps
from explorer.errors import WeightsError
from explorer.graph.layer_graph import LayerGraph
from explorer.ui import inspector_engine, numbers, services, state, weights_control
from explorer.ui.connectivity_figure import Row
from explorer.ui.connectivity_options import Options
from explorer.weights import RANDOM, WeightsInfo, WeightsKind

if TYPE_CHECKING:
    from torch import Tensor

MOST_CELLS = 40_000
"""Connections of a figure that a browser draws at ease."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A network in the figure. ``beside`` says that these are the random weights beside others."""

    here: state.Current
    graph: LayerGraph
    weights: WeightsInfo
    aggregations: tuple[Aggregation, ...]
    heatmaps: tuple[Heatmap, ...]
    beside: bool = False

    @property
    def random(self) -> bool:
        """Whether the weights have learned nothing."""
        return self.weights.kind is WeightsKind.RANDOM

    @property
    def row(self) -> Row:
        """The network in the figure."""
        learned = f"{self.weights.title}, {numbers.parameters(self.graph.totals.parameters)}"
        about = "nothing learned yet: what is seen is the initialisation" if self.random else learned
        return Row(self.here.title, about, self.heatmaps, self.random)

    @property
    def cells(self) -> int:
        """Number of connections."""
        return sum(len(heatmap.cells) for heatmap in self.heatmaps)

    def state_dict(self) -> Mapping[str, Tensor]:
        """The weights, read anew."""
        return _state_dict(self.here, self.beside)[0]


def networks(here: state.Current, graph: LayerGraph, options: Options) -> list[Shown]:
    """The current network and those beside it. Raises ExplorerError where one cannot be had."""
    wanted = [(here, graph, False)]
    if options.random:
        wanted.append((replace(here, weights=WeightsKind.RANDOM.value, checkpoint=None), graph, True))
    for name in options.others:
        other = state.changed(here, model=name)
        wanted.append((other, services.graph_of(other.config, other.size), False))
    found: list[Shown] = []
    for one, traced, beside in wanted:
        if weights_control.missing(one):
            raise WeightsError(f"The weights of {one.title} are not here yet: fetch them, or choose others.")
        found.append(
            _shown((*inspector_engine.identity(one), options.fold, beside), one, traced, options.fold, beside)
        )
    return found


@st.cache_resource(max_entries=24, show_spinner="Reading the weights")
def _shown(
    key: tuple[str | int, ...], _here: state.Current, _graph: LayerGraph, _fold: bool, _beside: bool
) -> Shown:
    weights, info = _state_dict(_here, _beside)
    found = connectivity(_graph, weights, fold_norms=_fold)
    return Shown(_here, _graph, info, tuple(found), tuple(heatmaps(_graph, found)), _beside)


def _state_dict(here: state.Current, beside: bool) -> tuple[Mapping[str, Tensor], WeightsInfo]:
    if beside:
        # Built for the moment: it takes no engine's place.
        from explorer.networks import build

        return build(here.config).state_dict(), RANDOM
    engine = inspector_engine.engine_of(here)
    return engine.network.state_dict(), engine.weights
