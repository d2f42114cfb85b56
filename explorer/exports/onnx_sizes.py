"""Which dimensions of an ONNX model's tensors are open, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import count

from explorer.errors import ExportError
from explorer.graph.layer_graph import LayerGraph, Operation

BATCH = "N"
_STRIDES = (1, 2, 4, 8, 16, 32, 64)


class Sizes:
    """Which dimensions depend on the image's size, found by comparing traces at several sizes."""

    def __init__(self, graph: LayerGraph, probes: Sequence[LayerGraph]) -> None:
        """``graph`` and the same network traced at other sizes, each of another height and width."""
        if any([o.kind for o in probe.operations] != [o.kind for o in graph.operations] for probe in probes):
            raise ExportError(f"{graph.name} computes something else at other sizes, which ONNX cannot say.")
        self.graph = graph
        self.all = (graph, *probes)
        self._numbers = count(1)

    def dimensions(self, tensor: int) -> tuple[int | str, ...]:
        """A tensor's shape: the batch as ``N``, what depends on the image as ``H/4`` or so, the rest in numbers."""
        shape = self.graph.tensors[tensor].shape
        return (BATCH, *(self._dimension(self._seen(tensor, axis)) for axis in range(1, len(shape))))

    def like(self, operation: Operation) -> int | None:
        """The last tensor before ``operation`` that has its result's height and width at all sizes."""
        (result,) = operation.outputs
        wanted = self._seen(result, 2), self._seen(result, 3)
        earlier = (t for number in range(operation.id) if number in self.graph.live
                   for t in self.graph.operations[number].outputs)  # fmt: skip
        fitting = [
            tensor
            for tensor in (*self.graph.inputs, *earlier)
            if len(self.graph.tensors[tensor].shape) == 4
            and (self._seen(tensor, 2), self._seen(tensor, 3)) == wanted
        ]
        return fitting[-1] if fitting else None

    def _seen(self, tensor: int, axis: int) -> tuple[int, ...]:
        return tuple(graph.tensors[tensor].shape[axis] for graph in self.all)

    def _dimension(self, seen: tuple[int, ...]) -> int | str:
        if len(set(seen)) == 1:
            return seen[0]
        if seen not in self._known:
            self._known[seen] = f"size {next(self._numbers)}"
        return self._known[seen]

    @cached_property
    def _known(self) -> dict[tuple[int, ...], str]:
        """Sizes seen at each trace → what they are called."""
        found: dict[tuple[int, ...], str] = {}
        for seen, name in self._fractions():
            found.setdefault(seen, name)
        return found

    def _fractions(self) -> Iterator[tuple[tuple[int, ...], str]]:
        image = self.graph.inputs[0]
        for axis, side in ((2, "H"), (3, "W")):
            whole = self._seen(image, axis)
            for stride in _STRIDES:
                text = side if stride == 1 else f"{side}/{stride}"
                yield tuple(size // stride for size in whole), text
                yield tuple(-(-size // stride) for size in whole), f"⌈{text}⌉"
