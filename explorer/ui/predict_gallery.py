"""The stored samples as thumbnails to click."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import streamlit as st
from PIL import Image

from explorer.inference.samples import SAMPLES, Sample

ASSETS = Path(__file__).parents[2] / "assets"
THUMBNAIL = 160

_mount = st.components.v2.component(
    "prediction_gallery",
    html='<div class="gallery" role="group" aria-label="Sample pictures">\n</div>',
    css=(ASSETS / "predict_gallery.css").read_text(),
    js=(ASSETS / "predict_gallery.js").read_text(),
)


def pick(start: str, key: str) -> Sample:
    """Show the samples and return the chosen one; ``start`` names the one that is marked at first."""
    known = {sample.name: sample for sample in SAMPLES}
    start = start if start in known else SAMPLES[0].name
    samples = [{"name": sample.name, "source": _thumbnail(sample)} for sample in SAMPLES]
    digest = sha256(start.encode()).hexdigest()
    result = _mount(
        key=key,
        data={"samples": samples, "start": start, "digest": digest},
        default={"picked": start},
        on_picked_change=lambda: None,
    )
    return known.get(str(result.picked), known[start])


@cache
def _thumbnail(sample: Sample) -> str:
    """A data URL; the samples never change while the app runs."""
    buffer = BytesIO()
    with Image.open(sample.path) as image:
        image.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{b64encode(buffer.getvalue()).decode()}"
