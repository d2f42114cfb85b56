"""What the weights of a network look like: statistics and a histogram of each tensor, and norms by module.

Needs no torch by itself: tensors come from a network's state dict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import TYPE_CHECKING

import numpy as np

from explorer.graph.layer_graph import parent_path

if TYPE_CHECKING:
    from torch import Tensor

HISTOGRAM_BINS = 64
NEAR_ZERO = 1e-3
"""A weight counts as near zero below this share of the tensor's largest magnitude."""

BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
"""Names of what batch normalisation keeps and does not learn."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """``counts`` (bins,) of the finite values between ``edges`` (bins + 1,), which ascend evenly."""

    counts: tuple[int, ...]
    edges: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WeightStatistics:
    """One tensor of a state dict, over its finite values.

    ``std`` is the population's, √(mean of squared deviations). ``l1`` is Σ|w| and ``l2`` √Σw². ``zero_share`` counts
    exact zeros, ``near_zero_share`` magnitudes below ``NEAR_ZERO`` times the largest, both in [0, 1].
    ``not_finite`` counts NaN and infinities. ``learned`` is False for batch normalisation's running statistics.
    """

    name: str
    shape: tuple[int, ...]
    count: int
    learned: bool
    mean: float
    std: float
    minimum: float
    maximum: float
    l1: float
    l2: float
    zero_share: float
    near_zero_share: float
    not_finite: int
    histogram: Histogram


@dataclass(frozen=True, slots=True)
class WeightNorm:
    """Norms over all learned weights of a module with what it contains: ``count`` of them, Σ|w| and √Σw²."""

    count: int
    l1: float
    l2: float


def is_learned(name: str) -> bool:
    """Whether a state dict's key names a parameter rather than a running statistic."""
    return name.rpartition(".")[2] not in BUFFERS


def weight_statistics(
    state: Mapping[str, Tensor], path: str, bins: int = HISTOGRAM_BINS
) -> tuple[WeightStatistics, ...]:
    """Every tensor of the module at ``path`` and of those inside, in the state dict's order; counters are left out."""
    return tuple(
        tensor_statistics(name, values(tensor), bins)
        for name, tensor in state.items()
        if belongs(name, path) and tensor.is_floating_point()
    )


def belongs(name: str, path: str) -> bool:
    """Whether the tensor ``name`` is the module's at ``path`` or of one inside; ``""`` is the network."""
    return not path or name.startswith(f"{path}.")


def values(tensor: Tensor) -> np.ndarray:
    """A tensor's numbers in memory of the host, float64, same shape."""
    return tensor.detach().double().cpu().numpy()


def tensor_statistics(name: str, weights: np.ndarray, bins: int = HISTOGRAM_BINS) -> WeightStatistics:
    """Statistics of one array of any shape, which may be empty or hold no finite number."""
    finite = weights[np.isfinite(weights)]
    if not finite.size:
        finite = np.zeros(0)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    magnitude = np.abs(finite)
    largest = max(-low, high)
    counts, edges = _histogram(finite, low, high, bins)
    return WeightStatistics(
        name=name,
        shape=tuple(weights.shape),
        count=int(weights.size),
        learned=is_learned(name),
        mean=float(finite.mean()) if finite.size else 0.0,
        std=float(finite.std()) if finite.size else 0.0,
        minimum=low,
        maximum=high,
        l1=float(magnitude.sum()),
        l2=float(np.sqrt(np.square(finite).sum())),
        zero_share=float((finite == 0).mean()) if finite.size else 0.0,
        near_zero_share=float((magnitude <= NEAR_ZERO * largest).mean()) if finite.size else 0.0,
        not_finite=int(weights.size - finite.size),
        histogram=Histogram(tuple(counts.tolist()), tuple(edges.tolist())),
    )


def weight_norms(state: Mapping[str, Tensor]) -> Mapping[str, WeightNorm]:
    """Norms of the learned weights of every module that has any, by path, what is inside included; ``""`` is all.

    A tensor that holds a NaN or an infinity counts with its finite values.
    """
    counts: dict[str, int] = defaultdict(int)
    sums: dict[str, float] = defaultdict(float)
    squares: dict[str, float] = defaultdict(float)
    for name, tensor in state.items():
        if not is_learned(name) or not tensor.is_floating_point():
            continue
        weights = tensor.detach().double()
        l1, square = float(weights.abs().sum()), float(weights.square().sum())
        if not isfinite(square):
            weights = weights[weights.isfinite()]
            l1, square = float(weights.abs().sum()), float(weights.square().sum())
        for path in _upwards(parent_path(name)):
            counts[path] += tensor.numel()
            sums[path] += l1
            squares[path] += square
    return {path: WeightNorm(counts[path], sums[path], sqrt(squares[path])) for path in counts}


def _upwards(path: str) -> Iterable[str]:
    """A module's path, then those around it, the network's ``""`` last."""
    while path:
        yield path
        path = parent_path(path)
    yield ""


def _histogram(finite: np.ndarray, low: float, high: float, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Even bins from the smallest to the largest value; around a single value one unit wide."""
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(finite, bins=bins, range=(low, high))
    return counts, edges
