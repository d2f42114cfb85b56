"""Atrous convolution: where its taps lie, what they cover, what it costs to keep a map dense.

Chen et al.: arXiv 1606.00915, section 3.1 (field of view), 1706.05587, sections 3.1 to 3.3 (output stride, multi-grid,
valid weights). Imports no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explorer.config import DeepLabHead, FeaturesHead, ModelConfig, ResNetBackbone, preset
from explorer.graph.layer_graph import LayerGraph

VARIANTS = {
    "v2": "deeplabv2_resnet101_msc",
    "v2-S": "deeplabv2s_resnet101_msc",
    "v3, output stride 16": "deeplabv3_resnet101_msc_os16",
    "v3, output stride 8": "deeplabv3_resnet101_msc_os8",
}
"""The ASPPs to compare, and the presets that have them."""


def effective_kernel(kernel: int, rate: int) -> int:
    """Side that a kernel spans with ``rate − 1`` zeros between its taps: k + (k − 1)(r − 1)."""
    return kernel + (kernel - 1) * (rate - 1)


def field(kernel: int, rates: Sequence[int]) -> int:
    """Side of what a stack of such layers sees of its input: 1 + Σ (k − 1)·r."""
    return 1 + sum((kernel - 1) * rate for rate in rates)


def coverage(kernel: int, rates: Sequence[int]) -> np.ndarray:
    """By how many ways one output of a stack reads each cell of its field: (F, F) integers, 0 in the holes."""
    line = np.ones(1, np.int64)
    for rate in rates:
        taps = np.zeros(effective_kernel(kernel, rate), np.int64)
        taps[::rate] = 1
        line = np.convolve(line, taps)
    return np.outer(line, line)


def tap_cells(kernel: int, rate: int, at: tuple[int, int]) -> np.ndarray:
    """(k², 2) rows and columns of the taps of an output at ``at``, of a convolution that keeps the map's size."""
    steps = (np.arange(kernel) - kernel // 2) * rate
    rows, columns = np.meshgrid(steps + at[0], steps + at[1], indexing="ij")
    return np.stack([rows, columns], -1).reshape(-1, 2)


def inside(cells: np.ndarray, size: int) -> np.ndarray:
    """Which of (n, 2) cells lie on a map of ``size`` × ``size`` rather than in its padding: (n,) bool."""
    return np.all((cells >= 0) & (cells < size), axis=1)


def valid_taps(kernel: int, rate: int, size: int) -> dict[int, int]:
    """How many positions of a map of ``size`` × ``size`` have how many taps on it; the others read padding."""
    steps = (np.arange(kernel) - kernel // 2) * rate
    places = np.arange(size)[:, None] + steps
    line = ((places >= 0) & (places < size)).sum(1)
    taps, positions = np.unique(np.outer(line, line), return_counts=True)
    return {int(count): int(number) for count, number in zip(taps, positions, strict=True)}


@dataclass(frozen=True, slots=True)
class ASPP:
    """The atrous branches of a DeepLab: their rates, and the stride of the map that they read."""

    rates: tuple[int, ...]
    stride: int

    def size(self, side: int) -> int:
        """Side of that map for a square input of ``side`` pixels, as the preset's stem and strides give it."""
        cells = (side - 1) // 2 + 1  # 7×7 convolution with stride 2
        cells = -(-(cells - 1) // 2) + 1  # pooling, which rounds up
        for _ in range((self.stride // 4).bit_length() - 1):
            cells = (cells - 1) // 2 + 1  # a 1×1 convolution with stride 2
        return cells


def aspp(variant: str) -> ASPP:
    """The branches of one of ``VARIANTS``, as its preset has them."""
    config = preset(VARIANTS[variant])
    if not isinstance(config.head, DeepLabHead) or not isinstance(config.backbone, ResNetBackbone):
        raise TypeError(f"{VARIANTS[variant]} is no DeepLab")
    return ASPP(config.head.rates, config.backbone.output_stride)


def backbone(output_stride: int) -> ModelConfig:
    """DeepLab's ResNet-101 at an output stride of 8, 16 or 32, without a head."""
    found = preset("deeplab_resnet101").backbone
    return ModelConfig(
        backbone=found.model_copy(update={"output_stride": output_stride}), head=FeaturesHead()
    )


@dataclass(frozen=True, slots=True)
class StageCost:
    """A stage of the backbone: side of the map that it puts out, the dilation of its last block, its MACs."""

    name: str
    side: int
    dilation: int
    macs: int


def stage_costs(graph: LayerGraph) -> tuple[StageCost, ...]:
    """Stem and stages of a traced backbone; their MACs add up to the network's."""
    names = list(dict.fromkeys(operation.path.split(".")[0] for operation in graph.operations))
    found = []
    for name in names:
        own = [operation for operation in graph.operations if operation.path.split(".")[0] == name]
        dilations = [
            operation.attributes["dilation"]
            for operation in own
            if operation.attributes.get("kernel") == (3, 3)
        ]
        last = dilations[-1] if dilations else 1
        found.append(
            StageCost(
                name,
                graph.tensors[own[-1].outputs[0]].shape[-1],
                int(last[0]) if isinstance(last, tuple) and isinstance(last[0], int) else 1,
                sum(operation.macs for operation in own),
            )
        )
    return tuple(found)
