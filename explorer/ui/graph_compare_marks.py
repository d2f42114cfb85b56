"""What a comparison writes on and over its two drawings: statuses, counterparts, words, and the legend."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import Any

from explorer.graph.alignment import Status
from explorer.graph.sections import Section
from explorer.ui import numbers
from explorer.ui.graph_compare_node import words
from explorer.ui.graph_compare_sides import Drawn, Side

Look = tuple[Section | None, int]
"""The section that a reader wants to see, and a number that is new for each wish."""

_SIGNS = {Status.EQUAL: "=", Status.DIFFERENT: "≠", Status.HERE: "+", Status.THERE: "−"}


def marks(both: Drawn, number: int, look: Look) -> dict[str, Any]:
    """What the drawing shows of the comparison: each item's status, counterpart and words."""
    sides, placed, alignment = both.sides, both.placed, both.alignment
    own, other = sides[number].view, sides[1 - number].view
    found = alignment.of_there if number else alignment.of_here
    twins = {item: (pair.here if number else pair.there) for item, pair in found.items()}
    return {
        "partner": both.homes[1 - number],
        "extent": [max(layout.width for layout in placed), max(layout.height for layout in placed)],
        "status": {item: pair.status.value for item, pair in found.items()},
        "twin": {item: twin for item, twin in twins.items() if twin is not None},
        "words": {
            item: words(pair, own.items[item], other.items.get(twins[item] or ""), sides[1 - number].name)
            for item, pair in found.items()
        },
        "look": _wanted(both, number, look),
    }


def _wanted(both: Drawn, number: int, look: Look) -> dict[str, Any] | None:
    """The nodes to bring into the middle, and the room that both drawings' need."""
    section, count = look
    if section is None:
        return None
    ids = [
        [
            item
            for pair in both.alignment.pairs
            if pair.section == section and (item := side(pair)) is not None
        ]
        for side in (lambda pair: pair.here, lambda pair: pair.there)
    ]
    room = [0.0, 0.0]
    for layout, items in zip(both.placed, ids, strict=True):
        boxes = [layout.boxes[item] for item in items]
        if boxes:
            room[0] = max(room[0], max(box.right for box in boxes) - min(box.x for box in boxes))
            room[1] = max(room[1], max(box.bottom for box in boxes) - min(box.y for box in boxes))
    return {"ids": ids[number], "zoom": room, "number": count} if any(ids) else None


def heading(side: Side, number: int) -> str:
    """What stands over a drawing."""
    totals = side.graph.totals
    cost = f"{numbers.parameters(totals.parameters)} · {numbers.macs(totals.macs)} at {numbers.size(side.about.size)}"
    return f'<div class="compare-heading side-{number}"><b>{escape(side.name)}</b> <span>{cost}</span></div>'


def legend(both: Drawn) -> str:
    """What the colours and signs stand for, with how many nodes have each."""
    sides, alignment = both.sides, both.alignment
    nodes = [{node.id for node in side.view.nodes} for side in sides]
    counts = Counter(
        pair.status for pair in alignment.pairs if pair.here in nodes[0] or pair.there in nodes[1]
    )
    texts = {
        Status.EQUAL: "equal",
        Status.DIFFERENT: "in both, but different in shape, parameters, MACs or settings",
        Status.HERE: f"only in {sides[0].name}",
        Status.THERE: f"only in {sides[1].name}",
    }
    entries = "".join(
        f'<span class="{status}"><i>{_SIGNS[status]}</i><b>{counts[status]}</b> {escape(text)}</span>'
        for status, text in texts.items()
        if counts[status]
    )
    return f'<div class="compare-legend" aria-label="Nodes">{entries}</div>'
