"""Overlays of the Graph page: the control, the colours' numbers, and the same numbers as a table."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from explorer.analysis.overlays import (
    MEANINGS,
    Amount,
    Gathering,
    Overlay,
    Quantity,
    gather,
    of_results,
    per_operation,
    per_tensor,
)
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.view_model import View
from explorer.graph.view_text import role_label
from explorer.ui import graph_measured, numbers, state

Write = Callable[[float], str]

_WRITTEN: dict[Quantity, Write] = {
    Quantity.ACTIVATIONS: numbers.memory,
    Quantity.LATENCY: numbers.duration,
    Quantity.FIELD: lambda value: f"{value:g}",
    Quantity.STRIDE: lambda value: f"{value:g}",
    Quantity.NORM: lambda value: f"{value:.3g}",
}
NO_OVERLAY = "No overlay"
RESULTS = frozenset({Quantity.FIELD, Quantity.STRIDE})
"""Quantities of results; the others belong to operations."""


def chosen() -> Quantity | None:
    """The overlay that the URL asks for; none for an unknown word."""
    asked = st.query_params.get("overlay", "")
    return Quantity(asked) if asked in set(Quantity) else None


def unknown() -> str | None:
    """A sentence where a link asks for an overlay that does not exist."""
    asked = st.query_params.get("overlay", "")
    return (
        f"{asked[:80]} is not an overlay: use one of {', '.join(Quantity)}."
        if asked and chosen() is None
        else None
    )


def choose() -> Quantity | None:
    """The control of the overlay."""
    quantity = chosen()
    # Named after its value: the back button changes the URL, and a control keeps its value while its name stays.
    key = f"graph.overlay.{quantity}"

    def write() -> None:
        wanted = st.session_state[key]
        if wanted == NO_OVERLAY:
            st.query_params.pop("overlay", None)
        else:
            st.query_params["overlay"] = wanted.value

    # Not None: Streamlit takes that for an empty field, and offers to empty it.
    options: list[Quantity | str] = [NO_OVERLAY, *Quantity]
    st.selectbox(
        "Overlay", options, index=options.index(quantity or NO_OVERLAY), key=key, on_change=write, width=170,
        format_func=lambda each: MEANINGS[each].title if isinstance(each, Quantity) else each,
        label_visibility="collapsed", help="Colour the nodes by a quantity",
    )  # fmt: skip
    return quantity


@st.cache_resource(max_entries=64, show_spinner=False)
def _numbers(
    digest: str, size: tuple[int, int], quantity: Quantity, _graph: LayerGraph
) -> Sequence[float | None]:
    return per_tensor(_graph, quantity) if quantity in RESULTS else per_operation(_graph, quantity)


def overlay_of(here: state.Current, graph: LayerGraph, shown: View, quantity: Quantity) -> Overlay | None:
    """The overlay of a view; None while its numbers have not been measured or loaded."""
    if quantity in RESULTS:
        return of_results(shown, graph, quantity, _numbers(here.config.digest, here.size, quantity, graph))
    measured = graph_measured.SOURCES.get(quantity)
    found = (
        _numbers(here.config.digest, here.size, quantity, graph)
        if measured is None
        else measured(here, graph)
    )
    return None if found is None else gather(shown, graph, quantity, [number or 0.0 for number in found])


def painted(overlay: Overlay, remark: str) -> dict[str, Any]:
    """An overlay as the component wants it: for each node its colour's position, text, bar and sentence."""
    meaning = MEANINGS[overlay.quantity]
    largest = max((amount.value for amount in overlay.nodes.values()), default=1.0)
    return {
        "title": f"{meaning.title} ({meaning.unit})" if meaning.unit else meaning.title,
        "note": _note(overlay, remark),
        "ticks": [[overlay.scale.position(tick), short(overlay.quantity, tick)] for tick in overlay.scale.ticks()],
        "nodes": {
            node: [
                round(overlay.scale.position(amount.value), 4), _ranged(overlay.quantity, amount, short),
                round(amount.value / largest, 4), _sentence(overlay, amount),
            ]
            for node, amount in overlay.nodes.items()
        },
        "frames": {frame: _sentence(overlay, amount) for frame, amount in overlay.frames.items()},
    }  # fmt: skip


def _note(overlay: Overlay, remark: str) -> str:
    meaning = MEANINGS[overlay.quantity]
    total = "" if overlay.total is None else f"The network: {long(overlay.quantity, overlay.total)}"
    for value, place in ((overlay.in_edges, "drawn into edges"), (overlay.undrawn, "not drawn")):
        total += f", {long(overlay.quantity, value)} of it {place}" if value else ""
    groups = {
        Gathering.SUM: "Groups show the sum",
        Gathering.NORM: "Groups show the root of the sum of squares",
        Gathering.LARGEST: "Groups show the largest of their results, or the range",
    }[meaning.gathering]
    sentences = (
        meaning.definition.capitalize(),
        remark,
        groups,
        f"{meaning.spacing.capitalize()} scale",
        total,
    )
    return ". ".join(sentence for sentence in sentences if sentence) + "."


