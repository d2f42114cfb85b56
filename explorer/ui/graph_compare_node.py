"""The picked node of a comparison: the facts of both counterparts side by side."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from explorer.analysis.cost import operation_cost
from explorer.analysis.memory_access import memory_access_cost
from explorer.graph.alignment import Alignment, Item, Pair, Status
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.view_text import role_label
from explorer.ui import numbers, shell, state
from explorer.ui.deltas import percent
from explorer.ui.graph_compare_sides import Side
from explorer.ui.inspector_facts import shapes
from explorer.ui.plain import plain

SAID = {
    Status.EQUAL: "correspond, and are equal in shape, parameters, MACs and settings",
    Status.DIFFERENT: "correspond, and differ in {aspects}",
    Status.HERE: "has no counterpart in {other}",
    Status.THERE: "has no counterpart in {other}",
}


def words(pair: Pair, own: Item, other: Item | None, network: str) -> list[str]:
    """What a comparison adds to an item's tooltip: its counterpart in the other ``network``, and how they differ."""
    if other is None:
        return [f"Nothing corresponds in {network}"]
    lines = [f"Corresponds to {other.id} in {network}" if other.id != own.id else f"The same in {network}"]
    if not pair.aspects:
        return [f"{lines[0]}, equal"]
    lines[0] = f"{lines[0]}, which differs in {', '.join(pair.aspects)}" if other.id != own.id else ""
    ours, theirs = (shapes(dict.fromkeys(item.outputs)) for item in (own, other))
    if ours != theirs:
        lines.append(f"Yields {ours}, there {theirs}")
    for title, values in (
        ("Parameters", (own.parameters, other.parameters)),
        ("MACs", (own.macs, other.macs)),
    ):
        if values[0] != values[1]:
            lines.append(
                f"{title} {numbers.count(values[0])}, there {numbers.count(values[1])} ({percent(*values)})"
            )
    if not lines[0]:
        lines[0] = f"In {network} it differs in {', '.join(pair.aspects)}"
    return lines


def show(pair: Pair, sides: tuple[Side, Side]) -> None:
    """A table of facts with the differences marked, and links to each network alone."""
    items = [
        side.view.items.get(identity or "")
        for side, identity in zip(sides, (pair.here, pair.there), strict=True)
    ]
    titles = [side.name for side in sides]
    named = [item.id for item in items if item is not None]
    other = titles[0] if pair.here is None else titles[1]
    said = SAID[pair.status].format(aspects=", ".join(pair.aspects), other=other)
    st.html(
        f'<div class="compare-node"><b>{" ↔ ".join(map(escape, dict.fromkeys(named)))}</b> '
        f"<span>{escape(pair.section.title)} · {escape(said)}</span>{_table(items, sides, titles)}</div>"
    )
    with st.container(horizontal=True, gap="small"):
        for side, item in zip(sides, items, strict=True):
            if item is not None:
                _link(side, item)


def _link(side: Side, item: Item) -> None:
    room = next(room for room in shell.ROOMS if room.stem == "graph")
    query = state.query(side.about) | {"node": item.id}
    if side.view.style.value != "paper":
        query["view"] = side.view.style.value
    st.page_link(room.page(), label=f"{plain(side.name)} alone", icon=room.icon, query_params=query)


def _table(items: Sequence[Item | None], sides: Sequence[Side], titles: Sequence[str]) -> str:
    columns = [_facts(item, side.graph) if item else {} for item, side in zip(items, sides, strict=True)]
    rows = []
    for name in dict.fromkeys(name for column in columns for name in column):
        values = [column.get(name) for column in columns]
        texts = [escape(value[1]) if value else "–" for value in values]
        differs = None not in values and values[0] != values[1]
        delta = ""
        if (
            differs
            and values[0]
            and values[1]
            and isinstance(values[0][0], int)
            and isinstance(values[1][0], int)
        ):
            delta = percent(values[0][0], values[1][0])
        mark = ' class="differs"' if differs else ""
        rows.append(
            f"<tr{mark}><th>{escape(name)}</th><td>{texts[0]}</td><td>{texts[1]}</td>"
            f"<td>{'≠ ' if differs else ''}{delta}</td></tr>"
        )
    head = "".join(f"<th>{escape(title)}</th>" for title in ("", *titles, "Δ"))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _facts(item: Item, graph: LayerGraph) -> dict[str, tuple[object, str]]:
    """Facts by name: the value that is compared, and how it is written."""
    operations = [graph.operations[number] for number in item.operations]
    written = sum(operation_cost(graph, operation).activation_bytes for operation in operations)
    access = sum(memory_access_cost(operation, graph) for operation in operations)
    texts = {
        "Module": item.path or item.label,
        "Role": role_label(item.role, item.type),
        "Type": f"{len(item.members)} × {item.type}" if item.members else item.type,
        "In": shapes(item.inputs),
        "Out": shapes(item.outputs),
    }
    found: dict[str, tuple[object, str]] = {name: (text, text) for name, text in texts.items() if text}
    if operations:
        found |= {
            "Parameters": (item.parameters, f"{item.parameters:,}"),
            "MACs": (item.macs, numbers.macs(item.macs)),
            "Memory access": (access, f"{numbers.count(access)} elements"),
            "Activations written": (written, numbers.memory(written)),
            "Operations": (len(operations), str(len(operations))),
        }
    return found


def pair_of(alignment: Alignment, here: str | None, there: str | None) -> Pair | None:
    """The pair that a reader picked, by the id in either network."""
    return alignment.of_here.get(here or "") or alignment.of_there.get(there or "")
