"""What the current weights can and cannot say about a picture."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from explorer.config import ClassifyHead, ModelConfig, Task, preset
from explorer.config.protocol import protocol_of
from explorer.inference.prediction import NOTHING_TO_SAY
from explorer.ui import state
from explorer.ui.plain import plain
from explorer.ui.state import Current
from explorer.weights import Published, WeightsKind

_SCENE_NETWORKS = {Task.SEGMENTATION: "scenes_seg", Task.DETECTION: "scenes_det"}
_VERBS = {
    Task.SEGMENTATION: "Segment scenes with trained weights",
    Task.DETECTION: "Detect in scenes with trained weights",
}


def show(here: Current) -> None:
    """Say what the weights have seen, and offer the networks that were trained for this explorer.

    A network without a head ends the page here, with networks that do answer.
    """
    if here.config.task is Task.FEATURES:
        _refuse(here)
    protocol = protocol_of(here.config)
    if here.weights == WeightsKind.RANDOM:
        st.warning(
            "These weights are random: the network has learned nothing, and what it answers is noise. "
            "It runs all the same, to show sizes and times.",
            icon=":material/casino:",
        )
        _switches(here)
    elif here.weights == WeightsKind.SHIPPED:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                f"These weights have seen {protocol.pictures}: on a photograph they find shapes that are not there.",
                width="stretch",
            )
            _switches(here)
    elif protocol.pictures != "unknown pictures":
        item = here.published
        st.caption(
            f"{'' if item is None else f'{plain(_about(item))} '}"
            f"Pictures are prepared as for {protocol.name}: {protocol.pictures}."
        )


def _about(item: Published) -> str:
    """What runs, how good it is, and its terms."""
    accuracy = f" {item.accuracy.text}." if item.accuracy else ""
    return f"{item.title}.{accuracy} Licence: {item.licence.name}. {item.licence.note}"


def _refuse(here: Current) -> NoReturn:
    """Say that the network does not predict, offer the same backbone with a classifier, and end the page."""
    st.info(NOTHING_TO_SAY, icon=":material/block:")
    classifier = ModelConfig(backbone=here.config.backbone, head=ClassifyHead())

    def classify() -> None:
        state.apply(state.changed(here, model=classifier))

    with st.container(horizontal=True):
        st.button(
            "Classify with this backbone",
            key="predict-classify",
            on_click=classify,
            help="Keep the backbone and give it a classifier of 1000 classes, with random weights",
        )
        _switches(here)
    st.stop()


def _switches(here: Current) -> None:
    """A button for each network that comes with trained weights and is not the one that runs."""

    def switch(name: str) -> None:
        state.apply(state.changed(state.changed(here, model=name), weights=WeightsKind.SHIPPED.value))

    trained = [
        (task, name) for task, name in _SCENE_NETWORKS.items() if state.has_shipped_weights(preset(name))
    ]
    with st.container(horizontal=True, width="content"):
        for task, name in trained:
            if name != here.preset or here.weights == WeightsKind.RANDOM:
                st.button(
                    _VERBS[task],
                    key=f"predict-switch-{name}",
                    on_click=switch,
                    args=(name,),
                    help=f"Switch to {name}, which comes with trained weights",
                )
