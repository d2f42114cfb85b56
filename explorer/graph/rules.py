"""Rules: for each torch function that networks use, the output shape, attributes and MACs from input shapes.

A rule has its function's parameters and returns an ``Outcome``, raises ``ShapeError`` where the sizes do not fit,
or returns ``NotImplemented`` for a case it does not cover (the call then runs on meta tensors, fallback.py).
Sources: the shape formulas of the PyTorch documentation of each function. MACs count one multiply-accumulate per
weight and output position (per input position for transposed convolutions), biases not counted, which is half
of what ``torch.utils.flop_counter`` reports.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F

from explorer.graph.layer_graph import Json

Shape = tuple[int, ...]
Function = Callable[..., Any]


class ShapeError(Exception):
    """Sizes that do not fit; the message is a sentence that states the function's rule and the shapes."""


class Outcome(NamedTuple):
    """What a call yields: one ``shape``, or several when ``many``. ``dtype`` None means the first input's."""

    shape: Any
    attributes: Mapping[str, Json] = {}
    macs: int = 0
    dtype: torch.dtype | None = None
    many: bool = False


IN_PLACE: Mapping[str, Json] = {"inplace": True}
NONE: Mapping[str, Json] = {}


# Small helpers


def by(shape: Iterable[int]) -> str:
    """A shape in words: 1×64×56×56."""
    return "×".join(map(str, shape)) or "scalar"


def times(value: Any, rank: int) -> tuple[int, ...]:
    """An int or a sequence as one int per spatial dimension."""
    if isinstance(value, int):
        return (value,) * rank
    values = tuple(value)
    return values * rank if len(values) == 1 else values


def broadcast(kind: str, a: Shape, b: Shape) -> Shape:
    """The shape that element-wise functions give two operands: sizes equal or 1, aligned at the last dimension."""
    if a == b:
        return a
    rank = max(len(a), len(b))
    left = (1,) * (rank - len(a)) + tuple(a)
    right = (1,) * (rank - len(b)) + tuple(b)
    for x, y in zip(left, right, strict=True):
        if x != y and 1 not in (x, y):
            raise ShapeError(f"{kind} needs sizes that are equal or 1, and {by(a)} does not fit {by(b)}")
    return tuple(y if x == 1 else x for x, y in zip(left, right, strict=True))


def dimension(kind: str, dim: int, rank: int) -> int:
    """A dimension counted from the front."""
    if not -rank <= dim < rank:
        raise ShapeError(f"{kind} needs a dimension between {-rank} and {rank - 1}, not {dim}")
    return dim % rank


def positive(kind: str, source: Shape, spatial: Sequence[int], window: Sequence[int]) -> None:
    """Windows must fit into what they slide over."""
    if min(spatial) < 1:
        raise ShapeError(
            f"{kind} needs an input at least as large as its window: "
            f"{by(source)} is too small for a window of {by(window)}"
        )


# Convolutions and linear layers


def convolution(kind: str, rank: int) -> Function:
    """conv1d, conv2d, conv3d: out = floor((in + 2·padding − dilation·(kernel − 1) − 1) / stride) + 1."""

    def rule(
        input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
    ) -> Outcome:
        source, filters = input.shape, weight.shape
        if len(source) != rank + 2:
            return NotImplemented
        channels = filters[1] * groups
        if source[1] != channels:
            raise ShapeError(f"{kind} with filters {by(filters)} needs {channels} channels, not {by(source)}")
        kernel, stride, dilation = tuple(filters[2:]), times(stride, rank), times(dilation, rank)
        window = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
        if padding == "same":
            spatial = list(source[2:])
        else:
            padding = (0,) * rank if padding == "valid" else times(padding, rank)
            spatial = [
                (n + 2 * p - w) // s + 1
                for n, p, w, s in zip(source[2:], padding, window, stride, strict=True)
            ]
        positive(kind, source, spatial, window)
        attributes: dict[str, Json] = {
            "in_channels": channels, "out_channels": filters[0], "kernel": kernel, "stride": stride,
            "padding": padding, "dilation": dilation, "groups": groups, "bias": bias is not None,
        }  # fmt: skip
        macs = source[0] * math.prod(spatial) * math.prod(filters)
        return Outcome((source[0], filters[0], *spatial), attributes, macs)

    return rule


