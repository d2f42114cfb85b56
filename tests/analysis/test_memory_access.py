"""Memory access cost against the formula written out, and against the VoVNet paper's total."""

import pytest
from torch import nn

from explorer.analysis.memory_access import lower_bound, memory_access_cost
from explorer.concepts.blocks import costs, traced
from explorer.config import Dense
from explorer.graph import trace


def formula(h, w, c_in, c_out, k):
    return h * w * (c_in + c_out) + k**2 * c_in * c_out


def total(graph):
    return sum(memory_access_cost(operation, graph) for operation in graph.operations)


def test_densenet40_costs_what_the_paper_says():
    """Three blocks of 12 layers with k = 12 from 16 channels, transitions that keep all channels, a classifier."""
    channels, side = 16, 32
    cost = formula(side, side, 3, channels, 3)
    for block in range(3):
        for _ in range(12):
            cost += formula(side, side, channels, 12, 3)
            channels += 12
        if block < 2:
            cost += formula(side, side, channels, channels, 1)
            side //= 2
    cost += formula(1, 1, channels, 10, 1)
    assert total(trace("densenet40_k12", (1, 3, 32, 32))) == cost == 3_684_442
    assert f"{cost / 1e6:.1f} M" == "3.7 M"


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize(("c_in", "c_out"), [(1, 1), (16, 12), (148, 12), (43, 43)])
def test_one_convolution(kernel, c_in, c_out):
    layer = nn.Conv2d(c_in, c_out, kernel, padding=kernel // 2)
    assert total(trace(layer, (1, c_in, 10, 6))) == formula(10, 6, c_in, c_out, kernel)


def test_strides_groups_and_batches_are_counted_as_they_are():
    strided = trace(nn.Conv2d(8, 16, 3, stride=2, padding=1), (1, 8, 10, 6))
    assert total(strided) == 8 * 10 * 6 + 16 * 5 * 3 + 9 * 8 * 16
    depthwise = trace(nn.Conv2d(8, 8, 3, padding=1, groups=8), (1, 8, 10, 6))
    assert total(depthwise) == 2 * 8 * 10 * 6 + 9 * 8
    batch = trace(nn.Conv2d(8, 16, 3, padding=1), (4, 8, 10, 6))
    assert total(batch) == 4 * 10 * 6 * (8 + 16) + 9 * 8 * 16
    upsampled = trace(nn.ConvTranspose2d(8, 8, 4, stride=2, padding=1, groups=8), (1, 8, 10, 6))
    assert total(upsampled) == 8 * 10 * 6 + 8 * 20 * 12 + 16 * 8


def test_what_is_no_convolution_costs_nothing():
    assert total(trace(nn.Sequential(nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)), (1, 8, 10, 6))) == 0


def test_deformable_convolutions_count():
    graph = trace("centernet_dla34", (1, 3, 64, 64))
    deformable = [each for each in graph.operations if each.kind == "deform_conv2d"]
    assert deformable
    for each in deformable:
        _, c_in, h, w = graph.tensors[each.inputs[0]].shape
        c_out = graph.tensors[each.outputs[0]].shape[1]
        assert memory_access_cost(each, graph) == formula(h, w, c_in, c_out, 3)


@pytest.mark.parametrize("kernel", [1, 3])
def test_no_split_of_the_same_work_costs_less_than_the_bound(kernel):
    h, w, product = 14, 20, 3600
    found = {}
    for c_in in (c for c in range(1, product + 1) if product % c == 0):
        macs = kernel**2 * h * w * product
        found[c_in] = formula(h, w, c_in, product // c_in, kernel)
        assert found[c_in] >= lower_bound(macs, h, w, kernel) * (1 - 1e-12)
    assert min(found, key=found.__getitem__) == 60
    assert found[60] == pytest.approx(lower_bound(macs, h, w, kernel))


def test_a_dense_block_grows_and_a_one_shot_block_does_not():
    dense = costs(traced(Dense.DENSE, 16, 12, 12, 32))
    assert [each.in_channels for each in dense] == [16 + 12 * index for index in range(12)]
    assert [each.access for each in dense] == [formula(32, 32, 16 + 12 * i, 12, 3) for i in range(12)]
    one_shot = costs(traced(Dense.OSA, 16, 5, 43, 32))
    assert [each.in_channels for each in one_shot] == [16, 43, 43, 43, 43]
    assert {each.access for each in one_shot[1:]} == {formula(32, 32, 43, 43, 3)}
    assert all(each.access == pytest.approx(each.bound) for each in one_shot[1:])
