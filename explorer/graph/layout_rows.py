"""Where a line of columns continues in a further row."""

from collections.abc import Sequence
from functools import cache

SLACK = 1.15
"""How much wider than necessary the widest row may be where that cuts fewer edges."""


def cut(widths: Sequence[float], cuts: Sequence[int], count: int) -> list[tuple[int, int]]:
    """First and last (excluded) column of each row, at most ``count``: nearly as narrow as can be, few edges cut.

    ``cuts[i]`` is how many edges a row cuts that begins with column i.
    """
    limit = max(_narrowest(widths, count) * SLACK, *widths)
    starts = [sum(widths[:index]) for index in range(len(widths) + 1)]

    @cache
    def best(first: int, left: int) -> tuple[float, tuple[int, ...]]:
        """Cost and ends of the rows from ``first`` on, in at most ``left`` rows."""
        if starts[-1] - starts[first] <= limit:
            return 0.0, (len(widths),)
        if left == 1:
            return float("inf"), (len(widths),)
        found: tuple[float, tuple[int, ...]] = (float("inf"), (len(widths),))
        for end in range(len(widths) - 1, first, -1):
            if starts[end] - starts[first] > limit:
                continue
            cost, ends = best(end, left - 1)
            # Among equal cuts the fuller row: the last one may be short.
            found = min(found, (cost + cuts[end], (end, *ends)), key=lambda pair: pair[0])
        return found

    ends = best(0, count)[1]
    return list(zip((0, *ends), ends, strict=False))


def _narrowest(widths: Sequence[float], count: int) -> float:
    """The least width of the widest of at most ``count`` rows."""
    low, high = max(widths), sum(widths)
    while high - low > 1.0:
        middle = (low + high) / 2
        low, high = (low, middle) if _rows(widths, middle) <= count else (middle, high)
    return high


def _rows(widths: Sequence[float], room: float) -> int:
    rows, used = 1, 0.0
    for width in widths:
        if used and used + width > room:
            rows, used = rows + 1, 0.0
        used += width
    return rows
