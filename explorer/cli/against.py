"""What ``graph A --against B`` prints: two networks section by section, and the difference."""

from __future__ import annotations

from explorer.analysis.comparison import Comparison, Measures, Row, Stage, compare
from explorer.cli import arguments
from explorer.config import ModelConfig
from explorer.graph import LayerGraph, trace
from explorer.ui import deltas, numbers


def printed(config: ModelConfig, graph: LayerGraph, against: str, size: str | None, json: bool) -> str:
    """The comparison of a traced network with another of the same ``size``, or each at its usual one.

    ``against`` is a preset's name or a YAML file's path. Raises ConfigError and TraceError.
    """
    other = arguments.network(against)
    comparison = compare(graph, trace(other, arguments.input_shape(other, size)))
    names = deltas.labels(config, other)
    if json:
        return arguments.as_json(deltas.as_json(comparison, *names))
    return "\n".join((deltas.sentence(comparison, *names), "", _table(comparison, *names)))


def _table(comparison: Comparison, here: str, there: str) -> str:
    total = Row(
        comparison.rows[0].section, Stage(comparison.here, None, None), Stage(comparison.there, None, None)
    )
    rows = [_cells(row.section.title, row) for row in comparison.rows] + [_cells("Network", total)]
    header = ["stage", f"output of {here}", f"of {there}"]
    for title in ("parameters", "MACs", "memory access", "activations"):
        header += [title, there, "Δ"]
    return arguments.as_table(header, rows, [False] * 3 + [True] * (len(header) - 3))


def _cells(title: str, row: Row) -> list[str]:
    sides = (row.here, row.there)
    cells = [title, *(numbers.shape(side.output) if side and side.output else "–" for side in sides)]
    ours, theirs = (side.measures if side else Measures() for side in sides)
    for field, write in (
        ("parameters", numbers.count),
        ("macs", numbers.count),
        ("access", numbers.count),
        ("activation_bytes", numbers.memory),
    ):
        values = getattr(ours, field), getattr(theirs, field)
        cells += [write(values[0]), write(values[1]), deltas.percent(*values)]
    return cells
