"""Layout by Graphviz's ``dot``: left to right, nested clusters, smooth splines."""

import json
from collections.abc import Mapping
from typing import Any

from explorer.errors import LayoutError
from explorer.graph.layout_labels import labelled
from explorer.graph.layout_model import Box, Curve, Layout, Point, middle
from explorer.graph.layout_size import FRAME_FONT, size_of, text_width
from explorer.graph.view_model import View, ViewFrame, ViewNode

POINTS_PER_INCH = 72.0
MARGIN = 8.0

QUICK: Mapping[str, str] = {"nslimit": "2", "nslimit1": "2", "mclimit": "0.2"}
"""Bounds on Graphviz's search: a fully opened DenseNet-201 takes seconds instead of a minute."""

QUICK_FROM = 300
"""Number of edges from which those bounds are set."""


def place(view: View) -> Layout:
    """The geometry that Graphviz finds for ``view``. Raises LayoutError where it gives up."""
    if not view.nodes:
        return Layout(width=1.0, height=1.0, nodes=(), frames=(), edges=())
    # Imported here: together they take a quarter of a second, and most pages never lay anything out themselves.
    from pygraphviz import AGraph

    try:
        placed = json.loads(AGraph(string=skeleton(view)).draw(format="json0", prog="dot"))
    except ValueError as error:
        raise LayoutError(
            f"Graphviz found no layout for {len(view.nodes)} nodes: open fewer groups."
        ) from error
    return _read(view, placed)


def ready() -> None:
    """Load Graphviz and its fonts, so that the first layout does not wait for them."""
    from pygraphviz import AGraph

    AGraph(string="digraph { a -> b }").draw(format="json0", prog="dot")


def skeleton(view: View) -> str:
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
            # The label keeps room for the title that is drawn later: Graphviz needs only its width and height.
            blanks = "n" * round(text_width(inner.label, FRAME_FONT) / 6 + 5)
            with parent.subgraph(name=f"cluster_{numbers[inner.id]}") as cluster:
                cluster.attr(label=blanks, fontsize="10", labeljust="l", margin="9")
                fill(cluster, inner.id)

    fill(graph, None)
    for edge in view.edges:
        graph.edge(f"n{numbers[edge.source]}", f"n{numbers[edge.target]}")
    return str(graph.source)


def _read(view: View, placed: Mapping[str, Any]) -> Layout:
    """Graphviz's JSON (points, origin at the bottom left) as a Layout."""
    _, _, width, height = _numbers(placed["bb"])
    items = {item["name"]: item for item in placed["objects"]}
    order = {item.id: index for index, item in enumerate(view.everything)}

    def flip(x: float, y: float) -> Point:
        return round(x + MARGIN, 1), round(height - y + MARGIN, 1)

    boxes = []
    for node in view.nodes:
        at = items[f"n{order[node.id]}"]
        x, y = _numbers(at["pos"])
        w, h = float(at["width"]) * POINTS_PER_INCH, float(at["height"]) * POINTS_PER_INCH
        left, top = flip(x - w / 2, y + h / 2)
        boxes.append(Box(node.id, left, top, round(w, 1), round(h, 1)))
    frames = []
    for frame in view.frames:
        x0, y0, x1, y1 = _numbers(items[f"cluster_{order[frame.id]}"]["bb"])
        left, top = flip(x0, y1)
        frames.append(Box(frame.id, left, top, round(x1 - x0, 1), round(y1 - y0, 1)))
    routes = {
        (edge["tail"], edge["head"]): tuple(flip(*point) for point in _spline(edge["pos"]))
        for edge in placed.get("edges", ())
    }
    curves = []
    for edge in view.edges:
        ends = items[f"n{order[edge.source]}"]["_gvid"], items[f"n{order[edge.target]}"]["_gvid"]
        points = routes[ends]
        curves.append(Curve(edge.source, edge.target, points, middle(points)))
    return Layout(
        width=round(width + 2 * MARGIN, 1),
        height=round(height + 2 * MARGIN, 1),
        nodes=tuple(boxes),
        frames=tuple(frames),
        edges=labelled(view, boxes, curves),
    )


def _spline(text: str) -> list[tuple[float, float]]:
    """Control points of a spline, ``s,x,y`` and ``e,x,y`` being where the arrowheads' tips are."""
    start = end = None
    points: list[tuple[float, float]] = []
    for part in text.split(";")[0].split():
        if part.startswith("s,"):
            start = _pair(part[2:])
        elif part.startswith("e,"):
            end = _pair(part[2:])
        else:
            points.append(_pair(part))
    if start is not None:
        points[0] = start
    if end is not None:
        points[-1] = end
    return points


def _pair(text: str) -> tuple[float, float]:
    x, y = _numbers(text)
    return x, y


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]
