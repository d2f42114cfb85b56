"""What a matrix of strengths says in a few numbers.

The VoVNet paper (arXiv 1904.09730, section 3) observes in DenseNet that where intermediate layers aggregate strongly,
the last layer aggregates weakly, and the other way round; one-shot aggregation keeps the last one alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.analysis.aggregation import Aggregation, Matrix
from explorer.analysis.heatmaps import last_targets

STRONG = 0.5
"""Share of the scale from which a connection counts as strong."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One aggregation in numbers.

    ``strong`` of ``connections`` reach half of the largest strength on the scale. ``intermediate`` and ``last`` are the
    mean strengths of the connections into layers inside the block and into what reads the block as a whole, None where
    there are none. ``correlation`` is Pearson's, over the sources that both kinds read: a source's mean strength into
    the ones against that into the others; None for fewer than three sources or no spread. ``effective`` are, for each
    target, exp of the entropy of its strengths, and the number of sources that it reads.
    """

    path: str
    connections: int
    strong: int
    intermediate: float | None
    last: float | None
    correlation: float | None
    effective: tuple[tuple[float, int], ...]

    @property
    def evenness(self) -> float:
        """Mean over targets of several sources of the effective number over the number read, in (0, 1]."""
        shares = [number / read for number, read in self.effective if read > 1]
        return float(np.mean(shares)) if shares else 1.0


def summary(item: Aggregation, scaled: Matrix | None = None) -> Summary:
    """Numbers of one aggregation; ``scaled`` (sources, targets), by its block by default, decides what is strong."""
    units = item.normalized if scaled is None else scaled
    last = sorted(last_targets(item))
    inside = [i for i in range(len(item.targets)) if i not in last]
    return Summary(
        path=item.path,
        connections=int(item.connected.sum()),
        strong=int((units[item.connected] >= STRONG).sum()),
        intermediate=_mean(item, inside),
        last=_mean(item, last),
        correlation=_inside_against_last(item, inside, last),
        effective=tuple(
            (effective_number(item.strength[item.connected[:, i], i]), int(item.connected[:, i].sum()))
            for i in range(len(item.targets))
        ),
    )


def effective_number(strengths: ArrayLike) -> float:
    """exp of the entropy of the shares of ``strengths`` (n,), ≥ 0: n where all are equal, 1 where one has all."""
    values = np.asarray(strengths, np.float64)
    total = values.sum()
    if total <= 0:
        return 0.0
    shares = values[values > 0] / total
    return float(np.exp(-(shares * np.log(shares)).sum()))


def pearson(one: ArrayLike, other: ArrayLike) -> float | None:
    """The linear correlation of two series (n,), None for fewer than three values or where one does not vary."""
    a, b = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def spearman(one: ArrayLike, other: ArrayLike) -> float | None:
    """The correlation of the ranks of two series (n,), equal values sharing their mean rank; None as ``pearson``."""
    return pearson(ranks(one), ranks(other))


def ranks(values: ArrayLike) -> NDArray[np.float64]:
    """Ranks from 1 for the smallest, (n,) float64; equal values share the mean of their ranks."""
    array = np.asarray(values, np.float64)
    _, inverse, counts = np.unique(array, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return ((ends - counts + 1 + ends) / 2)[inverse]


def _mean(item: Aggregation, targets: Sequence[int]) -> float | None:
    used = item.strength[:, targets][item.connected[:, targets]]
    return float(used.mean()) if used.size else None


def _inside_against_last(item: Aggregation, inside: Sequence[int], last: Sequence[int]) -> float | None:
    both = item.connected[:, inside].any(1) & item.connected[:, last].any(1)
    return pearson(_by_source(item, inside)[both], _by_source(item, last)[both])


def _by_source(item: Aggregation, targets: Sequence[int]) -> Matrix:
    """Mean strength of each source into some targets, over those that read it; 0 where none does."""
    counts = item.connected[:, targets].sum(1)
    return item.strength[:, targets].sum(1) / np.maximum(counts, 1)
