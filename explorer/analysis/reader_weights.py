"""Mean absolute weights of convolutions and linear layers, by the features that they read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from explorer.analysis.aggregation import Matrix
from explorer.analysis.provenance import Norm, Provenance, Segment, is_depthwise
from explorer.errors import ExplorerError
from explorer.graph.layer_graph import LayerGraph, Operation

READERS = frozenset({"conv2d", "conv_transpose2d", "deform_conv2d", "linear"})


class Weights(Protocol):
    """A tensor of weights, torch's or NumPy's."""

    @property
    def shape(self) -> Sequence[int]: ...


@dataclass(frozen=True, slots=True)
class Reader:
    """An operation with weights, and the features it reads."""

    operation: Operation
    segments: Provenance


def reads(operation: Operation) -> bool:
    """Whether an operation weighs all channels of its input against each other."""
    return operation.kind in READERS and not is_depthwise(operation)


class ReaderWeights:
    """Strengths from the weights of a state dict."""

    def __init__(self, graph: LayerGraph, state_dict: Mapping[str, Weights], fold_norms: bool) -> None:
        self._graph = graph
        self._weights = state_dict
        self._fold = fold_norms

    def strengths(self, reader: Reader) -> list[float]:
        """Mean absolute weight of an operation's filters over each feature that it reads."""
        means = self._means(reader.operation)
        width = sum(segment.width for segment in reader.segments)
        if len(means) != width:
            raise ExplorerError(
                f"{reader.operation.path}.weight reads {len(means)} channels, but the graph says {width}: these are "
                "another network's weights."
            )
        values, start = [], 0
        for segment in reader.segments:
            mine = means[start : start + segment.width]
            if self._fold and segment.norms:
                mine = mine * np.repeat(self._scale(segment.norms[-1], segment), segment.repeat)
            values.append(float(mine.mean()))
            start += segment.width
        return values

    def own(self, segment: Segment) -> float | None:
        """Mean absolute weight of the convolution that computed a feature; None where none did."""
        producer = self._graph.tensors[segment.source].producer
        if producer is None or not reads(self._graph.operations[producer]):
            return None
        return float(self._means(self._graph.operations[producer]).mean())

    def _means(self, operation: Operation) -> Matrix:
        """Mean absolute weight of the filters that read each input channel, (channels,) float64."""
        weight = np.abs(self._array(f"{operation.path}.weight"))
        groups = operation.attributes.get("groups", 1)
        assert isinstance(groups, int)
        if operation.kind == "conv_transpose2d":
            return weight.mean(axis=tuple(range(1, weight.ndim)), dtype=np.float64)
        grouped = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
        return grouped.mean(axis=(1, *range(3, grouped.ndim)), dtype=np.float64).reshape(-1)

    def _scale(self, norm: Norm, segment: Segment) -> Matrix:
        eps = _epsilon(self._graph, norm.path)
        gamma, variance = self._array(f"{norm.path}.weight"), self._array(f"{norm.path}.running_var")
        here = slice(norm.start, norm.start + segment.channels)
        return np.abs(gamma[here]) / np.sqrt(variance[here] + eps)

    def _array(self, key: str) -> Matrix:
        if key not in self._weights:
            raise ExplorerError(f"The weights have no {key}: these are another network's weights.")
        value = self._weights[key]
        convert: Callable[[], Weights] | None = getattr(value, "detach", None)
        if convert is not None:
            value = value.detach().cpu().float().numpy()  # type: ignore[attr-defined]  # torch's, without importing it
        return np.asarray(value)


def _epsilon(graph: LayerGraph, path: str) -> float:
    eps = next(o.attributes["eps"] for o in graph.operations if o.path == path and o.kind == "batch_norm")
    assert isinstance(eps, float)
    return eps