def transposed_convolution(kind: str, rank: int) -> Function:
    """out = (in − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1."""

    def rule(
        input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
        groups: int = 1, dilation: Any = 1,
    ) -> Outcome:  # fmt: skip
        source, filters = input.shape, weight.shape
        if len(source) != rank + 2:
            return NotImplemented
        if source[1] != filters[0]:
            raise ShapeError(f"{kind} with filters {by(filters)} needs {filters[0]} channels, not {by(source)}")
        kernel, stride, dilation = tuple(filters[2:]), times(stride, rank), times(dilation, rank)
        padding, output_padding = times(padding, rank), times(output_padding, rank)
        spatial = [
            (n - 1) * s - 2 * p + d * (k - 1) + o + 1
            for n, s, p, d, k, o in zip(
                source[2:], stride, padding, dilation, kernel, output_padding, strict=True
            )
        ]
        positive(kind, source, spatial, kernel)
        channels = filters[1] * groups
        attributes: dict[str, Json] = {
            "in_channels": filters[0], "out_channels": channels, "kernel": kernel, "stride": stride,
            "padding": padding, "output_padding": output_padding, "dilation": dilation, "groups": groups,
            "bias": bias is not None,
        }  # fmt: skip
        macs = math.prod(source) // source[1] * math.prod(filters)
        return Outcome((source[0], channels, *spatial), attributes, macs)

    return rule


def deform_conv2d(
    input: Any, offset: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    mask: Any = None,
) -> Outcome:  # fmt: skip
    """Deformable convolution: shapes and MACs of the convolution; bilinear sampling is not counted.

    ``offset`` is (N, 2·G·K, H', W') and ``mask`` (N, G·K, H', W') for K filter taps and G offset groups.
    """
    groups = input.shape[1] // weight.shape[1]
    outcome = _convolution2d(input, weight, bias, stride, padding, dilation, groups)
    if outcome is NotImplemented:
        return outcome
    taps = math.prod(weight.shape[2:])
    place = (outcome.shape[0], *outcome.shape[2:])
    for name, value, per_tap in (("offsets", offset, 2), ("mask", mask, 1)):
        if value is None:
            continue
        if (value.shape[0], *value.shape[2:]) != place or value.shape[1] % (per_tap * taps):
            raise ShapeError(
                f"deform_conv2d with output {by(outcome.shape)} needs {name} of that size with a multiple of "
                f"{per_tap * taps} channels, not {by(value.shape)}"
            )
    offset_groups = offset.shape[1] // (2 * taps)
    attributes = {**outcome.attributes, "offset_groups": offset_groups, "modulated": mask is not None}
    return outcome._replace(attributes=attributes)


def linear(input: Any, weight: Any, bias: Any = None) -> Outcome:
    source, (*outputs, features) = input.shape, weight.shape
    if source[-1] != features:
        raise ShapeError(f"linear with weight {by(weight.shape)} needs {features} features, not {by(source)}")
    shape = (*source[:-1], *outputs)
    attributes: dict[str, Json] = {
        "in_features": features, "out_features": outputs[0] if outputs else 1, "bias": bias is not None,
    }  # fmt: skip
    return Outcome(shape, attributes, math.prod(source[:-1]) * math.prod(weight.shape))


# Normalisation, activations and whatever keeps the shape


