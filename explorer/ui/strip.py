"""The slim strip under every title: what the current network is, with one control to change each part of it."""

from html import escape

import streamlit as st

from explorer.config import ModelConfig, presets
from explorer.errors import ExplorerError
from explorer.ui import control, numbers, services, shell, state, weights_control
from explorer.ui.catalog import entries, group_of
from explorer.ui.plain import plain

_SIDES = (224, 320, 512, 640, 1024)


def show(*, building: bool = False) -> state.Current:
    """Draw the strip and return the current network; ends the page's run where the network cannot take the size.

    ``building`` is for the page that changes the network itself: it goes on, and needs no link to itself.
    """
    current = state.current()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="strip"):
        _network(current)
        facts = st.empty()
        _size(current)
        weights_control.show(current)
        _device(current)
        if not building:
            shell.page_link("build", current, "Change", ":material/tune:")
    for sentence in (*current.notices, *weights_control.notices(current)):
        st.warning(plain(sentence), icon=":material/info:")
    weights_control.below(current)
    if problem := control.refusal():
        st.error(plain(problem), icon=":material/error:")
    _facts(facts, current, stop=not building)
    return current


def _facts(slot: st.delta_generator.DeltaGenerator, current: state.Current, *, stop: bool) -> None:
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
            if not stop:
                return
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


def _network(current: state.Current) -> None:
    own = () if current.preset else (current.title,)
    key = control.identity(current, "network")

    def choose() -> None:
        name = st.session_state[key]
        if name in presets():
            control.change(state.changed(state.current(), model=name))

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
            control.refuse(error)
            return
        control.change(state.changed(state.current(), size=size))

    identity = control.identity(current, numbers.size(current.size))
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


def _device(current: state.Current) -> None:
    # Which devices there are is torch's to say: asked only once the list is opened.
    popover = st.popover(
        services.device_name(current), icon=":material/memory:", on_change="rerun", key="strip.device"
    )
    if popover.open:
        from explorer.runtime import device as device_module

        present = device_module.devices()
        key = control.identity(current, "device", current.device)

        def choose() -> None:
            control.change(state.changed(state.current(), device=st.session_state[key]))

        popover.radio(
            "Device",
            present,
            index=present.index(current.device) if current.device in present else 0,
            format_func=lambda name: "CPU" if name == "cpu" else name,
            captions=[device_module.title(name) for name in present],
            key=key,
            on_change=choose,
        )
