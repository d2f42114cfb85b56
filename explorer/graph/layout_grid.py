"""A decoder as the interpolating triangle of the DLA paper's Fig. 4: one row per resolution, fine at the top."""

from collections import defaultdict
from collections.abc import Callable, Mapping

from explorer.graph.layout_group import Group
from explorer.graph.layout_model import Box
from explorer.graph.layout_tree import Tree
from explorer.graph.view_model import ViewFrame

ASIDE = 36.0
"""Between columns: the links that rise from one row to the next run there."""
BETWEEN = 14.0
"""Between rows."""
PAD = 10.0


def grid(
    tree: Tree, decoder: str, group_of: Callable[[str], Group], enclosed: Callable[[ViewFrame, Group], Group]
) -> Group:
    """The parts of a decoder: one row for each part, columns shared by all rows."""
    rows = sorted(tree.children[decoder], key=lambda row: (-_resolution(tree, row), tree.place_of[row]))
    cells = {row: tree.children[row] if row in tree.frames else [row] for row in rows}
    groups = {cell: group_of(cell) for members in cells.values() for cell in members}
    columns = _columns(tree, cells)
    widths = [
        max(groups[cell].width for cell, column in columns.items() if column == number)
        for number in range(1 + max(columns.values()))
    ]
    starts = [sum(widths[:number]) + number * ASIDE for number in range(len(widths))]
    placed: dict[str, Box] = {}
    y = 0.0
    for row in reversed(rows):
        line: dict[str, Box] = {}
        for cell in cells[row]:
            slack = widths[columns[cell]] - groups[cell].width
            line |= groups[cell].moved(starts[columns[cell]] + slack / 2 + PAD, 0.0)
        left = min(box.x for box in line.values())
        boxes = {key: _shifted(box, -left) for key, box in line.items()}
        inner = Group(boxes, max(box.right for box in boxes.values()))
        whole = enclosed(tree.frames[row], inner) if row in tree.frames else inner
        offset = left - next(whole.boxes[cell].x for cell in cells[row] if line[cell].x == left)
        placed |= whole.moved(offset, y - whole.bottom)
        y -= whole.height + BETWEEN
    left = min(box.x for box in placed.values())
    boxes = {key: _shifted(box, -left) for key, box in placed.items()}
    return Group(boxes, max(box.right for box in boxes.values()))


def _resolution(tree: Tree, row: str) -> int:
    """Height of the feature map that a row yields; coarse rows are drawn below."""
    outputs = tree.item(row).outputs
    return outputs[0][2] if outputs and len(outputs[0]) > 2 else 0


def _columns(tree: Tree, cells: Mapping[str, list[str]]) -> dict[str, int]:
    """Longest path to each cell within the decoder."""
    members = {cell for row in cells.values() for cell in row}
    sources: dict[str, set[str]] = defaultdict(set)
    for edge in tree.view.edges:
        source = next((at for at in tree.outward(edge.source) if at in members), None)
        target = next((at for at in tree.outward(edge.target) if at in members), None)
        if source and target and source != target:
            sources[target].add(source)
    columns: dict[str, int] = {}
    for cell in sorted(members, key=lambda cell: tree.item(cell).operations[0]):
        columns[cell] = 1 + max(
            (columns[source] for source in sources[cell] if source in columns), default=-1
        )
    return columns


def _shifted(box: Box, dx: float) -> Box:
    return Box(box.id, box.x + dx, box.y, box.width, box.height)
