"""How edges run between boxes that are already placed: short curves where the way is free, lanes above where not."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from explorer.graph.layout_model import Box, Curve, Point, middle
from explorer.graph.view_model import EdgeKind, View, ViewEdge
from explorer.roles import AGGREGATIONS, Role

CLEARANCE = 5.0
"""Least distance of a curve from a node that it passes."""
LANE = 9.0
"""Between parallel lanes."""
CORNER = 14.0
"""Between a lane and the highest box beneath it."""
ROUND = 40.0
"""Largest radius of a bend."""
ASIDE = 11.0
"""How far beside a node an edge climbs that cannot leave or enter from above."""
FAR = 150.0
"""From this distance on an edge to a higher node climbs first and then runs level."""
PORT = 7.0
"""Between the ends of edges that enter a node from the same side."""
GATHERING = frozenset({Role.DENSE_LAYER, Role.CONCAT})
"""Roles of nodes that read many layers before them."""
BESIDE = 6.0
"""How far from a node's middle a bus leaves (right) and enters (left) it."""
SAMPLES = tuple(step / 16 for step in range(1, 16))

Points = tuple[Point, ...]


def routes(view: View, boxes: Mapping[str, Box]) -> tuple[tuple[Curve, ...], frozenset[str]]:
    """A curve for each edge of ``view``, in its order, and the ids of the edges that share their way with others."""
    router = _Router(view, boxes)
    return router.curves(), frozenset(router.shared)


