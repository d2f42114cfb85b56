"""A view as a tree of frames and nodes, and which of its items feed which: what every placement reads."""

from collections import defaultdict
from functools import cached_property

from explorer.graph.view_model import NodeKind, View, ViewEdge, ViewFrame, ViewNode
from explorer.roles import Role


class Tree:
    """Who holds whom. The outermost level is the frame None."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.nodes = {node.id: node for node in view.nodes}
        self.frames = {frame.id: frame for frame in view.frames}
        self.parent = {item.id: item.frame for item in view.everything}
        self.children: dict[str | None, list[str]] = defaultdict(list)
        for item in sorted(view.everything, key=_order):
            self.children[item.frame].append(item.id)
        self.place_of = {item: index for items in self.children.values() for index, item in enumerate(items)}

    def item(self, identity: str) -> ViewNode | ViewFrame:
        """The node or frame of that id."""
        return self.nodes.get(identity) or self.frames[identity]

    def role(self, identity: str) -> Role | None:
        """What a node or frame is in its paper."""
        return self.item(identity).role

    def is_kind(self, identity: str, kind: NodeKind) -> bool:
        """Whether this is a node of that kind."""
        return identity in self.nodes and self.nodes[identity].kind is kind

    def outward(self, identity: str) -> list[str | None]:
        """The item and all frames around it, from the inside out, ending with None."""
        found: list[str | None] = [identity]
        while (last := found[-1]) is not None:
            found.append(self.parent[last])
        return found

    @cached_property
    def _meetings(self) -> tuple[tuple[ViewEdge, str | None, str, str], ...]:
        """Each edge with the innermost frame that holds both ends, and the items of that frame that hold one each."""
        ways = {node: self.outward(node) for node in self.nodes}
        found = []
        for edge in self.view.edges:
            up, over = ways[edge.source], ways[edge.target]
            depth = 1
            while depth < min(len(up), len(over)) and up[-depth - 1] == over[-depth - 1]:
                depth += 1
            source, target = up[-depth - 1], over[-depth - 1]
            if source is not None and target is not None:
                found.append((edge, up[-depth], source, target))
        return tuple(found)

    @cached_property
    def links(self) -> dict[str | None, list[tuple[str, str]]]:
        """By frame: which of its items feed which, in order of execution; what leads back is left out."""
        found: dict[str | None, list[tuple[str, str]]] = defaultdict(list)
        for _, frame, source, target in self._meetings:
            if self.place_of[source] < self.place_of[target]:
                found[frame].append((source, target))
        return found

    @cached_property
    def feeding(self) -> dict[str, list[ViewEdge]]:
        """By item: the edges that enter it from a sibling, or from what a sibling holds."""
        found: dict[str, list[ViewEdge]] = defaultdict(list)
        for edge, _, _, target in self._meetings:
            found[target].append(edge)
        return found

    @cached_property
    def leaving(self) -> dict[str, list[ViewEdge]]:
        """By item: the edges that leave it for a sibling, or for what a sibling holds."""
        found: dict[str, list[ViewEdge]] = defaultdict(list)
        for edge, _, source, _ in self._meetings:
            found[source].append(edge)
        return found

    @cached_property
    def elevations(self) -> dict[str, int]:
        """How many rows above the baseline each root stands: one more than the highest it aggregates from its stage."""
        heights: dict[str, int] = {}
        sources: dict[str, list[str]] = defaultdict(list)
        for edge in self.view.edges:
            sources[edge.target].append(edge.source)
        for node in sorted(self.view.nodes, key=_order):
            if node.role is Role.ROOT:
                tree = self._outermost_tree(node.id)
                inside = [source for source in sources[node.id] if tree in self.outward(source)]
                heights[node.id] = 1 + max((heights.get(source, 0) for source in inside), default=0)
        return heights

    def _outermost_tree(self, item: str) -> str | None:
        at = self.parent[item]
        while (
            at is not None and (above := self.parent[at]) is not None and self.frames[above].role is Role.TREE
        ):
            at = above
        return at


def _order(item: ViewNode | ViewFrame) -> tuple[int, int]:
    """Inputs first, then in order of execution, outputs last."""
    if isinstance(item, ViewNode) and item.kind is NodeKind.OUTPUT:
        return 1, int(item.id.rpartition(":")[2])
    return 0, item.operations[0] if item.operations else -1
