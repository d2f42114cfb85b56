"""Place a view: ``layout(view)``. Pure Python, always finds a place, in time that grows with nodes and edges.

First where everything stands (``layout_place``), then how edges run (``layout_routes``), then where shapes are
written on them (``layout_labels``).
"""

from collections.abc import Mapping

from explorer.graph.layout_group import Band, Group
from explorer.graph.layout_labels import labelled
from explorer.graph.layout_model import Box, Curve, Layout
from explorer.graph.layout_place import Placement
from explorer.graph.layout_routes import routes
from explorer.graph.layout_tree import Tree
from explorer.graph.view_model import View

__all__ = ["Layout", "layout"]

MARGIN = 12.0


def layout(view: View) -> Layout:
    """Geometry for every node, frame and edge of ``view``, in its order."""
    if not view.nodes:
        return Layout(width=1.0, height=1.0, nodes=(), frames=(), edges=())
    tree = Tree(view)
    placement = Placement(tree)
    group = placement.best()
    nodes = tuple(node.id for node in view.nodes)
    curves, shared = routes(tree, {node: group.boxes[node] for node in nodes}, group.bands)
    # Lanes run above the boxes of their row: once their number is known, each row gets the room for its own.
    if room := _missing(group.bands, curves, group.boxes):
        group = placement.with_room(room)
        curves, shared = routes(tree, {node: group.boxes[node] for node in nodes}, group.bands)
    boxes, curves, width, height = _on_page(group, curves)
    return Layout(
        width=width,
        height=height,
        nodes=tuple(boxes[node] for node in nodes),
        frames=tuple(boxes[frame.id] for frame in view.frames),
        edges=labelled(view, boxes, curves, shared),
    )


def _missing(
    bands: Mapping[str | None, tuple[Band, ...]], curves: tuple[Curve, ...], boxes: Mapping[str, Box]
) -> dict[tuple[str | None, int], float]:
    """By frame and row: how far curves within that row rise above it."""
    found: dict[tuple[str | None, int], float] = {}
    for frame, rows in bands.items():
        for number, row in enumerate(rows[1:], start=1):
            highest = min(
                (
                    min(y for _, y in curve.points)
                    for curve in curves
                    if all(
                        row.top <= boxes[end].centre[1] <= row.bottom for end in (curve.source, curve.target)
                    )
                ),
                default=row.top,
            )
            if highest < row.top:
                found[frame, number] = row.top - highest
    return found


def _on_page(
    group: Group, curves: tuple[Curve, ...]
) -> tuple[dict[str, Box], tuple[Curve, ...], float, float]:
    """Everything moved to positive coordinates, with a margin around."""
    xs = [x for curve in curves for x, _ in curve.points]
    ys = [y for curve in curves for _, y in curve.points]
    dx = round(MARGIN - min(0.0, *xs, 0.0), 1)
    dy = round(MARGIN - min(group.top, *ys, group.top), 1)
    boxes = {
        key: Box(key, round(box.x, 1), round(box.y, 1), box.width, round(box.height, 1))
        for key, box in group.moved(dx, dy).items()
    }
    right = max(group.width, *xs, 0.0)
    bottom = max(group.bottom, *ys, group.bottom)
    return (
        boxes,
        tuple(curve.moved(dx, dy) for curve in curves),
        round(right + dx + MARGIN, 1),
        round(bottom + dy + MARGIN, 1),
    )
