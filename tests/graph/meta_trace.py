"""A second way to trace, for comparison: real meta tensors, a TorchFunctionMode, forward hooks, FlopCounterMode.

It shares no code with explorer.graph: PyTorch itself computes every shape, alias and count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

OPERATORS = {
    "__add__": "add", "__iadd__": "add", "__radd__": "add", "__sub__": "sub", "__mul__": "mul", "__imul__": "mul",
    "__truediv__": "div", "__rsub__": "sub", "__getitem__": "getitem",
}  # fmt: skip


@dataclass
class Call:
    """One function call as PyTorch made it; tensors are numbered in order of appearance."""

    kind: str
    path: str
    call: int
    inputs: list[int]
    outputs: list[int]
    shapes: list[tuple[int, ...]]
    dtypes: list[str]
    parameters: int
    flops: int
    inplace: bool
    view: bool


@dataclass
class MetaTrace(TorchFunctionMode):
    """Runs ``network`` on a meta tensor of ``shape`` and keeps each call."""

    network: nn.Module
    shape: tuple[int, ...]
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.frames: list[tuple[str, int]] = []
        self.numbers: dict[int, int] = {}
        self.alive: list[torch.Tensor] = []
        self.parameters = {id(p) for p in self.network.parameters()}
        self.count = 0

    def run(self) -> list[tuple[str, int]]:
        """The outputs: (name, tensor number)."""
        counts: Counter[str] = Counter()
        handles = []
        for path, module in self.network.named_modules():

            def before(module: nn.Module, args: Any, path: str = path) -> None:
                self.frames.append((path, counts[path]))
                counts[path] += 1

            def after(module: nn.Module, args: Any, result: Any) -> None:
                self.frames.pop()

            handles += [module.register_forward_pre_hook(before), module.register_forward_hook(after)]
        x = torch.empty(self.shape, device="meta")
        self.number(x)
        self.counter = FlopCounterMode(display=False)
        with self.counter, self:
            result = self.network(x)
        self.result = result
        return [(name, self.numbers[id(tensor)]) for name, tensor in flat(result)]

    def number(self, tensor: torch.Tensor) -> int:
        """A new number for what this tensor holds from now on."""
        self.alive.append(tensor)
        self.numbers[id(tensor)] = self.count
        self.count += 1
        return self.numbers[id(tensor)]

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        arguments = [tensor for _, tensor in flat([*args, *kwargs.values()])]
        inputs = [tensor for tensor in arguments if id(tensor) in self.numbers]
        numbers = [self.numbers[id(tensor)] for tensor in inputs]
        flops = self.counter.get_total_flops()
        result = function(*args, **kwargs)
        outputs = [tensor for _, tensor in flat(result)]
        if not inputs or not outputs:
            return result
        same = any(out is tensor for out in outputs for tensor in inputs)
        shared = {t.untyped_storage()._cdata for t in outputs} & {t.untyped_storage()._cdata for t in inputs}
        name = function.__name__
        path, call = self.frames[-1]
        self.calls.append(
            Call(
                OPERATORS.get(name, name.removesuffix("_")), path, call, numbers,
                [self.number(tensor) for tensor in outputs],
                [tuple(tensor.shape) for tensor in outputs],
                [str(tensor.dtype).removeprefix("torch.") for tensor in outputs],
                sum(t.numel() for t in arguments if id(t) in self.parameters),
                self.counter.get_total_flops() - flops,
                same, bool(shared) and not same,
            )
        )  # fmt: skip
        return result


def flat(value: Any, name: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor in a nested structure with its index path; ``out`` for a bare one."""
    if isinstance(value, torch.Tensor):
        yield name or "out", value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from flat(item, f"{name}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from flat(item, f"{name}.{index}".lstrip("."))
