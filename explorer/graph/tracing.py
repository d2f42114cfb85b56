"""trace: a network's real code, run once on shapes, becomes a LayerGraph.

No weights and no data: the network is a private one on the meta device and its input a proxy. Every torch
function called with a proxy arrives at the trace's Recorder, which asks the function's rule (rules.py) for shapes,
attributes and MACs, or runs it on meta tensors where it has none (fallback.py). Nothing of PyTorch or of the
caller's module is patched: what is hooked is the private network.
"""

from __future__ import annotations

import torch
from torch import nn

from explorer.config import ModelConfig, resolve
from explorer.errors import TraceError
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.outcome import by
from explorer.graph.private import private_copy
from explorer.graph.proxy import ShapeProxy, TensorProxy
from explorer.graph.recorder import Recorder

MAX_SIDE = 16_384
MAX_CHANNELS = 4_096
MAX_BATCH = 4_096


def trace(network: ModelConfig | str | nn.Module, input_shape: tuple[int, int, int, int]) -> LayerGraph:
    """What ``network`` computes for an input of ``input_shape``, in evaluation mode.

    ``network`` is a configuration, a preset's name, or any module (which is copied, never touched).
    ``input_shape`` is (N, C, H, W). Raises TraceError where sizes do not fit or the code needs values.
    """
    shape = checked_shape(input_shape)
    if isinstance(network, nn.Module):
        return Recorder(private_copy(network), type(network).__name__, TensorProxy).run(shape)
    from explorer.networks import construct

    config = resolve(network)
    return Recorder(construct(config, device="meta"), config.title, ShapeProxy).run(shape)


def checked_shape(input_shape: tuple[int, int, int, int]) -> torch.Size:
    """The input's shape if it is four sizes within the limits; raises TraceError."""
    try:
        sizes = tuple(input_shape)
    except TypeError:
        sizes = ()
    if len(sizes) != 4 or any(type(n) is not int for n in sizes):
        raise TraceError(f"The input shape must be four whole numbers (N, C, H, W), not {input_shape!r}.")
    limits = {"N": MAX_BATCH, "C": MAX_CHANNELS, "H": MAX_SIDE, "W": MAX_SIDE}
    for (name, limit), size in zip(limits.items(), sizes, strict=True):
        if not 1 <= size <= limit:
            raise TraceError(
                f"{name} of the input shape {by(sizes)} must be between 1 and {limit}, not {size}."
            )
    return torch.Size(sizes)
