"""The weights behind one cell of a heatmap: a target's filters over the channels of one source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.analysis.aggregation import Aggregation, Kind
from explorer.analysis.provenance import Provenance, provenance
from explorer.analysis.weight_statistics import values
from explorer.graph.layer_graph import LayerGraph, Operation

if TYPE_CHECKING:
    from torch import Tensor


def channels_of(
    graph: LayerGraph, features: Mapping[int, Provenance], item: Aggregation, source: int, target: int
) -> slice:
    """Where a source's values stand along the channel axis of what a target reads. Not for sums.

    ``features`` are the graph's, see ``provenance``.
    """
    start = 0
    for segment in features[graph.operations[item.targets[target].operation].inputs[0]]:
        if segment.source == item.sources[source].tensor:
            return slice(start, start + segment.width)
        start += segment.width
    raise ValueError(f"{item.targets[target].path} does not read {item.sources[source].path}")


def filter_slice(
    graph: LayerGraph, state_dict: Mapping[str, Tensor], item: Aggregation, source: int, target: int
) -> NDArray[np.float32]:
    """(filters, channels, height, width) float32: the weights whose mean magnitude is ``item.strength``.

    For a sum these are all weights of the branch's own last convolution. A linear layer behind a flattening has a
    column for each value of the source. Where a grouped convolution reads a source with several groups, filters are
    those of one group, and each channel has those of its own.
    """
    if item.kind is Kind.SUM:
        producer = graph.tensors[item.sources[source].tensor].producer
        assert producer is not None
        return _by_input(graph.operations[producer], state_dict)
    operation = graph.operations[item.targets[target].operation]
    return _by_input(operation, state_dict)[:, channels_of(graph, provenance(graph), item, source, target)]


def _by_input(operation: Operation, state_dict: Mapping[str, Tensor]) -> NDArray[np.float32]:
    """An operation's weights as (filters that read a channel, input channels, height, width)."""
    weight = values(state_dict[f"{operation.path}.weight"]).astype(np.float32)
    weight = weight.reshape(*weight.shape, *(1,) * (4 - weight.ndim))
    if operation.kind == "conv_transpose2d":
        return weight.swapaxes(0, 1)
    groups = operation.attributes.get("groups", 1)
    assert isinstance(groups, int)
    grouped = weight.reshape(groups, -1, *weight.shape[1:])
    return np.concatenate(list(grouped), axis=1)
