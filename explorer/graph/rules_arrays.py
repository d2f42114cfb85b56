"""Rules of arrays: joining, arithmetic, reductions, views and indexing.

Shape formulas: the PyTorch documentation of each function.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from explorer.graph.layer_graph import Json
from explorer.graph.outcome import Function, Outcome, ShapeError, broadcast, by, dimension

# Joining and arithmetic


def cat(tensors: Any, dim: int = 0) -> Outcome:
    """Join along a dimension that exists; the others must agree."""
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
    """Join along a new dimension."""
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

    def rule(x: Any, other: Any, *, alpha: float = 1) -> Outcome:
        a, b = getattr(x, "shape", None), getattr(other, "shape", None)
        attributes: dict[str, Json] = {} if alpha == 1 else {"alpha": alpha}
        if a is not None and b is not None:
            if x.dtype != other.dtype or not x.dtype.is_floating_point:
                return NotImplemented
            return Outcome(broadcast(kind, a, b), attributes, 0, x.dtype)
        tensor, number = (x, other) if b is None else (other, x)
        if type(number) not in (int, float) or not tensor.dtype.is_floating_point:
            return NotImplemented
        return Outcome(tensor.shape, {**attributes, "value": number}, 0, tensor.dtype)

    return rule


def reversed_arithmetic(kind: str) -> Function:
    """Operators whose tensor is on the right: ``1 - x``."""
    forward = arithmetic(kind)

    def rule(x: Any, other: Any) -> Outcome:
        outcome = forward(x, other)
        if outcome is NotImplemented:
            return outcome
        return outcome._replace(attributes={**outcome.attributes, "reversed": True})

    return rule


def elementwise_extreme(kind: str) -> Function:
    """torch.max and torch.min, of two tensors; their reductions are left to meta tensors."""
    forward = arithmetic(kind)

    def rule(x: Any, other: Any = None, **options: Any) -> Outcome:
        return forward(x, other) if hasattr(other, "shape") and not options else NotImplemented

    return rule


def reduction(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Outcome:
    """mean, sum, amax, amin over some dimensions, or all of them."""
    if dtype is not None or not x.dtype.is_floating_point:
        return NotImplemented
    rank = len(x.shape)
    dims = range(rank) if dim is None or dim == () else (dim,) if isinstance(dim, int) else dim
    gone = {dimension("a reduction", d, rank) for d in dims}
    if keepdim:
        shape = tuple(1 if i in gone else n for i, n in enumerate(x.shape))
    else:
        shape = tuple(n for i, n in enumerate(x.shape) if i not in gone)
    return Outcome(shape, {"dim": tuple(sorted(gone)), "keepdim": keepdim})


# Views


def view(x: Any, *shape: Any, size: Any = None) -> Outcome:
    """view and reshape; the input is taken as contiguous, so nothing is copied."""
    wanted = shape if size is None else size
    if len(wanted) == 1 and not isinstance(wanted[0], int):
        wanted = wanted[0]
    if isinstance(wanted, torch.dtype) or any(not isinstance(n, int) for n in wanted):
        return NotImplemented
    count = math.prod(x.shape)
    known = math.prod(n for n in wanted if n != -1)
    free = list(wanted).count(-1)
    if free > 1 or (free and (known == 0 or count % known)) or (not free and known != count):
        raise ShapeError(f"view keeps the number of elements, and {by(x.shape)} does not fit {by(wanted)}")
    return Outcome(tuple(count // known if n == -1 else n for n in wanted), {"view": True})


def reshape(x: Any, *shape: Any, **named: Any) -> Outcome:
    """``view`` under its other name."""
    return view(x, *shape, size=named["shape"]) if "shape" in named else view(x, *shape)


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Outcome:
    """Dimensions ``start_dim`` to ``end_dim`` as one."""
    rank = len(x.shape)
    if rank == 0:
        return NotImplemented
    start, end = dimension("flatten", start_dim, rank), dimension("flatten", end_dim, rank)
    if start > end:
        raise ShapeError(f"flatten needs a first dimension before its last, not {start_dim} and {end_dim}")
    shape = (*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :])
    return Outcome(shape, {"start_dim": start, "end_dim": end, "view": True})


def permute(x: Any, *dims: Any) -> Outcome:
    """Dimensions in a new order."""
    order = dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims
    rank = len(x.shape)
    order = tuple(dimension("permute", d, rank) for d in order)
    if sorted(order) != list(range(rank)):
        raise ShapeError(f"permute needs each dimension of {by(x.shape)} once, not {by(order)}")
    return Outcome(tuple(x.shape[d] for d in order), {"dims": order, "view": True})


def transpose(x: Any, dim0: int, dim1: int) -> Outcome:
    """Two dimensions exchanged."""
    rank = len(x.shape)
    a, b = dimension("transpose", dim0, rank), dimension("transpose", dim1, rank)
    shape = list(x.shape)
    shape[a], shape[b] = shape[b], shape[a]
    return Outcome(tuple(shape), {"dims": (a, b), "view": True})


def unsqueeze(x: Any, dim: int) -> Outcome:
    """A new dimension of size 1."""
    dim = dimension("unsqueeze", dim, len(x.shape) + 1)
    return Outcome((*x.shape[:dim], 1, *x.shape[dim:]), {"dim": dim, "view": True})


def squeeze(x: Any, dim: Any = None) -> Outcome:
    """Without the given dimensions of size 1, or without all of them."""
    rank = len(x.shape)
    dims = range(rank) if dim is None else (dim,) if isinstance(dim, int) else dim
    gone = {d for d in (dimension("squeeze", d, rank) for d in dims) if x.shape[d] == 1}
    shape = tuple(n for i, n in enumerate(x.shape) if i not in gone)
    return Outcome(shape, {"dim": tuple(sorted(gone)), "view": True})


def _pieces(x: Any, sizes: Sequence[int], dim: int) -> Outcome:
    shapes = [(*x.shape[:dim], n, *x.shape[dim + 1 :]) for n in sizes]
    return Outcome(shapes, {"sizes": tuple(sizes), "dim": dim, "view": True}, many=True)


def chunk(x: Any, chunks: int, dim: int = 0) -> Outcome:
    """At most ``chunks`` pieces of equal size, the last one smaller."""
    dim = dimension("chunk", dim, len(x.shape))
    if chunks < 1:
        raise ShapeError(f"chunk needs at least 1 piece, not {chunks}")
    return split(x, max(1, -(-x.shape[dim] // chunks)), dim)


def split(x: Any, split_size_or_sections: Any = None, dim: int = 0, *, split_size: Any = None) -> Outcome:
    """Pieces of one size, or of the given sizes."""
    dim = dimension("split", dim, len(x.shape))
    length = x.shape[dim]
    wanted = split_size if split_size_or_sections is None else split_size_or_sections
    if not isinstance(wanted, int):
        if sum(wanted) != length:
            raise ShapeError(
                f"split into {by(wanted)} needs {sum(wanted)} in dimension {dim} of {by(x.shape)}"
            )
        return _pieces(x, tuple(wanted), dim)
    if wanted < 1:
        raise ShapeError(f"split needs pieces of at least 1, not {wanted}")
    return _pieces(x, [min(wanted, length - i) for i in range(0, length, wanted)] or [0], dim)


def getitem(x: Any, index: Any) -> Outcome:
    """Basic indexing: integers, slices, ``...`` and None."""
    indices = index if isinstance(index, tuple) else (index,)
    if any(not (i is None or i is Ellipsis or type(i) in (int, slice)) for i in indices):
        return NotImplemented
    source = x.shape
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
