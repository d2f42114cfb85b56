"""The whole way from bytes to an answer, with the time of each stage. Imports torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil
from time import perf_counter
from typing import Any

import torch

from explorer.config import (
    CenterNetHead,
    ClassifyHead,
    DeepLabHead,
    DLAUpHead,
    FeaturesHead,
    ModelConfig,
)
from explorer.config.protocol import Fit, Protocol, protocol_of
from explorer.errors import ConfigError, ImageError
from explorer.inference.decode import decode_centres, decode_mask, decode_probabilities, decode_scores
from explorer.inference.geometry import MULTIPLE, Geometry, geometry
from explorer.inference.open_image import OpenedImage, open_image
from explorer.inference.prediction import NOTHING_TO_SAY, Prediction, Timings
from explorer.inference.preprocess import preprocess
from explorer.runtime.engine import Engine

MAX_TOP_K = 1000
MAX_MAX_SIDE = 8192


def run(
    engine: Engine,
    image_bytes: bytes,
    *,
    threshold: float,
    top_k: int,
    max_side: int,
    fit: Fit | None,
    on_turn: Callable[[], None] | None,
) -> Prediction:
    """See ``explorer.inference.predict``."""
    protocol = protocol_of(engine.config)
    chosen = fit or protocol.fit
    _refuse(engine.config, protocol, threshold, top_k, max_side, chosen)

    started = perf_counter()
    image = open_image(image_bytes)
    opened = perf_counter()
    place = geometry(protocol, chosen, image.width, image.height, max_side)
    _refuse_vanishing(engine.config, place)
    engine.require(place.input)
    inputs = torch.from_numpy(preprocess(image.rgb, protocol, chosen, place))
    prepared = perf_counter()
    outputs, turn = engine.run(inputs, on_turn)
    computed = perf_counter()
    answer = _decoded(outputs, engine.config, image, place, top_k)
    timings = Timings(
        open=opened - started,
        preprocess=prepared - opened,
        waiting=turn.waited,
        network=turn.computed,
        decode=perf_counter() - computed,
    )
    return _above(replace(answer, timings=timings), threshold)


def _refuse(
    config: ModelConfig, protocol: Protocol, threshold: float, top_k: int, max_side: int, fit: Fit
) -> None:
    if isinstance(config.head, FeaturesHead):
        raise ConfigError(NOTHING_TO_SAY)
    channels = config.backbone.input_channels
    if channels != 3:
        raise ConfigError(
            f"This network's input has {channels} {'channel' if channels == 1 else 'channels'}, and a picture has 3: "
            "set input_channels to 3 to run it on pictures."
        )
    if isinstance(config.head, CenterNetHead) and not (
        config.head.heads.get("hm", 0) >= 1
        and config.head.heads.get("wh") == 2
        and config.head.heads.get("reg", 2) == 2
    ):
        raise ConfigError(
            f"This detector's heads are {dict(config.head.heads)}; to draw boxes it needs 'hm' with a channel per "
            "class, 'wh' with 2 channels and, if it has one, 'reg' with 2."
        )
    if not 0 <= threshold <= 1:
        raise ConfigError(f"The score threshold is {threshold}; it must lie between 0 and 1.")
    if not 1 <= top_k <= MAX_TOP_K:
        raise ConfigError(f"top_k is {top_k}; it must lie between 1 and {MAX_TOP_K}.")
    if not MULTIPLE <= max_side <= MAX_MAX_SIDE:
        raise ConfigError(
            f"max_side is {max_side} pixels; it must lie between {MULTIPLE} and {MAX_MAX_SIDE}."
        )
    if fit not in protocol.fits:
        allowed = ", ".join(protocol.fits)
        raise ConfigError(f"The fit {fit.value!r} is not part of {protocol.name}; allowed: {allowed}.")


def _refuse_vanishing(config: ModelConfig, place: Geometry) -> None:
    """Raises ImageError where a network of several scales would be left with no pixel at one of them."""
    if not isinstance(config.head, DeepLabHead) or not config.head.multi_scale:
        return
    smallest = min(config.head.scales)
    if min(place.input) * smallest < 1:
        raise ImageError(
            f"The image is computed at {place.input[0]} x {place.input[1]} pixels, and nothing of that is left at the "
            f"network's scale {smallest:g}: both sides must have at least {ceil(1 / smallest)} pixels."
        )


def _decoded(
    outputs: Any,
    config: ModelConfig,
    image: OpenedImage,
    place: Geometry,
    top_k: int,
) -> Prediction:
    """The answer, its timings still empty. ``outputs`` are the network's own: their type depends on its head.

    Raises ConfigError for a network without a head.
    """
    protocol = protocol_of(config)
    blank = Prediction(protocol.task, protocol, image, place, Timings(0, 0, 0, 0, 0))
    match config.head:
        case ClassifyHead():
            return replace(blank, probabilities=decode_probabilities(outputs, len(protocol.labels)))
        case DLAUpHead():
            mask, confidence = decode_mask(outputs[0], place)
            return replace(blank, mask=mask, confidence=confidence)
        case DeepLabHead():
            mask, confidence = decode_scores(outputs, place)
            return replace(blank, mask=mask, confidence=confidence)
        case FeaturesHead():
            raise ConfigError(NOTHING_TO_SAY)
        case CenterNetHead(down_ratio=stride):
            maps = outputs[-1]
            found = decode_centres(maps["hm"], maps["wh"], maps.get("reg"), place, stride, top_k)
            return replace(
                blank,
                boxes=found.boxes,
                scores=found.scores,
                classes=found.classes,
                heatmap=found.heatmap,
                stride=stride,
            )


def _above(answer: Prediction, threshold: float) -> Prediction:
    if answer.boxes is None or answer.scores is None or answer.classes is None or threshold == 0:
        return answer
    kept = answer.scores >= threshold
    return replace(answer, boxes=answer.boxes[kept], scores=answer.scores[kept], classes=answer.classes[kept])
