"""Reproducible weights and inputs, and the published code's outputs for them."""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

DATA = Path(__file__).parents[1] / "data"


def published_keys(variant: str) -> list[tuple[str, tuple[int, ...]]]:
    """State-dict keys and shapes of the published code, in order."""
    return [(key, tuple(shape)) for key, shape in json.loads((DATA / "keys" / f"{variant}.json").read_text())]


def golden(variant: str) -> dict[str, Any]:
    """Input shape and sampled outputs of the published code."""
    return json.loads((DATA / "golden" / f"{variant}.json").read_text())


def fill(network: nn.Module) -> None:
    """Set every value from the name of its key, so that any implementation has the same weights."""
    state = {}
    for name, tensor in network.state_dict().items():
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        shape = tuple(tensor.shape)
        if name.endswith("num_batches_tracked"):
            value = np.zeros(shape)
        elif name.endswith("running_mean"):
            value = 0.1 * rng.standard_normal(shape)
        elif name.endswith("running_var"):
            value = 1 + 0.1 * abs(rng.standard_normal(shape))
        elif len(shape) >= 2:
            value = rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))
        elif name.endswith(".weight"):
            value = 1 + 0.1 * rng.standard_normal(shape)
        else:
            value = 0.1 * rng.standard_normal(shape)
        state[name] = torch.tensor(value, dtype=tensor.dtype)
    network.load_state_dict(state)


def named_outputs(output: Any, path: str = "") -> Iterator[tuple[str, Tensor]]:
    """The tensors of a nested result by the path to them, ``out`` for a bare tensor."""
    if isinstance(output, Tensor):
        yield path or "out", output
        return
    items = output.items() if isinstance(output, dict) else enumerate(output)
    for key, value in items:
        yield from named_outputs(value, f"{path}.{key}" if path else str(key))
