"""The dialog in which a visitor changes the current network, and builds it."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import streamlit as st

from explorer.config import ModelConfig
from explorer.errors import ExplorerError
from explorer.ui import configure_fields, numbers, services, shell, state
from explorer.ui.catalog import BACKBONE_NAMES
from explorer.ui.draft import BACKBONES, HEADS, Draft
from explorer.ui.plain import plain

if TYPE_CHECKING:
    from torch import Tensor

_DRAFT = "configure.draft"
_BUILT = "configure.built"
_HEAD_NAMES = {
    "classify": "Classification",
    "dla_up": "Segmentation (DLA-up)",
    "centernet": "Detection (CenterNet)",
    "deeplab": "Segmentation (DeepLab)",
    "features": "None: features by stage",
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
    _kind(draft, "Backbone", list(BACKBONES), backbone["kind"], BACKBONE_NAMES, draft.choose_backbone)
    configure_fields.show(draft, "backbone", backbone, BACKBONES[backbone["kind"]])
    heads = draft.heads()
    offered = [kind for kind, reason in heads.items() if reason is None or kind == head["kind"]]
    _kind(draft, "Head", offered, head["kind"], _HEAD_NAMES, draft.choose_head)
    configure_fields.show(draft, "head", head, HEADS[head["kind"]])
    for kind, reason in heads.items():
        if kind not in offered:
            st.caption(f"{_HEAD_NAMES[kind]} is not offered: {plain(str(reason))}.")


def _kind(
    draft: Draft,
    label: str,
    kinds: Sequence[str],
    kind: str,
    names: Mapping[str, str],
    choose: Callable[[str], None],
) -> None:
    key = f"configure.{label}.kind.{draft.revision}"
    st.selectbox(
        label,
        kinds,
        index=kinds.index(kind),
        format_func=names.__getitem__,
        key=key,
        disabled=draft.behind or len(kinds) == 1,
        on_change=lambda: choose(st.session_state[key]),
    )


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


def _build_and_apply(current: state.Current, config: ModelConfig) -> None:
    fits = all(side % config.size_step == 0 for side in current.size)
    usual = config.default_input == current.config.default_input
    size = current.size if usual and fits else None
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
