"""What the Graph page's part of a URL says.

Which groups are open: ``open=`` names what differs from a starting point.

``open=level3.tree1`` differs from the first look by that one group; ``*`` starts from everything open and ``-`` from
nothing, as in ``open=-,level3``. Where a reader looks: ``at=`` is the middle, x and y, and the zoom.
"""

import math
from collections.abc import Set

ALL, NONE = "*", "-"
MAX_CHARACTERS = 20_000


def encode(opened: Set[str], default: Set[str], everything: Set[str]) -> str:
    """The shortest text for a set of open groups; empty for the default."""
    texts = [",".join([*start, *sorted(opened ^ set(base))]) for start, base in _bases(default, everything)]
    return min(texts, key=len)


def decode(text: str, default: Set[str], everything: Set[str], openable: Set[str]) -> frozenset[str]:
    """The set that a text stands for. Names that cannot be opened here are passed over: a link may be of any age."""
    names = [name for name in text[:MAX_CHARACTERS].split(",") if name]
    base = default
    if names and names[0] in (ALL, NONE):
        base = everything if names.pop(0) == ALL else frozenset()
    return frozenset(base) ^ (frozenset(names) & frozenset(openable))


def _bases(default: Set[str], everything: Set[str]) -> list[tuple[list[str], Set[str]]]:
    return [([], default), ([ALL], everything), ([NONE], frozenset())]


def decode_place(text: str) -> tuple[float, float, float] | None:
    """The middle of what is in sight and the zoom; None for what is no place."""
    parts = text[:60].split(",")
    try:
        x, y, zoom = map(float, parts)
    except ValueError:
        return None
    return (
        (x, y, zoom) if all(map(math.isfinite, (x, y, zoom))) and abs(x) + abs(y) < 1e7 and zoom > 0 else None
    )
