"""Paths on the Graph page: how many lead from the picked node to an output, the shortest and the longest."""

from enum import StrEnum
from typing import Any

import streamlit as st

from explorer.graph.layer_graph import LayerGraph
from explorer.graph.paths import Paths, Route, edges_along, leaving, paths
from explorer.graph.view_build import output_label
from explorer.graph.view_model import View, ViewFrame, ViewNode
from explorer.ui.plain import plain

EXACT_BELOW = 10**9
MEANING = (
    "A path is a way through the operations. Layers are convolutions and linear layers; the longest path from the "
    "input has the depth in a network's name. The gradient flows back along the same paths, so the shortest one "
    "is how directly the loss reaches this place. Counted exactly, by dynamic programming."
)


class Chosen(StrEnum):
    """Which paths are lit."""

    NONE = "none"
    ALL = "all"
    SHORTEST = "shortest"
    LONGEST = "longest"


def chosen() -> Chosen:
    """What the URL asks to light; an unknown word lights nothing."""
    asked = st.query_params.get("path", "")
    return Chosen(asked) if asked in set(Chosen) else Chosen.NONE


def output_of(graph: LayerGraph) -> int:
    """The index of the output that paths lead to, from the URL; the first for anything else."""
    asked = st.query_params.get("to", "")
    return int(asked) if asked.isascii() and asked.isdigit() and int(asked[:6]) < len(graph.outputs) else 0


def found(graph: LayerGraph, item: ViewNode | ViewFrame | None) -> Paths | None:
    """The paths from an item, or else from the network's first input, to the chosen output."""
    starts = graph.inputs[:1] if item is None else leaving(graph, item)
    return paths(graph, starts, graph.outputs[output_of(graph)])


def lit(graph: LayerGraph, shown: View, all_paths: Paths | None) -> dict[str, Any] | None:
    """The edges to light, as the component wants them."""
    kind = chosen()
    if all_paths is None or kind is Chosen.NONE:
        return None
    which: Paths | Route = all_paths
    if kind is not Chosen.ALL:
        which = all_paths.shortest if kind is Chosen.SHORTEST else all_paths.longest
    return {"kind": kind.value, "edges": sorted(edges_along(shown, graph, which.tensors, which.operations))}


def show(graph: LayerGraph, item: ViewNode | ViewFrame | None, all_paths: Paths | None) -> None:
    """One line: from where to where, what there is, and which paths are lit."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="graph-paths"):
        start = "the input" if item is None else item.id
        st.markdown(f"**Paths** from {plain(start)} to", width="content")
        _choose_output(graph)
        if all_paths is None:
            st.markdown("none: nothing in here reaches it", width="content", help=MEANING)
            return
        lengths = f"shortest {_length(all_paths.shortest)} · longest {_length(all_paths.longest)}"
        st.markdown(f"{amount(all_paths.count)} · {lengths}", help=MEANING, width="content")
        _choose_paths()


def _choose_output(graph: LayerGraph) -> None:
    index = output_of(graph)
    labels = [output_label(name) for name in graph.output_names]
    if len(labels) == 1:
        st.markdown(plain(labels[0]), width="content")
        return
    # Named after its value, as every control that the URL decides: the back button changes the URL alone.
    key = f"graph.to.{index}"
    st.selectbox(
        "Output", range(len(labels)), index=index, format_func=labels.__getitem__, key=key, width=130,
        label_visibility="collapsed", on_change=lambda: _write("to", str(st.session_state[key]), "0"),
    )  # fmt: skip


def _choose_paths() -> None:
    kind = chosen()
    key = f"graph.path.{kind}"
    st.segmented_control(
        "Paths that are lit", list(Chosen), default=kind, required=True, key=key, label_visibility="collapsed",
        format_func=lambda each: "Light none" if each is Chosen.NONE else each.capitalize(),
        on_change=lambda: _write("path", st.session_state[key].value, Chosen.NONE.value),
    )  # fmt: skip


def _write(name: str, value: str, default: str) -> None:
    if value == default:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value


def _length(route: Route) -> str:
    layers, operations = route.layers, len(route.operations)
    return f"**{layers}** layer{'' if layers == 1 else 's'} ({operations} operation{'' if operations == 1 else 's'})"


def amount(count: int) -> str:
    """A number of paths: ``1 path``, ``77,658 paths``, ``3.17 × 10²⁹ paths``."""
    if count < EXACT_BELOW:
        return f"{count:,} path{'' if count == 1 else 's'}"
    digits = str(count)
    power = str(len(digits) - 1).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{digits[0]}.{digits[1:3]} × 10{power} paths"