class _Router:
    def __init__(self, view: View, boxes: Mapping[str, Box]) -> None:
        self.view = view
        self.boxes = boxes
        self.frames = {node.id: node.frame for node in view.nodes}
        calls = Counter(frame.path for frame in view.frames)
        self.repeated = {frame.id for frame in view.frames if calls[frame.path] > 1}
        self.roles = {node.id: node.role for node in view.nodes}
        self.obstacles = sorted(boxes.values(), key=lambda box: box.x)
        self.lanes: list[tuple[float, float, float]] = []
        self.entry = self._entries()
        self.shared = self._buses()

    def curves(self) -> tuple[Curve, ...]:
        found = dict(self.shared)
        # Short edges first: longer lanes then run outside of shorter ones.
        by_span = sorted(self.view.edges, key=self._span)
        for edge in by_span:
            if edge.id not in found:
                found[edge.id] = self._route(edge)
        return tuple(
            Curve(edge.source, edge.target, points, middle(points))
            for edge in self.view.edges
            for points in (_rounded(found[edge.id]),)
        )

    def _span(self, edge: ViewEdge) -> float:
        return abs(self.boxes[edge.target].x - self.boxes[edge.source].x)

    def _entries(self) -> dict[str, float]:
        """How far from the middle of its target's left side each edge ends: sources further away enter higher."""
        into: dict[str, list[ViewEdge]] = defaultdict(list)
        for edge in self.view.edges:
            if not self._stacked(edge):
                into[edge.target].append(edge)
        offsets = {}
        for edges in into.values():
            edges.sort(key=self._span)
            room = self.boxes[edges[0].target].height * 0.6
            step = min(PORT, room / max(len(edges) - 1, 1))
            for index, edge in enumerate(edges):
                offsets[edge.id] = ((len(edges) - 1) / 2 - index) * step
        return offsets

    def _stacked(self, edge: ViewEdge) -> bool:
        """Whether the target stands right above or below the source."""
        source, target = self.boxes[edge.source], self.boxes[edge.target]
        apart = abs(source.centre[0] - target.centre[0])
        return apart < min(source.width, target.width) / 2 and (
            source.y > target.bottom or target.y > source.bottom
        )

    def _route(self, edge: ViewEdge) -> Points:
        return self._direct(edge) or self._lane(edge)

    def _direct(self, edge: ViewEdge) -> Points | None:
        """The first of the plain ways that meets no node, if there is one."""
        source, target = self.boxes[edge.source], self.boxes[edge.target]
        if self._stacked(edge):
            return _vertical(source, target)
        if target.x > source.right:
            end = self._left(edge)
            start = self._right(edge, end)
            candidates = [_sweep(start, end)]
            (x, y), across = source.centre, target.centre[0]
            if end[1] < source.y - CORNER / 2:
                rise = _bent((x, source.y), (x, end[1]), end)
                first = self.roles[edge.target] is Role.ROOT or end[0] - source.right > FAR
                candidates.insert(0 if first else 1, rise)
                candidates.append(_bent((source.right, y), (across, y), (across, target.bottom)))
            elif end[1] > source.bottom + 4.0:
                candidates.append(_bent((x, source.bottom), (x, end[1]), end))
                candidates.append(_bent((source.right, y), (across, y), (across, target.y)))
            for points in candidates:
                if self._free(points, edge):
                    return points
        return None

    def _buses(self) -> dict[str, Points]:
        """Where layers read several layers before them: one lane for all that a layer hands on, not one each.

        The lane of a later layer runs below that of an earlier one, so that a dense block's lanes are as many as its
        layers, and what a layer reads comes down to it in one line.
        """
        far: dict[str, list[ViewEdge]] = defaultdict(list)
        for edge in self.view.edges:
            gathers = edge.kind is EdgeKind.DENSE or self.roles[edge.target] in GATHERING
            if gathers and self._direct(edge) is None:
                far[edge.source].append(edge)
        woven = {edge.target for edges in far.values() if len(edges) > 1 for edge in edges}
        found: dict[str, Points] = {}
        for source, edges in sorted(far.items(), key=lambda item: max(map(self._span, item[1]))):
            shared = [edge for edge in edges if edge.target in woven]
            if not shared:
                continue
            x0 = self.boxes[source].centre[0] + BESIDE
            ends = {edge.id: self.boxes[edge.target].centre[0] - BESIDE for edge in shared}
            y = self._height(min(x0, *ends.values()), max(x0, *ends.values()))
            for edge in shared:
                x1 = ends[edge.id]
                found[edge.id] = _bent(
                    (x0, self._top(source, BESIDE)), (x0, y), (x1, y), (x1, self._top(edge.target, BESIDE))
                )
        return found

    def _top(self, node: str, aside: float) -> float:
        """The height of a node's outline, ``aside`` from its middle."""
        box = self.boxes[node]
        if self.roles[node] not in AGGREGATIONS:
            return box.y
        radius = box.height / 2
        return box.centre[1] - (radius**2 - aside**2) ** 0.5

    def _left(self, edge: ViewEdge) -> Point:
        """Where the edge meets its target's left side."""
        target = self.boxes[edge.target]
        offset = self.entry[edge.id]
        return target.x + self._inset(edge.target, offset), target.centre[1] + offset

    def _right(self, edge: ViewEdge, end: Point) -> Point:
        """Where the edge leaves its source's right side: level with its end if that is nearly so anyway."""
        source = self.boxes[edge.source]
        offset = end[1] - source.centre[1]
        if abs(offset) > source.height / 3:
            offset = 0.0
        return source.right - self._inset(edge.source, offset), source.centre[1] + offset

    def _inset(self, node: str, offset: float) -> float:
        """How far a round node's outline lies inside of its box, ``offset`` away from its middle."""
        if self.roles[node] not in AGGREGATIONS:
            return 0.0
        radius = self.boxes[node].height / 2
        return radius - (radius**2 - min(abs(offset), radius) ** 2) ** 0.5

    def _free(self, points: Points, edge: ViewEdge) -> bool:
        low, high = min(y for _, y in points) - CLEARANCE, max(y for _, y in points) + CLEARANCE
        left, right = min(x for x, _ in points), max(x for x, _ in points)
        near = [
            box
            for box in self.obstacles
            if box.x < right and box.right > left and box.y < high and box.bottom > low
            and box.id not in (edge.source, edge.target)
        ]  # fmt: skip
        return not near or not any(_hits(box, point) for point in _sampled(points) for box in near)

    def _lane(self, edge: ViewEdge) -> Points:
        """Up from the source, along a lane above everything between, and down to the target."""
        source, target = self.boxes[edge.source], self.boxes[edge.target]
        x0, x1 = source.centre[0], target.centre[0]
        if (points := self._low_lane(edge)) is not None:
            return points
        y = self._height(min(x0, x1), max(x0, x1))
        up: tuple[Point, ...] = ((x0, source.y), (x0, y))
        if not self._free(_line(*up), edge):
            up = (
                (source.right, source.centre[1]),
                (source.right + ASIDE, source.centre[1]),
                (source.right + ASIDE, y),
            )
        down: tuple[Point, ...] = ((x1, y), (x1, target.y))
        if not self._free(_line(*down), edge):
            end = self._left(edge)
            down = ((target.x - ASIDE, y), (target.x - ASIDE, end[1]), end)
        return _bent(*up, *down)

    def _low_lane(self, edge: ViewEdge) -> Points | None:
        """The lane right above the frame that holds both ends, where another call of its module stands above."""
        source, target = self.boxes[edge.source], self.boxes[edge.target]
        x0, x1 = source.centre[0], target.centre[0]
        left, right = min(x0, x1), max(x0, x1)
        frame = self.frames[edge.source]
        if frame not in self.repeated or self.frames[edge.target] != frame:
            return None
        y = min(box.y for box in self._between(left, right) if self.frames[box.id] == frame) - CORNER
        if all(box.bottom > y for box in self._between(left, right)):
            return None
        points = _bent((x0, source.y), (x0, y), (x1, y), (x1, target.y))
        crossed = any(a < right and b > left and abs(lane - y) < LANE for a, b, lane in self.lanes)
        if crossed or not self._free(points, edge):
            return None
        self.lanes.append((left, right, y))
        return points

    def _between(self, left: float, right: float) -> list[Box]:
        return [box for box in self.obstacles if box.x < right + CLEARANCE and box.right > left - CLEARANCE]

    def _height(self, left: float, right: float) -> float:
        """Takes the lowest free lane above everything between ``left`` and ``right``, and returns its y."""
        y = min(box.y for box in self._between(left, right)) - CORNER
        beside = sorted(lane for a, b, lane in self.lanes if a < right and b > left)
        while _near(beside, y):
            y -= LANE
        self.lanes.append((left, right, y))
        return y


