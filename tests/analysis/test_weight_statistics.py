"""Statistics of weights against torch's own, tensor by tensor."""

import math

import numpy as np
import pytest
import torch

from explorer.analysis.weight_statistics import (
    tensor_statistics,
    weight_norms,
    weight_statistics,
)
from explorer.networks import build


@pytest.fixture(scope="module")
def network():
    return build("dla46_c")


def test_statistics_are_those_of_torch(network):
    state = network.state_dict()
    found = weight_statistics(state, "level3.tree1")
    assert [s.name for s in found] == [
        name for name, t in state.items() if name.startswith("level3.tree1.") and t.is_floating_point()
    ]
    for statistics in found:
        tensor = state[statistics.name].double()
        assert statistics.shape == tuple(tensor.shape)
        assert statistics.mean == pytest.approx(float(tensor.mean()), abs=1e-12)
        assert statistics.std == pytest.approx(float(tensor.std(correction=0)), abs=1e-12)
        assert (statistics.minimum, statistics.maximum) == (float(tensor.min()), float(tensor.max()))
        assert statistics.l1 == pytest.approx(float(tensor.abs().sum()))
        assert statistics.l2 == pytest.approx(float(torch.linalg.vector_norm(tensor)))
        assert statistics.zero_share == float((tensor == 0).double().mean())
        assert sum(statistics.histogram.counts) == tensor.numel()
        assert statistics.learned == ("running" not in statistics.name)


def test_a_histogram_counts_what_lies_between_its_edges():
    weights = np.random.default_rng(1).normal(size=(7, 11, 3))
    histogram = tensor_statistics("w", weights, bins=9).histogram
    for count, low, high in zip(histogram.counts, histogram.edges, histogram.edges[1:], strict=False):
        closed = high == histogram.edges[-1]
        assert count == ((weights >= low) & ((weights <= high) if closed else (weights < high))).sum()


@pytest.mark.parametrize("value", [0.0, 3.5])
def test_a_tensor_of_one_value_has_no_spread(value):
    statistics = tensor_statistics("bias", np.full(6, value))
    assert (statistics.mean, statistics.std) == (value, 0)
    assert statistics.zero_share == (value == 0)
    assert sum(statistics.histogram.counts) == 6


def test_what_is_not_finite_is_counted_and_left_out():
    statistics = tensor_statistics("w", np.array([1.0, math.nan, -3.0, math.inf]))
    assert statistics.not_finite == 2
    assert (statistics.mean, statistics.minimum, statistics.maximum) == (-1, -3, 1)
    nothing = tensor_statistics("w", np.array([math.nan]))
    assert (nothing.not_finite, nothing.count, nothing.l2) == (1, 1, 0)


def test_small_weights_are_near_zero_relative_to_the_largest():
    statistics = tensor_statistics("w", np.array([0.0, 1e-4, -0.5, 1.0]))
    assert statistics.zero_share == 0.25
    assert statistics.near_zero_share == 0.5


def test_norms_are_those_of_the_parameters_inside(network):
    norms = weight_norms(network.state_dict())
    for path in ("", "level2", "level3.tree1.tree1.conv1", "base_layer.0"):
        inside = torch.cat([p.detach().double().flatten() for p in network.get_submodule(path).parameters()])
        assert norms[path].count == inside.numel()
        assert norms[path].l1 == pytest.approx(float(inside.abs().sum()))
        assert norms[path].l2 == pytest.approx(float(torch.linalg.vector_norm(inside)))
    assert "level2.downsample" not in norms
