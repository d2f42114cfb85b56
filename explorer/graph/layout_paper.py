"""Layout for the paper view, where position carries meaning.

Depth runs from left to right. Blocks stand on a common baseline; a root stands above the last block of its tree, one
row higher than the highest root it aggregates, so that the height of a root is the depth of its hierarchy (Fig. 3 of
the DLA paper). A decoder becomes the interpolating triangle of Fig. 4: one row per resolution, fine at the top.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from explorer.graph.layout_labels import labelled
from explorer.graph.layout_model import Box, Layout
from explorer.graph.layout_routes import routes
from explorer.graph.layout_size import FRAME_FONT, FRAME_TITLE, size_of, text_width
from explorer.graph.view_model import NodeKind, View, ViewFrame, ViewNode
from explorer.roles import Role

GAP = 26.0
"""Between columns."""
ROW = 58.0
"""Between one height of roots and the next."""
STACK = 14.0
"""Between items of one column."""
PAD = 10.0
"""Between a frame and what it holds."""
MARGIN = 12.0

ON_BASELINE = frozenset(
    {Role.STEM, Role.STAGE, Role.TREE, Role.BLOCK, Role.BACKBONE, Role.OSA, Role.DENSE_BLOCK, Role.TRANSITION}
)
"""Roles whose parts stand on the baseline of their frame; others follow the height of what feeds them."""


@dataclass(frozen=True)
class _Group:
    """Boxes placed together: x from 0, y relative to the group's baseline."""

    boxes: Mapping[str, Box]
    width: float

    @property
    def top(self) -> float:
        return min((box.y for box in self.boxes.values()), default=0.0)

    @property
    def bottom(self) -> float:
        return max((box.bottom for box in self.boxes.values()), default=0.0)

    def moved(self, dx: float, dy: float) -> dict[str, Box]:
        return {
            key: Box(key, box.x + dx, box.y + dy, box.width, box.height) for key, box in self.boxes.items()
        }


def place_paper(view: View) -> Layout:
    """Geometry of a paper view; always finds one, in time that grows with nodes × edges."""
    if not view.nodes:
        return Layout(width=1.0, height=1.0, nodes=(), frames=(), edges=())
    group = _Placement(view).compose(None)
    boxes = {
        key: Box(key, round(box.x, 1), round(box.y, 1), box.width, round(box.height, 1))
        for key, box in group.moved(MARGIN, MARGIN - group.top).items()
    }
    curves, shared = routes(view, {node.id: boxes[node.id] for node in view.nodes})
    # A lane may run above every box.
    above = min(y for curve in curves for _, y in curve.points) if curves else MARGIN
    if above < MARGIN:
        boxes = _Group(boxes, group.width).moved(0.0, MARGIN - above)
        curves, shared = routes(view, {node.id: boxes[node.id] for node in view.nodes})
    return Layout(
        width=round(group.width + 2 * MARGIN, 1),
        height=round(max(box.bottom for box in boxes.values()) + MARGIN, 1),
        nodes=tuple(boxes[node.id] for node in view.nodes),
        frames=tuple(boxes[frame.id] for frame in view.frames),
        edges=labelled(view, (boxes[node.id] for node in view.nodes), curves, shared),
    )