def _near(lanes: Sequence[float], y: float) -> bool:
    """Whether one of the sorted ``lanes`` is less than a lane's width from ``y``."""
    at = bisect_left(lanes, y)
    return any(abs(lane - y) < LANE for lane in lanes[max(at - 1, 0) : at + 1])


def _vertical(source: Box, target: Box) -> Points:
    x0, x1 = source.centre[0], target.centre[0]
    up = source.y > target.bottom
    start, end = ((x0, source.y), (x1, target.bottom)) if up else ((x0, source.bottom), (x1, target.y))
    half = (start[1] + end[1]) / 2
    return start, (x0, half), (x1, half), end


def _sweep(start: Point, end: Point) -> Points:
    """An S from a right side to a left side."""
    reach = min(max((end[0] - start[0]) / 2, 10.0), 70.0)
    return start, (start[0] + reach, start[1]), (end[0] - reach, end[1]), end


def _bent(*way: Point) -> Points:
    """Along ``way``, whose pieces are horizontal or vertical in turn, with rounded corners."""
    pieces: list[Point] = [way[0]]
    for before, corner, after in zip(way, way[1:], way[2:], strict=False):
        radius = min(_distance(before, corner) / (1 if before == way[0] else 2),
                     _distance(corner, after) / (1 if after == way[-1] else 2), ROUND)  # fmt: skip
        start, end = _towards(corner, before, radius), _towards(corner, after, radius)
        if _distance(pieces[-1], start) > 1.0:
            pieces += _line(pieces[-1], start)[1:]
        pieces += _corner(pieces[-1], corner, end)[1:]
    if _distance(pieces[-1], way[-1]) > 1.0:
        pieces += _line(pieces[-1], way[-1])[1:]
    pieces[-1] = way[-1]
    return tuple(pieces)


def _distance(a: Point, b: Point) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _towards(start: Point, end: Point, length: float) -> Point:
    share = length / max(_distance(start, end), 0.001)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _line(start: Point, end: Point) -> Points:
    (x0, y0), (x1, y1) = start, end
    return start, ((2 * x0 + x1) / 3, (2 * y0 + y1) / 3), ((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3), end


def _corner(start: Point, at: Point, end: Point) -> Points:
    """A quarter of a circle, nearly: control points 0.55 of the way to the corner."""

    def towards(point: Point) -> Point:
        return point[0] + (at[0] - point[0]) * 0.55, point[1] + (at[1] - point[1]) * 0.55

    return start, towards(start), towards(end), end


def _sampled(points: Points) -> list[Point]:
    found = []
    for first in range(0, len(points) - 1, 3):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = points[first : first + 4]
        for t in SAMPLES:
            u = 1 - t
            a, b, c, d = u**3, 3 * u * u * t, 3 * u * t * t, t**3
            found.append((a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy))
    return found


def _hits(box: Box, point: Point) -> bool:
    x, y = point
    return box.x - CLEARANCE < x < box.right + CLEARANCE and box.y - CLEARANCE < y < box.bottom + CLEARANCE


def _rounded(points: Sequence[Point]) -> Points:
    return tuple((round(x, 1), round(y, 1)) for x, y in points)
