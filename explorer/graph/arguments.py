"""What stands in the arguments and results of a call: proxies, parameters, plain settings, names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from explorer.graph.layer_graph import Json
from explorer.graph.proxy import Proxy


def named_proxies(value: Any, name: str) -> Iterator[tuple[str, Proxy]]:
    """The proxies inside a network's result, each with its index path: ``out``, ``1``, ``0.hm``."""
    if isinstance(value, Proxy):
        yield name or "out", value
    elif isinstance(value, list | tuple | Mapping):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in items:
            yield from named_proxies(item, f"{name}.{key}" if name else str(key))


def sort_arguments(values: Any, proxies: list[Proxy], reads: list[nn.Parameter]) -> None:
    """Collect the proxies and the parameters among (nested) arguments, in order."""
    for value in values:
        if isinstance(value, Proxy):
            proxies.append(value)
        elif type(value) is nn.Parameter:
            reads.append(value)
        elif isinstance(value, torch.Tensor):
            reads.extend(parameters_behind(value))
        elif isinstance(value, list | tuple):
            sort_arguments(value, proxies, reads)
        elif isinstance(value, dict):
            sort_arguments(value.values(), proxies, reads)


def parameters_behind(tensor: torch.Tensor) -> list[nn.Parameter]:
    """The parameters that a tensor was computed from, as with weight normalisation: the leaves of its history."""
    if isinstance(tensor, nn.Parameter):
        return [tensor]
    found: list[nn.Parameter] = []
    waiting, seen = [tensor.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        if isinstance(leaf, nn.Parameter):
            found.append(leaf)
        waiting.extend(next_node for next_node, _ in node.next_functions)
    return found


def first_line(error: Exception) -> str:
    """What an error says, for the middle of a sentence."""
    return str(error).partition("\n")[0].rstrip(". ")


def kind_of(function: Callable[..., Any]) -> tuple[str, bool]:
    """A torch function's name without the marks of operators and in-place forms, and whether it is in place."""
    name = getattr(function, "__name__", None) or str(function)
    if name == "__get__":
        return str(getattr(function, "__self__").__name__), False  # noqa: B009 - a descriptor's method
    if name.startswith("__") and name.endswith("__"):
        bare = name[2:-2]
        return bare, bare in ("setitem", "iadd", "isub", "imul", "itruediv")
    if name.endswith("_") and not name.startswith("_"):
        return name[:-1], True
    return name.removeprefix("_"), False


def is_plain(value: Any) -> bool:
    """Whether a setting can be written into the graph."""
    if isinstance(value, list | tuple):
        return all(is_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str | torch.dtype)


def plain(value: Any) -> Json:
    """A setting as the graph has it: tuples, and dtypes by name."""
    if isinstance(value, list | tuple):
        return tuple(plain(item) for item in value)
    return str(value).removeprefix("torch.") if isinstance(value, torch.dtype) else value
