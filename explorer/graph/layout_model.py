"""Where everything in a view is drawn: plain geometry, JSON both ways.

Units are CSS pixels at zoom 1; the origin is the top left corner, y grows downwards.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """Where a node or a frame is: top left corner and size."""

    id: str
    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def centre(self) -> Point:
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Curve:
    """How an edge runs: 3k + 1 control points of a chain of cubic Bézier curves, from source to target.

    ``label`` is the middle of its caption, ``clear`` whether the caption has that place to itself. ``strokes`` are
    the chains that this edge draws: its whole way, or, where many edges share lanes, only what no other of them
    draws, which may be nothing.
    """

    source: str
    target: str
    points: tuple[Point, ...]
    label: Point
    clear: bool = False
    strokes: tuple[tuple[Point, ...], ...] = ()

    def moved(self, dx: float, dy: float) -> Curve:
        """The same curve elsewhere."""

        def along(points: tuple[Point, ...]) -> tuple[Point, ...]:
            return tuple((round(x + dx, 1), round(y + dy, 1)) for x, y in points)

        points = along(self.points)
        strokes = tuple(points if stroke is self.points else along(stroke) for stroke in self.strokes)
        return Curve(self.source, self.target, points, middle(points), self.clear, strokes)


@dataclass(frozen=True)
class Layout:
    """A view's geometry. ``nodes``, ``frames`` and ``edges`` are in the order of the view's."""

    width: float
    height: float
    nodes: tuple[Box, ...]
    frames: tuple[Box, ...]
    edges: tuple[Curve, ...]

    @cached_property
    def boxes(self) -> dict[str, Box]:
        """Nodes and frames by id."""
        return {box.id: box for box in (*self.frames, *self.nodes)}

    def to_json(self) -> str:
        """The geometry as JSON text; ``from_json`` gives an equal layout back."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Layout:
        """Read what ``to_json`` wrote."""
        data = json.loads(text)
        return cls(
            width=data["width"],
            height=data["height"],
            nodes=tuple(Box(**box) for box in data["nodes"]),
            frames=tuple(Box(**box) for box in data["frames"]),
            edges=tuple(
                Curve(
                    source=edge["source"],
                    target=edge["target"],
                    points=tuple((x, y) for x, y in edge["points"]),
                    label=(edge["label"][0], edge["label"][1]),
                    clear=edge["clear"],
                    strokes=tuple(tuple((x, y) for x, y in stroke) for stroke in edge["strokes"]),
                )
                for edge in data["edges"]
            ),
        )


def middle(points: tuple[Point, ...]) -> Point:
    """The point half way along a chain of cubic curves, by parameter."""
    pieces = len(points) // 3
    whole, at = divmod(pieces / 2, 1)
    first = min(int(whole), pieces - 1) * 3
    t = at if whole < pieces else 1.0
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points[first : first + 4]
    a, b, c, d = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
    return a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy
