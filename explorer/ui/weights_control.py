"""The strip's control for weights: what the network runs with, and the ways to other weights."""

import streamlit as st

from explorer.ui import control, state
from explorer.weights import WeightsKind

_UPLOAD = "strip.upload"
_SHORT = {
    WeightsKind.RANDOM: "Random weights",
    WeightsKind.SHIPPED: "Shipped weights",
    WeightsKind.PUBLISHED: "Published weights",
    WeightsKind.OWN: "Own weights",
}


def show(current: state.Current) -> None:
    """Draw the button that says which weights are loaded, and what it opens."""
    kinds = [WeightsKind.RANDOM.value]
    if state.has_shipped_weights(current.config):
        kinds.insert(0, WeightsKind.SHIPPED.value)
    if current.weights not in kinds:
        kinds.append(current.weights)
    key = control.identity(current, "weights", current.weights)

    def choose() -> None:
        control.change(state.changed(state.current(), weights=st.session_state[key]))

    def upload() -> None:
        file = st.session_state[f"{key}.file"]
        if file is not None:
            st.session_state[_UPLOAD] = (current.config.digest, file.name, file.getvalue())
            control.change(state.changed(state.current(), weights=WeightsKind.OWN.value))

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


def own(current: state.Current) -> bytes | None:
    """The checkpoint that this visitor chose for the current network, None where its weights are not ``own``."""
    kept = st.session_state.get(_UPLOAD)
    if current.weights != WeightsKind.OWN or kept is None or kept[0] != current.config.digest:
        return None
    content: bytes = kept[2]
    return content


def notices(current: state.Current) -> tuple[str, ...]:
    """Sentences about weights that the address asks for and that are not there."""
    if current.weights != WeightsKind.OWN or own(current) is not None:
        return ()
    return ("Own weights stay in the browser session in which they were chosen: choose the file again.",)
