"""A concatenation of many layers drawn as a bus: as many lines as layers, not as pairs of layers."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from explorer.graph.layout_curves import Points, bent

OWN = 8
"""Links into one node up to which each keeps a line of its own: so few can be followed one by one."""


@dataclass(frozen=True, slots=True)
class Bus:
    """One edge's way: up at ``x0`` from its source, along the lane at ``y``, down at ``x1`` to ``bottom``."""

    edge: str
    source: str
    target: str
    x0: float
    x1: float
    y: float
    bottom: float


def drawn_once(
    buses: Sequence[Bus], ways: Mapping[str, Points], feeds: Collection[tuple[str, str]]
) -> dict[str, tuple[Points, ...]]:
    """What each edge draws, so that together they draw each lane and each way down once; for most that is nothing.

    A lane is drawn by the edge that follows it furthest, a way down by the edge that comes from the highest lane. Into
    a node with at most ``OWN`` links each keeps a line of its own; and so they do where a lane crosses the way down
    without feeding it, because the picture would claim a link that is none. ``feeds`` are the pairs of source and
    target of every edge.
    """
    of_source: dict[str, list[Bus]] = defaultdict(list)
    of_target: dict[str, list[Bus]] = defaultdict(list)
    for bus in buses:
        of_source[bus.source].append(bus)
        of_target[bus.target].append(bus)
    lanes = [max(each, key=lambda bus: bus.x1) for each in of_source.values()]
    ink: dict[str, tuple[Points, ...]] = {bus.edge: () for bus in buses}
    for target, entering in of_target.items():
        highest = min(entering, key=lambda bus: bus.y)
        if len(entering) <= OWN or not all(
            (lane.source, target) in feeds for lane in _crossing(highest, lanes)
        ):
            ink |= {bus.edge: (ways[bus.edge],) for bus in entering}
        else:
            x, y = highest.x1, highest.y
            before = max(highest.x0, x - (highest.bottom - y))
            ink[highest.edge] = (bent((before, y), (x, y), (x, highest.bottom)),)
    for lane in lanes:
        ink[lane.edge] = (ways[lane.edge],)
    return ink


def _crossing(down: Bus, lanes: Sequence[Bus]) -> Iterator[Bus]:
    """The lanes that cross a way down."""
    return (lane for lane in lanes if lane.x0 < down.x1 < lane.x1 and down.y < lane.y < down.bottom)
