"""Counts and sides of atrous convolution against naive loops and against torch."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from explorer.concepts import atrous
from explorer.graph import trace


@pytest.mark.parametrize(
    ("kernel", "rates"), [(3, [1]), (3, [2, 2, 2]), (3, [1, 2, 4]), (5, [3, 1]), (3, [6, 12, 24])]
)
def test_coverage_counts_the_paths(kernel, rates):
    """The gradient of one output of a stack of all-ones convolutions counts the paths to each input cell."""
    field = atrous.field(kernel, rates)
    x = torch.zeros(1, 1, field, field, dtype=torch.float64, requires_grad=True)
    y = x
    for rate in rates:
        y = F.conv2d(y, torch.ones(1, 1, kernel, kernel, dtype=torch.float64), dilation=rate)
    assert y.shape[2:] == (1, 1)
    assert np.array_equal(atrous.coverage(kernel, rates), torch.autograd.grad(y.sum(), x)[0][0, 0].numpy())


def test_gridding():
    assert (atrous.coverage(3, [2, 2, 2]) > 0).sum() == 49
    assert (atrous.coverage(3, [1, 2, 4]) > 0).all()
    assert atrous.coverage(3, [1, 2, 4]).shape == (15, 15)


def test_the_effective_kernel():
    assert [atrous.effective_kernel(3, rate) for rate in (1, 6, 12, 18, 24)] == [3, 13, 25, 37, 49]
    assert atrous.effective_kernel(5, 2) == 9


@pytest.mark.parametrize(
    ("kernel", "rate", "size"), [(3, 1, 5), (3, 2, 7), (3, 5, 7), (3, 9, 7), (5, 3, 10), (3, 32, 65)]
)
def test_valid_taps_by_looking(kernel, rate, size):
    counts: dict[int, int] = {}
    for i, j in product(range(size), repeat=2):
        cells = atrous.tap_cells(kernel, rate, (i, j))
        on_map = sum(0 <= row < size and 0 <= column < size for row, column in cells)
        assert on_map == atrous.inside(cells, size).sum()
        counts[int(on_map)] = counts.get(int(on_map), 0) + 1
    assert atrous.valid_taps(kernel, rate, size) == counts


def test_at_the_maps_size_only_the_centre_is_left():
    assert atrous.valid_taps(3, 65, 65) == {1: 65 * 65}
    assert set(atrous.valid_taps(3, 64, 65)) == {1, 2, 4}


def test_no_rate_leaves_three_of_nine():
    for size in (8, 9, 33, 65):
        assert all(3 not in atrous.valid_taps(3, rate, size) for rate in range(1, size + 3))


def test_rates_are_those_of_the_presets():
    assert atrous.aspp("v2") == atrous.ASPP((6, 12, 18, 24), 8)
    assert atrous.aspp("v2-S") == atrous.ASPP((3, 6, 9, 12), 8)
    assert atrous.aspp("v3, output stride 16") == atrous.ASPP((6, 12, 18), 16)
    assert atrous.aspp("v3, output stride 8") == atrous.ASPP((12, 24, 36), 8)


@pytest.mark.parametrize("side", [257, 320, 321, 384, 512, 513])
@pytest.mark.parametrize("stride", [8, 16, 32])
def test_the_maps_side_is_the_traced_one(side, stride):
    graph = trace(atrous.backbone(stride), (1, 3, side, side))
    assert atrous.ASPP((6,), stride).size(side) == atrous.stage_costs(graph)[-1].side


@pytest.mark.parametrize(("stride", "sides", "dilations"), [
    (8, [129, 129, 65, 65, 65], [1, 1, 1, 2, 4]),
    (16, [129, 129, 65, 33, 33], [1, 1, 1, 1, 2]),
    (32, [129, 129, 65, 33, 17], [1, 1, 1, 1, 1]),
])  # fmt: skip
def test_stage_costs_add_up(stride, sides, dilations):
    graph = trace(atrous.backbone(stride), (1, 3, 513, 513))
    stages = atrous.stage_costs(graph)
    assert [stage.side for stage in stages] == sides
    assert [stage.dilation for stage in stages] == dilations
    assert sum(stage.macs for stage in stages) == graph.totals.macs
