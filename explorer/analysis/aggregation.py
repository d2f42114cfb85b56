"""A place where several earlier features meet, and how strongly each of them is used there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explorer.roles import Role

Matrix = NDArray[np.float64]


class Kind(StrEnum):
    """How features meet."""

    DENSE = "dense"
    """Every layer reads all before it; so does the transition or classifier behind."""

    OSA = "osa"
    """One-shot aggregation: the last convolution reads all layers of the block."""

    HDA = "hda"
    """A root of a DLA tree."""

    IDA = "ida"
    """A node of DLA-up's iterative aggregation."""

    ASPP = "aspp"
    """The convolution that fuses the branches of atrous spatial pyramid pooling."""

    CONCAT = "concat"
    """Any other concatenation."""

    SUM = "sum"
    """Features are added, so no weight reads them apart: each is shown by the weights of its own last convolution."""


KINDS: Mapping[Role | None, Kind] = {
    Role.DENSE_BLOCK: Kind.DENSE,
    Role.OSA: Kind.OSA,
    Role.ROOT: Kind.HDA,
    Role.NODE: Kind.IDA,
    Role.ASPP: Kind.ASPP,
}


@dataclass(frozen=True, slots=True)
class Source:
    """An earlier feature: the id of its tensor, the module that computed it, its number of channels."""

    tensor: int
    path: str
    channels: int


@dataclass(frozen=True, slots=True)
class Target:
    """What reads the features: an operation's id, its module's path, and the part that it plays there."""

    operation: int
    path: str
    role: Role | None


@dataclass(frozen=True)
class Aggregation:
    """A place where several earlier features meet.

    ``strength`` is (sources, targets) float64, the mean absolute weight, and 0 where a target does not read a source;
    ``connected`` (sources, targets) says where it does. Sources and targets are in order of execution.
    """

    path: str
    kind: Kind
    sources: tuple[Source, ...]
    targets: tuple[Target, ...]
    strength: Matrix
    connected: NDArray[np.bool_]

    @cached_property
    def normalized(self) -> Matrix:
        """``strength`` over its largest value, in [0, 1]; all 0 where every weight is."""
        largest = self.strength.max(initial=0.0)
        return self.strength / largest if largest else self.strength.copy()

    @cached_property
    def normalized_by_target(self) -> Matrix:
        """``strength`` over the largest value of each target, in [0, 1]."""
        largest = self.strength.max(axis=0, keepdims=True, initial=0.0)
        return np.divide(self.strength, largest, out=np.zeros_like(self.strength), where=largest > 0)


def normalize_together(aggregations: Sequence[Aggregation]) -> list[Matrix]:
    """The strengths of several aggregations over the largest of them all: one scale for a figure."""
    largest = max((item.strength.max(initial=0.0) for item in aggregations), default=0.0) or 1.0
    return [item.strength / largest for item in aggregations]
