"""What is shown beneath the picture: agreement with the truth, tables, times, downloads."""

from __future__ import annotations

from html import escape
from pathlib import PurePath

import numpy as np
import pandas as pd
import streamlit as st

from explorer.config import Task
from explorer.inference import Prediction
from explorer.inference.agreement import compare_boxes, compare_masks
from explorer.inference.drawing import annotated, coco_json, heat_overlaid, mask_png, overlaid, png
from explorer.ui import numbers, predict_view
from explorer.ui.predict_run import Answer
from explorer.ui.predict_source import Picture
from explorer.ui.predict_view import Viewed

LISTED_CLASSES = 10


@st.fragment
def show(answer: Answer, picture: Picture) -> None:
    """The picture with its answer, and everything that follows from what is set on it.

    A fragment: moving a slider redraws the table and the downloads, and never runs the network.
    """
    prediction = answer.prediction
    # Shipped scenes are the only pictures with a known answer, and only networks of their classes can meet it.
    truth = picture.truth if _speaks_of_scenes(prediction) else None
    # Hidden classes are numbers: another protocol's classes start afresh.
    key = f"predict-view-{prediction.task.value}-{prediction.protocol.name.lower().replace(' ', '-')}"
    if prediction.task is Task.CLASSIFICATION:
        left, right = st.columns(2, gap="medium")
        with left:
            predict_view.show(prediction, truth, key, answer.key)
        with right:
            _classification(prediction)
    else:
        viewed = predict_view.show(prediction, truth, key, answer.key)
        if prediction.task is Task.SEGMENTATION:
            _segmentation(prediction, picture, viewed)
        else:
            _detection(prediction, picture, viewed)
    for note in prediction.image.notes:
        st.caption(note)
    _times(answer)


def _speaks_of_scenes(prediction: Prediction) -> bool:
    return prediction.protocol.name == "Scenes"


def _segmentation(prediction: Prediction, picture: Picture, viewed: Viewed) -> None:
    mask, colours, rgb = prediction.mask, prediction.protocol.colours, prediction.image.rgb
    if mask is None:
        return
    if picture.truth is not None and _speaks_of_scenes(prediction):
        agreement = compare_masks(mask, picture.truth.mask)
        st.markdown(
            f"Agrees with the truth in **{numbers.share(agreement.accuracy, 1)}** of the pixels; "
            f"mean IoU of this scene **{agreement.mean_iou:.3f}**."
        )
    stem = PurePath(picture.name).stem
    with st.container(horizontal=True):
        st.download_button(
            "Classes (PNG)",
            lambda: mask_png(mask, colours),
            f"{stem}-classes.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
            help="Class ids at the picture's own size; the palette holds the colours.",
        )
        st.download_button(
            "Overlay (PNG)",
            lambda: png(overlaid(rgb, mask, colours, viewed.opacity, viewed.hidden)),
            f"{stem}-overlay.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
            help="The picture under the classes, with the opacity and the classes chosen above.",
        )


