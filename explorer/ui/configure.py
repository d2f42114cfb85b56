"""The dialog in which a visitor changes the current network, and builds it."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import streamlit as st

from explorer.config import Aggregation, Block, ModelConfig, Pool
from explorer.config.part import MAX_CHANNELS, MAX_CLASSES
from explorer.errors import ExplorerError
from explorer.ui import numbers, services, shell, state
from explorer.ui.draft import HEADS, Draft, numbers_in
from explorer.ui.plain import plain

if TYPE_CHECKING:
    from torch import Tensor

_DRAFT = "configure.draft"
_BUILT = "configure.built"
_HEAD_NAMES = {
    "classify": "Classification",
    "dla_up": "Segmentation (DLA-up)",
    "centernet": "Detection (CenterNet)",
}


@dataclass(frozen=True, slots=True)
class Built:
    """What building a network and running it once showed; times in seconds, ``outputs`` by name."""

    device: str
    parameters: int
    macs: int
    building: float
    running: float
    size: tuple[int, int]
    outputs: tuple[tuple[str, tuple[int, ...]], ...]


def button(current: state.Current, label: str = "Configure") -> None:
    """Open the dialog on a draft of the current network."""
    if st.button(label, icon=":material/tune:", key="strip-configure"):
        st.session_state[_DRAFT] = Draft.of(current.config)
        st.session_state.pop(_BUILT, None)
        _dialog(current)


@st.dialog("Configuration", width="large", on_dismiss="rerun")
def _dialog(current: state.Current) -> None:
    draft: Draft = st.session_state[_DRAFT]
    sides = st.grid(2, min_column_width=360, gap="medium")
    with sides.cell():
        _form(draft)
    with sides.cell(), st.container(key="configure-text"):
        _text(draft)
    if draft.problem:
        st.error(plain(draft.problem), icon=":material/error:")
    pressed = st.button(
        f"Build on {services.device_name(current)}",
        type="primary",
        icon=":material/construction:",
        disabled=draft.config is None,
        key="configure-build",
    )
    if pressed and draft.config is not None:
        st.session_state.pop(_BUILT, None)
        _build_and_apply(current, draft.config)
    if _BUILT in st.session_state:
        about, built = st.session_state[_BUILT]
        _report(about, built)


def _form(draft: Draft) -> None:
    if draft.behind:
        st.info("The fields follow again once the YAML is valid.", icon=":material/sync_disabled:")
    backbone, head = draft.fields["backbone"], draft.fields["head"]
    _numbers(
        draft,
        "levels",
        backbone,
        "Depth of each level",
        "Convolutions at levels 0 and 1, tree depth at 2 to 5.",
    )
    _numbers(
        draft, "channels", backbone, "Channels of each level", f"Six numbers from 1 to {MAX_CHANNELS:,}."
    )
    left, right = st.columns(2)
    with left:
        _choice(draft, "backbone", "block", backbone, "Block", [block.value for block in Block])
    with right:
        _number(
            draft, "backbone", "cardinality", backbone, "Cardinality", 1, 256, "Groups of a bottleneck_x."
        )
    _switch(draft, "backbone", "root_residual", backbone, "Roots add their last child (residual)")
    kinds = list(HEADS)
    st.selectbox(
        "Head",
        kinds,
        index=kinds.index(head["kind"]) if head.get("kind") in kinds else 0,
        format_func=_HEAD_NAMES.__getitem__,
        key=_key(draft, "kind"),
        disabled=draft.behind,
        on_change=lambda: draft.choose_head(st.session_state[_key(draft, "kind")]),
    )
    _head_fields(draft, head)


def _head_fields(draft: Draft, head: Mapping[str, Any]) -> None:
    left, right = st.columns(2)
    with left:
        if head["kind"] != "centernet":
            _number(draft, "head", "classes", head, "Classes", 1, MAX_CLASSES)
        elif "hm" in head["heads"]:
            _number(
                draft, "head.heads", "hm", head["heads"], "Classes", 1, MAX_CLASSES, "Maps of the head `hm`."
            )
    with right:
        if head["kind"] == "classify":
            _choice(draft, "head", "pool", head, "Pooling", [pool.value for pool in Pool])
        else:
            _choice(draft, "head", "down_ratio", head, "Down ratio", [2, 4, 8, 16])
    if head["kind"] == "centernet":
        left, right = st.columns(2)
        with left:
            _choice(draft, "head", "aggregation", head, "Nodes", [way.value for way in Aggregation])
        with right:
            _number(draft, "head", "head_conv", head, "Channels of each output head", 0, MAX_CHANNELS)
        _switch(draft, "head", "deformable", head, "Deformable convolutions")


def _text(draft: Draft) -> None:
    key = f"configure.text.{draft.revision}"
    st.text_area(
        "YAML",
        draft.text,
        height=430,
        key=key,
        on_change=lambda: draft.type(st.session_state[key]),
        help="Every field, also those without a control. Press Ctrl+Enter to apply what you typed.",
    )


def _key(draft: Draft, name: str) -> str:
    return f"configure.{name}.{draft.revision}"


def _numbers(draft: Draft, name: str, fields: Mapping[str, Any], label: str, note: str) -> None:
    value, key = fields.get(name), _key(draft, name)
    st.text_input(
        label,
        ", ".join(str(item) for item in value) if isinstance(value, list) else str(value),
        key=key,
        help=note,
        disabled=draft.behind,
        on_change=lambda: draft.set("backbone", name, numbers_in(st.session_state[key])),
    )


def _number(
    draft: Draft,
    part: str,
    name: str,
    fields: Mapping[str, Any],
    label: str,
    low: int,
    high: int,
    note: str = "",
) -> None:
    value, key = fields.get(name), _key(draft, name)
    st.number_input(
        label,
        low,
        high,
        min(max(value, low), high) if isinstance(value, int) else low,
        key=key,
        help=note or None,
        disabled=draft.behind,
        on_change=lambda: draft.set(part, name, st.session_state[key]),
    )


def _choice(
    draft: Draft, part: str, name: str, fields: Mapping[str, Any], label: str, options: Sequence[str | int]
) -> None:
    value, key = fields.get(name), _key(draft, name)
    st.selectbox(
        label,
        options,
        index=options.index(value) if value in options else 0,
        key=key,
        disabled=draft.behind,
        on_change=lambda: draft.set(part, name, st.session_state[key]),
    )


def _switch(draft: Draft, part: str, name: str, fields: Mapping[str, Any], label: str) -> None:
    key = _key(draft, name)
    st.toggle(
        label,
        bool(fields.get(name)),
        key=key,
        disabled=draft.behind,
        on_change=lambda: draft.set(part, name, st.session_state[key]),
    )


def _build_and_apply(current: state.Current, config: ModelConfig) -> None:
    size = current.size if config.task is current.config.task else None
    about = state.changed(current, model=config, size=size)
    problem = None
    with st.status("Building the network", expanded=True) as status:
        try:
            built = _build(about, st.write)
        except ExplorerError as error:
            problem = error
            status.update(label="The network was not built", state="error", expanded=False)
        else:
            status.update(label=f"Built on {built.device}", state="complete", expanded=False)
    if problem is not None:
        # Outside the steps, which fold away: the reason is what counts now.
        st.error(plain(problem), icon=":material/error:")
        return
    state.apply(about)
    st.session_state[_BUILT] = (about, built)


@st.cache_resource(show_spinner=False)
def _turn() -> threading.Lock:
    """One build at a time: two that each fit into memory may not fit together."""
    return threading.Lock()


def _build(about: state.Current, say: Any) -> Built:
    """Trace, check the memory, build and run once with zeros; raises ExplorerError where any of it cannot be done."""
    say("Tracing shapes and cost")
    graph = services.graph_of(about.config, about.size)
    import torch

    from explorer.runtime import engine_for

    say(f"{numbers.parameters(graph.totals.parameters)}, {numbers.macs(graph.totals.macs)}")
    with _turn():
        say("Building")
        began = perf_counter()
        engine = engine_for(about.config, "random", about.device)
        built = perf_counter()
        say("Running once")
        engine.require((about.size[1], about.size[0]))
        outputs, turn = engine.run(torch.zeros(about.input_shape))
    return Built(
        device=engine.device,
        parameters=sum(parameter.numel() for parameter in engine.network.parameters()),
        macs=graph.totals.macs,
        building=built - began,
        running=turn.computed,
        size=about.size,
        outputs=tuple((name, tuple(tensor.shape)) for name, tensor in _named(outputs)),
    )


def _named(outputs: Any, name: str = "") -> Iterator[tuple[str, "Tensor"]]:
    """The tensors in what a network returns, each by its place: ``0``, ``1``, ``hm``."""
    match outputs:
        case Mapping():
            for key, value in outputs.items():
                yield from _named(value, str(key))
        case list() | tuple():
            for place, value in enumerate(outputs):
                yield from _named(value, name or f"output {place}")
        case _:
            yield name or "output", outputs


def _report(about: state.Current, built: Built) -> None:
    with st.container(horizontal=True, gap="large"):
        st.metric("Parameters", numbers.count(built.parameters), width="content")
        st.metric(f"MACs at {numbers.size(built.size)}", numbers.macs(built.macs), width="content")
        st.metric("Building", numbers.duration(built.building), width="content")
        st.metric(f"First pass on {built.device}", numbers.duration(built.running), width="content")
    st.markdown("  \n".join(f"`{name}` &nbsp; {numbers.shape(shape)}" for name, shape in built.outputs))
    st.caption("This is now the current network: its address carries the whole configuration.")
    with st.container(horizontal=True):
        for page in ("graph", "layers", "predict"):
            shell.page_link(page, about)
        if st.button("Close", key="configure-close"):
            st.rerun()
