"""What of a network is drawn: the style, the groups that are open, and the view, layout and drawing that follow."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.graph.layer_graph import LayerGraph
from explorer.graph.layout_model import Layout
from explorer.graph.view import all_open, default_open, openable, view
from explorer.graph.view_model import Style, View
from explorer.ui import graph_url, state
from explorer.ui.graph_component import drawing

STYLES = {
    Style.PAPER: ":material/draw: Paper",
    Style.MODULES: ":material/widgets: Modules",
    Style.OPERATIONS: ":material/lan: Operations",
}


@dataclass(frozen=True)
class Groups:
    """Which groups of a network can be opened in a style, and which are, according to the URL."""

    default: frozenset[str]
    everything: frozenset[str]
    openable: frozenset[str]
    opened: frozenset[str]
    parameter: str = "open"

    def write(self, opened: frozenset[str]) -> None:
        """Put another set of open groups into the URL."""
        text = graph_url.encode(opened, self.default, self.everything)
        if text:
            st.query_params[self.parameter] = text
        else:
            st.query_params.pop(self.parameter, None)


def groups_of(here: state.Current, graph: LayerGraph, style: Style, parameter: str = "open") -> Groups:
    """The groups of a network, open as that ``parameter`` of the URL says."""
    default, everything, possible = choices(here.config.digest, here.size, style, graph)
    opened = graph_url.decode(st.query_params.get(parameter, ""), default, everything, possible)
    return Groups(default, everything, possible, opened, parameter)


@st.cache_data(max_entries=64, show_spinner=False)
def choices(
    digest: str, size: tuple[int, int], style: Style, _graph: LayerGraph
) -> tuple[frozenset[str], ...]:
    """What is open at first sight, what "open all" opens, and what can be opened at all."""
    return default_open(_graph, style), all_open(_graph, style), openable(_graph, style)


@st.cache_resource(max_entries=64, show_spinner=False)
def view_of(
    digest: str, size: tuple[int, int], style: Style, opened: frozenset[str], _graph: LayerGraph
) -> View:
    """A view, kept for all visitors."""
    return view(_graph, style, opened)


@st.cache_resource(max_entries=32, show_spinner=False)
def drawing_of(digest: str, home: str, _view: View, _layout: Layout) -> dict[str, Any]:
    """A drawing, kept for all visitors."""
    return drawing(_view, _layout, home)


def choose_style() -> Style:
    """The style that the URL asks for, with the control to change it."""
    asked = st.query_params.get("view", "")
    style = Style(asked) if asked in set(Style) else Style.PAPER
    # Named after its value: the back button changes the URL, and a control keeps its value while its name stays.
    key = f"graph.view.{style}"

    def choose() -> None:
        chosen = st.session_state[key]
        st.query_params.pop("at", None)  # a place in another drawing
        if chosen == Style.PAPER:
            st.query_params.pop("view", None)
        else:
            st.query_params["view"] = chosen.value

    st.segmented_control(
        "View", list(Style), default=style, required=True, format_func=STYLES.__getitem__, key=key, on_change=choose,
        label_visibility="collapsed",
    )  # fmt: skip
    return style


def unknown_style() -> str | None:
    """A sentence where a link asks for a view that does not exist."""
    asked = st.query_params.get("view", Style.PAPER)
    return None if asked in set(Style) else f"{short(asked)} is not a view: use one of {', '.join(Style)}."


def choose_opening(groups: Groups, write: Callable[[frozenset[str]], None] | None = None) -> None:
    """The buttons that open and close groups all at once; ``write`` takes the new set instead of the URL."""
    write = write or groups.write
    st.button("Open all", on_click=write, args=(groups.everything,),
              disabled=groups.opened >= groups.everything)  # fmt: skip
    st.button("Close all", on_click=write, args=(frozenset(),),
              disabled=not groups.opened)  # fmt: skip
    st.button("First look", on_click=write, args=(groups.default,),
              help="Open what is open at first sight", disabled=groups.opened == groups.default)  # fmt: skip


def short(text: str) -> str:
    """A stranger's words, no longer than a name needs to be."""
    return text if len(text) <= 80 else f"{text[:80]}…"
