"""Which cells of its inputs each cell of an operation's result reads, one axis at a time.

The windows of convolutions, poolings and resizing are separable: what they read along the rows does not depend on
the column. Formulas: the PyTorch documentation of each function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np

from explorer.graph.layer_graph import LayerGraph, Operation

NOWHERE = np.iinfo(np.int64).min
"""Instead of a cell, where a tap reads none."""


class Reading(Protocol):
    """How a cell of the result reads one input along one axis. ``scale`` is input cells per result cell."""

    @property
    def scale(self) -> Fraction: ...

    def cells(self, results: np.ndarray) -> np.ndarray:
        """The cells (taps, n) that ``results`` (n,) read, as on maps without borders; NOWHERE for none."""


@dataclass(frozen=True, slots=True)
class Same:
    """Each cell reads its own position."""

    scale = Fraction(1)

    def cells(self, results: np.ndarray) -> np.ndarray:
        """See ``Reading``."""
        return results[None]


@dataclass(frozen=True, slots=True)
class Everywhere:
    """Each cell reads all cells of the input, of which there are ``count``."""

    count: int

    @property
    def scale(self) -> Fraction:
        """See ``Reading``."""
        return Fraction(self.count)

    def cells(self, results: np.ndarray) -> np.ndarray:
        """The first and the last."""
        return np.repeat([[0], [self.count - 1]], len(results), axis=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A convolution's or a pooling's: cell o reads o·stride − before + dilation·t for each tap t."""

    kernel: int
    stride: int
    before: int
    dilation: int

    @property
    def scale(self) -> Fraction:
        """See ``Reading``."""
        return Fraction(self.stride)

    def cells(self, results: np.ndarray) -> np.ndarray:
        """See ``Reading``."""
        return results * self.stride - self.before + self.dilation * np.arange(self.kernel)[:, None]


