"""Print the layer table: shapes, parameters, cost and memory, row by row."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from explorer.analysis.layers import Grain, LayerRow, layer_table
from explorer.analysis.layers_text import csv_text, plain, shapes_text, step_text, window_text
from explorer.cli import arguments
from explorer.graph import LayerGraph, trace


def add_arguments(command: argparse.ArgumentParser) -> None:
    """``layers`` takes a network, a size and how fine the rows are."""
    arguments.add_network(command)
    arguments.add_size(command)
    command.add_argument(
        "--rows",
        choices=[grain.value for grain in Grain],
        default=Grain.MODULES.value,
        help="what a row stands for",
    )
    command.add_argument("--csv", action="store_true", help="print comma-separated values")
    arguments.add_json(command)


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    config = arguments.network(options.network)
    shape = arguments.input_shape(config, options.size)
    graph = trace(config, shape)
    rows = layer_table(graph, Grain(options.rows))
    if options.json:
        totals = graph.totals
        print(
            arguments.as_json(
                {
                    "network": graph.name,
                    "input": shape,
                    "totals": {
                        "parameters": totals.parameters,
                        "live_parameters": totals.live_parameters,
                        "macs": totals.macs,
                        "activation_bytes": totals.activation_bytes,
                    },
                    "rows": [plain(row) for row in rows],
                }
            )
        )
    elif options.csv:
        sys.stdout.write(csv_text(rows))
    else:
        print(_table(graph, rows))


def _table(graph: LayerGraph, rows: Sequence[LayerRow]) -> str:
    """The rows in columns, with the network's totals last."""
    totals = graph.totals
    dead = totals.parameters - totals.live_parameters
    header = ("module", "type", "output", "kernel", "stride", "parameters", "dead", "MACs", "bytes")
    body = [
        (
            row.path or "(network)",
            row.type,
            shapes_text(row.outputs),
            window_text(row.kernel),
            step_text(row.stride),
            f"{row.parameters:,}",
            f"{row.dead_parameters:,}" if row.dead_parameters else "",
            f"{row.macs:,}",
            f"{row.activation_bytes:,}",
        )
        for row in rows
    ]
    total = (
        "total", "", "", "", "", f"{totals.parameters:,}", f"{dead:,}", f"{totals.macs:,}",
        f"{totals.activation_bytes:,}",
    )  # fmt: skip
    return arguments.as_table(header, [*body, total], right=[i > 4 for i in range(len(header))])
