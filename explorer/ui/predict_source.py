"""Where the picture comes from: a sample, a fresh scene, a file, the camera."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

from explorer.inference.open_image import ALLOWED, EXTENSIONS, MAX_BYTES
from explorer.inference.samples import MAX_NUMBER, scene_file, scene_number
from explorer.training import Scene
from explorer.ui import predict_gallery

_KEPT = "predict.file"


class Source(StrEnum):
    """The ways to a picture; the value stands in the URL."""

    SAMPLE = "sample"
    SCENE = "scene"
    UPLOAD = "upload"
    CAMERA = "camera"


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
    """Draw the controls and return the chosen picture, None as long as there is none."""
    source = st.segmented_control(
        "Picture",
        list(Source),
        format_func=lambda source: _TITLES[source],
        default=Source.SAMPLE,
        required=True,
        key="picture",
        bind="query-params",
        label_visibility="collapsed",
    )
    match source:
        case Source.SCENE:
            return _scene()
        case Source.UPLOAD:
            return _upload()
        case Source.CAMERA:
            return _camera()
        case _:
            return _sample()


def _sample() -> Picture:
    asked = st.query_params.get("sample", "")
    # What the link asked for is marked once; afterwards the visitor's clicks count.
    start = st.session_state.setdefault("predict.sample", asked)
    sample = predict_gallery.pick(start, key="predict-gallery")
    if sample.name != start or asked:
        st.query_params["sample"] = sample.name
    return Picture(sample.file, sample.path.read_bytes(), _truth(sample.number))


def _scene() -> Picture:
    def another() -> None:
        st.session_state["scene"] = (st.session_state["scene"] + 1) % (MAX_NUMBER + 1)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input(
            "Scene number",
            0,
            MAX_NUMBER,
            1,
            key="scene",
            bind="query-params",
            width=170,
            help="Every number is a scene of its own, drawn from a seed that no training has used.",
        )
        st.button("Another scene", icon=":material/casino:", on_click=another)
    return Picture(f"scene-{number}.png", _drawn(int(number)), _truth(int(number)))


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
        st.caption(f"Still here: {kept[0]}")
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
