"""What is known of the node that is picked on the Graph page."""

from collections import Counter
from collections.abc import Callable, Iterable
from html import escape

import streamlit as st

from explorer.config import ModelConfig
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.view_model import NodeKind, View, ViewEdge, ViewFrame, ViewNode
from explorer.graph.view_source import source_of
from explorer.graph.view_text import EDGE_LABELS, edge_caption, role_label
from explorer.ui import numbers, theme

MOST_EDGES = 12
MOST_OPERATIONS = 200

Select = Callable[[str], None]


def show(
    view: View, graph: LayerGraph, config: ModelConfig, item: ViewNode | ViewFrame, select: Select
) -> None:
    """Draw the inspector of ``item``; ``select`` is called with the id of a neighbour that a reader goes to."""
    facts, inputs, outputs = st.columns([1.35, 1, 1], gap="large")
    with facts:
        _title(item)
        _facts(graph, item)
    held = _held(view, item)
    with inputs:
        st.markdown("**From**")
        _edges(
            [edge for edge in view.edges if edge.target in held and edge.source not in held], "source", select
        )
    with outputs:
        st.markdown("**To**")
        _edges(
            [edge for edge in view.edges if edge.source in held and edge.target not in held], "target", select
        )
    if item.operations:
        _operations(graph, item)
        _source(config, item)


def _held(view: View, item: ViewNode | ViewFrame) -> set[str]:
    """The nodes that an item is or encloses."""
    if isinstance(item, ViewNode):
        return {item.id}
    inside = set(item.operations)
    return {node.id for node in view.nodes if node.operations and inside.issuperset(node.operations)}


def _title(item: ViewNode | ViewFrame) -> None:
    kind = item.type if item.role is None else f"{role_label(item.role, item.type)} · {item.type}"
    stage = "" if item.stage is None else f" · stage {item.stage}"
    colour = theme.role_colour(item.role)
    st.html(
        f'<div style="border-left:4px solid {colour};padding-left:0.6rem;line-height:1.35">'
        f'<b style="font-size:1.1rem;overflow-wrap:anywhere">{escape(item.id if item.path else item.label)}</b><br>'
        f'<span style="opacity:0.75">{escape(kind)}{stage}</span></div>'
    )
    if isinstance(item, ViewNode) and item.dead:
        st.caption("Nothing in here reaches an output of the network: its parameters are dead weight.")


def _facts(graph: LayerGraph, item: ViewNode | ViewFrame) -> None:
    rows: list[tuple[str, str]] = []
    if item.inputs:
        rows.append(("In", _shapes(item.inputs)))
    if item.outputs:
        rows.append(("Out", _shapes(item.outputs)))
    if item.operations:
        parameters = f"{item.parameters:,}"
        if item.live_parameters != item.parameters:
            parameters += f" ({item.live_parameters:,} live, {item.parameters - item.live_parameters:,} dead)"
        rows += [("Parameters", parameters), ("MACs", f"{item.macs:,} ({numbers.macs(item.macs)})")]
        rows.append(("Operations", _kinds(graph, item)))
    rows += _attributes(graph, item)
    cells = "".join(
        f'<dt style="opacity:0.7">{escape(name)}</dt><dd style="margin:0;overflow-wrap:anywhere">{escape(value)}</dd>'
        for name, value in rows
    )
    st.html(
        '<dl style="display:grid;grid-template-columns:max-content 1fr;gap:0.15rem 1rem;margin:0;padding:0;'
        f'font-variant-numeric:tabular-nums">{cells}</dl>'
    )


def _shapes(shapes: Iterable[tuple[int, ...]]) -> str:
    return " + ".join(numbers.shape(shape) for shape in shapes)


def _kinds(graph: LayerGraph, item: ViewNode | ViewFrame) -> str:
    kinds = Counter(graph.operations[i].kind for i in item.operations)
    return ", ".join(f"{count} × {kind}" if count > 1 else kind for kind, count in kinds.most_common())


def _attributes(graph: LayerGraph, item: ViewNode | ViewFrame) -> list[tuple[str, str]]:
    """Settings of a single operation, or of the module."""
    if len(item.operations) == 1:
        found = graph.operations[item.operations[0]].attributes
    else:
        found = graph.scope(item.path).attributes if item.path else {}
    # Counted above, for the operations that the item holds.
    shown = {name: value for name, value in found.items() if name != "live_parameters"}
    return [(name.replace("_", " ").capitalize(), _value(value)) for name, value in shown.items()]


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return "×".join(str(part) for part in value)
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _edges(edges: list[ViewEdge], end: str, select: Select) -> None:
    if not edges:
        st.caption("nothing")
    for edge in edges[:MOST_EDGES]:
        neighbour = getattr(edge, end)
        through = f", through {', '.join(edge.through)}" if edge.through else ""
        with st.container(gap=None):
            key = f"graph-{end}-{edge.id}"
            st.button(f"`{neighbour}`", key=key, on_click=select, args=(neighbour,), type="tertiary")
            st.caption(f"{edge_caption(edge)} · {EDGE_LABELS[edge.kind]}{through}")
    if len(edges) > MOST_EDGES:
        st.caption(f"and {len(edges) - MOST_EDGES} more")


def _operations(graph: LayerGraph, item: ViewNode | ViewFrame) -> None:
    count = len(item.operations)
    title = f"{count} operation{'s' if count > 1 else ''}"
    with st.expander(title, on_change="rerun", key=f"graph-ops-{item.id}") as box:
        if not box.open:
            return
        st.dataframe(
            [
                {
                    "Operation": operation.kind,
                    "Module": operation.path,
                    "Out": _shapes(graph.tensors[t].shape for t in operation.outputs),
                    "Parameters": operation.parameters,
                    "MACs": operation.macs,
                    "Used": operation.id in graph.live,
                }
                for operation in (graph.operations[i] for i in item.operations[:MOST_OPERATIONS])
            ],
            hide_index=True,
        )
        if count > MOST_OPERATIONS:
            st.caption(f"The first {MOST_OPERATIONS} of {count}.")


def _source(config: ModelConfig, item: ViewNode | ViewFrame) -> None:
    operation = isinstance(item, ViewNode) and item.kind is NodeKind.OPERATION
    title = f"Source code of {'the module that calls it' if operation else item.type}"
    with st.expander(title, icon=":material/code:", on_change="rerun", key=f"graph-code-{item.id}") as box:
        if not box.open:
            return
        found = source_of(config, item.path)
        if found is None:
            st.caption("This module has no Python source.")
            return
        st.caption(f"`{found.name}`, line {found.line}")
        st.code(found.text, language="python", line_numbers=False, height=420)
