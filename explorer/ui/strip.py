"""The slim strip under every title: what the current network is, with one control to change each part of it."""

from html import escape

import streamlit as st

from explorer.config import ModelConfig, presets
from explorer.errors import ExplorerError
from explorer.ui import configure, numbers, services, state
from explorer.ui.catalog import entries, group_of
from explorer.ui.plain import plain
from explorer.weights import WeightsKind

_PROBLEM = "strip.problem"
_UPLOAD = "strip.upload"
_CHANGES = "strip.changes"
_SIDES = (224, 320, 512, 640, 1024)
_SHORT = {
    WeightsKind.RANDOM: "Random weights",
    WeightsKind.SHIPPED: "Shipped weights",
    WeightsKind.PUBLISHED: "Published weights",
    WeightsKind.OWN: "Own weights",
}


def show() -> state.Current:
    """Draw the strip and return the current network; ends the page's run where the network cannot take the size."""
    current = state.current()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="strip"):
        _network(current)
        facts = st.empty()
        _size(current)
        _weights(current)
        _device(current)
        configure.button(current)
    for sentence in (*current.notices, *_own_notice(current)):
        st.warning(plain(sentence), icon=":material/info:")
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(plain(problem), icon=":material/error:")
    _facts(facts, current)
    return current


def own_weights(current: state.Current) -> bytes | None:
    """The checkpoint that this visitor chose for the current network, None where its weights are not ``own``."""
    kept = st.session_state.get(_UPLOAD)
    if current.weights != WeightsKind.OWN or kept is None or kept[0] != current.config.digest:
        return None
    content: bytes = kept[2]
    return content


def _facts(slot: st.delta_generator.DeltaGenerator, current: state.Current) -> None:
    entry = entries().get(current.preset or "")
    if entry is not None and current.size == current.config.default_input[2:]:
        # Measured before: the strip of a preset needs no torch.
        counts = (entry.parameters, entry.live_parameters, entry.macs)
    else:
        slot.skeleton(height=24)
        try:
            totals = services.graph_of(current.config, current.size).totals
        except ExplorerError as error:
            slot.empty()
            st.error(_no_size(current, error), icon=":material/error:")
            st.stop()
        counts = (totals.parameters, totals.live_parameters, totals.macs)
    parameters, live, macs = counts
    group = escape(group_of(current.config, current.preset))
    slot.html(
        f'<div class="facts-line" title="{parameters:,} parameters, of which {live:,} reach an output; '
        f'{macs:,} multiply-accumulates (convolutions and linear layers) for one image">'
        f"<span>{group} ·</span> <b>{numbers.count(parameters)}</b> <span>parameters"
        f"{'' if live == parameters else f' ({numbers.count(live)} live)'} ·</span> "
        f"<b>{numbers.macs(macs)}</b> <span>at {numbers.size(current.size)}</span></div>",
        width="stretch",
    )


def _no_size(current: state.Current, error: ExplorerError) -> str:
    default = current.config.default_input[2:]
    if current.size == default:
        return plain(error)
    return plain(
        f"{error} {current.title} does not take {numbers.size(current.size)}: use {numbers.size(default)}."
    )


def _identity(current: state.Current, *parts: str) -> str:
    """A key for a control about this state that was never used before.

    With every change all controls start over: one that came back under its old key, after the back button, would
    still show what was chosen there.
    """
    return ".".join(("strip", *parts, current.config.digest, str(st.session_state.get(_CHANGES, 0))))


def _change(current: state.Current) -> None:
    st.session_state[_CHANGES] = st.session_state.get(_CHANGES, 0) + 1
    state.apply(current)


def _network(current: state.Current) -> None:
    own = () if current.preset else (current.title,)
    key = _identity(current, "network")

    def choose() -> None:
        name = st.session_state[key]
        if name in presets():
            _change(state.changed(state.current(), model=name))

    st.selectbox(
        "Network",
        (*own, *presets()),
        index=[*own, *presets()].index(current.title),
        label_visibility="collapsed",
        width=300,
        key=key,
        on_change=choose,
    )


def _size(current: state.Current) -> None:
    def choose(key: str) -> None:
        text = st.session_state[key]
        if not text:
            return
        try:
            size = state.fitting_size(text, current.config)
        except ExplorerError as error:
            st.session_state[_PROBLEM] = str(error)
            return
        _change(state.changed(state.current(), size=size))

    identity = _identity(current, numbers.size(current.size))
    with st.popover(numbers.size(current.size), icon=":material/aspect_ratio:"):
        st.pills(
            "Input size, pixels",
            _sides(current.config),
            format_func=lambda side: f"{side}×{side}",
            key=f"{identity}.side",
            on_change=choose,
            args=(f"{identity}.side",),
        )
        step = current.config.size_step
        st.text_input(
            "Height × width",
            placeholder="such as 512x768",
            key=f"{identity}.text",
            on_change=choose,
            args=(f"{identity}.text",),
            help=f"From {state.MIN_SIDE} to {state.MAX_SIDE}{f', in multiples of {step}' if step > 1 else ''}.",
        )


def _sides(config: ModelConfig) -> list[str]:
    """Common sides that the network takes, and the one at which it is quoted."""
    fitting = {side for side in _SIDES if side % config.size_step == 0}
    return [str(side) for side in sorted({*fitting, config.default_input[2]})]


def _weights(current: state.Current) -> None:
    kinds = [WeightsKind.RANDOM.value]
    if state.has_shipped_weights(current.config):
        kinds.insert(0, WeightsKind.SHIPPED.value)
    if current.weights not in kinds:
        kinds.append(current.weights)
    key = _identity(current, "weights", current.weights)

    def choose() -> None:
        _change(state.changed(state.current(), weights=st.session_state[key]))

    def upload() -> None:
        file = st.session_state[f"{key}.file"]
        if file is not None:
            st.session_state[_UPLOAD] = (current.config.digest, file.name, file.getvalue())
            _change(state.changed(state.current(), weights=WeightsKind.OWN.value))

    with st.popover(_SHORT[WeightsKind(current.weights)], icon=":material/weight:"):
        st.radio(
            "Weights",
            kinds,
            index=kinds.index(current.weights),
            format_func=lambda kind: _SHORT[WeightsKind(kind)],
            key=key,
            on_change=choose,
        )
        st.file_uploader(
            "A checkpoint, published or your own",
            type=["safetensors", "pth", "pt", "tar"],
            key=f"{key}.file",
            on_change=upload,
            help="Read as tensors only, never as code; it stays in this browser session.",
        )


def _own_notice(current: state.Current) -> tuple[str, ...]:
    if current.weights != WeightsKind.OWN or own_weights(current) is not None:
        return ()
    return ("Own weights stay in the browser session in which they were chosen: choose the file again.",)


def _device(current: state.Current) -> None:
    # Which devices there are is torch's to say: asked only once the list is opened.
    popover = st.popover(
        services.device_name(current), icon=":material/memory:", on_change="rerun", key="strip.device"
    )
    if popover.open:
        from explorer.runtime import device as device_module

        present = device_module.devices()
        key = _identity(current, "device", current.device)

        def choose() -> None:
            _change(state.changed(state.current(), device=st.session_state[key]))

        popover.radio(
            "Device",
            present,
            index=present.index(current.device) if current.device in present else 0,
            format_func=lambda name: "CPU" if name == "cpu" else name,
            captions=[device_module.title(name) for name in present],
            key=key,
            on_change=choose,
        )
