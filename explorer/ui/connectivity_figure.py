"""The heatmaps as the browser draws them: crisp, pointed at with numbers, opened by click or key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.analysis.heatmaps import LAST_MEANINGS, Heatmap, Scale, divisors
from explorer.inference.tiles import sequential
from explorer.ui import numbers
from explorer.ui.connectivity_networks import Shown
from explorer.ui.connectivity_options import Place

ASSETS = Path(__file__).parents[2] / "assets"
KEY = "connectivity-figure"
SCALE_WORDS = {
    Scale.FIGURE: "of the largest in the figure",
    Scale.BLOCK: "of the largest in its block",
    Scale.TARGET: "of the largest into its target",
}

_mount = st.components.v2.component(
    "connectivity",
    html='<div class="heatmaps">\n</div>',
    css=(ASSETS / "connectivity.css").read_text(),
    js=(ASSETS / "connectivity.js").read_text(),
)


def show(
    networks: Sequence[Shown],
    scale: Scale,
    chosen: Place | None,
    on_pick: Callable[[object], None],
    key: str = KEY,
) -> None:
    """Draw the networks on one scale, each with its heatmaps in rows."""
    figures = [network.heatmaps for network in networks]
    units = divisors(figures, scale)
    data: dict[str, Any] = {
        "palette": palette(),
        "legend": _legend(networks, scale, units),
        "networks": [
            {
                "title": network.here.title if len(networks) > 1 else "",
                "about": _about(network),
                "random": network.random,
                "panels": [
                    _panel(heatmap, scale, parts)
                    for heatmap, parts in zip(network.heatmaps, scales, strict=True)
                ],
            }
            for network, scales in zip(networks, units, strict=True)
        ],
    }
    data["digest"] = sha256(dumps(data).encode()).hexdigest()[:16]
    data["chosen"] = chosen

    def picked() -> None:
        on_pick(getattr(st.session_state.get(key), "picked", None))

    _mount(key=key, data=data, on_picked_change=picked)


def palette() -> list[str]:
    """Colours from 0 to 1, ``#rrggbb``: viridis, ordered by lightness for every eye and in print."""
    return [f"#{red:02X}{green:02X}{blue:02X}" for red, green, blue in sequential(np.linspace(0, 1, 9))]


def largest(networks: Sequence[Shown]) -> float:
    """The largest strength of all concatenations shown, or of all sums where there is nothing else."""
    units = divisors([network.heatmaps for network in networks], Scale.FIGURE)
    return next((parts[0] for figure in units for parts in figure if parts), 0.0)


def _about(network: Shown) -> str:
    if network.random:
        return "nothing learned yet: what is seen is the initialisation"
    return f"{network.weights.title}, {numbers.parameters(network.graph.totals.parameters)}"


def _legend(
    networks: Sequence[Shown], scale: Scale, units: Sequence[Sequence[Sequence[float]]]
) -> dict[str, str]:
    most = largest(networks)
    labels = {
        mark.label
        for network in networks
        for heatmap in network.heatmaps
        for i, mark in enumerate(heatmap.columns)
        if i in heatmap.framed
    }
    high = {
        Scale.FIGURE: f"1 = {most:.3g}, the largest of the figure",
        Scale.BLOCK: "1 = the largest of each block",
        Scale.TARGET: "1 = the largest into each target",
        Scale.RAW: f"{most:.3g}",
    }[scale]
    return {
        "low": "0",
        "high": high,
        "unit": "mean |w|",
        "last": ", ".join(
            f"{label} {meaning}" for label, meaning in LAST_MEANINGS.items() if label in labels
        ),
    }


def _panel(heatmap: Heatmap, scale: Scale, parts: Sequence[float]) -> dict[str, Any]:
    words = SCALE_WORDS.get(scale)
    return {
        "title": heatmap.title,
        "remark": _remark(heatmap),
        "rows": [[mark.label, mark.about] for mark in heatmap.rows],
        "columns": [[mark.label, mark.about] for mark in heatmap.columns],
        "framed": sorted(heatmap.framed),
        "gathered": heatmap.gathered,
        "cells": [
            [
                cell.row, cell.column, round(cell.strength / part, 4),
                [f"{cell.strength:.4g}", f"{cell.strength / part:.2f} {words}" if words else ""],
                cell.aggregation, cell.source, cell.target,
            ]
            for cell, part in zip(heatmap.cells, parts, strict=True)
        ],
    }  # fmt: skip


def _remark(heatmap: Heatmap) -> str:
    from explorer.analysis import Kind

    if heatmap.kind is Kind.SUM:
        return "· added, not concatenated: each by the weights of its own last convolution, on a scale of their own"
    if heatmap.gathered:
        return "· a column each"
    layers = len(heatmap.columns) - len(heatmap.framed)
    return f"· {layers} layer{'' if layers == 1 else 's'}"
