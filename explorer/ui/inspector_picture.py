"""The picture that the inspector looks at networks with: chosen once, kept for the session."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import streamlit as st

from explorer.errors import ImageError
from explorer.inference.open_image import ALLOWED, EXTENSIONS, MAX_BYTES, open_image
from explorer.inference.preprocess import covering
from explorer.inference.samples import SAMPLES
from explorer.ui import predict_gallery
from explorer.ui.plain import plain

_CHOSEN = "inspector.sample"
_KEPT = "inspector.upload"


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture at the network's size: ``rgb`` (H, W, 3) uint8; ``digest`` names it with its size."""

    name: str
    rgb: np.ndarray
    digest: str


def choose(size: tuple[int, int]) -> Shown:
    """Draw the control and return the picture that is chosen, at ``size`` = (height, width)."""
    with st.popover("Picture", icon=":material/image:"):
        start = st.session_state.get(_CHOSEN, SAMPLES[0].name)
        sample = predict_gallery.pick(start, key="inspector-gallery")
        st.session_state[_CHOSEN] = sample.name
        megabytes = MAX_BYTES // 2**20
        file = st.file_uploader(
            f"Or a {ALLOWED} image of at most {megabytes} MB",
            type=list(EXTENSIONS),
            max_upload_size=megabytes,
            key="inspector-upload",
        )
        if file is not None:
            _keep(file.name, file.getvalue())
        kept = st.session_state.get(_KEPT)
        if kept is not None:
            st.button(
                "Back to the samples", icon=":material/undo:", on_click=_forget, disabled=file is not None,
                help="Remove the file above first" if file is not None else None,
            )  # fmt: skip
        st.caption(
            f"Scaled to cover the network's input of {size[0]}×{size[1]} and cut around its centre. It stays in this "
            "browser session."
        )
    if kept is not None:
        return Shown(kept[0], *_fitted(kept[2], size, kept[1]))
    return Shown(sample.name, *_fitted(sample.file, size, sample.path.read_bytes()))


def _keep(name: str, data: bytes) -> None:
    digest = sha256(data).hexdigest()
    kept = st.session_state.get(_KEPT)
    if kept is not None and kept[2] == digest:
        return
    try:
        open_image(data)
    except ImageError as error:
        st.error(plain(error), icon=":material/error:")
        return
    st.session_state[_KEPT] = (name, data, digest)


def _forget() -> None:
    st.session_state.pop(_KEPT, None)


@st.cache_data(max_entries=16, show_spinner=False)
def _fitted(name: str, size: tuple[int, int], _data: bytes) -> tuple[np.ndarray, str]:
    rgb = covering(open_image(_data).rgb, size)
    return rgb, sha256(f"{name} {size}".encode()).hexdigest()
