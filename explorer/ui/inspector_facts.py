"""The facts of a node: shapes, cost and settings, and its neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from html import escape

import streamlit as st

from explorer.analysis.cost import Cost, operation_cost
from explorer.analysis.memory_access import memory_access_cost
from explorer.analysis.receptive_field import ReceptiveField
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.view_model import View, ViewEdge, ViewFrame, ViewNode
from explorer.graph.view_text import EDGE_LABELS, edge_caption
from explorer.measure import Latency
from explorer.ui import numbers

MOST_EDGES = 12
MOST_OPERATIONS = 200
FLOAT_BYTES = 4

Item = ViewNode | ViewFrame
Select = Callable[[str], None]
Row = tuple[str, str, str]
"""Name, value, and what it means (may be empty)."""


def show(graph: LayerGraph, item: Item, field: ReceptiveField | None, measured: Latency | None) -> None:
    """Shapes, parameters, cost, settings; ``field`` is the result's, ``measured`` the network's, None where unknown."""
    rows: list[Row] = []
    if item.inputs:
        rows.append(("In", shapes(item.inputs), ""))
    if item.outputs:
        rows.append(("Out", shapes(item.outputs), ""))
    if field is not None:
        rows.append(
            ("Output stride", stride_text(field), "Input pixels from one position of the result to the next")
        )
    if item.operations:
        rows += _cost(graph, item)
    if item.operations and measured is not None:
        rows.append(_latency(item, measured))
    table([*rows, *_attributes(graph, item)])


def table(rows: Iterable[Row]) -> None:
    """Names and values in two columns; what a name means shows on hover."""
    cells = "".join(
        f"<dt{_hint(meaning)}>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value, meaning in rows
    )
    st.html(f'<dl class="inspected">{cells}</dl>')


def shapes(found: Iterable[tuple[int, ...]]) -> str:
    """Shapes joined by plus signs."""
    return " + ".join(numbers.shape(shape) for shape in found)


def stride_text(field: ReceptiveField) -> str:
    """``8 px``, or ``8×4 px`` where rows and columns differ; to two decimals where interpolation leaves a fraction."""
    down, across = (f"{float(value):.2f}".rstrip("0").rstrip(".") for value in field.stride)
    return f"{down} px" if down == across else f"{down}×{across} px"


def edges(view: View, item: Item, select: Select, inputs: bool) -> None:
    """What leads into the node, or out of it, each with a button that goes there."""
    held = _held(view, item)
    near, far = ("target", "source") if inputs else ("source", "target")
    found = [edge for edge in view.edges if getattr(edge, near) in held and getattr(edge, far) not in held]
    # A frame's neighbour may feed several of its nodes with the same thing.
    found = list({(getattr(edge, far), edge_caption(edge), edge.kind): edge for edge in found}.values())
    if not found:
        st.caption("nothing")
    for edge in found[:MOST_EDGES]:
        _edge(edge, far, select)
    if len(found) > MOST_EDGES:
        st.caption(f"and {len(found) - MOST_EDGES} more")


def operations(graph: LayerGraph, item: Item) -> None:
    """Every operation of the node in order, as a table."""
    if not item.operations:
        st.caption("Nothing is computed here.")
        return
    st.dataframe(
        [
            {
                "Operation": operation.kind,
                "Module": operation.path,
                "Out": shapes(graph.tensors[t].shape for t in operation.outputs),
                "Parameters": operation.parameters,
                "MACs": operation.macs,
                "Written, bytes": operation_cost(graph, operation).activation_bytes,
                "Moved, bytes": FLOAT_BYTES * memory_access_cost(operation, graph),
                "Used": operation.id in graph.live,
            }
            for operation in (graph.operations[i] for i in item.operations[:MOST_OPERATIONS])
        ],
        hide_index=True,
    )
    if len(item.operations) > MOST_OPERATIONS:
        st.caption(f"The first {MOST_OPERATIONS} of {len(item.operations)}.")


def _cost(graph: LayerGraph, item: Item) -> list[Row]:
    parameters = f"{item.parameters:,}"
    if item.live_parameters != item.parameters:
        parameters += f" ({item.live_parameters:,} live, {item.parameters - item.live_parameters:,} dead)"
    written = sum(
        (operation_cost(graph, graph.operations[i]) for i in item.operations), Cost()
    ).activation_bytes
    moved = FLOAT_BYTES * sum(memory_access_cost(graph.operations[i], graph) for i in item.operations)
    kinds = Counter(graph.operations[i].kind for i in item.operations)
    return [
        ("Parameters", parameters, "Elements, each counted once; live ones reach an output"),
        (
            "MACs",
            f"{item.macs:,} ({numbers.macs(item.macs)})",
            "Multiply-accumulates of convolutions and linear layers, for one image; FLOPs are twice that",
        ),
        (
            "Activations written",
            numbers.memory(written),
            "Bytes of the tensors that are newly written, float32; views and in-place operations write none",
        ),
        (
            "Memory access",
            numbers.memory(moved),
            "h·w·(cᵢ + cₒ) + k²·cᵢ·cₒ elements of 4 bytes, summed over convolutions and linear layers: what they read "
            "and write, each once (ShuffleNetV2, section 2; VoVNet, section 2.2)",
        ),
        (
            "Operations",
            ", ".join(f"{count} × {kind}" if count > 1 else kind for kind, count in kinds.most_common()),
            "",
        ),
    ]


def _latency(item: Item, measured: Latency) -> Row:
    seconds = measured.of(item.operations)
    return (
        "Latency",
        f"{numbers.duration(seconds)}, {numbers.share(seconds, measured.watched)} of the network",
        f"Sum over operations, medians of {measured.repetitions} passes on {measured.title}",
    )


def _attributes(graph: LayerGraph, item: Item) -> list[Row]:
    """Settings of a single operation, or of the module."""
    if len(item.operations) == 1:
        found = graph.operations[item.operations[0]].attributes
    else:
        found = graph.scope(item.path).attributes if item.path and graph.has_scope(item.path) else {}
    # Counted above, for the operations that the item holds.
    shown = {name: value for name, value in found.items() if name != "live_parameters"}
    return [(name.replace("_", " ").capitalize(), _value(value), "") for name, value in shown.items()]


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return "×".join(str(part) for part in value)
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _hint(meaning: str) -> str:
    return f' title="{escape(meaning)}" class="hinted"' if meaning else ""


def _held(view: View, item: Item) -> set[str]:
    """The nodes that an item is or encloses."""
    if isinstance(item, ViewNode):
        return {item.id}
    inside = set(item.operations)
    return {node.id for node in view.nodes if node.operations and inside.issuperset(node.operations)}


def _edge(edge: ViewEdge, end: str, select: Select) -> None:
    neighbour = getattr(edge, end)
    through = f", through {', '.join(edge.through)}" if edge.through else ""
    with st.container(gap=None):
        key = f"graph-{end}-{edge.id}"
        st.button(f"`{neighbour}`", key=key, on_click=select, args=(neighbour,), type="tertiary")
        st.caption(f"{edge_caption(edge)} · {EDGE_LABELS[edge.kind]}{through}")
