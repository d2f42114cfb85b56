"""Image in, prediction out: open, preprocess, run, decode, draw. Imports torch only when something is predicted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from explorer.config.protocol import Fit
from explorer.inference.open_image import OpenedImage, open_image
from explorer.inference.prediction import AreaShare, Prediction, Timings

if TYPE_CHECKING:
    from explorer.runtime.engine import Engine

__all__ = [
    "DEFAULT_MAX_SIDE",
    "DEFAULT_TOP_K",
    "AreaShare",
    "Fit",
    "OpenedImage",
    "Prediction",
    "Timings",
    "open_image",
    "predict",
]

DEFAULT_TOP_K = 100
"""Detections that are decoded: COCO's evaluation looks at no more."""

DEFAULT_MAX_SIDE = 2048
"""The longer side of a Cityscapes picture, which is the largest that a published protocol computes unreduced."""


def predict(
    engine: Engine,
    image_bytes: bytes,
    *,
    threshold: float = 0.0,
    top_k: int = DEFAULT_TOP_K,
    max_side: int = DEFAULT_MAX_SIDE,
    fit: Fit | None = None,
    on_turn: Callable[[], None] | None = None,
) -> Prediction:
    """What ``engine``'s network says about the picture in ``image_bytes``.

    Detections below ``threshold`` (in [0, 1]) and beyond the ``top_k`` best are left out. Pictures with a side
    above ``max_side`` are computed reduced, wherever the protocol keeps their size; ``fit`` chooses among the
    protocol's ways to bring a picture to size. Results are in the uploaded picture's own pixels all the same.
    ``on_turn`` is called when this run holds the engine and is about to compute: an exception raised there ends it.

    Raises ImageError for bytes that are no picture, ConfigError for a network that cannot answer or an option out
    of range, and BudgetError for a picture that needs more memory than there is.
    """
    from explorer.inference.predicting import run

    return run(
        engine,
        image_bytes,
        threshold=threshold,
        top_k=top_k,
        max_side=max_side,
        fit=fit,
        on_turn=on_turn,
    )
