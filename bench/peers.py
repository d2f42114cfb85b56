"""What others do for the same network or view. A peer that is not installed is said to be so, and is not measured."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch

from explorer.config import ModelConfig
from explorer.graph.layout_size import FRAME_FONT, size_of, text_width
from explorer.graph.view_model import View, ViewFrame, ViewNode
from explorer.networks import construct

Shape = tuple[int, int, int, int]


def tracers() -> dict[str, Callable[[ModelConfig, Shape], object] | None]:
    """Configuration → graph by each peer, with building; None for one that is not installed."""
    return {
        "torchview": _with("torchview", _torchview),
        "torch.export": partial(_export),
        "torchlens": _with("torchlens", _torchlens),
    }


def _with(
    name: str, run: Callable[[Any, ModelConfig, Shape], object]
) -> Callable[[ModelConfig, Shape], object] | None:
    try:
        return partial(run, importlib.import_module(name))
    except ImportError:
        return None


def _torchview(torchview: Any, config: ModelConfig, shape: Shape) -> object:
    return torchview.draw_graph(
        construct(config), input_size=shape, device="meta", expand_nested=True, depth=100
    )


def _export(config: ModelConfig, shape: Shape) -> object:
    return torch.export.export(construct(config).eval(), (torch.empty(shape, device="meta"),), strict=False)


def _torchlens(torchlens: Any, config: ModelConfig, shape: Shape) -> object:
    """It needs values: the network is on the CPU, with weights that are not initialised."""
    network = construct(config).to_empty(device="cpu").eval()
    return torchlens.trace(network, torch.zeros(shape))


# Graphviz

POINTS_PER_INCH = 72.0
QUICK: Mapping[str, str] = {"nslimit": "2", "nslimit1": "2", "mclimit": "0.2"}
"""Bounds on Graphviz's search: a fully opened DenseNet-201 takes seconds instead of a minute."""
QUICK_FROM = 300
"""Number of edges from which those bounds are set."""


def graphviz(view: View) -> str:
    """What ``dot`` answers for ``view``, left to right with nested clusters, as JSON; parsing is not counted."""
    from pygraphviz import AGraph

    return str(AGraph(string=_dot(view)).draw(format="json0", prog="dot"))


def _dot(view: View) -> str:
    """The view as DOT with sizes and nesting only. Names are positions, so that no text needs escaping."""
    from graphviz import Digraph

    quick = QUICK if len(view.edges) > QUICK_FROM else {}
    graph = Digraph(
        graph_attr={"rankdir": "LR", "nodesep": "0.22", "ranksep": "0.32", **quick},
        node_attr={"shape": "box", "fixedsize": "true", "label": ""},
        edge_attr={"arrowsize": "0"},
    )
    contents: dict[str | None, list[ViewNode]] = {}
    for node in view.nodes:
        contents.setdefault(node.frame, []).append(node)
    nested: dict[str | None, list[ViewFrame]] = {}
    for frame in view.frames:
        nested.setdefault(frame.frame, []).append(frame)
    numbers = {item.id: index for index, item in enumerate(view.everything)}

    def fill(parent: Digraph, frame: str | None) -> None:
        for node in contents.get(frame, ()):
            width, height = size_of(node, view.style)
            parent.node(f"n{numbers[node.id]}", width=f"{width / POINTS_PER_INCH:.3f}",
                        height=f"{height / POINTS_PER_INCH:.3f}")  # fmt: skip
        for inner in nested.get(frame, ()):
            blanks = "n" * round(text_width(inner.label, FRAME_FONT) / 6 + 5)
            with parent.subgraph(name=f"cluster_{numbers[inner.id]}") as cluster:
                cluster.attr(label=blanks, fontsize="10", labeljust="l", margin="9")
                fill(cluster, inner.id)

    fill(graph, None)
    for edge in view.edges:
        graph.edge(f"n{numbers[edge.source]}", f"n{numbers[edge.target]}")
    return str(graph.source)
