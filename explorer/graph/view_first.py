"""What is open at first sight: as much as can be read without zooming."""

from collections import defaultdict
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
"""How many stages are tried one by one where a level of all of them is too much."""


def first_open(plan: Plan) -> frozenset[str]:
    """The modules open at first sight: level by level, while all of it can be read in a window 1440 pixels wide.

    Of the first level that is too much as a whole, those stages open that still fit, small ones first.
    Views of all operations are too large for any window: they open while they keep within ``NODE_BUDGET``.
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
        for stage in islice(_by_stage(plan, level), TRIES):
            if _fits(plan, opened | stage):
                opened |= stage
        break
    return opened


def _levels(candidates: frozenset[str]) -> Iterator[frozenset[str]]:
    """The candidates by how deep they are nested."""
    for depth in sorted({path.count(".") for path in candidates}):
        yield frozenset(path for path in candidates if path.count(".") == depth)


def _by_stage(plan: Plan, level: frozenset[str]) -> list[frozenset[str]]:
    """The groups of a level by the stage that they lie in, or the module around them; what is alike opens alike."""
    stages: dict[object, set[str]] = defaultdict(set)
    for path in level:
        around = path.rpartition(".")[0]
        stages[plan.stage_of(path) if around else path].add(path)
    sized = sorted(
        stages.values(), key=lambda paths: (sum(len(plan.held[path]) for path in paths), min(paths))
    )
    return [frozenset(paths) for paths in sized]


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