def _sentence(overlay: Overlay, amount: Amount) -> str:
    share = f" ({numbers.share(amount.value, overlay.total)} of the network)" if overlay.total else ""
    share = "" if MEANINGS[overlay.quantity].gathering is not Gathering.SUM else share
    text = _ranged(overlay.quantity, amount, long)
    return f"{MEANINGS[overlay.quantity].title}: {text}{share}"


def _ranged(quantity: Quantity, amount: Amount, write: Callable[[Quantity, float], str]) -> str:
    text = write(quantity, amount.value)
    return text if amount.low is None else f"{write(quantity, amount.low)}–{text}"


def long(quantity: Quantity, value: float) -> str:
    """An amount in words of its own: ``1.23 M``, ``1.50 MiB``, ``31.2 ms``."""
    return _WRITTEN.get(quantity, lambda number: numbers.count(round(number)))(value)


def short(quantity: Quantity, value: float) -> str:
    """An amount that fits onto a small node: at most three digits and its prefix."""
    text = long(quantity, value)
    number, _, unit = text.partition(" ")
    if "." in number and len(number) > 4:
        number = f"{float(number):.3g}" if float(number) < 1000 else f"{float(number):.0f}"
    return f"{number} {unit}".rstrip()


def table(overlay: Overlay, shown: View, select: Callable[[str], None]) -> None:
    """The numbers of an overlay, sortable; a row that is picked is picked in the graph."""
    title = f"Table of {MEANINGS[overlay.quantity].title}"
    with st.expander(
        title, icon=":material/table:", on_change="rerun", key=f"graph-table-{overlay.quantity}"
    ) as box:
        if box.open:
            _rows(overlay, shown, select)


def _rows(overlay: Overlay, shown: View, select: Callable[[str], None]) -> None:
    meaning = MEANINGS[overlay.quantity]
    rows: list[dict[str, Any]] = []
    items: list[str | None] = []
    for node in shown.nodes:
        amount = overlay.nodes.get(node.id)
        if amount is not None:
            smallest = amount.value if amount.low is None else amount.low
            role = role_label(node.role, node.type)
            rows.append({"Node": node.id, "Role": role, "Value": amount.value, "Smallest": smallest})
            items.append(node.id)
    for value, place in ((overlay.in_edges, "drawn into edges"), (overlay.undrawn, "not drawn")):
        if value:
            rows.append({"Node": f"({place})", "Role": "", "Value": value, "Smallest": value})
            items.append(None)
    summed = meaning.gathering is Gathering.SUM and overlay.total
    for row in rows:
        if summed:
            row["Share"] = 100 * row["Value"] / (overlay.total or 1)
    if all(row["Value"] == row["Smallest"] for row in rows):
        for row in rows:
            del row["Smallest"]
    key = f"graph.table.{overlay.quantity}.{shown.digest}"
    unit = f" ({meaning.unit})" if meaning.unit else ""
    factor, unit = (1000.0, " (ms)") if overlay.quantity is Quantity.LATENCY else (1.0, unit)
    for row in rows:
        row["Value"] *= factor
    whole = overlay.quantity not in (Quantity.LATENCY, Quantity.NORM, Quantity.STRIDE)
    form = "localized" if whole else "%.4g"
    st.dataframe(
        rows, hide_index=True, key=key, height=min(38 + 35 * len(rows), 420), selection_mode="single-row",
        on_select=partial(_pick, key, items, select),
        column_config={
            "Node": st.column_config.TextColumn("Node", width="large"),
            "Value": st.column_config.NumberColumn(f"{meaning.title}{unit}", format=form, help=meaning.definition),
            "Smallest": st.column_config.NumberColumn(f"Smallest{unit}", format=form, help="of several results"),
            "Share": st.column_config.NumberColumn("Share", format="%.2f %%", help="of the network's total"),
        },
    )  # fmt: skip
    total = (
        f"The rows add up to {long(overlay.quantity, overlay.total or 0)}, the network's total. "
        if summed
        else ""
    )
    st.caption(f"{total}Click a heading to sort, and a row's first cell to pick the node.")


def _pick(key: str, items: list[str | None], select: Callable[[str], None]) -> None:
    rows = st.session_state[key].selection.rows
    node = items[rows[0]] if rows and rows[0] < len(items) else None
    if node is not None:
        select(node)