def batch_norm(
    input: Any, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None, training: bool = False,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Outcome:  # fmt: skip
    known = next((v for v in (running_mean, running_var, weight, bias) if v is not None), None)
    if known is not None and known.shape[0] != input.shape[1]:
        raise ShapeError(f"batch_norm of {known.shape[0]} channels does not fit {by(input.shape)}")
    attributes: dict[str, Json] = {
        "channels": input.shape[1], "eps": eps, "momentum": momentum, "affine": weight is not None,
    }  # fmt: skip
    return Outcome(input.shape, attributes)


def activation(*names: str) -> Function:
    """Element-wise functions of one tensor; their constants are attributes by the given names, in order."""

    def rule(input: Any, *values: Any, inplace: bool = False, **named: Any) -> Outcome:
        if not input.dtype.is_floating_point or len(values) > len(names) + 1:
            return NotImplemented
        # F.relu(x, True): functions of torch.nn.functional take ``inplace`` after their constants.
        if len(values) == len(names) + 1:
            *values_, inplace = values
            values = tuple(values_)
        constants = {**dict(zip(names, values, strict=False)), **named}
        if any(not isinstance(v, int | float | str | None) for v in constants.values()):
            return NotImplemented
        if not constants:
            return Outcome(input.shape, IN_PLACE if inplace else NONE)
        return Outcome(input.shape, {**constants, **(IN_PLACE if inplace else NONE)})

    return rule


def in_place(rule: Function) -> Function:
    """The rule of a function that overwrites its first argument with a result of the same shape."""

    def changed(input: Any, *args: Any, **kwargs: Any) -> Outcome:
        outcome = rule(input, *args, **kwargs)
        if outcome is NotImplemented:
            return outcome
        if tuple(outcome.shape) != tuple(input.shape):
            raise ShapeError(f"an in-place result of {by(outcome.shape)} does not fit into {by(input.shape)}")
        return outcome._replace(attributes={**outcome.attributes, "inplace": True})

    return changed


def softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Outcome:
    if dim is None or dtype is not None or not input.dtype.is_floating_point:
        return NotImplemented
    return Outcome(input.shape, {"dim": dimension("softmax", dim, len(input.shape))})


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Outcome:
    attributes: dict[str, Json] = {"p": p, "training": training}
    return Outcome(input.shape, {**attributes, **(IN_PLACE if inplace else NONE)})


def same(input: Any) -> Outcome:
    return Outcome(input.shape)


def aliased(input: Any) -> Outcome:
    return Outcome(input.shape, {"view": True})


def contiguous(input: Any, memory_format: Any = None) -> Outcome:
    return NotImplemented if memory_format not in (None, torch.contiguous_format) else aliased(input)


# Pooling and resizing


def _pooled(kind: str, input: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool) -> Outcome:
    source = input.shape
    if len(source) != 4:
        return NotImplemented
    kernel = times(kernel, 2)
    stride = kernel if stride is None or stride == () or stride == [] else times(stride, 2)
    padding, dilation = times(padding, 2), times(dilation, 2)
    if any(p > k // 2 for p, k in zip(padding, kernel, strict=True)):
        raise ShapeError(f"{kind} needs padding of at most half its window: {by(padding)} for {by(kernel)}")
    spatial = []
    for n, k, s, p, d in zip(source[2:], kernel, stride, padding, dilation, strict=True):
        span = n + 2 * p - d * (k - 1) - 1
        out = (span + s - 1) // s + 1 if ceil else span // s + 1
        # The last window of ceil_mode must start inside the input or its left padding.
        if ceil and (out - 1) * s >= n + p:
            out -= 1
        spatial.append(out)
    positive(kind, source, spatial, kernel)
    attributes: dict[str, Json] = {"kernel": kernel, "stride": stride, "padding": padding, "ceil_mode": bool(ceil)}
    return Outcome((*source[:2], *spatial), attributes)


def max_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Outcome:  # fmt: skip
    if return_indices:
        return NotImplemented
    outcome = _pooled("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode)
    if outcome is NotImplemented:
        return outcome
    return outcome._replace(attributes={**outcome.attributes, "dilation": times(dilation, 2)})


def avg_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Outcome:  # fmt: skip
    return _pooled("avg_pool2d", input, kernel_size, stride, padding, 1, ceil_mode)


def adaptive_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Outcome:
    if return_indices or len(input.shape) != 4:
        return NotImplemented
    wanted = (output_size,) * 2 if output_size is None or isinstance(output_size, int) else tuple(output_size)
    size = tuple(n if w is None else w for w, n in zip(wanted, input.shape[2:], strict=True))
    return Outcome((*input.shape[:2], *size), {"size": size})


def interpolate(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None,
    recompute_scale_factor: Any = None, antialias: bool = False,
) -> Outcome:  # fmt: skip
    """Out = ``size``, or floor(in · scale_factor)."""
    source = input.shape
    rank = len(source) - 2
    if (size is None) == (scale_factor is None) or rank < 1:
        return NotImplemented
    attributes: dict[str, Json] = {"mode": mode, "align_corners": bool(align_corners)}
    if size is not None:
        spatial = times(size, rank)
    else:
        scale = (scale_factor,) * rank if isinstance(scale_factor, int | float) else tuple(scale_factor)
        spatial = tuple(math.floor(float(n) * s) for n, s in zip(source[2:], scale, strict=True))
        attributes["scale"] = tuple(map(float, scale))
    positive("interpolate", source, spatial, spatial)
    attributes["size"] = spatial
    return Outcome((*source[:2], *spatial), attributes)


# Joining and arithmetic


def cat(tensors: Any, dim: int = 0) -> Outcome:
    shapes = [t.shape for t in tensors]
    if len({t.dtype for t in tensors}) != 1:
        return NotImplemented
    first = shapes[0]
    dim = dimension("cat", dim, len(first))
    rest = (*first[:dim], *first[dim + 1 :])
    for shape in shapes[1:]:
        if (*shape[:dim], *shape[dim + 1 :]) != rest:
            raise ShapeError(
                f"cat joins tensors that agree in every dimension but {dim}, "
                f"and {by(first)} does not fit {by(shape)}"
            )
    return Outcome((*first[:dim], sum(s[dim] for s in shapes), *first[dim + 1 :]), {"dim": dim})


def stack(tensors: Any, dim: int = 0) -> Outcome:
    shapes = [tuple(t.shape) for t in tensors]
    if len({t.dtype for t in tensors}) != 1:
        return NotImplemented
    for shape in shapes[1:]:
        if shape != shapes[0]:
            raise ShapeError(f"stack joins tensors of one shape, and {by(shapes[0])} is not {by(shape)}")
    dim = dimension("stack", dim, len(shapes[0]) + 1)
    return Outcome((*shapes[0][:dim], len(shapes), *shapes[0][dim:]), {"dim": dim})


def arithmetic(kind: str) -> Function:
    """Element-wise functions of two floating-point operands, either of which may be a number."""

    def rule(input: Any, other: Any, *, alpha: float = 1) -> Outcome:
        a, b = getattr(input, "shape", None), getattr(other, "shape", None)
        attributes: dict[str, Json] = {} if alpha == 1 else {"alpha": alpha}
        if a is not None and b is not None:
            if input.dtype != other.dtype or not input.dtype.is_floating_point:
                return NotImplemented
            return Outcome(broadcast(kind, a, b), attributes, 0, input.dtype)
        tensor, number = (input, other) if b is None else (other, input)
        if type(number) not in (int, float) or not tensor.dtype.is_floating_point:
            return NotImplemented
        return Outcome(tensor.shape, {**attributes, "value": number}, 0, tensor.dtype)

    return rule


def reversed_arithmetic(kind: str) -> Function:
    """Operators whose tensor is on the right: ``1 - x``."""
    forward = arithmetic(kind)

    def rule(input: Any, other: Any) -> Outcome:
        outcome = forward(input, other)
        if outcome is NotImplemented:
            return outcome
        return outcome._replace(attributes={**outcome.attributes, "reversed": True})

    return rule


def elementwise_extreme(kind: str) -> Function:
    """torch.max and torch.min, of two tensors; their reductions are left to meta tensors."""
    forward = arithmetic(kind)

    def rule(input: Any, other: Any = None, **options: Any) -> Outcome:
        return forward(input, other) if hasattr(other, "shape") and not options else NotImplemented

    return rule


def reduction(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Outcome:
    """mean, sum, amax, amin over some dimensions, or all of them."""
    if dtype is not None or not input.dtype.is_floating_point:
        return NotImplemented
    rank = len(input.shape)
    dims = range(rank) if dim is None or dim == () else (dim,) if isinstance(dim, int) else dim
    gone = {dimension("a reduction", d, rank) for d in dims}
    if keepdim:
        shape = tuple(1 if i in gone else n for i, n in enumerate(input.shape))
    else:
        shape = tuple(n for i, n in enumerate(input.shape) if i not in gone)
    return Outcome(shape, {"dim": tuple(sorted(gone)), "keepdim": keepdim})


# Views


def view(input: Any, *shape: Any, size: Any = None) -> Outcome:
    """view and reshape; the input is taken as contiguous, so nothing is copied."""
    wanted = shape if size is None else size
    if len(wanted) == 1 and not isinstance(wanted[0], int):
        wanted = wanted[0]
    if isinstance(wanted, torch.dtype) or any(not isinstance(n, int) for n in wanted):
        return NotImplemented
    count = math.prod(input.shape)
    known = math.prod(n for n in wanted if n != -1)
    free = list(wanted).count(-1)
    if free > 1 or (free and (known == 0 or count % known)) or (not free and known != count):
        raise ShapeError(f"view keeps the number of elements, and {by(input.shape)} does not fit {by(wanted)}")
    return Outcome(tuple(count // known if n == -1 else n for n in wanted), {"view": True})


def reshape(input: Any, *shape: Any, **named: Any) -> Outcome:
    return view(input, *shape, size=named["shape"]) if "shape" in named else view(input, *shape)


def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Outcome:
    rank = len(input.shape)
    if rank == 0:
        return NotImplemented
    start, end = dimension("flatten", start_dim, rank), dimension("flatten", end_dim, rank)
    if start > end:
        raise ShapeError(f"flatten needs a first dimension before its last, not {start_dim} and {end_dim}")
    shape = (*input.shape[:start], math.prod(input.shape[start : end + 1]), *input.shape[end + 1 :])
    return Outcome(shape, {"start_dim": start, "end_dim": end, "view": True})


def permute(input: Any, *dims: Any) -> Outcome:
    order = dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims
    rank = len(input.shape)
    order = tuple(dimension("permute", d, rank) for d in order)
    if sorted(order) != list(range(rank)):
        raise ShapeError(f"permute needs each dimension of {by(input.shape)} once, not {by(order)}")
    return Outcome(tuple(input.shape[d] for d in order), {"dims": order, "view": True})


def transpose(input: Any, dim0: int, dim1: int) -> Outcome:
    rank = len(input.shape)
    a, b = dimension("transpose", dim0, rank), dimension("transpose", dim1, rank)
    shape = list(input.shape)
    shape[a], shape[b] = shape[b], shape[a]
    return Outcome(tuple(shape), {"dims": (a, b), "view": True})


def unsqueeze(input: Any, dim: int) -> Outcome:
    dim = dimension("unsqueeze", dim, len(input.shape) + 1)
    return Outcome((*input.shape[:dim], 1, *input.shape[dim:]), {"dim": dim, "view": True})


def _pieces(input: Any, sizes: Sequence[int], dim: int) -> Outcome:
    shapes = [(*input.shape[:dim], n, *input.shape[dim + 1 :]) for n in sizes]
    return Outcome(shapes, {"sizes": tuple(sizes), "dim": dim, "view": True}, many=True)


def chunk(input: Any, chunks: int, dim: int = 0) -> Outcome:
    dim = dimension("chunk", dim, len(input.shape))
    if chunks < 1:
        raise ShapeError(f"chunk needs at least 1 piece, not {chunks}")
    return split(input, max(1, -(-input.shape[dim] // chunks)), dim)


def split(input: Any, split_size_or_sections: Any = None, dim: int = 0, *, split_size: Any = None) -> Outcome:
    dim = dimension("split", dim, len(input.shape))
    length = input.shape[dim]
    wanted = split_size if split_size_or_sections is None else split_size_or_sections
    if not isinstance(wanted, int):
        if sum(wanted) != length:
            raise ShapeError(f"split into {by(wanted)} needs {sum(wanted)} in dimension {dim} of {by(input.shape)}")
        return _pieces(input, tuple(wanted), dim)
    if wanted < 1:
        raise ShapeError(f"split needs pieces of at least 1, not {wanted}")
    return _pieces(input, [min(wanted, length - i) for i in range(0, length, wanted)] or [0], dim)


def getitem(input: Any, index: Any) -> Outcome:
    """Basic indexing: integers, slices, ``...`` and None."""
    indices = index if isinstance(index, tuple) else (index,)
    if any(not (i is None or i is Ellipsis or type(i) in (int, slice)) for i in indices):
        return NotImplemented
    source = input.shape
    used = sum(i is not None and i is not Ellipsis for i in indices)
    if used > len(source) or indices.count(Ellipsis) > 1:
        raise ShapeError(f"an index of {used} places does not fit {by(source)}")
    shape: list[int] = []
    at = 0
    for i in (*indices, *(() if Ellipsis in indices else (Ellipsis,))):
        if i is None:
            shape.append(1)
        elif i is Ellipsis:
            shape.extend(source[at : at + len(source) - used])
            at += len(source) - used
        elif isinstance(i, int):
            if not -source[at] <= i < source[at]:
                raise ShapeError(f"index {i} is outside dimension {at} of {by(source)}")
            at += 1
        else:
            if i.step is not None and i.step < 1:
                raise ShapeError(f"a slice needs a step of at least 1, not {i.step}")
            shape.append(len(range(*i.indices(source[at]))))
            at += 1
    return Outcome(tuple(shape), {"index": ", ".join(map(_written, indices)), "view": True})


def _written(index: Any) -> str:
    """An index as it is written between brackets."""
    if not isinstance(index, slice):
        return "..." if index is Ellipsis else str(index)
    ends = [index.start, index.stop] + ([index.step] if index.step not in (None, 1) else [])
    return ":".join("" if end is None else str(end) for end in ends)


# The table

_convolution2d = convolution("conv2d", 2)
T = torch.Tensor


def _deformable() -> Function:
    """Imported here: the network room is below this one, and only its dispatcher is needed."""
    from explorer.networks.deform_conv import deform_conv2d as function

    return function


def _table() -> dict[Function, tuple[str, Function]]:
    """Each known function with the kind it is recorded as and its rule."""
    table: dict[Function, tuple[str, Function]] = {}

    def add(kind: str, rule: Function, *functions: Function) -> None:
        for function in functions:
            table[function] = (kind, rule)

    for rank in (1, 2, 3):
        kind, transposed = f"conv{rank}d", f"conv_transpose{rank}d"
        add(kind, convolution(kind, rank), getattr(F, kind))
        add(transposed, transposed_convolution(transposed, rank), getattr(F, transposed))
    add("deform_conv2d", deform_conv2d, _deformable())
    add("linear", linear, F.linear)
    add("batch_norm", batch_norm, F.batch_norm)

    plain, scaled = activation(), activation("negative_slope")
    for kind, rule in {
        "relu": plain, "sigmoid": plain, "tanh": plain, "exp": plain, "log": plain, "sqrt": plain, "abs": plain,
        "neg": plain, "rsqrt": plain,
    }.items():  # fmt: skip
        add(kind, rule, getattr(torch, kind), getattr(T, kind))
        add(kind, in_place(rule), getattr(torch, f"{kind}_"), getattr(T, f"{kind}_"))
    add("relu", plain, F.relu)
    add("neg", plain, T.__neg__)
    add("abs", plain, T.__abs__)
    for kind in ("relu6", "hardsigmoid", "hardswish", "silu", "mish", "selu"):
        add(kind, plain, getattr(F, kind))
    add("leaky_relu", scaled, F.leaky_relu)
    add("elu", activation("alpha"), F.elu)
    add("gelu", activation("approximate"), F.gelu)
    add("hardtanh", activation("min_val", "max_val"), F.hardtanh)
    bounded = activation("min", "max")
    add("clamp", bounded, torch.clamp, T.clamp)
    add("clamp", in_place(bounded), torch.clamp_, T.clamp_)
    add("softmax", softmax, F.softmax, torch.softmax, T.softmax)
    add("log_softmax", softmax, F.log_softmax, torch.log_softmax, T.log_softmax)
    for function in (F.dropout, F.dropout1d, F.dropout2d, F.dropout3d):
        add(function.__name__, dropout, function)
    add("clone", same, torch.clone, T.clone)
    add("contiguous", contiguous, T.contiguous)
    add("detach", aliased, torch.detach, T.detach)

    add("max_pool2d", max_pool2d, F.max_pool2d, torch.max_pool2d)
    add("avg_pool2d", avg_pool2d, F.avg_pool2d)
    add("adaptive_avg_pool2d", adaptive_pool2d, F.adaptive_avg_pool2d)
    add("adaptive_max_pool2d", adaptive_pool2d, F.adaptive_max_pool2d)
    add("interpolate", interpolate, F.interpolate)

    add("cat", cat, torch.cat, torch.concat, torch.concatenate)
    add("stack", stack, torch.stack)
    for kind, operator in {"add": "add", "sub": "sub", "mul": "mul", "div": "truediv"}.items():
        rule = arithmetic(kind)
        add(kind, rule, getattr(torch, kind), getattr(T, kind), getattr(T, f"__{operator}__"))
        add(kind, in_place(rule), getattr(T, f"{kind}_"), getattr(T, f"__i{operator}__"))
        add(kind, reversed_arithmetic(kind), getattr(T, f"__r{operator}__"))
    for kind in ("maximum", "minimum"):
        add(kind, arithmetic(kind), getattr(torch, kind), getattr(T, kind))
    for kind in ("max", "min"):
        add(kind, elementwise_extreme(kind), getattr(torch, kind), getattr(T, kind))
    for kind in ("mean", "sum", "amax", "amin"):
        add(kind, reduction, getattr(torch, kind), getattr(T, kind))

    add("view", view, T.view)
    add("reshape", reshape, torch.reshape, T.reshape)
    add("flatten", flatten, torch.flatten, T.flatten)
    add("permute", permute, torch.permute, T.permute)
    add("transpose", transpose, torch.transpose, T.transpose)
    add("unsqueeze", unsqueeze, torch.unsqueeze, T.unsqueeze)
    add("chunk", chunk, torch.chunk, T.chunk)
    add("split", split, torch.split, T.split)
    add("getitem", getitem, T.__getitem__)
    return table


RULES: Mapping[Function, tuple[str, Function]] = _table()
"""Function → (kind, rule)."""