@dataclass(frozen=True, slots=True)
class Transposed:
    """A transposed convolution's: cell o reads i where o = i·stride − before + dilation·t for some tap t."""

    kernel: int
    stride: int
    before: int
    dilation: int

    @property
    def scale(self) -> Fraction:
        """See ``Reading``."""
        return Fraction(1, self.stride)

    def cells(self, results: np.ndarray) -> np.ndarray:
        """See ``Reading``."""
        scaled = results + self.before - self.dilation * np.arange(self.kernel)[:, None]
        return np.where(scaled % self.stride == 0, scaled // self.stride, NOWHERE)


@dataclass(frozen=True, slots=True)
class Resized:
    """Linear interpolation's: the two cells around ``scale``·(o + ½) − ½, or around ``scale``·o where ``aligned``.

    A cell that lies exactly at the position is read alone.
    """

    scale: Fraction
    aligned: bool

    def cells(self, results: np.ndarray) -> np.ndarray:
        """See ``Reading``."""
        p, q = self.scale.numerator, self.scale.denominator
        above, below = (results * p, q) if self.aligned else ((2 * results + 1) * p - q, 2 * q)
        return np.stack([above // below, -(-above // below)])


@dataclass(frozen=True, slots=True)
class Nearest:
    """Nearest neighbour: cell ⌊o·scale⌋, or with ``exact`` ⌊(o + ½)·scale⌋."""

    scale: Fraction
    exact: bool

    def cells(self, results: np.ndarray) -> np.ndarray:
        """See ``Reading``."""
        p, q = self.scale.numerator, self.scale.denominator
        return ((2 * results + 1) * p // (2 * q) if self.exact else results * p // q)[None]


@dataclass(frozen=True, slots=True)
class Adaptive:
    """Adaptive pooling of ``count`` cells to ``size``: from ⌊o·count / size⌋ to before ⌈(o + 1)·count / size⌉."""

    count: int
    size: int

    @property
    def scale(self) -> Fraction:
        """See ``Reading``."""
        return Fraction(self.count, self.size)

    def cells(self, results: np.ndarray) -> np.ndarray:
        """See ``Reading``."""
        first = results * self.count // self.size
        after = -(-(results + 1) * self.count // self.size)
        cells = first + np.arange(-(-self.count // self.size) + 1)[:, None]
        return np.where(cells < after, cells, NOWHERE)


@dataclass(frozen=True, slots=True)
class Operand:
    """One tensor that a result depends on, by rows and by columns."""

    tensor: int
    rows: Reading
    columns: Reading


@dataclass(frozen=True, slots=True)
class Reads:
    """Everything that a result depends on.

    ``learned`` marks positions that the network chooses itself: the operands then list the regular ones. ``known``
    is False for a function whose dependencies no rule describes: it is taken to read everything.
    """

    operands: tuple[Operand, ...]
    learned: bool = False
    known: bool = True


POINTWISE = frozenset(
    {"relu", "relu6", "sigmoid", "hardsigmoid", "hardswish", "hardtanh", "silu", "mish", "selu", "elu", "gelu",
     "leaky_relu", "tanh", "exp", "log", "sqrt", "rsqrt", "abs", "neg", "clamp", "batch_norm", "dropout", "dropout2d",
     "clone", "contiguous", "detach", "to", "add", "sub", "mul", "div", "maximum", "minimum", "max", "min", "pow"}
)  # fmt: skip
"""Functions of one or several maps, position by position."""

REDUCTIONS = frozenset({"mean", "sum", "amax", "amin"})
SOFTMAX = frozenset({"softmax", "log_softmax"})
CHANNELWISE = frozenset({"cat", "split", "chunk"})
RESHAPING = frozenset({"flatten", "view", "reshape", "linear", "squeeze", "unsqueeze"})
ROWS, COLUMNS = 2, 3


def map_size(shape: Sequence[int]) -> tuple[int, int]:
    """Rows and columns of a tensor (N, C, H, W); every other tensor is taken as one cell."""
    return (shape[2], shape[3]) if len(shape) == 4 else (1, 1)


def reads_of(graph: LayerGraph, operation: Operation, result: int) -> Reads:
    """What tensor ``result``, an output of ``operation``, reads."""
    settings = _Settings(graph, operation, result)
    source = dict.fromkeys(operation.inputs)
    kind = operation.kind
    if not source:
        return Reads(())
    if kind == "deform_conv2d":
        taps, *offsets = source
        chosen = tuple(Operand(tensor, Same(), Same()) for tensor in offsets)
        return Reads((settings.operand(taps, settings.window), *chosen), learned=True)
    if kind in {"conv2d", "max_pool2d", "avg_pool2d"}:
        return settings.reads(source, settings.window)
    if kind == "conv_transpose2d":
        return settings.reads(source, settings.transposed)
    if kind in {"adaptive_avg_pool2d", "adaptive_max_pool2d"}:
        return settings.reads(source, settings.adaptive)
    if kind == "interpolate" and operation.attributes["mode"] in _RESIZING:
        return settings.reads(source, settings.resized)
    if kind == "pad" and operation.attributes.get("mode") == "constant":
        return settings.reads(source, settings.padded)
    if kind in REDUCTIONS or kind in SOFTMAX:
        return settings.reads(source, settings.reduced)
    if kind in POINTWISE or (kind in CHANNELWISE and not settings.across(ROWS, COLUMNS)):
        return settings.reads(source, settings.same)
    if kind == "getitem" and settings.keeps_size(source):
        return settings.reads(source, settings.same)
    single = all(map_size(graph.tensors[tensor].shape) == (1, 1) for tensor in source)
    return Reads(settings.reads(source, settings.everywhere).operands, known=single or kind in RESHAPING)


_RESIZING = ("nearest", "nearest-exact", "bilinear")


class _Settings:
    """An operation's attributes as readings; ``axis`` is 0 for rows and 1 for columns."""

    def __init__(self, graph: LayerGraph, operation: Operation, result: int) -> None:
        self.graph = graph
        self.attributes = operation.attributes
        self.size = map_size(graph.tensors[result].shape)

    def reads(self, tensors: Sequence[int] | dict[int, None], rule: _Rule) -> Reads:
        return Reads(tuple(self.operand(tensor, rule) for tensor in tensors))

    def operand(self, tensor: int, rule: _Rule) -> Operand:
        count = map_size(self.graph.tensors[tensor].shape)
        return Operand(tensor, rule(0, count[0]), rule(1, count[1]))

    def keeps_size(self, tensors: dict[int, None]) -> bool:
        return all(map_size(self.graph.tensors[tensor].shape) == self.size for tensor in tensors)

    def across(self, *dims: int) -> bool:
        """Whether the operation works along one of these dimensions."""
        value = self.attributes.get("dim")
        found = value if isinstance(value, list | tuple) else (value,)
        return not set(dims).isdisjoint(d for d in found if isinstance(d, int))

    # The rules: from an axis and the input's length along it to a reading.

    def window(self, axis: int, count: int) -> Reading:
        kernel, stride = self._of("kernel", axis, 1), self._of("stride", axis, 1)
        dilation = self._of("dilation", axis, 1)
        if self.attributes.get("padding") == "same":
            # PyTorch pads the odd cell at the end.
            before = dilation * (kernel - 1) // 2
        else:
            before = self._of("padding", axis, 0)
        if (kernel, stride, before) == (1, 1, 0):
            return Same()
        return Window(kernel, stride, before, dilation)

    def transposed(self, axis: int, count: int) -> Reading:
        return Transposed(
            self._of("kernel", axis, 1),
            self._of("stride", axis, 1),
            self._of("padding", axis, 0),
            self._of("dilation", axis, 1),
        )

    def adaptive(self, axis: int, count: int) -> Reading:
        if self.size[axis] == count:
            return Same()
        return Everywhere(count) if self.size[axis] == 1 else Adaptive(count, self.size[axis])

    def resized(self, axis: int, count: int) -> Reading:
        aligned = bool(self.attributes.get("align_corners"))
        factors = self.attributes.get("scale")
        factor = factors[axis] if isinstance(factors, list | tuple) else None
        mode = str(self.attributes["mode"])
        if aligned:
            scale = Fraction(count - 1, max(1, self.size[axis] - 1))
        elif isinstance(factor, int | float):
            # Without ``recompute_scale_factor`` PyTorch steps by the factor it was given, not by the sizes' ratio.
            scale = 1 / Fraction(factor).limit_denominator(1_000_000)
        else:
            scale = Fraction(count, self.size[axis])
        if scale == 1:
            return Same()
        return Resized(scale, aligned) if mode == "bilinear" else Nearest(scale, mode == "nearest-exact")

    def padded(self, axis: int, count: int) -> Reading:
        arguments = self.attributes.get("arguments")
        widths = arguments[0] if isinstance(arguments, list | tuple) and arguments else ()
        # Listed from the last dimension on: left, right, top, bottom.
        place = 2 * (1 - axis)
        before = widths[place] if isinstance(widths, list | tuple) and place < len(widths) else 0
        if not isinstance(before, int) or (before == 0 and count == self.size[axis]):
            return Same()
        return Window(1, 1, before, 1)

    def reduced(self, axis: int, count: int) -> Reading:
        return Everywhere(count) if self.across(ROWS + axis) else self.same(axis, count)

    def same(self, axis: int, count: int) -> Reading:
        """A map of another length, above all of one cell, is taken to be read whole at all positions."""
        return Same() if count == self.size[axis] else Everywhere(count)

    def everywhere(self, axis: int, count: int) -> Reading:
        return Same() if count == self.size[axis] == 1 else Everywhere(count)

    def _of(self, name: str, axis: int, otherwise: int) -> int:
        value = self.attributes.get(name, otherwise)
        chosen = value[axis] if isinstance(value, list | tuple) else value
        return chosen if isinstance(chosen, int) else otherwise


class _Rule(Protocol):
    def __call__(self, axis: int, count: int) -> Reading: ...
