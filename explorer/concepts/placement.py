"""The drawing of a form: the Graph page's paper view, placed as the DLA paper's Fig. 2 places it.

Blocks stand in one row, in the order in which they run. A node stands right after the last block that it aggregates,
in a row of its own height: how many aggregations lie beneath it. Shapes on edges are shown
where a reader points.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from explorer.concepts.forms import FACTS, Form
from explorer.concepts.terms import Term, blocks_of
from explorer.concepts.ways import ways
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.layout_model import Box, Layout
from explorer.graph.view import all_open, view
from explorer.graph.view_model import EdgeKind, NodeKind, Style, View

BLOCK = 40.0
NODE = 40.0
GAP = 22.0
ROW = 66.0
MARGIN = 14.0


def drawn(graph: LayerGraph, form: Form, terms: Sequence[Term]) -> View:
    """The paper view of a form's network without frames, its blocks and nodes named by the terms' symbols."""
    texts = {term.path: term.text for term in terms}
    seen = view(graph, Style.PAPER, all_open(graph, Style.PAPER))
    nodes = tuple(
        replace(node, frame=None, title=texts.get(node.id, node.title), subtitle="", openable=False)
        for node in seen.nodes
    )
    edges = seen.edges
    if form is Form.SHALLOW:
        # Roots outside of a tree look iterative to the view; these skips are what the paper calls linear.
        edges = tuple(
            replace(edge, kind=EdgeKind.FLOW) if edge.kind is EdgeKind.IDA else edge for edge in edges
        )
    return replace(seen, name=FACTS[form].title, nodes=nodes, frames=(), edges=edges)


def placed(shown: View, terms: Sequence[Term], form: Form) -> Layout:
    """Where everything in ``drawn`` is."""
    rows = {Form.ITERATIVE: lambda _: 1}.get(form, _heights(terms).__getitem__)
    after: dict[str, list[Term]] = defaultdict(list)
    for term in terms:
        if term.is_node:
            after[blocks_of(term, terms)[-1].path].append(term)
    boxes: dict[str, Box] = {}
    x = MARGIN
    base = MARGIN + ROW * max((rows(term.path) for term in terms if term.is_node), default=0)

    def put(identity: str, width: float, height: float, row: int) -> None:
        boxes[identity] = Box(identity, x, base - ROW * row + (BLOCK - height) / 2, width, height)

    put(f"{NodeKind.INPUT}:0", 58.0, 34.0, 0)
    x += 58.0 + GAP
    for block in sorted((term for term in terms if not term.is_node), key=lambda term: term.number):
        put(block.path, BLOCK, BLOCK, 0)
        x += BLOCK + GAP
        for node in after[block.path]:
            put(node.path, NODE, NODE, rows(node.path))
        if after[block.path]:
            x += NODE + GAP
    last = max((boxes[term.path] for term in terms), key=lambda box: box.right + (base - box.y) / 1e3)
    put(f"{NodeKind.OUTPUT}:0", 62.0, 34.0, round((base - last.y) / ROW))
    x += 62.0
    return Layout(
        width=x + MARGIN,
        height=max(box.bottom for box in boxes.values()) + MARGIN,
        nodes=tuple(boxes[node.id] for node in shown.nodes),
        frames=(),
        edges=ways(shown, boxes),
    )


def _heights(terms: Sequence[Term]) -> Mapping[str, int]:
    """How many aggregations lie between each term and the row of blocks."""
    by_symbol = {term.symbol: term for term in terms}
    heights: dict[str, int] = {}

    def height(term: Term) -> int:
        if term.path not in heights:
            below = [height(by_symbol[each]) for each in term.reads if term.is_node]
            heights[term.path] = 1 + max(below) if term.is_node else 0
        return heights[term.path]

    for term in terms:
        height(term)
    return heights
