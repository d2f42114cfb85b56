"""A real pass through a network in step with its LayerGraph: each operation is announced as it comes. Imports torch.

The graph was recorded from the calls of torch functions that the network's code makes; a real pass makes the same
calls in the same order, and a ``TorchFunctionMode``, which belongs to one thread, sees them. So nothing is hooked,
and a network that others share stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explorer.graph.layer_graph import LayerGraph, Operation
from explorer.graph.rules import RULES

Call = Callable[[], Any]
Watch = Callable[[Operation, Call], Any]
"""Gets an operation and the call that computes it; returns what that returned."""


def replay(network: nn.Module, graph: LayerGraph, inputs: Tensor, watch: Watch) -> Any:
    """The network's outputs for ``inputs`` (N, C, H, W); ``watch`` is called in place of each operation of ``graph``.

    Whatever ``watch`` raises ends the pass. Raises RuntimeError where the network does not compute what the graph
    says, which must be its own at the inputs' size.
    """
    if tuple(inputs.shape) != graph.tensors[graph.inputs[0]].shape:
        raise RuntimeError(f"{graph.name} was traced at another size than {tuple(inputs.shape)}.")
    mode = _InStep(graph, watch)
    with mode:
        outputs = network(inputs)
    if mode.position < len(graph.operations):
        raise RuntimeError(f"{graph.name} did not compute {graph.operations[mode.position]}.")
    return outputs


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors of an operation's result, in the order of the graph's ``outputs``."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors_in(item)


class _InStep(TorchFunctionMode):
    """Compares each call with the operation that must come next."""

    def __init__(self, graph: LayerGraph, watch: Watch) -> None:
        super().__init__()
        self.graph = graph
        self.watch = watch
        self.position = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}
        if self.position == len(self.graph.operations):
            return func(*args, **named)
        expected = self.graph.operations[self.position]
        if _kind(func) != expected.kind:
            # Questions about shapes, and what a module computes without its input.
            return func(*args, **named)
        self.position += 1
        result = self.watch(expected, lambda: func(*args, **named))
        shapes = [tuple(tensor.shape) for tensor in tensors_in(result)]
        if shapes != [self.graph.tensors[tensor].shape for tensor in expected.outputs]:
            raise RuntimeError(f"{self.graph.name} computed {shapes} at {expected}.")
        return result


def _kind(function: Callable[..., Any]) -> str:
    """The kind under which the tracer records a function."""
    if function in RULES:
        return RULES[function][0]
    return str(getattr(function, "__name__", "")).strip("_")
