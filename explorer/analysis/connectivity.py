"""Which earlier layers each aggregation uses, by the weights that read them.

Source: the DenseNet paper's Fig. 5 (arXiv 1608.06993, section 5, "Feature reuse") and the VoVNet paper's Fig. 2
(arXiv 1904.09730, section 3): the strength of a connection from source s to target l is the mean absolute weight of
l's filters over the channels that s produced, mean |w[:, channels of s]|. Papers write it as the filters' L1 norm
divided by the number of input feature maps; the mean also divides by the filters' number and size, so that
convolutions of different size and the classifier can share one scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explorer.analysis.aggregation import KINDS, Aggregation, Kind, Source, Target
from explorer.analysis.provenance import Provenance, provenance
from explorer.analysis.reader_weights import READERS, Reader, ReaderWeights, Weights, reads
from explorer.graph.layer_graph import LayerGraph, Operation, parent_path


@dataclass
class _Group:
    """Readers whose lists of features continue each other."""

    readers: list[Reader]

    @property
    def longest(self) -> tuple[int, ...]:
        return _sources(max((reader.segments for reader in self.readers), key=len))


def connectivity(
    graph: LayerGraph,
    state_dict: Mapping[str, Weights],
    *,
    fold_norms: bool = False,
    sums: bool = True,
) -> list[Aggregation]:
    """Every aggregation of a network with the strength of its connections, in order of execution.

    ``state_dict`` holds the weights under the keys of the network that was traced. ``fold_norms`` multiplies each
    input channel's weights by |γ| / √(σ² + ε) of the last batch norm that the feature went through, as if the norm
    were part of the filter. ``sums`` adds the nodes that add features where the paper aggregates (CenterNet's IDA).
    Raises ExplorerError where a weight is missing or has another shape than the graph says.
    """
    features = provenance(graph)
    weights = ReaderWeights(graph, state_dict, fold_norms)
    found = [_aggregation(graph, features, group, weights) for group in _groups(graph, features)]
    if sums:
        found += _sums(graph, features, weights)
    return sorted(found, key=lambda item: item.targets[-1].operation)


def _groups(graph: LayerGraph, features: Mapping[int, Provenance]) -> list[_Group]:
    """Readers of several features; those of one block, whose lists are prefixes of one another, belong together."""
    groups: list[_Group] = []
    for operation in graph.operations:
        if not reads(operation) or operation.call or operation.id not in graph.live:
            continue
        reader = Reader(operation, features[operation.inputs[0]])
        if len(reader.segments) < 2:
            continue
        listed = _sources(reader.segments)
        home = next((group for group in reversed(groups) if _continues(group.longest, listed)), None)
        if home is None:
            groups.append(_Group([reader]))
        else:
            home.readers.append(reader)
    return [_Group(_chain(graph, features, group) + group.readers) for group in groups]


def _sources(segments: Provenance) -> tuple[int, ...]:
    return tuple(segment.source for segment in segments)


def _continues(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _chain(graph: LayerGraph, features: Mapping[int, Provenance], group: _Group) -> list[Reader]:
    """The layers of a block that read one feature alone and make another: dense blocks' first layer, OSA's all."""
    sources = group.longest
    known = {reader.operation.id for reader in group.readers}
    found: dict[int, Reader] = {}
    for source in sources:
        producer = graph.tensors[source].producer
        while producer is not None and producer not in known and producer not in found:
            operation = graph.operations[producer]
            if not reads(operation):
                break
            segments = features[operation.inputs[0]]
            if len(segments) != 1:
                break
            if segments[0].source in sources:
                found[producer] = Reader(operation, segments)
                break
            producer = graph.tensors[segments[0].source].producer
    return [found[producer] for producer in sorted(found)]


def _aggregation(
    graph: LayerGraph, features: Mapping[int, Provenance], group: _Group, weights: ReaderWeights
) -> Aggregation:
    readers = sorted(group.readers, key=lambda reader: reader.operation.id)
    sources = group.longest
    channels = {segment.source: segment.channels for reader in readers for segment in reader.segments}
    strength = np.zeros((len(sources), len(readers)))
    connected = np.zeros(strength.shape, bool)
    for column, reader in enumerate(readers):
        for segment, value in zip(reader.segments, weights.strengths(reader), strict=True):
            row = sources.index(segment.source)
            strength[row, column], connected[row, column] = value, True
    last = max(readers, key=lambda reader: len(reader.segments))
    first = next(reader for reader in readers if len(reader.segments) > 1)
    path, kind = _place(graph, first.operation, sources)
    return Aggregation(
        path=path,
        kind=kind,
        sources=_named(graph, [(s, channels[s]) for s in sources], last.operation),
        targets=tuple(_target(graph, reader.operation) for reader in readers),
        strength=strength,
        connected=connected,
    )


def _place(graph: LayerGraph, reader: Operation, sources: Sequence[int]) -> tuple[str, Kind]:
    """The aggregation that a reader belongs to: the nearest module around it whose role is one, or around its sources.

    A block may leave the fusion of its layers to a transition or a classifier behind it.
    """
    for path in _upwards(reader.path):
        if (role := graph.scope(path).role) in KINDS:
            return path, KINDS[role]
    made = [
        _upwards(graph.operations[p].path) for s in sources if (p := graph.tensors[s].producer) is not None
    ]
    for path in made[-1] if made else []:
        # The first source comes from before the block.
        if (role := graph.scope(path).role) in KINDS and all(path in around for around in made[1:]):
            return path, KINDS[role]
    return reader.path, Kind.CONCAT


def _upwards(path: str) -> list[str]:
    """A module's path and those of the modules around it, innermost first, without the network's own."""
    found = []
    while path:
        found.append(path)
        path = parent_path(path)
    return found


def _named(graph: LayerGraph, tensors: Sequence[tuple[int, int]], reader: Operation) -> tuple[Source, ...]:
    """Features of (tensor, channels), each named after the module that computed it.

    That is the innermost module with a role that does not hold the reader too; where it makes several of the
    features, as a two-way dense layer does, the module of the operation itself.
    """
    around = set(_upwards(reader.path))
    names, exact = [], []
    for tensor, _ in tensors:
        producer = graph.tensors[tensor].producer
        path = graph.operations[producer].path if producer is not None else ""
        own = [outer for outer in _upwards(path) if outer not in around]
        names.append(
            next((outer for outer in own if graph.scope(outer).role is not None), own[0] if own else path)
        )
        exact.append(path)
    return tuple(
        Source(tensor, exact[i] if names.count(names[i]) > 1 else names[i], channels)
        for i, (tensor, channels) in enumerate(tensors)
    )


def _target(graph: LayerGraph, operation: Operation) -> Target:
    roles = (graph.scope(path).role for path in _upwards(operation.path))
    return Target(operation.id, operation.path, next((role for role in roles if role is not None), None))


def _sums(graph: LayerGraph, features: Mapping[int, Provenance], weights: ReaderWeights) -> list[Aggregation]:
    """Aggregations that add: a branch's strength is the mean absolute weight of the convolution that made it."""
    found = []
    for operation in graph.operations:
        if operation.kind != "add" or operation.call or operation.id not in graph.live:
            continue
        reader = _reader_of_sum(graph, operation)
        if reader is None:
            continue
        branches = [features[tensor] for tensor in _summands(graph, operation)]
        if any(len(branch) != 1 for branch in branches):
            continue
        own = [branch[0] for branch in branches]
        values = [weights.own(segment) for segment in own]
        found.append(
            Aggregation(
                path=_place(graph, reader, ())[0],
                kind=Kind.SUM,
                sources=_named(graph, [(segment.source, segment.channels) for segment in own], reader),
                targets=(_target(graph, reader),),
                strength=np.array([[value or 0.0] for value in values]),
                connected=np.array([[value is not None] for value in values]),
            )
        )
    return found


def _summands(graph: LayerGraph, operation: Operation) -> list[int]:
    """What a sum adds, sums of the same module taken apart."""
    found = []
    for tensor in operation.inputs:
        producer = graph.tensors[tensor].producer
        inner = None if producer is None else graph.operations[producer]
        if inner is not None and inner.kind == "add" and inner.path == operation.path:
            found += _summands(graph, inner)
        else:
            found.append(tensor)
    return found


def _reader_of_sum(graph: LayerGraph, operation: Operation) -> Operation | None:
    """What stands for a sum: the node's convolution that reads it, or the last addition of a summing ASPP.

    None for a residual block's addition, which aggregates nothing in the papers' sense.
    """
    readers = [graph.operations[c] for c in graph.tensors[operation.outputs[0]].consumers]
    nodes = [r for r in readers if r.kind in READERS and _place(graph, r, ())[1] is Kind.IDA]
    if nodes:
        return next((r for r in nodes if r.kind == "deform_conv2d"), nodes[0])
    ends = not any(r.kind == "add" and r.path == operation.path for r in readers)
    return operation if ends and _place(graph, operation, ())[1] is Kind.ASPP else None
