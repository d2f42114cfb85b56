"""Connectivity as files: a row per connection as CSV, a matrix per aggregation as NPZ, plain values for JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from explorer.analysis.aggregation import Aggregation, Matrix, normalize_together
from explorer.analysis.heatmaps import Scale

CSV_COLUMNS = ("aggregation", "kind", "source", "channels", "target", "target_role", "strength", "scaled")


def scaled(items: Sequence[Aggregation], scale: Scale) -> list[Matrix]:
    """Each aggregation's strengths on a scale, (sources, targets); raw ones as they are."""
    match scale:
        case Scale.FIGURE:
            return normalize_together(items)
        case Scale.BLOCK:
            return [item.normalized for item in items]
        case Scale.TARGET:
            return [item.normalized_by_target for item in items]
        case Scale.RAW:
            return [item.strength for item in items]


def csv_text(items: Sequence[Aggregation], scale: Scale) -> str:
    """A line for each connection: mean absolute weight, and the same on a scale."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(CSV_COLUMNS)
    for item, units in zip(items, scaled(items, scale), strict=True):
        for row, column in np.argwhere(item.connected):
            source, target = item.sources[row], item.targets[column]
            writer.writerow(
                [item.path, item.kind.value, source.path or "input", source.channels, target.path,
                 target.role.value if target.role else "", f"{item.strength[row, column]:.9g}",
                 f"{units[row, column]:.9g}"]
            )  # fmt: skip
    return file.getvalue()


def npz_bytes(items: Sequence[Aggregation], scale: Scale) -> bytes:
    """For each aggregation, under its path, ``strength``, ``scaled``, ``connected`` and the names of both axes."""
    arrays: dict[str, np.ndarray] = {}
    for item, units in zip(items, scaled(items, scale), strict=True):
        name = item.path or "network"
        arrays[f"{name}/strength"] = item.strength
        arrays[f"{name}/scaled"] = units
        arrays[f"{name}/connected"] = item.connected
        arrays[f"{name}/sources"] = np.array([source.path or "input" for source in item.sources])
        arrays[f"{name}/channels"] = np.array([source.channels for source in item.sources])
        arrays[f"{name}/targets"] = np.array([target.path for target in item.targets])
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # the stubs take the names for options
    return file.getvalue()


def plain(item: Aggregation, units: Matrix) -> dict[str, object]:
    """One aggregation as JSON holds it; None where a target does not read a source."""

    def rows(matrix: Matrix) -> list[list[float | None]]:
        return [
            [float(value) if there else None for value, there in zip(line, connected, strict=True)]
            for line, connected in zip(matrix, item.connected, strict=True)
        ]

    return {
        "path": item.path,
        "kind": item.kind.value,
        "sources": [{"path": source.path or "input", "channels": source.channels} for source in item.sources],
        "targets": [
            {"path": target.path, "role": target.role.value if target.role else None}
            for target in item.targets
        ],
        "strength": rows(item.strength),
        "scaled": rows(units),
    }