class _Placement:
    def __init__(self, view: View) -> None:
        self.view = view
        self.nodes = {node.id: node for node in view.nodes}
        self.frames = {frame.id: frame for frame in view.frames}
        self.children: dict[str | None, list[str]] = defaultdict(list)
        for item in sorted(view.everything, key=_order):
            self.children[item.frame].append(item.id)
        self.place_of = {item: index for items in self.children.values() for index, item in enumerate(items)}

    def compose(self, frame: str | None) -> _Group:
        """What a frame holds, in columns."""
        links = self._links(frame)
        items = self.children[frame]
        groups = {item: self._group(item) for item in items}
        columns = self._columns(items, links)
        placed: dict[str, Box] = {}
        x = 0.0
        for number in range(1 + max(columns.values(), default=0)):
            members = [item for item in items if columns[item] == number]
            width = max((groups[item].width for item in members), default=0.0)
            for item, y in self._heights(frame, members, groups, placed).items():
                placed |= groups[item].moved(x + (width - groups[item].width) / 2, y)
            x += width + GAP
        return _Group(placed, max(x - GAP, 0.0))

    def _group(self, item: str) -> _Group:
        """A node, or a frame around what it holds."""
        if item in self.nodes:
            width, height = size_of(self.nodes[item], self.view.style)
            return _Group({item: Box(item, 0.0, -height / 2, width, height)}, width)
        frame = self.frames[item]
        inner = self._grid(item) if frame.role is Role.DECODER else self.compose(item)
        return self._enclosed(frame, inner)

    def _enclosed(self, frame: ViewFrame, inner: _Group) -> _Group:
        width = max(inner.width + 2 * PAD, text_width(frame.label, FRAME_FONT) + 40.0)
        around = Box(
            frame.id, 0.0, inner.top - PAD, width, inner.bottom - inner.top + 2 * PAD + FRAME_TITLE - 4.0
        )
        return _Group({frame.id: around, **inner.moved((width - inner.width) / 2, 0.0)}, width)

    def _links(self, frame: str | None) -> list[tuple[str, str]]:
        """Edges between different children of ``frame``, in order of execution; edges that lead back are left out."""
        found = []
        for edge in self.view.edges:
            source, target = self._child(edge.source, frame), self._child(edge.target, frame)
            if source and target and self.place_of[source] < self.place_of[target]:
                found.append((source, target))
        return found

    def _child(self, item: str, frame: str | None) -> str | None:
        """The child of ``frame`` that is or holds ``item``."""
        at: str | None = item
        while at is not None and self._parent(at) != frame:
            at = self._parent(at)
        return at

    def _parent(self, item: str) -> str | None:
        return (self.nodes.get(item) or self.frames[item]).frame

    def _columns(self, items: Iterable[str], links: Iterable[tuple[str, str]]) -> dict[str, int]:
        """Longest path to each item; a root shares the column of its last source."""
        sources: dict[str, list[str]] = defaultdict(list)
        for source, target in links:
            sources[target].append(source)
        columns: dict[str, int] = {}
        for item in items:
            before = max((columns[source] for source in sources[item]), default=-1)
            columns[item] = before if self._elevated(item) and sources[item] else before + 1
        last = max(columns.values(), default=0)
        return {item: last if self._is_output(item) else column for item, column in columns.items()}

    def _is_output(self, item: str) -> bool:
        return item in self.nodes and self.nodes[item].kind is NodeKind.OUTPUT

    def _elevated(self, item: str) -> bool:
        return item in self.nodes and self.nodes[item].role is Role.ROOT

    def _heights(
        self, frame: str | None, members: list[str], groups: Mapping[str, _Group], placed: Mapping[str, Box]
    ) -> dict[str, float]:
        """The baseline's y of each item of one column."""
        heights = {}
        standing = [item for item in members if not self._elevated(item)]
        wanted = {item: self._wanted(item, groups[item], placed) for item in standing}
        standing.sort(key=lambda item: (wanted[item], self.place_of[item]))
        total = sum(groups[item].bottom - groups[item].top for item in standing) + STACK * (len(standing) - 1)
        if len(standing) == 1:
            heights[standing[0]] = wanted[standing[0]]
        elif standing:
            y = sum(wanted.values()) / len(wanted) - total / 2
            for item in standing:
                heights[item] = y - groups[item].top
                y += groups[item].bottom - groups[item].top + STACK
        beneath = min((heights[item] + groups[item].top for item in standing), default=0.0)
        for item in members:
            if self._elevated(item):
                heights[item] = min(-ROW * self.elevations[item], beneath - groups[item].bottom - PAD * 2)
        return heights

    def _wanted(self, item: str, group: _Group, placed: Mapping[str, Box]) -> float:
        role = self._role(item)
        if role is Role.DECODER and placed:
            return min(box.y for box in placed.values()) - STACK - group.bottom
        if role in ON_BASELINE or not placed:
            return 0.0
        feeding = [
            placed[edge.source].centre[1] - group.boxes[edge.target].centre[1]
            for edge in self.view.edges
            if edge.target in group.boxes and edge.source in placed
        ]
        return sum(feeding) / len(feeding) if feeding else 0.0

    def _role(self, item: str) -> Role | None:
        return (self.nodes.get(item) or self.frames[item]).role

    def _grid(self, decoder: str) -> _Group:
        """The parts of a decoder: one row for each part, columns shared by all rows."""
        rows = sorted(self.children[decoder], key=lambda row: (-self._resolution(row), self.place_of[row]))
        cells = {row: self.children[row] if row in self.frames else [row] for row in rows}
        groups = {cell: self._group(cell) for members in cells.values() for cell in members}
        columns = self._cell_columns(cells)
        widths = [
            max(groups[cell].width for cell, column in columns.items() if column == number)
            for number in range(1 + max(columns.values()))
        ]
        starts = [sum(widths[:number]) + number * (GAP + 2 * PAD) for number in range(len(widths))]
        placed: dict[str, Box] = {}
        y = 0.0
        for row in reversed(rows):
            line: dict[str, Box] = {}
            for cell in cells[row]:
                slack = widths[columns[cell]] - groups[cell].width
                line |= groups[cell].moved(starts[columns[cell]] + slack / 2 + PAD, 0.0)
            left = min(box.x for box in line.values())
            boxes = {key: _shifted(box, -left) for key, box in line.items()}
            inner = _Group(boxes, max(box.right for box in boxes.values()))
            whole = self._enclosed(self.frames[row], inner) if row in self.frames else inner
            offset = left - next(whole.boxes[cell].x for cell in cells[row] if line[cell].x == left)
            placed |= whole.moved(offset, y - whole.bottom)
            y -= whole.bottom - whole.top + STACK
        left = min(box.x for box in placed.values())
        boxes = {key: _shifted(box, -left) for key, box in placed.items()}
        return _Group(boxes, max(box.right for box in boxes.values()))

    def _resolution(self, row: str) -> int:
        """Height of the feature map that a row yields; coarse rows are drawn below."""
        outputs = (self.nodes.get(row) or self.frames[row]).outputs
        return outputs[0][2] if outputs and len(outputs[0]) > 2 else 0

    def _cell_columns(self, cells: Mapping[str, list[str]]) -> dict[str, int]:
        members = {cell for row in cells.values() for cell in row}
        ordered = sorted(members, key=lambda cell: _order(self.nodes.get(cell) or self.frames[cell]))
        sources: dict[str, set[str]] = defaultdict(set)
        for edge in self.view.edges:
            source, target = self._among(edge.source, members), self._among(edge.target, members)
            if source and target and source != target:
                sources[target].add(source)
        columns: dict[str, int] = {}
        for cell in ordered:
            columns[cell] = 1 + max(
                (columns[source] for source in sources[cell] if source in columns), default=-1
            )
        return columns

    def _among(self, item: str, members: set[str]) -> str | None:
        at: str | None = item
        while at is not None and at not in members:
            at = self._parent(at)
        return at

    @cached_property
    def elevations(self) -> dict[str, int]:
        """How many rows above the baseline each root stands."""
        heights: dict[str, int] = {}
        for node in sorted(self.view.nodes, key=_order):
            if node.role is Role.ROOT:
                tree = self._outermost_tree(node.id)
                inside = [edge.source for edge in self.view.into(node.id) if self._in(edge.source, tree)]
                heights[node.id] = 1 + max((heights.get(source, 0) for source in inside), default=0)
        return heights

    def _outermost_tree(self, item: str) -> str | None:
        at = self._parent(item)
        while (
            at is not None
            and (above := self._parent(at)) is not None
            and self.frames[above].role is Role.TREE
        ):
            at = above
        return at

    def _in(self, item: str, frame: str | None) -> bool:
        at: str | None = item
        while at is not None:
            at = self._parent(at)
            if at == frame:
                return True
        return frame is None


def _shifted(box: Box, dx: float) -> Box:
    return Box(box.id, box.x + dx, box.y, box.width, box.height)


def _order(item: ViewNode | ViewFrame) -> tuple[int, int]:
    """Inputs first, then in order of execution, outputs last."""
    if isinstance(item, ViewNode) and item.kind is NodeKind.OUTPUT:
        return 1, int(item.id.rpartition(":")[2])
    return 0, item.operations[0] if item.operations else -1
