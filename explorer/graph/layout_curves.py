"""Curves of edges: chains of cubic Béziers, as lists of control points."""

from collections.abc import Sequence

from explorer.graph.layout_model import Box, Point

CLEARANCE = 5.0
"""Least distance of a curve from a node that it passes."""
ROUND = 40.0
"""Largest radius of a bend."""
SAMPLES = tuple(step / 16 for step in range(1, 16))

Points = tuple[Point, ...]


def vertical(source: Box, target: Box) -> Points:
    """Straight up or down between nodes that stand above each other."""
    x0, x1 = source.centre[0], target.centre[0]
    up = source.y > target.bottom
    start, end = ((x0, source.y), (x1, target.bottom)) if up else ((x0, source.bottom), (x1, target.y))
    half = (start[1] + end[1]) / 2
    return start, (x0, half), (x1, half), end


def sweep(start: Point, end: Point) -> Points:
    """An S from a right side to a left side."""
    reach = min(max((end[0] - start[0]) / 2, 10.0), 70.0)
    return start, (start[0] + reach, start[1]), (end[0] - reach, end[1]), end


def bent(*way: Point) -> Points:
    """Along ``way``, whose pieces are horizontal or vertical in turn, with rounded corners."""
    pieces: list[Point] = [way[0]]
    for before, turn, after in zip(way, way[1:], way[2:], strict=False):
        radius = min(_distance(before, turn) / (1 if before == way[0] else 2),
                     _distance(turn, after) / (1 if after == way[-1] else 2), ROUND)  # fmt: skip
        start, end = _towards(turn, before, radius), _towards(turn, after, radius)
        if _distance(pieces[-1], start) > 1.0:
            pieces += straight(pieces[-1], start)[1:]
        pieces += _corner(pieces[-1], turn, end)[1:]
    if _distance(pieces[-1], way[-1]) > 1.0:
        pieces += straight(pieces[-1], way[-1])[1:]
    pieces[-1] = way[-1]
    return tuple(pieces)


def straight(start: Point, end: Point) -> Points:
    """A line."""
    (x0, y0), (x1, y1) = start, end
    return start, ((2 * x0 + x1) / 3, (2 * y0 + y1) / 3), ((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3), end


def rounded(points: Sequence[Point]) -> Points:
    """To a tenth of a pixel."""
    return tuple((round(x, 1), round(y, 1)) for x, y in points)


def meets(points: Points, box: Box) -> bool:
    """Whether a curve comes too near to a box."""
    left, right = box.x - CLEARANCE, box.right + CLEARANCE
    top, bottom = box.y - CLEARANCE, box.bottom + CLEARANCE
    for first in range(0, len(points) - 1, 3):
        piece = points[first : first + 4]
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = piece
        # A piece lies within the box around its four control points.
        if max(ax, bx, cx, dx) <= left or min(ax, bx, cx, dx) >= right:
            continue
        if max(ay, by, cy, dy) <= top or min(ay, by, cy, dy) >= bottom:
            continue
        if ay == by == cy == dy or ax == bx == cx == dx:
            return True
        for t in SAMPLES:
            u = 1 - t
            a, b, c, d = u**3, 3 * u * u * t, 3 * u * t * t, t**3
            if (
                left < a * ax + b * bx + c * cx + d * dx < right
                and top < a * ay + b * by + c * cy + d * dy < bottom
            ):
                return True
    return False


def _distance(a: Point, b: Point) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _towards(start: Point, end: Point, length: float) -> Point:
    share = length / max(_distance(start, end), 0.001)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _corner(start: Point, at: Point, end: Point) -> Points:
    """A quarter of a circle, nearly: control points 0.55 of the way to the corner."""

    def towards(point: Point) -> Point:
        return point[0] + (at[0] - point[0]) * 0.55, point[1] + (at[1] - point[1]) * 0.55

    return start, towards(start), towards(end), end
