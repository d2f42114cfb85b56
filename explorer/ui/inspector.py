"""What is known of the node that is picked on the Graph page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

import streamlit as st

from explorer.analysis.receptive_field import ReceptiveField, receptive_fields
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.view_model import NodeKind, View, ViewNode
from explorer.graph.view_text import role_label
from explorer.ui import (
    graph_measured,
    inspector_facts,
    inspector_field,
    inspector_maps,
    inspector_picture,
    inspector_source,
    inspector_weights,
    numbers,
    shell,
    state,
    theme,
)
from explorer.ui.inspector_facts import Item, Select
from explorer.ui.plain import plain

STYLE = Path(__file__).parents[2] / "assets" / "inspector.css"
TABS = ("Receptive field", "Feature maps", "Weights", "Operations", "Source")


def show(view: View, graph: LayerGraph, here: state.Current, item: Item, select: Select) -> None:
    """Draw the inspector of ``item``; ``select`` is called with the id of a neighbour that a reader goes to."""
    results = results_of(graph, item)
    fields = _fields(here.config.digest, here.size, graph)
    st.html(STYLE)
    with st.container(key="inspector-top"):
        facts, inputs, outputs = st.columns([1.35, 1, 1], gap="large")
    with facts:
        _title(item)
        inspector_facts.show(
            graph, item, fields[results[-1]] if results else None, graph_measured.last_latency(here)
        )
        with st.container(horizontal=True, gap="small"):
            shell.page_link("layers", here, "Layers")
            shell.page_link("connectivity", here, "Connectivity")
            shell.page_link("predict", here, "Predict")
    with inputs:
        st.markdown("**From**")
        inspector_facts.edges(view, item, select, inputs=True)
    with outputs:
        st.markdown("**To**")
        inspector_facts.edges(view, item, select, inputs=False)
    _sections(graph, here, item, results, fields)


def results_of(graph: LayerGraph, item: Item) -> tuple[int, ...]:
    """The tensors that leave a node, in order; for an output of the network the one that it is; a dead end's last."""
    if isinstance(item, ViewNode) and item.kind in (NodeKind.INPUT, NodeKind.OUTPUT):
        ends = graph.inputs if item.kind is NodeKind.INPUT else graph.outputs
        number = item.id.rpartition(":")[2]
        return (ends[int(number)] if number.isdecimal() else ends[0],)
    inside = set(item.operations)
    written = [tensor for i in item.operations for tensor in graph.operations[i].outputs]
    leaving = tuple(
        tensor
        for tensor in written
        if tensor in graph.outputs or not inside.issuperset(graph.tensors[tensor].consumers)
    )
    return leaving or tuple(written[-1:])


@st.cache_resource(max_entries=16, show_spinner=False)
def _fields(digest: str, size: tuple[int, int], _graph: LayerGraph) -> Mapping[int, ReceptiveField]:
    return receptive_fields(_graph)


@st.fragment
def _sections(
    graph: LayerGraph,
    here: state.Current,
    item: Item,
    results: tuple[int, ...],
    fields: Mapping[int, ReceptiveField],
) -> None:
    """What takes longer or more room; only the open tab is computed, and what is done in it reruns only this."""
    tabs = st.tabs(list(TABS), key="inspector.tab", on_change="rerun")
    opened = next((number for number, tab in enumerate(tabs) if tab.open), 0)
    with tabs[opened]:
        match TABS[opened]:
            case "Weights":
                inspector_weights.show(here, graph, item)
            case "Operations":
                inspector_facts.operations(graph, item)
            case "Source":
                inspector_source.show(here.config, item)
            case _ if not results:
                st.caption("Nothing leaves this node.")
            case section:
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    picture = inspector_picture.choose(here.size)
                    tensor = _result(graph, item, results)
                    st.caption(f"{plain(picture.name)}, {numbers.size(here.size)}")
                if section == "Feature maps":
                    inspector_maps.show(here, graph, tensor, picture)
                else:
                    inspector_field.show(here, graph, tensor, fields[tensor], picture)


def _result(graph: LayerGraph, item: Item, results: tuple[int, ...]) -> int:
    """The result to look at, where several leave the node."""
    if len(results) == 1:
        return results[0]

    def title(tensor: int) -> str:
        producer = graph.tensors[tensor].producer
        path = "" if producer is None else graph.operations[producer].path
        return f"{path} · {numbers.shape(graph.tensors[tensor].shape)}"

    chosen = st.selectbox(
        "Result", results, index=len(results) - 1, format_func=title, key=f"inspector-result-{item.id}",
        label_visibility="collapsed", width=340,
    )  # fmt: skip
    return int(chosen)


def _title(item: Item) -> None:
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
