"""Print or export the graph of a network at one input size."""

from __future__ import annotations

import argparse
from collections import Counter
from enum import StrEnum
from pathlib import Path

from explorer.cli import arguments
from explorer.errors import ConfigError
from explorer.exports.dot import to_dot
from explorer.exports.svg import to_svg
from explorer.graph import LayerGraph, trace
from explorer.graph.layout import layout
from explorer.graph.view import all_open, view
from explorer.graph.view_model import Style, View
from explorer.ui import numbers


class Format(StrEnum):
    """What is printed."""

    SUMMARY = "summary"
    JSON = "json"
    DOT = "dot"
    SVG = "svg"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """``graph`` takes a network, a size, a format and, for DOT and SVG, a view."""
    arguments.add_network(command)
    arguments.add_size(command)
    command.add_argument(
        "--format",
        choices=[each.value for each in Format],
        default=Format.SUMMARY.value,
        help="what to print",
    )
    command.add_argument(
        "--view", choices=[style.value for style in Style], default=Style.PAPER.value, help="for dot and svg"
    )
    command.add_argument(
        "--open",
        metavar="PATH",
        nargs="*",
        help="modules to open in the view, or 'all'; a first look without it",
    )
    command.add_argument("--out", metavar="FILE", type=Path, help="write into a file instead of printing")
    arguments.add_json(command)


def run(options: argparse.Namespace) -> None:
    """Print or write the graph in the chosen format."""
    config = arguments.network(options.network)
    graph = trace(config, arguments.input_shape(config, options.size))
    text = _text(graph, Format.JSON if options.json else Format(options.format), options)
    if options.out is None:
        print(text)
    else:
        options.out.write_text(text + "\n", encoding="utf-8")


def _text(graph: LayerGraph, form: Format, options: argparse.Namespace) -> str:
    match form:
        case Format.SUMMARY:
            return _summary(graph)
        case Format.JSON:
            return graph.to_json()
        case Format.DOT:
            return to_dot(_view(graph, options))
        case Format.SVG:
            shown = _view(graph, options)
            return to_svg(shown, layout(shown))


def _view(graph: LayerGraph, options: argparse.Namespace) -> View:
    """The graph folded as asked. Raises ConfigError for a path that is no module of it."""
    style = Style(options.view)
    if options.open is None:
        return view(graph, style)
    if options.open == ["all"]:
        return view(graph, style, all_open(graph, style))
    for path in options.open:
        if not graph.has_scope(path):
            raise ConfigError(f"{graph.name} has no module {path!r}: layers lists their paths.")
    return view(graph, style, options.open)


def _summary(graph: LayerGraph) -> str:
    totals = graph.totals
    kinds = ", ".join(
        f"{count} {kind}" for kind, count in Counter(o.kind for o in graph.operations).most_common()
    )
    return "\n".join(
        (
            f"{graph.name} at {', '.join(numbers.shape(graph.tensors[t].shape) for t in graph.inputs)}",
            f"{numbers.parameters(totals.parameters, totals.live_parameters)}, {numbers.macs(totals.macs)}, "
            f"{numbers.memory(totals.activation_bytes)} of activations",
            f"{len(graph.scopes)} modules, {len(graph.operations)} operations: {kinds}",
            *(
                f"output {name}: {numbers.shape(graph.tensors[t].shape)}"
                for name, t in zip(graph.output_names, graph.outputs, strict=True)
            ),
        )
    )
