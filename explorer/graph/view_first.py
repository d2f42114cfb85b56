"""What is open at first sight: as much as can be read without zooming."""

from collections.abc import Iterator
from itertools import islice

from explorer.graph.layout_place import Placement, zoom
from explorer.graph.layout_tree import Tree
from explorer.graph.view_build import built
from explorer.graph.view_model import Style
from explorer.graph.view_plan import Plan

NODE_BUDGET = {Style.PAPER: 60, Style.MODULES: 60, Style.OPERATIONS: 160}
"""How many nodes a view may show before a reader asks for more."""
READABLE = 0.77
"""Zoom at which the smallest text is still 9 pixels high, with a little to spare for the lanes of edges."""
TRIES = 6
"""How many groups of a level are tried one by one where all of them together are too much."""


def first_open(plan: Plan) -> frozenset[str]:
    """The modules open at first sight: level by level, while all of it can be read in a window 1440 pixels wide.

    Of the first level that is too much as a whole, those groups open that still fit. Views of all operations are too
    large for any window: they open while they keep within ``NODE_BUDGET``.
    """
    levels = list(_levels(plan.frames if plan.style is Style.PAPER else plan.modules))
    opened: frozenset[str] = frozenset()
    while levels:
        level = levels.pop(0)
        # A decoder's rows are narrower open than closed: what does not fit may do so together with the next level.
        fitting = next(
            (each for each in (level, level.union(*levels[:1])) if _fits(plan, opened | each)), None
        )
        if fitting is not None:
            opened |= fitting
            continue
        order = sorted(level, key=lambda path: (len(plan.held[path]), plan.held[path][0]))
        for path in islice(order, TRIES):
            if _fits(plan, opened | {path}):
                opened |= {path}
        break
    return opened


def _levels(candidates: frozenset[str]) -> Iterator[frozenset[str]]:
    """The candidates by how deep they are nested."""
    for depth in sorted({path.count(".") for path in candidates}):
        yield frozenset(path for path in candidates if path.count(".") == depth)


def _fits(plan: Plan, opened: frozenset[str]) -> bool:
    if _count(plan, opened) > NODE_BUDGET[plan.style]:
        return False
    if plan.style is Style.OPERATIONS:
        return True
    group = Placement(Tree(built(plan, opened))).best()
    return zoom(group.width, group.height) >= READABLE


def _count(plan: Plan, opened: frozenset[str]) -> int:
    """How many nodes would be visible."""
    place = plan.placing(opened)
    places = {place(number) for number in range(len(plan.graph.operations))}
    return sum(not plan.contracts(home, frames) for home, frames in places)
