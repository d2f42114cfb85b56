"""What a network computes on its way: the feature maps of any tensor of its graph, for one picture. Imports torch.

The shared network is run under its lock and in step with its graph, no further than needed; nothing is hooked, and
what is kept of a large map is reduced on the device before it is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from explorer.config.protocol import Protocol
from explorer.errors import ImageError
from explorer.graph.layer_graph import LayerGraph, Operation
from explorer.inference.preprocess import normalise
from explorer.runtime.engine import Engine
from explorer.runtime.replay import replay, tensors_in

Value = TypeVar("Value")
OnTurn = Callable[[], None]

TILE_SIDE = 64
"""Longer side of a channel's small map; 2048 of them take 32 MiB."""


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """All channels of one tensor, for one picture.

    ``shape`` is the tensor's (C, H, W), with H = W = 1 for a vector. ``tiles`` (C, h, w) float32 are the maps,
    averaged down where a side is longer than asked for. ``mean``, ``std``, ``minimum`` and ``maximum`` are (C,)
    float32 over the full maps; ``positive`` is the share of values above 0.
    """

    shape: tuple[int, int, int]
    tiles: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray
    positive: np.ndarray

    @property
    def nbytes(self) -> int:
        """Memory that the maps take."""
        return self.tiles.nbytes + 5 * self.mean.nbytes


def picture_input(shown: np.ndarray, protocol: Protocol) -> Tensor:
    """A picture H x W x 3 uint8 of the network's size as its input: ``(pixel / 255 − mean) / std``, (1, 3, H, W)."""
    return torch.from_numpy(normalise(shown, protocol))


def require_channels(engine: Engine) -> None:
    """Raise ImageError for a network that does not read three channels."""
    channels = engine.config.backbone.input_channels
    if channels != 3:
        raise ImageError(f"A picture has 3 channels, but this network reads {channels}.")


def look_inside(
    engine: Engine,
    graph: LayerGraph,
    inputs: Tensor,
    takes: Mapping[int, Callable[[Tensor], Value]],
    on_turn: OnTurn | None = None,
) -> Mapping[int, Value]:
    """What each function of ``takes`` makes of the tensor of that id, given on the device, as soon as it is computed.

    ``inputs`` is (1, C, H, W) of the size at which ``graph`` was traced. Tensors may be overwritten by a later
    operation: what is returned must not share their memory. Nothing behind the last one is computed. Raises
    BudgetError where the size does not fit the memory.
    """
    _, _, height, width = inputs.shape
    engine.require((width, height))
    with engine.held(on_turn), torch.inference_mode():
        return taken(engine, graph, engine.placed(inputs), takes)


def taken(
    engine: Engine, graph: LayerGraph, placed: Tensor, takes: Mapping[int, Callable[[Tensor], Value]]
) -> Mapping[int, Value]:
    """``look_inside`` for a thread that holds the engine and has placed the inputs; it may ask for gradients."""
    found: dict[int, Value] = {
        tensor: take(placed) for tensor, take in takes.items() if tensor in graph.inputs
    }

    def watch(operation: Operation, call: Callable[[], Any]) -> Any:
        result = call()
        for tensor, value in zip(operation.outputs, tensors_in(result), strict=True):
            if tensor in takes:
                found[tensor] = takes[tensor](value)
        if len(found) == len(takes):
            raise _Seen
        return result

    if len(found) < len(takes):
        try:
            replay(engine.network, graph, placed, watch)
        except _Seen:
            engine.tally.runs += 1
    return found


def feature_maps(
    engine: Engine,
    graph: LayerGraph,
    inputs: Tensor,
    tensor: int,
    side: int = TILE_SIDE,
    on_turn: OnTurn | None = None,
) -> FeatureMaps:
    """Every channel of ``tensor`` (its id in ``graph``), small, with statistics; see ``look_inside``."""
    return look_inside(engine, graph, inputs, {tensor: lambda value: _summary(value, side)}, on_turn)[tensor]


def feature_map(
    engine: Engine,
    graph: LayerGraph,
    inputs: Tensor,
    tensor: int,
    channel: int,
    on_turn: OnTurn | None = None,
) -> np.ndarray:
    """One channel of ``tensor`` in full: (H, W) float32."""

    def take(value: Tensor) -> np.ndarray:
        return _as_maps(value)[channel].float().cpu().numpy().copy()

    return look_inside(engine, graph, inputs, {tensor: take}, on_turn)[tensor]


class _Seen(Exception):
    """Everything that was asked for has been computed."""


def _as_maps(value: Tensor) -> Tensor:
    """(C, H, W) of the first image; a vector's numbers as maps of one cell."""
    first = value[0]
    return first if first.dim() == 3 else first.reshape(-1, 1, 1)


def _summary(value: Tensor, side: int) -> FeatureMaps:
    maps = _as_maps(value).float()
    channels, height, width = maps.shape
    longest = max(height, width)
    small = maps
    if longest > side:
        size = (max(1, round(height * side / longest)), max(1, round(width * side / longest)))
        small = F.adaptive_avg_pool2d(maps[None], size)[0]
    flat = maps.reshape(channels, -1)
    deviation, mean = torch.std_mean(flat, dim=1, correction=0)
    minimum, maximum = flat.aminmax(dim=1)
    positive = (flat > 0).float().mean(1)
    arrays = [part.cpu().numpy().copy() for part in (small, mean, deviation, minimum, maximum, positive)]
    tiles, *numbers = arrays
    return FeatureMaps(
        (channels, height, width), tiles, numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    )
