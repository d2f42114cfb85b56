"""A private copy of somebody's module, for tracing: their module is read once and never touched."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from explorer.errors import TraceError
from explorer.graph.proxy import META


def private_copy(module: nn.Module) -> nn.Module:
    """A structural copy in evaluation mode: same classes and attributes, parameters and buffers on meta.

    Hooks are not copied, for they may write to what is the owner's; only PyTorch's own are, which compute weights
    (weight and spectral normalisation). Raises TraceError for modules that cannot be copied.
    """
    memo: dict[int, Any] = {}
    for part in module.modules():
        if isinstance(part, torch.jit.ScriptModule):
            raise TraceError(
                f"A {type(part).__name__} cannot be traced: give the module before it was scripted."
            )
        for value in part.__dict__.values():
            _stand_in(value, memo)
        for name, value in part.__dict__.items():
            if name.endswith("_hooks") and isinstance(value, dict):
                kept = ((k, h) for k, h in value.items() if type(h).__module__.startswith("torch.nn.utils."))
                memo[id(value)] = type(value)((key, copy.deepcopy(hook)) for key, hook in kept)
    try:
        twin = copy.deepcopy(module, memo)
    except (TypeError, RuntimeError, ValueError, AttributeError, NotImplementedError) as error:
        raise TraceError(
            f"{type(module).__name__} cannot be copied, so it cannot be traced: {error}"
        ) from error
    return twin.eval()


def _stand_in(value: Any, memo: dict[int, Any]) -> None:
    """Have copying find a meta tensor for every tensor in ``value``."""
    if isinstance(value, torch.Tensor) and id(value) not in memo:
        tensor = torch.empty(value.shape, dtype=value.dtype, device=META)
        memo[id(value)] = (
            nn.Parameter(tensor, _has_gradient(tensor)) if isinstance(value, nn.Parameter) else tensor
        )
    elif isinstance(value, list | tuple):
        for item in value:
            _stand_in(item, memo)
    elif isinstance(value, dict):
        for item in value.values():
            _stand_in(item, memo)


def _has_gradient(tensor: torch.Tensor) -> bool:
    """Frozen parameters get one too: weights computed from them are recognised by their history."""
    return tensor.is_floating_point() or tensor.is_complex()
