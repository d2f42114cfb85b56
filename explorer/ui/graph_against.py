"""The network that the Graph page compares with: ``against=<preset>`` or ``against_config=…`` in the URL.

Like the current network's parameters, these were written by a stranger: looked up or bounded, and answered with a
sentence where they cannot be used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

import streamlit as st

from explorer.config import ModelConfig, preset, presets
from explorer.config.differences import nearest_preset
from explorer.errors import ConfigError, ExplorerError
from explorer.graph.layer_graph import LayerGraph
from explorer.ui import numbers, services, state
from explorer.ui.build_bench import FROM

NAME, CONFIG, OPEN, NODE = "against", "against_config", "against_open", "against_node"
_PROBLEM = "graph.against.problem"
_CHANGES = "graph.against.changes"
_LINK_CHARACTERS = 12_000


@dataclass(frozen=True, slots=True)
class Against:
    """The other network with its graph, and what there is to say about it; None where there is none."""

    there: state.Current | None
    graph: LayerGraph | None
    notices: tuple[str, ...]


def asked() -> tuple[ModelConfig | None, str | None]:
    """The configuration that the URL asks to compare with, and a sentence where it asks in vain."""
    query = st.query_params
    try:
        if CONFIG in query:
            return state.decode(query[CONFIG]), None
        if NAME in query:
            return preset(query[NAME]), None
    except ConfigError as error:
        return None, f"{error} There is nothing to compare with."
    return None, None


def traced(here: state.Current) -> Against:
    """The other network at the current one's input size; at its own where it does not take that."""
    config, problem = asked()
    notices = [problem] if problem else []
    late = st.session_state.pop(_PROBLEM, None)
    notices += [late] if late else []
    if config is None:
        return Against(None, None, tuple(notices))
    there = state.changed(replace(here, size=config.default_input[2:]), model=config)
    try:
        fitting = replace(there, size=state.fitting_size(f"{here.size[0]}x{here.size[1]}", config))
        return Against(fitting, services.graph_of(config, fitting.size), tuple(notices))
    except ExplorerError as error:
        reason = str(error)
    try:
        graph = services.graph_of(config, there.size)
    except ExplorerError as error:
        return Against(None, None, (*notices, f"{error} There is nothing to compare with."))
    own, wanted = (numbers.size(size) for size in (there.size, here.size))
    notices.append(
        f"{there.title} is shown at {own}, {here.title} at {wanted}, which changes shapes and costs too. {reason}"
    )
    return Against(there, graph, tuple(notices))


def origin(here: state.Current) -> str | None:
    """The preset that the current network came from; None where it is one."""
    if here.preset is not None:
        return None
    named = st.query_params.get(FROM, "")
    return named if named in presets() else nearest_preset(here.config)


def choose(here: state.Current) -> None:
    """The control: a preset, the one that the network came from, or any network by the address of a page about it."""
    config, _ = asked()
    names = list(presets())
    source = origin(here)
    if source:
        names = [source, *(name for name in names if name != source)]
    shown = None
    if config is not None:
        shown = next(
            (name for name, known in presets().items() if known.digest == config.digest), config.title
        )
        names = names if shown in names else [shown, *names]
    # Never used twice: the back button changes the URL, and a control keeps its value while its name stays.
    key = f"graph.against.{here.config.digest}.{config.digest if config else ''}.{st.session_state.get(_CHANGES, 0)}"

    def label(name: str) -> str:
        text = f"{name}, which it came from" if name == source else name
        return f"against {text}" if name == shown else text

    def chosen() -> None:
        st.session_state[_CHANGES] = st.session_state.get(_CHANGES, 0) + 1
        write(st.session_state[key])

    if config is not None:
        st.button("Stop comparing", on_click=write, args=(None,), type="tertiary", icon=":material/close:")
    st.selectbox(
        "Compare with", names, index=names.index(shown) if shown else None, key=key, on_change=chosen, width=300,
        placeholder="Compare with…", label_visibility="collapsed", accept_new_options=True,
        format_func=label,
        help="A preset, or the address of this page with a network of your own.",
    )  # fmt: skip


def write(text: str | None) -> None:
    """Put what was chosen, or pasted, into the URL: a preset's name, or the address of a page; None for nothing."""
    for name in (NAME, CONFIG, OPEN, NODE):
        st.query_params.pop(name, None)
    if not text:
        return
    query = parse_qs(urlsplit(text.strip()[:_LINK_CHARACTERS]).query)
    try:
        if "config" in query:
            state.decode(query["config"][0])
            st.query_params[CONFIG] = query["config"][0]
        else:
            name = query["model"][0] if "model" in query else text
            preset(name)
            st.query_params[NAME] = name
    except ConfigError as error:
        st.session_state[_PROBLEM] = str(error)