def _detection(prediction: Prediction, picture: Picture, viewed: Viewed) -> None:
    kept = prediction.kept(viewed.threshold, viewed.top_k)
    if prediction.boxes is None or prediction.scores is None or prediction.classes is None:
        return
    boxes, scores, classes = prediction.boxes[kept], prediction.scores[kept], prediction.classes[kept]
    if picture.truth is not None and _speaks_of_scenes(prediction):
        agreement = compare_boxes(boxes, classes, picture.truth.boxes, picture.truth.categories)
        st.markdown(
            f"Finds **{agreement.found} of {agreement.present}** objects at an IoU of 0.5, "
            f"with **{agreement.wrong}** that {'is' if agreement.wrong == 1 else 'are'} not there."
        )
    if len(kept):
        table = pd.DataFrame(
            {
                "Class": [prediction.labels[class_id] for class_id in classes],
                "Score": scores,
                # Corners in order: an untrained network predicts negative sizes too.
                "Left": np.minimum(boxes[:, 0], boxes[:, 2]),
                "Top": np.minimum(boxes[:, 1], boxes[:, 3]),
                "Width": np.abs(boxes[:, 2] - boxes[:, 0]),
                "Height": np.abs(boxes[:, 3] - boxes[:, 1]),
            }
        )
        pixels = st.column_config.NumberColumn(format="%.1f", help="In the picture's own pixels")
        st.dataframe(
            table,
            hide_index=True,
            height=min(38 + 35 * len(table), 320),
            column_config={
                "Score": st.column_config.ProgressColumn(format="%.2f", min_value=0, max_value=1),
                **dict.fromkeys(("Left", "Top", "Width", "Height"), pixels),
            },
        )
    stem = PurePath(picture.name).stem
    heatmap = prediction.heatmap
    with st.container(horizontal=True):
        st.download_button(
            "Boxes (COCO JSON)",
            coco_json(prediction, kept, picture.name),
            f"{stem}-boxes.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
            help="The detections above the threshold, as pycocotools reads them.",
        )
        st.download_button(
            "Boxes (PNG)",
            lambda: png(annotated(prediction, kept)),
            f"{stem}-boxes.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
        )
        if heatmap is not None:
            st.download_button(
                "Heatmap (PNG)",
                lambda: png(
                    heat_overlaid(prediction.image.rgb, heatmap, prediction.stride, prediction.geometry, 0.9)
                ),
                f"{stem}-heatmap.png",
                "image/png",
                icon=":material/download:",
                on_click="ignore",
            )


def _classification(prediction: Prediction) -> None:
    best = prediction.best(LISTED_CLASSES)
    st.dataframe(
        pd.DataFrame(
            {
                "Class": [label for _, label, _ in best],
                "Probability": [probability for _, _, probability in best],
            }
        ),
        hide_index=True,
        column_config={
            "Probability": st.column_config.ProgressColumn(format="%.4f", min_value=0, max_value=1)
        },
    )


def _times(answer: Answer) -> None:
    prediction = answer.prediction
    times, place = prediction.timings, prediction.geometry
    stages = (
        ("Open", times.open),
        ("Preprocess", times.preprocess),
        ("Wait", times.waiting),
        ("Network", times.network),
        ("Decode", times.decode),
    )
    cells = "".join(
        f'<div style="flex: {max(seconds / times.total, 0.002):.4f} 1 0; background: {colour}"></div>'
        for (_, seconds), colour in zip(stages, _STAGE_COLOURS, strict=True)
    )
    names = "".join(
        f'<span><i style="background: {colour}"></i>{escape(name)} <b>{numbers.duration(seconds)}</b></span>'
        for (name, seconds), colour in zip(stages, _STAGE_COLOURS, strict=True)
    )
    picture = f"{prediction.image.width}×{prediction.image.height} {prediction.image.format}"
    resized = "" if place.content == place.image else f", resized to {place.content[0]}×{place.content[1]}"
    st.html(
        f'<div class="stages"><div class="stage-bar" role="img" aria-label="Time per stage">{cells}</div>'
        f'<div class="stage-names">{names}<span>Total <b>{numbers.duration(times.total)}</b></span></div>'
        f'<div class="dim">{escape(picture)}{resized}, computed at {place.input[0]}×{place.input[1]} on '
        f"{escape(answer.device)}; this engine's run {answer.runs}, all visitors' together.</div></div>"
        f"<style>{_STAGE_STYLE}</style>"
    )


_STAGE_COLOURS = ("#56B4E9", "#0072B2", "#8A8578", "#009E73", "#E69F00")
_STAGE_STYLE = (
    ".stage-bar{display:flex;height:.45rem;border-radius:.25rem;overflow:hidden;gap:1px;margin:.4rem 0}"
    ".stage-names{display:flex;flex-wrap:wrap;gap:.1rem 1.2rem;font-size:.9rem}"
    ".stage-names i{display:inline-block;width:.7em;height:.7em;border-radius:2px;margin-right:.4em}"
    ".stage-names b{font-weight:600;font-variant-numeric:tabular-nums}"
)
