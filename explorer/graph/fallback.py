"""Calls without a rule run on meta tensors: PyTorch itself says what shapes come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from explorer.graph.proxy import META, Proxy


class MetaResult(NamedTuple):
    """What a call on meta tensors gave.

    ``value`` is the function's result with meta tensors inside; ``inputs`` the proxies and the meta tensors that
    stood in for them; ``changed`` the proxies that were written in place; ``macs`` from PyTorch's flop formulas.
    """

    value: Any
    inputs: list[tuple[Proxy, torch.Tensor]]
    changed: list[Proxy]
    macs: int


class _CountMacs(TorchDispatchMode):
    """Adds up PyTorch's flop formulas on this thread (FlopCounterMode also installs global module hooks)."""

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.flops += int(formula(*args, **(kwargs or {}), out_val=result))
        return result


def run(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> MetaResult:
    """Call ``function`` with a contiguous meta tensor in place of each proxy. Raises whatever it raises."""
    stand_ins: dict[int, tuple[Proxy, torch.Tensor]] = {}

    def to_meta(value: Any) -> Any:
        if isinstance(value, Proxy):
            if value.id not in stand_ins:
                tensor = torch.empty(value.shape, dtype=value.dtype, device=META)
                stand_ins[value.id] = (value, tensor)
            return stand_ins[value.id][1]
        if isinstance(value, torch.Tensor) and value.device != META:
            return value.to(META)
        if isinstance(value, torch.device):
            return META
        return value

    with _CountMacs() as counter:
        value = function(*replace(args, to_meta), **replace(kwargs, to_meta))
    changed = [proxy for proxy, tensor in stand_ins.values() if tensor._version]
    return MetaResult(value, list(stand_ins.values()), changed, counter.flops // 2)


def replace(value: Any, change: Callable[[Any], Any]) -> Any:
    """``value`` with ``change`` applied to every leaf of its lists, tuples and dicts."""
    if isinstance(value, torch.Size):
        return value
    if isinstance(value, tuple):
        items = [replace(item, change) for item in value]
        # Named tuples take their fields apart; torch.return_types take one sequence, as tuples do.
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, list):
        return [replace(item, change) for item in value]
    if isinstance(value, dict):
        return type(value)((key, replace(item, change)) for key, item in value.items())
    return change(value)
