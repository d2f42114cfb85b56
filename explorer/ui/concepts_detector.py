"""The picture of a section about the detector, and what the shared detector did to it; each computed once."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import streamlit as st

from explorer.config import preset
from explorer.errors import ExplorerError
from explorer.inference.open_image import ALLOWED, EXTENSIONS, MAX_BYTES, open_image
from explorer.inference.samples import SAMPLES, Sample, scene_number
from explorer.runtime.recent import Recent
from explorer.training import Scene
from explorer.ui import predict_gallery, predict_run
from explorer.ui.plain import plain
from explorer.ui.predict_source import Picture
from explorer.weights import WeightsKind

if TYPE_CHECKING:
    from explorer.concepts.observing import Observation

NETWORK = "scenes_det"
"""The detector that comes with trained weights."""

MAX_KEPT_BYTES = 192 * 2**20


_SAMPLE, _OWN = "concepts.sample", "concepts.own"
"""Where the session keeps the picture: both sections show the same one."""


def choose(key: str) -> Picture:
    """A sample to click, or a file of the visitor's; a file wins until it is taken away."""
    own: Picture | None = st.session_state.get(_OWN)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        if own is None:
            with st.container(width=590):
                sample = _sample(f"{key}-sample")
            _upload(key, "Own picture")
            return Picture(sample.file, sample.path.read_bytes(), _truth(sample.number))
        st.markdown(f"Shown: **{plain(own.name)}**", width="content")
        st.button("Back to the samples", icon=":material/photo_library:", key=f"{key}-back", on_click=_forget)
        _upload(key, "Another picture")
    return own


def _sample(key: str) -> Sample:
    """The chosen sample. The gallery is told where to start only when it appears: told again, it would lose focus."""
    start = f"{key}.start"
    if key not in st.session_state or start not in st.session_state:
        st.session_state[start] = st.session_state.get(_SAMPLE, SAMPLES[0].name)
    sample = predict_gallery.pick(st.session_state[start], key=key)
    st.session_state[_SAMPLE] = sample.name
    return sample


def _upload(key: str, label: str) -> None:
    name = f"{key}-upload"

    def take() -> None:
        file = st.session_state[name]
        if file is not None:
            st.session_state[_OWN] = Picture(file.name, file.getvalue())

    megabytes = MAX_BYTES // 2**20
    with st.popover(label, icon=":material/upload:"):
        st.file_uploader(
            f"A {ALLOWED} image of at most {megabytes} MB",
            type=list(EXTENSIONS),
            max_upload_size=megabytes,
            key=name,
            on_change=take,
        )


def _forget() -> None:
    st.session_state.pop(_OWN, None)


@st.cache_data(max_entries=16, show_spinner=False)
def _truth(number: int) -> Scene:
    return scene_number(number)


@st.cache_resource(show_spinner=False)
def _kept() -> Recent[str, Observation]:
    """What was observed lately: a slider never runs the network."""
    return Recent(MAX_KEPT_BYTES)


def observed(picture: Picture) -> Observation | None:
    """What the detector does to a picture; None after saying what is wrong. The first time shows its progress."""
    key = sha256(picture.data).hexdigest()
    found = _kept().get(key)
    if found is not None:
        return found
    slot = st.empty()
    try:
        open_image(picture.data)  # refused before torch or the network is waited for
        with slot.container(), st.status("Preparing the detector", type="compact") as status:
            from explorer.concepts.observing import observe

            engine = predict_run.engines().engine_for(preset(NETWORK), WeightsKind.SHIPPED.value)
            status.update(label="Waiting for the detector to be free")
            found = observe(
                engine,
                picture.data,
                lambda: status.update(label=f"Running {NETWORK} on {engine.device}"),
            )
    except ExplorerError as error:
        slot.error(plain(error), icon=":material/error:")
        return None
    slot.empty()
    _kept().put(key, found)
    return found
