"""Deformable convolution in pure PyTorch against a plain 3×3 convolution of the same size, on the CPU."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F

from bench.timing import medians, table
from explorer.networks.deform_conv import deform_conv2d

CHANNELS, SIDE = 64, 128
ALLOWED = 6.0
REPEATS = 15


def run() -> bool:
    """Print the table; whether the deformable convolution stays within the allowed multiple."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    x, weight, bias = drawn(1, CHANNELS, SIDE, SIDE), drawn(CHANNELS, CHANNELS, 3, 3), drawn(CHANNELS)
    offset, mask = drawn(1, 18, SIDE, SIDE), drawn(1, 9, SIDE, SIDE).sigmoid()
    rows = []
    ratios = []
    for layout, memory in (("NCHW", torch.contiguous_format), ("channels last", torch.channels_last)):
        image, filters = x.to(memory_format=memory), weight.to(memory_format=memory)
        with torch.inference_mode():
            seconds = medians(
                {
                    "plain": partial(F.conv2d, image, filters, bias, padding=1),
                    "deformable": partial(deform_conv2d, image, offset, weight, bias, 1, 1, 1, mask),
                },
                REPEATS,
                warm_up=3,
            )
        ratios.append(seconds["deformable"] / seconds["plain"])
        rows.append((layout, *(f"{1000 * s:.1f}" for s in seconds.values()), f"{ratios[-1]:.1f}×"))
    passed = max(ratios) <= ALLOWED
    table(
        f"Deformable convolution, {CHANNELS}→{CHANNELS} channels, {SIDE}×{SIDE} (ms of CPU time, one thread)",
        ("layout", "plain 3×3", "deformable", "ratio"),
        rows,
        f"allowed: {ALLOWED:.0f}× — {'kept' if passed else 'EXCEEDED'}; offsets N(0, 1), modulated",
    )
    return passed
