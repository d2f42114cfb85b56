"""How edges run in the drawings of aggregation: along the row, up and over into a node, or down into the next block.

Between the columns of these drawings the way up and the way over are always free, so nothing has to be searched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from explorer.graph.layout_model import Box, Curve, Point, middle
from explorer.graph.view_model import View, ViewEdge
from explorer.roles import AGGREGATIONS

PORT = 7.0
"""Between the ends of edges that enter a node from the left."""
BEND = 30.0
"""Largest radius of a corner."""

Points = tuple[Point, ...]


def ways(shown: View, boxes: Mapping[str, Box]) -> tuple[Curve, ...]:
    """A curve for each edge of ``shown``, in its order; round are the nodes that aggregate."""
    round_ones = {node.id for node in shown.nodes if node.role in AGGREGATIONS}
    offsets = _entries(shown, boxes)
    curves = []
    for edge in shown.edges:
        points = tuple(
            (round(x, 1), round(y, 1)) for x, y in _way(edge, boxes, round_ones, offsets.get(edge.id, 0.0))
        )
        curves.append(Curve(edge.source, edge.target, points, middle(points), strokes=(points,)))
    return tuple(curves)


def _entries(shown: View, boxes: Mapping[str, Box]) -> dict[str, float]:
    """How far from the middle of its target's left side each edge ends: the further it comes, the higher it enters."""
    entering: dict[str, list[ViewEdge]] = defaultdict(list)
    for edge in shown.edges:
        if boxes[edge.source].x < boxes[edge.target].x:
            entering[edge.target].append(edge)
    offsets = {}
    for target, edges in entering.items():
        edges.sort(key=lambda edge: boxes[edge.source].x)
        step = min(PORT, 0.6 * boxes[target].height / max(len(edges) - 1, 1))
        for index, edge in enumerate(edges):
            offsets[edge.id] = (index - (len(edges) - 1) / 2) * step
    return offsets


def _way(edge: ViewEdge, boxes: Mapping[str, Box], round_ones: set[str], offset: float) -> Points:
    source, target = boxes[edge.source], boxes[edge.target]
    if source.x >= target.x:
        up = source.y > target.y
        return _line(
            (source.centre[0], source.y if up else source.bottom),
            (target.centre[0], target.bottom if up else target.y),
        )
    end = target.x + (_inset(target, offset) if edge.target in round_ones else 0.0), target.centre[1] + offset
    if source.y > end[1]:
        return _up_and_over((source.centre[0], source.y), end)
    level = abs(source.centre[1] - end[1]) < source.height / 2
    leave = offset if level else 0.0
    inset = _inset(source, leave) if edge.source in round_ones else 0.0
    start = source.right - inset, (end[1] if level else source.centre[1])
    reach = (end[0] - start[0]) / 2
    return (
        _line(start, end) if level else (start, (start[0] + reach, start[1]), (end[0] - reach, end[1]), end)
    )


def _inset(box: Box, offset: float) -> float:
    """How far a circle's outline lies inside of its box, ``offset`` from its middle."""
    radius = box.height / 2
    return radius - (radius**2 - min(abs(offset), radius) ** 2) ** 0.5


def _up_and_over(start: Point, end: Point) -> Points:
    corner = start[0], end[1]
    bend = min(BEND, start[1] - end[1], end[0] - start[0])
    before, after = (corner[0], corner[1] + bend), (corner[0] + bend, corner[1])
    # 0.55 of the way to the corner makes a quarter of a circle, nearly.
    turn = ((before[0], before[1] - 0.55 * bend), (after[0] - 0.55 * bend, after[1]), after)
    return (*_line(start, before), *turn, *_line(after, end)[1:])


def _line(start: Point, end: Point) -> Points:
    (x0, y0), (x1, y1) = start, end
    return start, ((2 * x0 + x1) / 3, (2 * y0 + y1) / 3), ((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3), end
