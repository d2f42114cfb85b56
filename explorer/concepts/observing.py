"""One picture through the shared detector, and what its deformable layers and its heads did on the way. Imports torch.

Nothing is hooked and the network is not touched: the calls are seen by a function mode, which PyTorch keeps per thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explorer.concepts.peaks import Maps
from explorer.concepts.sampling import Sampling, lineages
from explorer.config import CenterNetHead
from explorer.config.protocol import protocol_of
from explorer.errors import ConfigError
from explorer.graph import trace
from explorer.inference.decode import decode_centres
from explorer.inference.geometry import geometry
from explorer.inference.open_image import OpenedImage, open_image
from explorer.inference.preprocess import preprocess
from explorer.networks.deform_conv import DeformConv2d, deform_conv2d
from explorer.runtime.engine import Engine

MAX_SIDE = 512
"""Longer side at which a picture is computed: what every layer saw is kept, and grows with it."""

TOP_K = 100


@dataclass(frozen=True, eq=False)
class Observation:
    """What the detector did to one picture: its deformable layers by path in order of execution, and its output maps.

    ``lineage`` leads from each layer back to those whose results it reads; see ``sampling.lineages``.
    """

    image: OpenedImage
    layers: Mapping[str, Sampling]
    lineage: Mapping[str, tuple[str, ...]]
    maps: Maps

    @property
    def nbytes(self) -> int:
        """Memory that the arrays take."""
        return self.image.rgb.nbytes + self.maps.nbytes + sum(layer.nbytes for layer in self.layers.values())


def observe(engine: Engine, image_bytes: bytes, on_turn: Callable[[], None] | None = None) -> Observation:
    """Run a CenterNet on a picture once, exactly as ``explorer.inference.predict`` prepares and decodes it.

    Raises ImageError for bytes that are no picture, ConfigError for a network that is no detector with sizes and
    offsets, BudgetError for want of memory.
    """
    head = engine.config.head
    if not isinstance(head, CenterNetHead) or not {"hm", "wh", "reg"} <= head.heads.keys():
        raise ConfigError(f"{engine.config.title} is no detector with the heads hm, wh and reg.")
    protocol = protocol_of(engine.config)
    image = open_image(image_bytes)
    place = geometry(protocol, protocol.fit, image.width, image.height, MAX_SIDE)
    engine.require(place.input)
    inputs = torch.from_numpy(preprocess(image.rgb, protocol, protocol.fit, place))
    with _Witness() as seen:
        outputs, _ = engine.run(inputs, on_turn)
    raw = outputs[-1]
    found = decode_centres(raw["hm"], raw["wh"], raw["reg"], place, head.down_ratio, TOP_K)
    maps = Maps(
        heat=_array(raw["hm"][0].float().sigmoid()),
        sizes=_array(raw["wh"][0]),
        offsets=_array(raw["reg"][0]),
        geometry=place,
        stride=head.down_ratio,
        labels=protocol.labels,
        colours=protocol.colours,
        boxes=found.boxes,
        scores=found.scores,
        classes=found.classes,
    )
    graph = trace(engine.config, (1, inputs.shape[1], inputs.shape[2], inputs.shape[3]))
    layers = _layers(engine.network, seen.calls, place.input[0])
    return Observation(image, layers, lineages(graph), maps)


Call = tuple[tuple[Any, ...], Tensor]


class _Witness(TorchFunctionMode):
    """Sees this thread's deformable convolutions: the arguments and the result of each."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if func is deform_conv2d:
            self.calls.append((args, result))
        return result


def _layers(network: nn.Module, calls: Sequence[Call], width: int) -> dict[str, Sampling]:
    paths = {
        id(module.weight): path
        for path, module in network.named_modules()
        if isinstance(module, DeformConv2d)
    }
    found = {}
    for (x, offset, weight, bias, stride, padding, dilation, mask), result in calls:
        taps = weight.shape[2] * weight.shape[3]
        path = paths[id(weight)]
        found[path] = Sampling(
            path=path,
            inputs=_array(x[0]),
            offsets=_array(offset[0].reshape(taps, 2, *offset.shape[2:])),
            mask=_array(mask[0]),
            outputs=_array(result[0]),
            weight=_array(weight),
            bias=_array(bias),
            stride=stride if isinstance(stride, int) else stride[0],
            padding=padding if isinstance(padding, int) else padding[0],
            dilation=dilation if isinstance(dilation, int) else dilation[0],
            scale=width / x.shape[3],
        )
    return found


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().contiguous().numpy()
