"""Folding and placing a graph: first looks, everything open, and Graphviz on the same view.

Also how large the text of a first look is drawn, because a view that is quick and cannot be read is of no use.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bench.peers import graphviz
from bench.timing import best, chosen, table
from explorer.config import presets
from explorer.graph import trace
from explorer.graph.layout import layout
from explorer.graph.layout_place import zoom
from explorer.graph.layout_size import LABEL_FONT
from explorer.graph.view import all_open, default_open, view
from explorer.graph.view_model import Style

REPEATS = 5
FIRST_LOOK_MS = 40.0
OPEN_MS = {"dla169": 400.0}
MOST_OPEN_MS = 3000.0
MOST_EDGES_FOR_GRAPHVIZ = 800
"""Beyond, Graphviz takes a minute."""
SMALLEST_TEXT = 9.0


def run() -> bool:
    """Print the tables; whether every view is placed in time and every first look can be read."""
    rows: list[tuple[str, ...]] = []
    passed = True
    for name in chosen():
        graph = trace(presets()[name], presets()[name].default_input)
        for style in Style:
            for what in ("first look", "all open"):
                opened = default_open(graph, style) if what == "first look" else all_open(graph, style)
                shown = view(graph, style, opened)
                cases: dict[str, Callable[[], object]] = {
                    "view": partial(view, graph, style, opened),
                    "ours": partial(layout, shown),
                }
                if len(shown.edges) <= MOST_EDGES_FOR_GRAPHVIZ:
                    cases["dot"] = partial(graphviz, shown)
                seconds = best(cases, REPEATS if len(shown.nodes) < 200 else 2)
                ours, folded = 1000 * seconds["ours"], 1000 * seconds["view"]
                first = what == "first look" and style is not Style.OPERATIONS
                limit = FIRST_LOOK_MS if first else OPEN_MS.get(name, MOST_OPEN_MS)
                found = layout(shown)
                text = LABEL_FONT * zoom(found.width, found.height)
                good = ours <= limit and (not first or text >= SMALLEST_TEXT)
                passed = passed and good
                dot = 1000 * seconds["dot"] if "dot" in seconds else None
                rows.append((
                    f"{name}, {style}, {what}", str(len(shown.nodes)), str(len(shown.edges)),
                    str(sum(len(curve.strokes) for curve in found.edges)), f"{folded:.1f}", f"{ours:.1f}",
                    f"{dot:.0f}" if dot else "–", f"{dot / ours:.1f}×" if dot else "–", f"{text:.1f}",
                    f"≤ {limit:.0f} {'yes' if good else 'NO'}",
                ))  # fmt: skip
    head = ("view", "nodes", "edges", "lines", "fold", "place", "Graphviz", "ratio", "text px", "required")
    table("Fold and place (ms of CPU time, best)", head, rows,
          "text: the smallest, in pixels, in a window 1440 wide; Graphviz: its JSON not parsed")  # fmt: skip
    return passed
