"""Where the shapes on edges are written: on a free stretch of the edge, or nowhere until a reader points at it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from explorer.graph.layout_model import Box, Curve, Point, middle
from explorer.graph.layout_size import FRAME_FONT, FRAME_TITLE, LABEL_FONT, frame_title, text_width
from explorer.graph.view_model import Style, View
from explorer.graph.view_text import edge_caption

CELL = 64.0
"""Side of the squares in which occupied places are looked up."""
HEIGHT = LABEL_FONT * 1.2
STEPS = (0.5, 0.38, 0.62, 0.25, 0.75)


def labelled(
    view: View, boxes: Mapping[str, Box], curves: Iterable[Curve], shared: Collection[str] = ()
) -> tuple[Curve, ...]:
    """The curves with places for their captions. ``clear`` ones overlap no node, no title and no other clear caption.

    The ids in ``shared`` are those of edges that run along a line with others, where captions would pile up.
    """
    taken = _Taken()
    for node in view.nodes:
        box = boxes[node.id]
        taken.add(box.x, box.y, box.right, box.bottom)
    for frame in view.frames:
        box = boxes[frame.id]
        width = 26.0 + text_width(frame_title(frame, box.width), FRAME_FONT)
        top = box.bottom - FRAME_TITLE if view.style is Style.PAPER else box.y
        taken.add(box.x, top, box.x + width, top + FRAME_TITLE)
    found: dict[int, Curve] = {}
    pairs = list(enumerate(zip(view.edges, curves, strict=True)))
    # Long edges choose first: they have the most places to choose from, and are the hardest to follow without.
    for index, (edge, curve) in sorted(pairs, key=lambda pair: -_length(pair[1][1])):
        width = text_width(edge_caption(edge), LABEL_FONT) + 4.0
        for x, y in _places(curve):
            area = x - width / 2, y - HEIGHT / 2, x + width / 2, y + HEIGHT / 2
            if edge.id not in shared and _length(curve) > width * 1.15 and not taken.meets(*area):
                taken.add(*area)
                found[index] = replace(curve, label=(round(x, 1), round(y, 1)), clear=True)
                break
        else:
            x, y = middle(curve.points)
            found[index] = replace(curve, label=(round(x, 1), round(y, 1)), clear=False)
    return tuple(found[index] for index in range(len(pairs)))


def _length(curve: Curve) -> float:
    (x0, y0), (x1, y1) = curve.points[0], curve.points[-1]
    return abs(x1 - x0) + abs(y1 - y0)


def _places(curve: Curve) -> Iterator[Point]:
    """Points along a curve, on its widest piece first, where text has the line behind it and not across."""
    pieces = [curve.points[first : first + 4] for first in range(0, len(curve.points) - 1, 3)]
    for piece in sorted(pieces, key=lambda points: -abs(points[3][0] - points[0][0])):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = piece
        for t in STEPS:
            u = 1 - t
            a, b, c, d = u**3, 3 * u * u * t, 3 * u * t * t, t**3
            yield a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy


class _Taken:
    """Occupied rectangles, found again by the cells that they touch."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], list[tuple[float, float, float, float]]] = defaultdict(list)

    def add(self, left: float, top: float, right: float, bottom: float) -> None:
        for cell in self._touched(left, top, right, bottom):
            self.cells[cell].append((left, top, right, bottom))

    def meets(self, left: float, top: float, right: float, bottom: float) -> bool:
        return any(
            left < r and right > x and top < b and bottom > y
            for cell in self._touched(left, top, right, bottom)
            for x, y, r, b in self.cells.get(cell, ())
        )

    def _touched(self, left: float, top: float, right: float, bottom: float) -> Iterator[tuple[int, int]]:
        for column in range(int(left // CELL), int(right // CELL) + 1):
            for row in range(int(top // CELL), int(bottom // CELL) + 1):
                yield column, row
