"""Print a network's graph, or export it: pictures, graph files, ONNX, a PyTorch script.

Formats: summary, json (LayerGraph), dot, svg, pdf, png, mermaid, model-explorer (Google's), onnx, python (a script that
builds the network without this package), safetensors (its weights), yaml. docs/exports.md says what each one keeps.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from explorer.cli import against, arguments
from explorer.cli.weights import weights_source
from explorer.config import ModelConfig
from explorer.errors import ConfigError
from explorer.exports.files import Exports, Look, write_network
from explorer.exports.formats import ABOUT, Content, Format
from explorer.exports.pdf import Page
from explorer.exports.scene_model import Paper
from explorer.graph import LayerGraph, trace
from explorer.graph.layout import layout
from explorer.graph.view import all_open, view
from explorer.graph.view_model import Style, View
from explorer.ui import numbers
from explorer.weights import WeightsKind, shipped

SUMMARY = "summary"
WITH_WEIGHTS = (Format.ONNX, Format.WEIGHTS)
BINARY = (Format.PDF, Format.PNG, *WITH_WEIGHTS)
SCALES = (0.1, 16.0)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """``graph`` takes a network, a size, a format and what that format can be told."""
    arguments.add_network(command)
    arguments.add_size(command)
    command.add_argument(
        "--format", choices=[SUMMARY, *Format], default=SUMMARY, metavar="FORMAT",
        help="; ".join(
            [f"{SUMMARY} (the default)", *(f"{form} ({about.title}: {about.opens})" for form, about in ABOUT.items())]
        ),
    )  # fmt: skip
    command.add_argument(
        "--view", choices=list(Style), default=Style.PAPER.value, help="for svg, pdf, png, dot and mermaid"
    )
    command.add_argument(
        "--open",
        metavar="PATH",
        nargs="*",
        help="modules to open in the view, or 'all'; a first look without it",
    )
    command.add_argument(
        "--paper", choices=list(Paper), default=Paper.WHITE.value, help="for svg, pdf and png"
    )
    command.add_argument(
        "--page", choices=list(Page), default=Page.OWN.value, help="for pdf: as large as the picture, or a sheet"
    )  # fmt: skip
    command.add_argument("--scale", type=float, default=2.0, help="for png: pixels to a unit (96 dpi at 1)")
    command.add_argument(
        "--weights",
        metavar="WEIGHTS",
        help="for onnx and safetensors: shipped (the default, where there are any), random, published, or a checkpoint",
    )
    command.add_argument(
        "--against",
        metavar="NETWORK",
        help="compare with another network, stage by stage: a preset, or a YAML file's path",
    )
    command.add_argument("--out", metavar="FILE", type=Path, help="write into a file instead of printing")
    arguments.add_json(command)


def run(options: argparse.Namespace) -> None:
    """Print or write the graph in the chosen format."""
    if not SCALES[0] <= options.scale <= SCALES[1]:
        raise ConfigError(
            f"--scale is {options.scale:g}: use {SCALES[0]:g} to {SCALES[1]:g} pixels to a unit."
        )
    config = arguments.network(options.network)
    graph = trace(config, arguments.input_shape(config, options.size))
    if options.against is not None:
        text = against.printed(config, graph, options.against, options.size, options.json)
        _put(options.out, text.encode())
        return
    chosen = Format.JSON.value if options.json else options.format
    if chosen == SUMMARY:
        _put(options.out, _summary(graph).encode())
        return
    form = Format(chosen)
    if form in BINARY and options.out is None and sys.stdout.isatty():
        raise ConfigError(f"{ABOUT[form].title} is no text for a terminal: add --out FILE.")
    if form in WITH_WEIGHTS:
        _write_network(form, config, graph, options)
        return
    shown = (
        _view(graph, options)
        if ABOUT[form].content in (Content.PICTURE, Content.VIEW)
        else view(graph, "paper")
    )
    look = Look(options.paper, options.page, options.scale)
    content = Exports(config, graph, shown, lambda: layout(shown), look).content(form)
    _put(options.out, content, binary=form in BINARY)


def _write_network(form: Format, config: ModelConfig, graph: LayerGraph, options: argparse.Namespace) -> None:
    from explorer.runtime import engine_for

    wanted = options.weights or (WeightsKind.SHIPPED if shipped(config) else WeightsKind.RANDOM)
    engine = engine_for(config, *_engine_arguments(config, wanted))
    with _target(options.out) as file:
        write_network(form, config, graph, engine.network.state_dict(), engine.weights, file)


def _engine_arguments(config: ModelConfig, wanted: str) -> tuple[str, str, bytes | str | None]:
    kind, source = weights_source(config, wanted)
    return kind, "cpu", source


@contextmanager
def _target(out: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that appears only when it is complete."""
    if out is None:
        yield sys.stdout.buffer
        return
    partial = out.with_name(f"{out.name}.part")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def _put(out: Path | None, content: bytes, binary: bool = False) -> None:
    if not binary and not content.endswith(b"\n"):
        content += b"\n"
    if out is None and not binary:
        sys.stdout.write(content.decode())
        return
    with _target(out) as file:
        file.write(content)


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
