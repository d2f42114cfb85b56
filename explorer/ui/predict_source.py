"""Where the picture comes from: a sample, a fresh scene, a file, the camera."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

from explorer.inference.open_image import ALLOWED, EXTENSIONS, MAX_BYTES
from explorer.inference.samples import MAX_NUMBER, SAMPLES, scene_file, scene_number
from explorer.scenes import Scene
from explorer.ui import predict_gallery
from explorer.ui.plain import plain

_KEPT = "predict.file"
_LAST = "predict.last"
_LAST_SCENE = "predict.last-scene"


class Source(StrEnum):
    """The ways to a picture; ``sample`` and ``scene`` are also the names of URL parameters."""

    SAMPLE = "sample"
    SCENE = "scene"
    UPLOAD = "upload"
    CAMERA = "camera"


_PARAMETERS = (Source.SAMPLE.value, Source.SCENE.value)

_TITLES = {
    Source.SAMPLE: ":material/photo_library: Samples",
    Source.SCENE: ":material/casino: Fresh scene",
    Source.UPLOAD: ":material/upload: Upload",
    Source.CAMERA: ":material/photo_camera: Camera",
}


@dataclass(frozen=True, eq=False)
class Picture:
    """A file to run on: ``name`` for its downloads, ``data`` its bytes, ``truth`` the answer where it is known."""

    name: str
    data: bytes
    truth: Scene | None = None


def choose() -> Picture | None:
    """Draw the controls and return the chosen picture, None as long as there is none.

    The URL says which sample or scene is shown, so that a link leads to the same answer.
    """
    source = st.segmented_control(
        "Picture",
        list(Source),
        format_func=lambda source: _TITLES[source],
        default=_asked_source(),
        required=True,
        key="predict-source",
        label_visibility="collapsed",
    )
    st.session_state[_LAST] = source
    picture: Picture | None
    match source:
        case Source.SCENE:
            picture, where = _scene()
        case Source.UPLOAD:
            picture, where = _upload(), None
        case Source.CAMERA:
            picture, where = _camera(), None
        case _:
            picture, where = _sample()
    for parameter in _PARAMETERS:
        wanted = where if parameter == source.value else None
        if wanted is None and parameter in st.query_params:
            del st.query_params[parameter]
        elif wanted is not None and st.query_params.get(parameter) != wanted:
            st.query_params[parameter] = wanted
    return picture


def _asked_source() -> Source:
    """What the link asks for, otherwise what was chosen last: other pages' links say nothing of pictures."""
    for source in (Source.SCENE, Source.SAMPLE):
        if source.value in st.query_params:
            return source
    return Source(st.session_state.get(_LAST, Source.SAMPLE))


def _sample() -> tuple[Picture, str | None]:
    # What the link asked for is marked at first; afterwards the visitor's clicks count.
    start = st.session_state.setdefault("predict.sample", st.query_params.get(Source.SAMPLE.value, ""))
    sample = predict_gallery.pick(start, key="predict-gallery")
    # The first is what a link without one leads to: naming it would cost a press of the back button.
    where = None if sample is SAMPLES[0] else sample.name
    return Picture(sample.file, sample.path.read_bytes(), _truth(sample.number)), where


def _scene() -> tuple[Picture, str | None]:
    def another() -> None:
        st.session_state["predict-scene"] = (st.session_state["predict-scene"] + 1) % (MAX_NUMBER + 1)

    if "predict-scene" not in st.session_state:
        st.session_state["predict-scene"] = _asked_number()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = int(
            st.number_input(
                "Scene number",
                0,
                MAX_NUMBER,
                key="predict-scene",
                width=170,
                help="Every number is a scene of its own, drawn from a seed that no training has used.",
            )
        )
        st.button("Another scene", icon=":material/casino:", on_click=another)
    st.session_state[_LAST_SCENE] = number
    return Picture(f"scene-{number}.png", _drawn(number), _truth(number)), str(number)


def _asked_number() -> int:
    """The scene that the link asks for, otherwise the one shown last; the first for what is no scene's number."""
    text = st.query_params.get(Source.SCENE.value, str(st.session_state.get(_LAST_SCENE, 1)))
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else 1


def _upload() -> Picture | None:
    megabytes = MAX_BYTES // 2**20
    file = st.file_uploader(
        f"A {ALLOWED} image of at most {megabytes} MB",
        type=list(EXTENSIONS),
        max_upload_size=megabytes,
        key="predict-upload",
        on_change=_forget,
    )
    if file is not None:
        # Kept for the way back: Streamlit forgets a widget's file when another page is shown.
        st.session_state[_KEPT] = (file.name, file.getvalue())
    kept = st.session_state.get(_KEPT)
    if kept is None:
        st.caption(
            "The picture stays on this server's memory for this browser session and is sent nowhere else."
        )
        return None
    if file is None:
        st.caption(f"Still here: {plain(kept[0])}")
    return Picture(*kept)


def _forget() -> None:
    st.session_state.pop(_KEPT, None)


def _camera() -> Picture | None:
    shot = st.camera_input("Take a picture", key="predict-camera", width=480)
    return None if shot is None else Picture("camera.jpg", shot.getvalue())


@st.cache_data(max_entries=64, show_spinner=False)
def _drawn(number: int) -> bytes:
    return scene_file(number)


@st.cache_data(max_entries=64, show_spinner=False)
def _truth(number: int) -> Scene:
    return scene_number(number)
