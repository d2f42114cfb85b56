"""The layer table as text: settings and shapes in words, CSV for a spreadsheet, plain values for JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from explorer.analysis.layers import LayerRow, Sizes
from explorer.graph.view_model import shape_text

CSV_COLUMNS = (
    "path", "type", "role", "stage", "inputs", "outputs", "kernel", "stride", "dilation", "groups",
    "parameters", "live_parameters", "dead_parameters", "macs", "activation_bytes", "node",
)  # fmt: skip
"""Columns of the CSV file: counts in units, memory in bytes."""


def shapes_text(shapes: Sequence[Sizes]) -> str:
    """Shapes in order, equal neighbours counted: ``2 · 64×56×56 + 32×56×56``."""
    runs: list[tuple[int, str]] = []
    for text in map(shape_text, shapes):
        if runs and runs[-1][1] == text:
            runs[-1] = (runs[-1][0] + 1, text)
        else:
            runs.append((1, text))
    return " + ".join(text if count == 1 else f"{count} · {text}" for count, text in runs)


def window_text(windows: Sequence[Sizes]) -> str:
    """Kernels of convolutions in order: ``3×3``, or ``1×1, 3×3, 1×1``; equal ones once, as ``3×3``."""
    texts = ["×".join(map(str, window)) for window in windows]
    return texts[0] if len(set(texts)) == 1 else ", ".join(texts)


def step_text(steps: Sequence[Sizes | int]) -> str:
    """Strides, dilations or groups in order: ``2``, ``2, 1``, or ``2×1`` where the axes differ; equal ones once."""
    texts = [_one_step(step) for step in steps]
    return texts[0] if len(set(texts)) == 1 else ", ".join(texts)


def plain(row: LayerRow) -> Mapping[str, object]:
    """The row's fields as JSON takes them, with ``dead_parameters``."""
    return asdict(row) | {"dead_parameters": row.dead_parameters}


def csv_text(rows: Sequence[LayerRow]) -> str:
    """The rows as CSV (RFC 4180) with a header, every number unrounded."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        writer.writerow(
            (
                row.path,
                row.type,
                row.role or "",
                "" if row.stage is None else row.stage,
                "; ".join("×".join(map(str, shape)) for shape in row.inputs),
                "; ".join("×".join(map(str, shape)) for shape in row.outputs),
                window_text(row.kernel),
                step_text(row.stride),
                step_text(row.dilation),
                step_text(row.groups),
                row.parameters,
                row.live_parameters,
                row.dead_parameters,
                row.macs,
                row.activation_bytes,
                row.node,
            )
        )
    return file.getvalue()


def _one_step(step: Sizes | int) -> str:
    values = (step,) if isinstance(step, int) else step
    return str(values[0]) if len(set(values)) == 1 else "×".join(map(str, values))
