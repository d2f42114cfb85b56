"""How edges run between boxes that are already placed: short curves where the way is free, lanes above where not."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explorer.graph.layout_bus import Bus, drawn_once
from explorer.graph.layout_curves import CLEARANCE, Points, bent, meets, rounded, straight, sweep, vertical
from explorer.graph.layout_group import Band
from explorer.graph.layout_model import Box, Curve, Point, middle
from explorer.graph.layout_place import GUTTER, LANE
from explorer.graph.layout_tree import Tree
from explorer.graph.view_model import EdgeKind, ViewEdge
from explorer.roles import AGGREGATIONS, Role

CORNER = 14.0
"""Between a lane and the highest box beneath it."""
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

Bands = Mapping[str | None, tuple[Band, ...]]


@dataclass(frozen=True, slots=True)
class Crossing:
    """An edge from one row to a later one: the rows of the innermost frame that runs over several."""

    frame: str | None
    rows: tuple[Band, ...]
    start: int
    end: int


def routes(tree: Tree, boxes: Mapping[str, Box], bands: Bands) -> tuple[tuple[Curve, ...], frozenset[str]]:
    """A curve for each edge, in the view's order, and the ids of the edges that share their way with others."""
    router = _Router(tree, boxes, bands)
    return router.curves(), frozenset(router.shared)


