"""Print or export the graph of a network at one input size."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from explorer.cli import arguments
from explorer.graph import LayerGraph, trace
from explorer.ui import numbers


def add_arguments(command: argparse.ArgumentParser) -> None:
    """``graph`` takes a network, a size, a format and, for pictures, a view."""
    arguments.add_network(command)
    arguments.add_size(command)
    arguments.add_json(command)


def run(options: argparse.Namespace) -> None:
    """Print a summary, or the graph in the chosen format."""
    config = arguments.network(options.network)
    graph = trace(config, arguments.input_shape(config, options.size))
    print(graph.to_json() if options.json else _summary(graph))


def _summary(graph: LayerGraph) -> str:
    totals = graph.totals
    kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(o.kind for o in graph.operations).most_common())
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
