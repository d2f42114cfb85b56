"""Print which earlier features every aggregation reads, and how strongly, from a network's weights."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from explorer.analysis import Aggregation
from explorer.analysis.aggregation import Matrix
from explorer.analysis.connectivity_text import csv_text, plain, scaled
from explorer.analysis.heatmaps import Scale
from explorer.cli import arguments
from explorer.cli.weights import weights_source
from explorer.weights import WeightsInfo, WeightsKind


def add_arguments(command: argparse.ArgumentParser) -> None:
    """``connectivity`` takes a network, its weights, a scale, and whether norms are folded."""
    arguments.add_network(command)
    command.add_argument(
        "--weights",
        help="shipped, random, published, a published checkpoint's name, or a file (default: shipped, else random)",
    )
    command.add_argument(
        "--scale",
        choices=[scale.value for scale in Scale],
        default=Scale.FIGURE.value,
        help="1 is the largest strength of the whole figure, of each block or of each target; or raw",
    )
    command.add_argument(
        "--fold-norms",
        action="store_true",
        help="multiply weights by the scale of the batch norm before them",
    )
    command.add_argument("--csv", metavar="FILE", type=Path, help="write a line for each connection to FILE")
    arguments.add_json(command)


def run(options: argparse.Namespace) -> None:
    """Print a matrix for each aggregation."""
    config = arguments.network(options.network)
    # Imported here: a wrong name needs no torch.
    from explorer.analysis import connectivity
    from explorer.graph import trace
    from explorer.runtime.engine import build_engine
    from explorer.weights import shipped

    default = WeightsKind.SHIPPED if shipped(config) else WeightsKind.RANDOM
    engine = build_engine(config, *_placed(weights_source(config, options.weights or default)))
    graph = trace(config, config.default_input)
    found = connectivity(graph, engine.network.state_dict(), fold_norms=options.fold_norms)
    scale = Scale(options.scale)
    if options.csv is not None:
        options.csv.write_text(csv_text(found, scale), encoding="utf-8")
    if options.json:
        print(
            arguments.as_json(
                {
                    "network": graph.name,
                    "weights": {"kind": engine.weights.kind.value, "title": engine.weights.title},
                    "scale": scale.value,
                    "fold_norms": options.fold_norms,
                    "aggregations": [
                        plain(item, units) for item, units in zip(found, scaled(found, scale), strict=True)
                    ],
                }
            )
        )
    elif options.csv is None:
        print(_text(graph.name, engine.weights, found, scale))


def _placed(source: tuple[str, bytes | str | None]) -> tuple[str, str, bytes | str | None]:
    """Arguments of ``build_engine``: reading weights needs no faster device than the CPU."""
    weights, read_from = source
    return weights, "cpu", read_from


def _text(name: str, weights: WeightsInfo, found: Sequence[Aggregation], scale: Scale) -> str:
    if not found:
        return f"{name}: no layer reads several earlier features together."
    warning = " (they have learned nothing)" if weights.kind is WeightsKind.RANDOM else ""
    head = f"{name}, {weights.title}{warning}: mean |w|, scale {scale}"
    blocks = [_matrix(item, units, scale) for item, units in zip(found, scaled(found, scale), strict=True)]
    return "\n\n".join([head, *blocks])


def _matrix(item: Aggregation, units: Matrix, scale: Scale) -> str:
    """Sources down, targets across by number with their names beneath; a blank where nothing is read."""
    digits = "{:.4g}" if scale is Scale.RAW else "{:.2f}"
    header = ("source", "channels", *(str(i + 1) for i in range(len(item.targets))))
    rows = [
        (
            source.path or "input",
            str(source.channels),
            *(
                digits.format(value) if there else ""
                for value, there in zip(units[row], item.connected[row], strict=True)
            ),
        )
        for row, source in enumerate(item.sources)
    ]
    table = arguments.as_table(header, rows, right=[False, *(True for _ in header[1:])])
    targets = "  ".join(f"{i + 1}={target.path}" for i, target in enumerate(item.targets))
    return f"{item.path} ({item.kind})\n{table}\ntargets: {targets}"