class _Router:
    def __init__(self, tree: Tree, boxes: Mapping[str, Box], bands: Bands) -> None:
        self.tree = tree
        self.view = tree.view
        self.boxes = boxes
        self.bands = bands
        self.frames = {node.id: node.frame for node in self.view.nodes}
        calls = Counter(frame.id.partition("#")[0] for frame in self.view.frames)
        self.repeated = {frame.id for frame in self.view.frames if calls[frame.id.partition("#")[0]] > 1}
        self.roles = {node.id: node.role for node in self.view.nodes}
        self.obstacles = sorted(boxes.values(), key=lambda box: box.x)
        self.lefts = [box.x for box in self.obstacles]
        self.widest = max((box.width for box in self.obstacles), default=0.0)
        self.lanes: list[tuple[float, float, float]] = []
        self.gutters: dict[tuple[str | None, int], list[str]] = defaultdict(list)
        self.exits: dict[tuple[str, int], float] = {}
        self.ways = {node.id: tree.outward(node.id) for node in self.view.nodes} if bands else {}
        self.entry = self._entries()
        self.ink: dict[str, tuple[Points, ...]] = {}
        self.shared = self._buses()

    def curves(self) -> tuple[Curve, ...]:
        found = dict(self.shared)
        # Short edges first: longer lanes then run outside of shorter ones.
        for edge in sorted(self.view.edges, key=self._span):
            if edge.id not in found:
                found[edge.id] = self._route(edge)
        made = []
        for edge in self.view.edges:
            points = rounded(found[edge.id])
            ink = self.ink.get(edge.id)
            strokes = (points,) if ink is None else tuple(rounded(stroke) for stroke in ink)
            made.append(Curve(edge.source, edge.target, points, middle(points), strokes=strokes))
        return tuple(made)

    def _span(self, edge: ViewEdge) -> float:
        return abs(self.boxes[edge.target].x - self.boxes[edge.source].x)

    def _entries(self) -> dict[str, float]:
        """How far from the middle of its target's left side each edge ends: sources further away enter higher."""
        into: dict[str, list[ViewEdge]] = defaultdict(list)
        for edge in self.view.edges:
            if not self._above_each_other(edge):
                into[edge.target].append(edge)
        offsets = {}
        for edges in into.values():
            edges.sort(key=self._span)
            room = self.boxes[edges[0].target].height * 0.6
            step = min(PORT, room / max(len(edges) - 1, 1))
            for index, edge in enumerate(edges):
                offsets[edge.id] = ((len(edges) - 1) / 2 - index) * step
        return offsets

    def _above_each_other(self, edge: ViewEdge) -> bool:
        source, target = self.boxes[edge.source], self.boxes[edge.target]
        apart = abs(source.centre[0] - target.centre[0])
        return apart < min(source.width, target.width) / 2 and (
            source.y > target.bottom or target.y > source.bottom
        )

    def _route(self, edge: ViewEdge) -> Points:
        crossing = self._crossing(edge)
        if crossing is not None:
            return self._to_later_row(edge, crossing)
        return self._direct(edge) or self._lane(edge)

    # Rows

    def _common(self, edge: ViewEdge) -> tuple[str | None, tuple[Band, ...]] | None:
        """The innermost frame in several rows that holds both ends."""
        if not self.bands:
            return None
        around = set(self.ways[edge.target])
        for frame in self.ways[edge.source][1:]:
            if frame in around and frame in self.bands:
                return frame, self.bands[frame]
        return None

    def _crossing(self, edge: ViewEdge) -> Crossing | None:
        if (common := self._common(edge)) is None:
            return None
        frame, rows = common
        start, end = _row(rows, self.boxes[edge.source]), _row(rows, self.boxes[edge.target])
        return Crossing(frame, rows, start, end) if start < end else None

    def _band(self, edge: ViewEdge) -> Band | None:
        """The row that both ends stand in."""
        if (common := self._common(edge)) is None:
            return None
        _, rows = common
        start, end = _row(rows, self.boxes[edge.source]), _row(rows, self.boxes[edge.target])
        return rows[start] if start == end else None

    def _to_later_row(self, edge: ViewEdge, crossing: Crossing) -> Points:
        """Out to the right, down beside the rows, back to the left below the row above, and in."""
        source, target = self.boxes[edge.source], self.boxes[edge.target]
        rows = crossing.rows
        above = rows[crossing.end - 1]
        # What one node hands to several in a later row goes there in one line.
        gutter = self.gutters[crossing.frame, crossing.end]
        if edge.source not in gutter:
            gutter.append(edge.source)
        number = gutter.index(edge.source)
        channel = max(row.right for row in rows) + GUTTER / 2 + number * LANE
        y = above.bottom + GUTTER / 2 + number * LANE
        x, level = source.centre
        start: tuple[Point, ...] = ((source.right - self._inset(edge.source, 0.0), level), (channel, level))
        if not self._free(straight(*start), edge):
            key = edge.source, crossing.start
            if key not in self.exits:
                self.exits[key] = self._height(x, channel, rows[crossing.start])
            lane = self.exits[key]
            start = ((x, self._top(edge.source, 0.0)), (x, lane), (channel, lane))
            if not self._free(straight(start[0], start[1]), edge):
                aside = self._upright(source.right + ASIDE, level, lane, edge)
                start = ((source.right, level), (aside, level), (aside, lane), (channel, lane))
        end = self._left(edge)
        aside = min(target.x - ASIDE, end[0] - ASIDE)
        over = target.centre[0] - (BESIDE if self.roles[edge.target] in GATHERING else 0.0)
        ways: list[tuple[Point, ...]] = [
            ((over, y), (over, self._top(edge.target, target.centre[0] - over))),
            ((aside, y), (aside, end[1]), end),
        ]
        row = rows[crossing.end]
        if not any(box.right < target.x for box in self._between(row.left, target.x, row)):
            ways.reverse()  # the first of its row is entered as all are, from the left
        for way in ways:
            if self._free(straight(way[0], way[1]), edge):
                return bent(*start, (channel, y), *way)
        free = self._upright(target.x - ASIDE, y, end[1], edge)
        return bent(*start, (channel, y), (free, y), (free, end[1]), end)

    def _upright(self, x: float, y0: float, y1: float, edge: ViewEdge) -> float:
        """The x nearest to ``x`` at which a line from ``y0`` to ``y1`` meets no node."""
        for step in range(60):
            for at in (x - step * LANE, x + step * LANE):
                if self._free(straight((at, y0), (at, y1)), edge):
                    return at
        return x

    # Within a row

    def _direct(self, edge: ViewEdge) -> Points | None:
        """The first of the plain ways that meets no node, if there is one."""
        source, target = self.boxes[edge.source], self.boxes[edge.target]
        if self._above_each_other(edge):
            points = vertical(source, target)
            if self._free(points, edge):
                return points
        if target.x > source.right:
            end = self._left(edge)
            start = self._right(edge, end)
            candidates = [sweep(start, end)]
            (x, y), across = source.centre, target.centre[0]
            if end[1] < source.y - CORNER / 2:
                rise = bent((x, source.y), (x, end[1]), end)
                first = self.roles[edge.target] is Role.ROOT or end[0] - source.right > FAR
                candidates.insert(0 if first else 1, rise)
                candidates.append(bent((source.right, y), (across, y), (across, target.bottom)))
            elif end[1] > source.bottom + 4.0:
                candidates.append(bent((x, source.bottom), (x, end[1]), end))
                candidates.append(bent((source.right, y), (across, y), (across, target.y)))
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
            if gathers and self._crossing(edge) is None and self._direct(edge) is None:
                far[edge.source].append(edge)
        woven = {edge.target for edges in far.values() if len(edges) > 1 for edge in edges}
        found: dict[str, Points] = {}
        buses: list[Bus] = []
        for source, edges in sorted(far.items(), key=lambda item: max(map(self._span, item[1]))):
            shared = [edge for edge in edges if edge.target in woven]
            if not shared:
                continue
            x0 = self.boxes[source].centre[0] + BESIDE
            ends = {edge.id: self.boxes[edge.target].centre[0] - BESIDE for edge in shared}
            y = self._height(min(x0, *ends.values()), max(x0, *ends.values()), self._band(shared[0]))
            up: tuple[Point, ...] = ((x0, self._top(source, BESIDE)), (x0, y))
            if not self._free(straight(*up), shared[0]):
                box = self.boxes[source]
                x0 = self._upright(box.right + ASIDE, box.centre[1], y, shared[0])
                up = ((box.right, box.centre[1]), (x0, box.centre[1]), (x0, y))
            for edge in shared:
                x1, bottom = ends[edge.id], self._top(edge.target, BESIDE)
                found[edge.id] = bent(*up, (x1, y), (x1, bottom))
                buses.append(Bus(edge.id, source, edge.target, x0, x1, y, bottom))
        self.ink = drawn_once(buses, found, {(edge.source, edge.target) for edge in self.view.edges})
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
        offset = self.entry.get(edge.id, 0.0)
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
        left, right = min(x for x, _ in points), max(x for x, _ in points)
        low, high = min(y for _, y in points) - CLEARANCE, max(y for _, y in points) + CLEARANCE
        return not any(
            box.y < high
            and box.bottom > low
            and box.id not in (edge.source, edge.target)
            and meets(points, box)
            for box in self._within(left, right)
        )

    def _lane(self, edge: ViewEdge) -> Points:
        """Up from the source, along a lane above everything between, and down to the target."""
        source, target = self.boxes[edge.source], self.boxes[edge.target]
        x0, x1 = source.centre[0], target.centre[0]
        if (points := self._low_lane(edge)) is not None:
            return points
        y = self._height(min(x0, x1), max(x0, x1), self._band(edge))
        up: tuple[Point, ...] = ((x0, source.y), (x0, y))
        if not self._free(straight(*up), edge):
            aside = self._upright(source.right + ASIDE, source.centre[1], y, edge)
            up = ((source.right, source.centre[1]), (aside, source.centre[1]), (aside, y))
        down: tuple[Point, ...] = ((x1, y), (x1, target.y))
        if not self._free(straight(*down), edge):
            end = self._left(edge)
            aside = self._upright(target.x - ASIDE, y, end[1], edge)
            down = ((aside, y), (aside, end[1]), end)
        return bent(*up, *down)

    def _low_lane(self, edge: ViewEdge) -> Points | None:
        """The lane right above the frame that holds both ends, where another call of its module stands above."""
        source, target = self.boxes[edge.source], self.boxes[edge.target]
        x0, x1 = source.centre[0], target.centre[0]
        left, right = min(x0, x1), max(x0, x1)
        frame = self.frames[edge.source]
        if frame not in self.repeated or self.frames[edge.target] != frame:
            return None
        y = min(box.y for box in self._between(left, right, None) if self.frames[box.id] == frame) - CORNER
        if all(box.bottom > y for box in self._between(left, right, None)):
            return None
        points = bent((x0, source.y), (x0, y), (x1, y), (x1, target.y))
        crossed = any(a < right and b > left and abs(lane - y) < LANE for a, b, lane in self.lanes)
        if crossed or not self._free(points, edge):
            return None
        self.lanes.append((left, right, y))
        return points

    def _within(self, left: float, right: float) -> list[Box]:
        """Nodes that reach into the stretch from ``left`` to ``right``."""
        first = bisect_left(self.lefts, left - self.widest - CLEARANCE)
        last = bisect_left(self.lefts, right + CLEARANCE)
        return [box for box in self.obstacles[first:last] if box.right > left - CLEARANCE]

    def _between(self, left: float, right: float, band: Band | None) -> list[Box]:
        found = self._within(left, right)
        if band is None:
            return found
        return [box for box in found if band.top <= box.centre[1] <= band.bottom]

    def _height(self, left: float, right: float, band: Band | None) -> float:
        """Takes the lowest free lane above everything between ``left`` and ``right``, and returns its y."""
        y = min((box.y for box in self._between(left, right, band)), default=0.0) - CORNER
        beside = sorted(lane for a, b, lane in self.lanes if a < right and b > left)
        while _near(beside, y):
            y -= LANE
        self.lanes.append((left, right, y))
        return y


def _row(rows: Sequence[Band], box: Box) -> int:
    """The row that a box stands in."""
    return next((number for number, row in enumerate(rows) if box.centre[1] <= row.bottom), len(rows) - 1)


def _near(lanes: Sequence[float], y: float) -> bool:
    """Whether one of the sorted ``lanes`` is less than a lane's width from ``y``."""
    at = bisect_left(lanes, y)
    return any(abs(lane - y) < LANE for lane in lanes[max(at - 1, 0) : at + 1])
