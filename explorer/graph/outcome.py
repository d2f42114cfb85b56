"""What a rule answers about one call of a torch function, and the helpers that rules share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch

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
