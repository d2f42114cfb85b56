"""Where the items of a view stand, by rules under which position carries meaning.

Depth runs from left to right. Blocks stand on a common baseline; a root stands above the last block of its tree, one
row higher than the highest root it aggregates, so that the height of a root is the depth of its hierarchy (Fig. 3 of
the DLA paper). A decoder becomes the interpolating triangle of Fig. 4 (``layout_grid``), above the stages that it
reads. What would be too wide to read continues in further rows, as text does; and a chain of single nodes before or
after tall frames stands in one column.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import ceil, inf

from explorer.graph.layout_grid import grid
from explorer.graph.layout_group import Band, Group
from explorer.graph.layout_model import Box
from explorer.graph.layout_rows import cut
from explorer.graph.layout_size import FRAME_FONT, FRAME_TITLE, size_of, text_width
from explorer.graph.layout_tree import Tree
from explorer.graph.view_model import NodeKind, Style, ViewFrame
from explorer.roles import Role

GAP = 26.0
"""Between columns."""
ROW = 58.0
"""Between one height of roots and the next."""
STACK = 14.0
"""Between items of one column."""
CHAIN = 22.0
"""Between the nodes of a chain that runs downwards."""
PAD = 10.0
"""Between a frame and what it holds."""
GUTTER = 30.0
"""Between two rows, and half of it beside them; every edge that crosses needs LANE more."""
LANE = 9.0
"""Between parallel lanes."""

WINDOW = (1290.0, 590.0)
"""The part of a 1440 pixels wide browser window in which a graph is read: width and height."""
LARGEST = 1.25
"""Zoom beyond which nothing becomes easier to read."""
WORTH = 1.08
"""By how much a further row must improve the zoom at which all fits into the window."""
ENOUGH = 0.9
"""Zoom from which no further row is needed."""
MOST_ROWS = 8
ROOM_IN_ROWS = 1.04
"""Rows are never equally long: by how much a row may exceed an equal share."""

GATHERS = frozenset({Role.OSA, Role.DENSE_BLOCK})
"""Roles of blocks in which a concatenation reads many layers."""

ON_BASELINE = frozenset(
    {Role.STEM, Role.STAGE, Role.TREE, Role.BLOCK, Role.BACKBONE, Role.OSA, Role.DENSE_BLOCK, Role.TRANSITION}
)
"""Roles whose parts stand on the baseline of their frame; others follow the height of what feeds them."""


def zoom(width: float, height: float) -> float:
    """The zoom at which a picture of that size fits into the window."""
    return min(WINDOW[0] / max(width, 1.0), WINDOW[1] / max(height, 1.0), LARGEST)


class Placement:
    """The items of a view, as they are being placed."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.view = tree.view
        self.longest = inf
        self.groups: dict[str, Group] = {}
        self.unbroken: dict[str, Group] = {}
        self.room: Mapping[tuple[str | None, int], float] = {}

    # How many rows

    def best(self) -> Group:
        """The placement with the length of rows that lets it be drawn largest."""
        group = self._within(inf)
        self.unbroken = self.groups
        scale, length = zoom(group.width, group.height), inf
        natural = group.width
        for rows in range(2, MOST_ROWS + 1):
            if scale >= ENOUGH:
                break
            wrapped = self._within(natural / rows * ROOM_IN_ROWS)
            larger = zoom(wrapped.width, wrapped.height)
            if larger > WORTH * scale:
                group, scale, length = wrapped, larger, self.longest
            elif larger < scale * 0.9:
                break
        self.longest = length
        return group

    def _within(self, length: float) -> Group:
        """The placement in which rows that can be broken are no longer than ``length``."""
        self.longest = length
        # What is no longer than a row anyway is placed the same whatever the length.
        self.groups = {item: group for item, group in self.unbroken.items() if group.width + GAP <= length}
        return self.compose(None)

    def with_room(self, room: Mapping[tuple[str | None, int], float]) -> Group:
        """The placement that was best, with more room above some rows, by frame and row."""
        self.room = room
        return self._within(self.longest)

    def _may_break(self, frame: str | None) -> bool:
        """A block that gathers is one picture; in the paper view a stage as well, and a decoder with its backbone."""
        roles = [self.tree.role(each) for each in self.tree.outward(frame)[:-1] if each] if frame else []
        if not GATHERS.isdisjoint(roles):
            return False
        if self.view.style is not Style.PAPER:
            return True
        beside = self.tree.children[self.tree.parent[frame]] if frame else []
        decodes = any(self.tree.role(item) is Role.DECODER for item in (*self.tree.children[frame], *beside))
        return not decodes and all(role in (None, Role.BACKBONE) for role in roles)

    # Columns

    def compose(self, frame: str | None) -> Group:
        """What a frame holds, in columns, in one row or several."""
        items = self.tree.children[frame]
        groups = {item: self._group(item) for item in items}
        columns = self._by_column(items, self.tree.links[frame])
        if frame is None and (above := self._over_backbone(columns, groups)) is not None:
            return above
        return self._in_rows(frame, columns, groups)

    def _over_backbone(self, columns: list[list[str]], groups: Mapping[str, Group]) -> Group | None:
        """Where a backbone is the first frame, its input stands above its first node: that column has room."""
        if (
            self.view.style is not Style.PAPER
            or len(columns) < 2
            or len(columns[0]) != 1
            or len(columns[1]) != 1
        ):
            return None
        (item,), (frame,) = columns[0], columns[1]
        ends = [edge.target for edge in self.tree.leaving[item]]
        if self.tree.role(frame) is not Role.BACKBONE or len(ends) != 1 or ends[0] not in groups[frame].boxes:
            return None
        group = self._in_rows(None, columns[1:], groups)
        end, around = group.boxes[ends[0]], group.boxes[frame]
        highest = all(
            box.y >= end.y or box.x > end.right for box in group.boxes.values() if box.id in self.tree.nodes
        )
        if not highest or end is around:
            return None
        own = groups[item]
        placed = own.moved(end.centre[0] - own.width / 2, around.y - CHAIN - own.bottom)
        return Group({**group.boxes, **placed}, group.width, group.bands)

    def _in_rows(self, frame: str | None, columns: list[list[str]], groups: Mapping[str, Group]) -> Group:
        columns = self._stem_chained(frame, columns) or self._chained(columns, groups)
        parts = [(0, len(columns))]
        widths = [max(groups[item].width for item in column) + GAP for column in columns]
        count = min(ceil(sum(widths) / self.longest), len(columns))
        if count > 1 and self._may_break(frame):
            parts = cut(widths, self._cut_edges(frame, columns), count)
        lines = [self._line(columns[first:last], groups) for first, last in parts]
        if len(lines) == 1:
            return lines[0]
        return self._stacked(frame, lines)

    def _cut_edges(self, frame: str | None, columns: Sequence[Sequence[str]]) -> list[int]:
        """How many edges a new row would cut, by the column that it begins with."""
        at = {item: number for number, column in enumerate(columns) for item in column}
        cuts = [0] * len(columns)
        for source in (item for column in columns for item in column):
            for edge in self.tree.leaving[source]:
                end = next((at[each] for each in self.tree.outward(edge.target) if each in at), at[source])
                for number in range(at[source] + 1, end + 1):
                    cuts[number] += 1
        return cuts

    def _stacked(self, frame: str | None, lines: Sequence[Group]) -> Group:
        """Rows below each other, with room for the edges that lead from one to the next."""
        row_of = {item: number for number, line in enumerate(lines) for item in line.boxes}
        crossing: dict[int, set[str]] = defaultdict(set)
        for edge in self.view.edges:
            start, end = row_of.get(edge.source), row_of.get(edge.target)
            if start is not None and end is not None and start != end:
                crossing[end].add(edge.source)
        boxes: dict[str, Box] = {}
        bands: dict[str | None, tuple[Band, ...]] = {}
        own: list[Band] = []
        y = 0.0
        most = max(map(len, crossing.values()), default=0)
        left = GUTTER / 2 + 8.0
        for number, line in enumerate(lines):
            if number:
                y += GUTTER + LANE * len(crossing[number]) + self.room.get((frame, number), 0.0)
            dy = y - line.top if number else 0.0
            boxes |= line.moved(left, dy)
            bands |= line.bands_moved(left, dy)
            own.append(Band(line.top + dy, line.bottom + dy, left, left + line.width))
            y = line.bottom + dy
        width = max(line.width for line in lines) + 2 * left + LANE * most
        return Group(boxes, width, bands | {frame: tuple(own)})

    def _line(self, columns: Sequence[Sequence[str]], groups: Mapping[str, Group]) -> Group:
        """Columns from left to right."""
        boxes: dict[str, Box] = {}
        bands: dict[str | None, tuple[Band, ...]] = {}
        x = 0.0
        for column in columns:
            width = max(groups[item].width for item in column)
            at = x
            for item, y in self._heights(column, groups, boxes).items():
                left = x + (width - groups[item].width) / 2
                if self.view.style is Style.PAPER and self.tree.role(item) is Role.DECODER and boxes:
                    left = at = self._above_its_source(item, groups[item], boxes, left)
                boxes |= groups[item].moved(left, y)
                bands |= groups[item].bands_moved(left, y)
            x = max(x, at + width + GAP)
        right = max((box.right for box in boxes.values()), default=0.0)
        return Group(boxes, right, bands)

    def _above_its_source(self, item: str, group: Group, boxes: Mapping[str, Box], left: float) -> float:
        """A decoder starts above the coarsest feature that it reads, which is where its triangle has its corner."""
        ends = [
            boxes[edge.source].centre[0] - group.boxes[edge.target].centre[0]
            for edge in self.tree.feeding[item]
            if edge.source in boxes and edge.target in group.boxes
        ]
        return min(max(ends, default=left), left)

    def _group(self, item: str) -> Group:
        """A node, or a frame around what it holds."""
        if item not in self.groups:
            self.groups[item] = self._made(item)
        return self.groups[item]

    def _made(self, item: str) -> Group:
        if item in self.tree.nodes:
            width, height = size_of(self.tree.nodes[item], self.view.style)
            return Group({item: Box(item, 0.0, -height / 2, width, height)}, width)
        frame = self.tree.frames[item]
        decodes = frame.role is Role.DECODER and self.view.style is Style.PAPER
        inner = grid(self.tree, item, self._group, self.enclosed) if decodes else self.compose(item)
        return self.enclosed(frame, inner)

    def enclosed(self, frame: ViewFrame, inner: Group) -> Group:
        """A frame around a group, with a line for its title: below in the paper view, above in the others."""
        width = max(inner.width + 2 * PAD, text_width(frame.label, FRAME_FONT) + 40.0)
        room = FRAME_TITLE - 4.0
        above = 0.0 if self.view.style is Style.PAPER else room
        above += self._arcs(frame)
        box = Box(
            frame.id, 0.0, inner.top - PAD - above, width, inner.height + 2 * PAD + room + self._arcs(frame)
        )
        dx = (width - inner.width) / 2
        return Group({frame.id: box, **inner.moved(dx, 0.0)}, width, inner.bands_moved(dx, 0.0))

    def _arcs(self, frame: ViewFrame) -> float:
        """Room for the lanes above a block that gathers: for each layer that is read further on, and its input."""
        if frame.role not in GATHERS:
            return 0.0
        items = self.tree.children[frame.id]
        far = {
            source
            for source, target in self.tree.links[frame.id]
            if items.index(target) > items.index(source) + 1
        }
        return LANE * (len(far) + 1) if far else 0.0

    def _by_column(self, items: Sequence[str], links: Iterable[tuple[str, str]]) -> list[list[str]]:
        """Longest path to each item; a root shares the column of its last source, outputs stand last."""
        sources: dict[str, list[str]] = defaultdict(list)
        for source, target in links:
            sources[target].append(source)
        columns: dict[str, int] = {}
        for item in items:
            before = max((columns[source] for source in sources[item]), default=-1)
            columns[item] = before if self._elevated(item) and sources[item] else before + 1
        last = max(columns.values(), default=-1)
        found: list[list[str]] = [[] for _ in range(last + 1)]
        for item in items:
            found[last if self.tree.is_kind(item, NodeKind.OUTPUT) else columns[item]].append(item)
        return [column for column in found if column]

    def _elevated(self, item: str) -> bool:
        return (
            self.view.style is Style.PAPER and item in self.tree.nodes and self.tree.role(item) is Role.ROOT
        )

    def _chained(self, columns: list[list[str]], groups: Mapping[str, Group]) -> list[list[str]]:
        """Single nodes at the beginning and at the end run downwards where what is beside them is as high."""
        first = next((i for i, column in enumerate(columns) if not self._single(column)), len(columns))
        if first == len(columns):
            return columns
        end = len(columns)
        if len(columns[-1]) > 1 and all(self.tree.is_kind(item, NodeKind.OUTPUT) for item in columns[-1]):
            end -= 1  # several outputs stand beside the chain that leads to them
        last = next((i for i in range(end, first, -1) if not self._single(columns[i - 1])), first)
        tallest = max(groups[item].height for column in columns[first:] for item in column)
        before = [item for column in columns[:first] for item in column]
        after = [item for column in columns[last:end] for item in column]
        made = list(columns[first:last])
        for chain, at in ((before, 0), (after, len(made))):
            height = sum(groups[item].height + CHAIN for item in chain) - CHAIN
            whole = [chain] if len(chain) > 1 and height <= tallest else [[item] for item in chain]
            made = [*whole, *made] if at == 0 else [*made, *whole]
        return [*made, *columns[end:]]

    def _stem_chained(self, frame: str | None, columns: list[list[str]]) -> list[list[str]] | None:
        """A backbone of single nodes below a decoder has room above as well: its stem runs downwards."""
        beside = self.tree.children[self.tree.parent[frame]] if frame else []
        if not any(self.tree.role(item) is Role.DECODER for item in beside) or not all(
            map(self._single, columns)
        ):
            return None
        stem = [column[0] for column in columns if self.tree.role(column[0]) is Role.STEM]
        return [stem, *columns[len(stem) :]] if len(stem) > 1 and [stem[0]] == columns[0] else None

    def _single(self, column: Sequence[str]) -> bool:
        return len(column) == 1 and column[0] in self.tree.nodes and not self._elevated(column[0])

    # Heights

    def _heights(
        self, column: Sequence[str], groups: Mapping[str, Group], boxes: Mapping[str, Box]
    ) -> dict[str, float]:
        """The baseline's y of each item of one column."""
        if self._is_chain(column):
            return self._downwards(column, groups, boxes)
        heights = {}
        standing = [item for item in column if not self._elevated(item)]
        wanted = {item: self._wanted(item, groups, boxes) for item in standing}
        standing.sort(key=lambda item: (wanted[item], self.tree.place_of[item]))
        total = sum(groups[item].height for item in standing) + STACK * (len(standing) - 1)
        if len(standing) == 1:
            heights[standing[0]] = wanted[standing[0]]
        elif standing:
            y = sum(wanted.values()) / len(wanted) - total / 2
            for item in standing:
                heights[item] = y - groups[item].top
                y += groups[item].height + STACK
        beneath = min((heights[item] + groups[item].top for item in standing), default=0.0)
        for item in column:
            if self._elevated(item):
                heights[item] = min(
                    -ROW * self.tree.elevations[item], beneath - groups[item].bottom - PAD * 2
                )
        return heights

    def _is_chain(self, column: Sequence[str]) -> bool:
        """Whether each item of a column feeds the next."""
        links = set(self.tree.links[self.tree.parent[column[0]]])
        return (
            len(column) > 1
            and all(pair in links for pair in pairwise(column))
            and not any(self._elevated(item) for item in column)
        )

    def _downwards(
        self, column: Sequence[str], groups: Mapping[str, Group], boxes: Mapping[str, Box]
    ) -> dict[str, float]:
        """A chain from top to bottom: its last node on the baseline, or its first level with what feeds it."""
        y = self._wanted(column[0], groups, boxes)
        if not boxes:
            y = -sum((groups[a].height + groups[b].height) / 2 + CHAIN for a, b in pairwise(column))
        heights = {}
        for item, below in zip(column, (*column[1:], None), strict=True):
            heights[item] = y
            if below is not None:
                y += (groups[item].height + groups[below].height) / 2 + CHAIN
        return heights

    def _wanted(self, item: str, groups: Mapping[str, Group], boxes: Mapping[str, Box]) -> float:
        role = self.tree.role(item)
        if self.view.style is Style.PAPER and role is Role.DECODER and boxes:
            return min(box.y for box in boxes.values()) - STACK - groups[item].bottom
        if not boxes:
            return self._level_with_target(item, groups) if item in self.tree.nodes else 0.0
        if self.view.style is Style.PAPER and role in ON_BASELINE:
            return 0.0
        feeding = [
            boxes[edge.source].centre[1] - groups[item].boxes[edge.target].centre[1]
            for edge in self.tree.feeding[item]
            if edge.source in boxes
        ]
        return sum(feeding) / len(feeding) if feeding else 0.0

    def _level_with_target(self, item: str, groups: Mapping[str, Group]) -> float:
        """What stands first is level with what it feeds, if that is one thing."""
        ends = [
            group.boxes[edge.target].centre[1]
            for edge in self.tree.leaving[item]
            for group in groups.values()
            if edge.target in group.boxes
        ]
        return ends[0] if len(ends) == 1 else 0.0
