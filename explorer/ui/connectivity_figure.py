"""The heatmaps as the browser draws them: crisp, pointed at with numbers, opened by click or key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.analysis.heatmaps import LAST_MEANINGS, Heatmap, Scale, divisors
from explorer.inference.tiles import sequential
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


@dataclass(frozen=True, slots=True)
class Row:
    """Heatmaps that stand in a row under a title, and what a cell's number is called."""

    title: str
    about: str
    heatmaps: tuple[Heatmap, ...]
    random: bool = False
    unit: str = "mean |w|"


def show(
    rows: Sequence[Row],
    scale: Scale,
    chosen: Place | None,
    on_pick: Callable[[object], None],
    key: str = KEY,
    *,
    apart: bool = False,
) -> None:
    """Draw rows of heatmaps on one scale, or each on one of its own, side by side, where ``apart``."""
    figures = [row.heatmaps for row in rows]
    units = [divisors([one], scale)[0] for one in figures] if apart else divisors(figures, scale)
    data: dict[str, Any] = {
        "palette": palette(),
        "legend": _legend(rows, scale, "" if apart else f"{_largest(units):.3g}"),
        "networks": [
            {
                "title": row.title if len(rows) > 1 else "",
                "about": row.about,
                "random": row.random,
                "panels": [
                    _panel(heatmap, scale, parts, row.unit)
                    for heatmap, parts in zip(row.heatmaps, scales, strict=True)
                ],
            }
            for row, scales in zip(rows, units, strict=True)
        ],
    }
    data["beside"] = apart
    data["digest"] = sha256(dumps(data).encode()).hexdigest()[:16]
    data["chosen"] = chosen

    def picked() -> None:
        on_pick(getattr(st.session_state.get(key), "picked", None))

    _mount(key=key, data=data, on_picked_change=picked)


def palette() -> list[str]:
    """Colours from 0 to 1, ``#rrggbb``: viridis, ordered by lightness for every eye and in print."""
    return [f"#{red:02X}{green:02X}{blue:02X}" for red, green, blue in sequential(np.linspace(0, 1, 9))]


def _largest(units: Sequence[Sequence[Sequence[float]]]) -> float:
    """The largest strength of all concatenations shown, or of all sums where there is nothing else."""
    return next((parts[0] for figure in units for parts in figure if parts), 0.0)


def _legend(rows: Sequence[Row], scale: Scale, most: str) -> dict[str, str]:
    labels = {
        mark.label
        for row in rows
        for heatmap in row.heatmaps
        for i, mark in enumerate(heatmap.columns)
        if i in heatmap.framed
    }
    high = {
        Scale.FIGURE: f"1 = {most}, the largest of the figure" if most else "1 = the largest of each row",
        Scale.BLOCK: "1 = the largest of each block",
        Scale.TARGET: "1 = the largest into each target",
        Scale.RAW: most,
    }[scale]
    return {
        "low": "0",
        "high": high,
        "last": ", ".join(
            f"{label} {meaning}" for label, meaning in LAST_MEANINGS.items() if label in labels
        ),
    }


def _panel(heatmap: Heatmap, scale: Scale, parts: Sequence[float], unit: str) -> dict[str, Any]:
    words = SCALE_WORDS.get(scale)
    return {
        "title": heatmap.title,
        "remark": _remark(heatmap),
        "rows": [[mark.label, mark.about] for mark in heatmap.rows],
        "columns": [[mark.label, mark.about] for mark in heatmap.columns],
        "framed": sorted(heatmap.framed),
        "gathered": heatmap.gathered,
        "unit": unit,
        "cells": [
            [
                cell.row, cell.column, round(cell.strength / part, 4),
                _texts(cell.strength, part, words),
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


def _texts(strength: float, part: float, words: str | None) -> list[str]:
    """The number, what it is of the scale, and what stands in a cell that has room."""
    if words is None:
        return [f"{strength:.4g}", "", f"{strength:.2g}".replace("0.", ".", 1)]
    share = f"{strength / part:.2f}"
    return [f"{strength:.4g}", f"{share} {words}", "1" if share == "1.00" else share.removeprefix("0")]
