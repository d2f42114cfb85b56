"""The picture and its answer as one browser component: hover, opacity, classes, threshold without Python."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import asdict, dataclass
from hashlib import sha256
from io import BytesIO
from json import dumps
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from explorer.config import Task
from explorer.config.protocol import Protocol
from explorer.inference import DEFAULT_TOP_K, Prediction
from explorer.inference.drawing import ink_on
from explorer.inference.geometry import nearest
from explorer.scenes import Scene

ASSETS = Path(__file__).parents[2] / "assets"
SHOWN_SIDE = 1280
"""Longer side of what is sent to the browser; the downloads have every pixel."""
LOSSLESS_PIXELS = 512 * 512

_mount = st.components.v2.component(
    "prediction",
    html='<div class="prediction">\n</div>',
    css=(ASSETS / "predict.css").read_text(),
    js=(ASSETS / "predict.js").read_text(),
)


@dataclass(frozen=True, slots=True)
class Viewed:
    """What the visitor has set on the picture."""

    opacity: float = 0.55
    threshold: float = 0.3
    top_k: int = DEFAULT_TOP_K
    hidden: tuple[int, ...] = ()


def show(answer: Prediction, truth: Scene | None, key: str, identity: tuple[str, ...]) -> Viewed:
    """Draw an answer, beside the truth where it is known, and return what has been set on it.

    ``identity`` is equal for equal answers: moving a slider must not encode a large picture again.
    """
    start = Viewed(hidden=() if answer.protocol.background is None else (answer.protocol.background,))
    settings = asdict(start)
    result = _mount(
        key=key,
        data=_encoded((*identity, "" if truth is None else "with truth"), answer, truth, settings),
        default=settings,
        on_opacity_change=lambda: None,
        on_threshold_change=lambda: None,
        on_top_k_change=lambda: None,
        on_hidden_change=lambda: None,
    )
    return Viewed(
        opacity=float(result.opacity),
        threshold=float(result.threshold),
        top_k=int(result.top_k),
        hidden=tuple(int(class_id) for class_id in result.hidden),
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _encoded(
    identity: tuple[str, ...], _answer: Prediction, _truth: Scene | None, start: dict[str, object]
) -> dict[str, object]:
    return payload(_answer, _truth, start)


def payload(answer: Prediction, truth: Scene | None, start: dict[str, object]) -> dict[str, object]:
    """Everything that the component draws, as JSON; equal answers give equal bytes, so a rerun sends only a hash."""
    protocol, image = answer.protocol, answer.image
    shown = _shown_size(image.width, image.height)
    data: dict[str, object] = {
        "kind": {Task.SEGMENTATION: "mask", Task.DETECTION: "boxes"}.get(answer.task, "plain"),
        "width": image.width,
        "height": image.height,
        "picture": _picture(image.rgb, shown),
        "labels": list(protocol.labels),
        "colours": [list(colour) for colour in protocol.colours],
        "inks": [list(ink_on(colour)) for colour in protocol.colours],
        "wide": len(protocol.labels) > 256,
        "shares": _shares(answer, truth),
        "top_k": DEFAULT_TOP_K,
        "start": start | {"named": True, "heat": False},
        "crop": _crop(answer),
        "panels": _panels(answer, truth, shown),
    }
    return data | {"digest": sha256(dumps(data).encode()).hexdigest()}


def _shares(answer: Prediction, truth: Scene | None) -> list[dict[str, float]]:
    """The classes of the mask with their shares, largest first, then those that occur in the truth alone."""
    found = [{"id": share.class_id, "share": round(share.share, 6)} for share in answer.area_shares()]
    if answer.mask is None or truth is None:
        return found
    missed = sorted(set(np.unique(truth.mask).tolist()) - {share["id"] for share in found})
    return found + [{"id": class_id, "share": 0.0} for class_id in missed]


def _panels(answer: Prediction, truth: Scene | None, shown: tuple[int, int]) -> list[object]:
    match answer.task:
        case Task.SEGMENTATION:
            if answer.mask is None or answer.confidence is None:
                return []
            found: dict[str, object] = {
                "title": "Prediction" if truth else "",
                "alt": "The picture under the predicted classes",
                "mask": _mask(answer.mask, shown, answer.protocol),
                "confidence": _grey(answer.confidence, "JPEG"),
            }
            if truth is None:
                return [found]
            known = {
                "title": "Truth",
                "alt": "The true classes",
                "mask": _mask(truth.mask, shown, answer.protocol),
            }
            return [found, known]
        case Task.DETECTION:
            found = {
                "title": "Prediction" if truth else "",
                "alt": "The picture with the detected objects",
                "boxes": _boxes(answer),
                "heat": _heat(answer),
            }
            if truth is None:
                return [found]
            boxes = [
                {"id": item.category, "at": [float(value) for value in item.box]} for item in truth.instances
            ]
            return [found, {"title": "Truth", "alt": "The true objects", "boxes": boxes, "truth": True}]
        case Task.CLASSIFICATION:
            return [{"title": "The lit square is what the network sees.", "alt": "The picture"}]
        case Task.FEATURES:
            return []


def _shown_size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, SHOWN_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _picture(rgb: np.ndarray, shown: tuple[int, int]) -> str:
    image = Image.fromarray(rgb)
    if image.size != shown:
        image = image.resize(shown, Image.Resampling.BILINEAR, reducing_gap=2.0)
    form = "PNG" if shown[0] * shown[1] <= LOSSLESS_PIXELS else "JPEG"
    return _data_url(image, form)


def _mask(mask: np.ndarray, shown: tuple[int, int], protocol: Protocol) -> str:
    """Class ids as grey values, or in red and green (low and high byte) above 256 classes."""
    small = nearest(mask, shown)
    if len(protocol.labels) <= 256:
        return _grey(small.astype(np.uint8), "PNG")
    low, high = (small & 255).astype(np.uint8), (small >> 8).astype(np.uint8)
    return _data_url(Image.fromarray(np.stack([low, high, np.zeros_like(low)], axis=2)), "PNG")


def _grey(values: np.ndarray, form: str) -> str:
    return _data_url(Image.fromarray(values), form)


def _data_url(image: Image.Image, form: str) -> str:
    buffer = BytesIO()
    if form == "PNG":
        image.save(buffer, form, compress_level=3)
    else:
        image.save(buffer, form, quality=88)
    return f"data:image/{form.lower()};base64,{b64encode(buffer.getvalue()).decode()}"


def _boxes(answer: Prediction) -> list[object]:
    if answer.boxes is None or answer.scores is None or answer.classes is None:
        return []
    return [
        {
            "id": int(class_id),
            "score": round(float(score), 4),
            "at": [round(float(value), 2) for value in box],
        }
        for class_id, score, box in zip(answer.classes, answer.scores, answer.boxes, strict=True)
    ]


def _heat(answer: Prediction) -> dict[str, object] | None:
    """The heatmap, and the rectangle (x1, y1, x2, y2) of the picture's pixels that it covers, frame included."""
    if answer.heatmap is None:
        return None
    corners = np.array([[0, 0], [answer.heatmap.shape[1], answer.heatmap.shape[0]]], float)
    at = answer.geometry.to_image(corners, answer.stride).reshape(-1)
    grey = np.rint(answer.heatmap * 255).astype(np.uint8)
    return {"source": _grey(grey, "PNG"), "at": [round(float(value), 3) for value in at]}


def _crop(answer: Prediction) -> list[float] | None:
    """The part of the picture that a classifier sees, None for the tasks that see all of it."""
    if answer.task is not Task.CLASSIFICATION:
        return None
    corners = answer.geometry.to_image(np.array([[0, 0], answer.geometry.input], float)).reshape(-1)
    return [round(float(value), 2) for value in corners]
