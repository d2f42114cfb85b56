"""Pictures as the scene networks take them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.config.protocol import Protocol


def tensor_of(images: Sequence[NDArray[np.uint8]], protocol: Protocol, device: torch.device) -> Tensor:
    """(N, 3, H, W) float32, channels last in memory, from N pictures (H, W, 3) uint8 RGB of one size.

    The protocol's channel order must be RGB, as that of all scene networks is.
    """
    stacked = torch.from_numpy(np.stack(images)).to(device).permute(0, 3, 1, 2).float()
    mean = torch.tensor(protocol.mean, device=device).view(1, 3, 1, 1)
    std = torch.tensor(protocol.std, device=device).view(1, 3, 1, 1)
    return (stacked / 255 - mean) / std
