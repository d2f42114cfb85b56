"""A comparison of two networks in words and numbers: the same on the page, in files and on the command line.

Imports no Streamlit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from explorer.analysis.comparison import Comparison, Measures, Row, Stage, change
from explorer.config import ModelConfig, preset_name
from explorer.ui import numbers


@dataclass(frozen=True, slots=True)
class Column:
    """A quantity: its field in ``Measures``, its title with the unit, what one unit of the table is, what it means."""

    field: str
    title: str
    unit: int
    format: str
    meaning: str


COLUMNS = (
    Column("parameters", "Parameters", 1, "localized", "Elements that are learned, each counted once."),
    Column("macs", "MMACs", 10**6, "%.1f", "Million multiply-accumulates of convolutions and linear layers."),
    Column("access", "Memory access, M", 10**6, "%.2f",
           "Million elements read and written by convolutions and linear layers: h·w·(cᵢ + cₒ) + k²·cᵢ·cₒ."),
    Column("activation_bytes", "Activations, MiB", 2**20, "%.2f", "Newly written by operations, summed over the pass."),
    Column("operations", "Operations", 1, "localized", "Calls of torch functions."),
)  # fmt: skip


def labels(here: ModelConfig, there: ModelConfig) -> tuple[str, str]:
    """What to call two networks so that they are told apart: an edited preset keeps its name."""
    presets = [preset_name(config) for config in (here, there)]
    ours, theirs = (name or config.title for name, config in zip(presets, (here, there), strict=True))
    if ours == theirs:
        ours, theirs = (
            name if known else f"{name} (edited)" for name, known in zip((ours, theirs), presets, strict=True)
        )
    return ours, theirs if theirs != ours else f"{theirs} (2)"


def sentence(comparison: Comparison, here: str, there: str) -> str:
    """The whole comparison in one sentence."""
    ours, theirs = comparison.here, comparison.there
    stages = f"{comparison.shared} stage{'s' if comparison.shared != 1 else ''} aligned"
    return (
        f"{here} has {numbers.parameters(ours.parameters)} ({percent(ours.parameters, theirs.parameters)}) and "
        f"{numbers.macs(ours.macs)} ({percent(ours.macs, theirs.macs)}) against {there}; {stages}."
    )


def percent(here: float, there: float) -> str:
    """``+13 %``, ``−8.1 %``, ``±0 %``; ``×12`` from ten times on, ``new`` against nothing."""
    share = change(here, there)
    if share is None:
        return "new" if here else "±0 %"
    if here == there:
        return "±0 %"
    if share >= 9:
        return f"×{here / there:,.0f}"
    digits = 0 if abs(share) >= 0.0995 else 1 if abs(share) >= 0.001 else 3
    return f"{'+' if share > 0 else '−'}{abs(100 * share):.{digits}f} %"


def record(row: Row, here: str, there: str) -> dict[str, Any]:
    """A row with every column, as the table shows it and the file holds it."""
    sides = (row.here, row.there)
    found: dict[str, Any] = {"Stage": row.section.title}
    for name, side in zip(names(here, there, "Output"), sides, strict=True):
        found[name] = numbers.shape(side.output) if side and side.output else None
    for name, side in zip(names(here, there, "Stride"), sides, strict=True):
        found[name] = side.stride if side else None
    for column in COLUMNS:
        ours, theirs = (getattr(side.measures, column.field) if side else 0 for side in sides)
        share = change(ours, theirs)
        values = (
            ours / column.unit,
            theirs / column.unit,
            (ours - theirs) / column.unit,
            None if share is None else 100 * share,
        )
        found |= dict(zip(titles(column, here, there), values, strict=True))
    return found


def names(here: str, there: str, title: str) -> tuple[str, str]:
    """The headings of a column for each network."""
    return f"{title}: {here}", f"{title}: {there}"


def titles(column: Column, here: str, there: str) -> tuple[str, str, str, str]:
    """The headings of a quantity's four columns."""
    return (*names(here, there, column.title), f"Δ {column.title}", f"Δ {column.title}, %")


def as_json(comparison: Comparison, here: str, there: str) -> dict[str, Any]:
    """The same numbers for machines, in base units."""

    def side(stage: Stage | None) -> dict[str, Any] | None:
        if stage is None:
            return None
        return {"output": stage.output, "stride": stage.stride, **_values(stage.measures)}

    def delta(ours: Measures, theirs: Measures) -> dict[str, Any]:
        both = zip(_values(ours).items(), _values(theirs).values(), strict=True)
        return {name: {"absolute": a - b, "share": change(a, b)} for (name, a), b in both}

    return {
        "here": here,
        "there": there,
        "stages_aligned": comparison.shared,
        "sections": [
            {
                "section": row.section.title, "here": side(row.here), "there": side(row.there),
                "delta": delta(*(each.measures if each else Measures() for each in (row.here, row.there))),
            }
            for row in comparison.rows
        ],
        "network": {
            "here": _values(comparison.here), "there": _values(comparison.there),
            "delta": delta(comparison.here, comparison.there),
        },
    }  # fmt: skip


def _values(measures: Measures) -> dict[str, int]:
    return {column.field: getattr(measures, column.field) for column in COLUMNS}
