"""Deformable sampling against the product's own convolution and against torch's plain one."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from explorer.concepts.sampling import Sampling, cell_under, lineages, loudest, spread, terms
from explorer.config import preset
from explorer.graph import trace
from explorer.networks.deform_conv import deform_conv2d


def layer(stride=1, padding=1, dilation=1, kernel=3, size=(9, 11), channels=4, seed=0, reach=3.0):
    """A random deformable convolution that was run on a random map, and its result."""
    rng = np.random.default_rng(seed)
    height, width = size
    span = dilation * (kernel - 1) + 1
    out = ((height + 2 * padding - span) // stride + 1, (width + 2 * padding - span) // stride + 1)
    taps = kernel * kernel
    x = rng.normal(size=(channels, height, width)).astype(np.float32)
    offsets = rng.normal(0, reach, (taps, 2, *out)).astype(np.float32)
    mask = rng.uniform(size=(taps, *out)).astype(np.float32)
    weight = rng.normal(size=(5, channels, kernel, kernel)).astype(np.float32)
    bias = rng.normal(size=5).astype(np.float32)
    result = deform_conv2d(
        torch.from_numpy(x)[None].double(),
        torch.from_numpy(offsets).reshape(1, 2 * taps, *out).double(),
        torch.from_numpy(weight).double(),
        torch.from_numpy(bias).double(),
        stride,
        padding,
        dilation,
        torch.from_numpy(mask)[None].double(),
    )[0].numpy()
    return Sampling("layer", x, offsets, mask, result, weight, bias, stride, padding, dilation, 4.0)


SHAPES = [
    {},
    {"stride": 2},
    {"dilation": 2, "padding": 2},
    {"stride": 2, "padding": 0, "kernel": 5},
    {"kernel": 1, "padding": 0},
    {"reach": 40.0},
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_terms_add_up_to_the_convolution(shape):
    deformed = layer(**shape)
    for cell in np.ndindex(deformed.size):
        for channel in (0, 4):
            total = sum(tap.term for tap in terms(deformed, cell, channel)) + float(deformed.bias[channel])
            assert total == pytest.approx(deformed.outputs[channel, cell[0], cell[1]], abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_without_offsets_and_masks_it_is_the_plain_convolution(shape):
    deformed = layer(**shape)
    plain = F.conv2d(
        torch.from_numpy(deformed.inputs)[None].double(), torch.from_numpy(deformed.weight).double(),
        torch.from_numpy(deformed.bias).double(), deformed.stride, deformed.padding, deformed.dilation,
    )[0].numpy()  # fmt: skip
    for cell in np.ndindex(deformed.size):
        found = sum(tap.term for tap in terms(deformed, cell, 2, share=0, masked=False)) + float(
            deformed.bias[2]
        )
        assert found == pytest.approx(plain[2, cell[0], cell[1]], abs=1e-9)


def naive_sample(plane, row, column):
    """Bilinear interpolation cell by cell: each counts by how near it is, nothing lies outside."""
    return sum(
        max(0, 1 - abs(row - i)) * max(0, 1 - abs(column - j)) * plane[i, j]
        for i in range(plane.shape[0])
        for j in range(plane.shape[1])
    )


def test_a_sample_is_what_the_four_corners_say():
    deformed = layer(reach=2.0)
    for cell in ((0, 0), (4, 5), (8, 10)):
        for tap in terms(deformed, cell, 1):
            assert sum(corner.part for corner in tap.corners) == pytest.approx(1)
            plane = np.tensordot(
                deformed.weight[1].reshape(4, 9)[:, tap.index].astype(float), deformed.inputs, 1
            )
            assert tap.value == pytest.approx(naive_sample(plane, *tap.position), abs=1e-9)


def test_offsets_are_rows_before_columns():
    deformed = layer()
    deformed.offsets[:] = 0
    deformed.offsets[3, 0] = 2.5  # dy of the tap at the left of the middle row
    deformed.offsets[5, 1] = -1.0  # dx of the one at its right
    points = deformed.points((4, 4))
    assert points[3].tolist() == [6.5, 3.0]
    assert points[5].tolist() == [4.0, 4.0]
    assert deformed.points((4, 4), 0.5)[3].tolist() == [5.25, 3.0]


def test_a_strided_grid_starts_at_the_padding():
    deformed = layer(stride=2, padding=1, dilation=2, size=(12, 12))
    assert deformed.grid((0, 0))[0].tolist() == [-1, -1]
    assert deformed.grid((2, 1))[8].tolist() == [2 * 2 - 1 + 4, 1 * 2 - 1 + 4]
    assert deformed.output_scale == 8


def test_a_cell_lies_in_the_middle_of_its_pixels():
    # Cell 3 of stride 4 reaches from pixel 12 to 16: it lies in cell 1 of stride 8 and cell 6 of stride 2 begins there.
    assert cell_under(np.array([[3.0, 3.0]]), 4, 8).tolist() == [[1, 1]]
    assert cell_under(np.array([[3.0, -1.0]]), 4, 2).tolist() == [[7, -1]]
    assert cell_under(np.array([[2.6, 2.4]]), 4, 4).tolist() == [[3, 2]]


def naive_spread(layers, cell, share):
    """Points of points by recursion: (level, row, column, mask), in the order of a walk."""
    found = []

    def walk(level, at, part):
        this = layers[level]
        for k, (row, column) in enumerate(this.points(at, share)):
            mask = part * this.mask[k, at[0], at[1]]
            found.append((level, row, column, mask))
            if level + 1 < len(layers):
                below = layers[level + 1]
                to = tuple(int(np.floor((v + 0.5) * this.scale / below.output_scale)) for v in (row, column))
                if 0 <= to[0] < below.size[0] and 0 <= to[1] < below.size[1]:
                    walk(level + 1, to, mask)

    walk(0, cell, 1.0)
    return found


def test_points_of_points():
    top, middle = layer(seed=1, reach=1.5), layer(seed=2, reach=1.5)
    coarse = layer(seed=3, size=(5, 6))
    layers = [top, middle, Sampling(**{**vars(coarse), "scale": 8.0})]
    for cell in ((0, 0), (4, 6)):
        levels = spread(layers, cell)
        walked = naive_spread(layers, cell, 1.0)
        for number, (points, masks) in enumerate(levels):
            expected = sorted(entry[1:] for entry in walked if entry[0] == number)
            got = sorted((*point, mask) for point, mask in zip(points, masks, strict=True))
            assert np.allclose(got, expected)
    assert len(spread(layers, (4, 6), share=0)[1][0]) == 81


def test_no_point_leads_anywhere_from_outside():
    far = layer()
    far.offsets[:] = 100
    points, masks = spread([far, layer(seed=5)], (4, 4))[1]
    assert points.shape == (0, 2)
    assert masks.shape == (0,)


def test_the_loudest_channel():
    deformed = layer()
    deformed.outputs[3, 2, 2] = -99
    assert loudest(deformed, (2, 2)) == 3


def test_lineages_lead_back_through_sums_and_upsampling():
    found = lineages(trace(preset("centernet_dla34"), (1, 3, 128, 128)))
    assert len(found) == 16
    assert found["dla_up.ida_0.proj_1.conv"] == ("dla_up.ida_0.proj_1.conv",)
    assert found["dla_up.ida_0.node_1.conv"] == ("dla_up.ida_0.node_1.conv", "dla_up.ida_0.proj_1.conv")
    # A node adds the shallower node's result, at its own resolution, to an upsampled projection; the former is
    # followed.
    assert found["ida_up.node_2.conv"][:3] == (
        "ida_up.node_2.conv", "ida_up.node_1.conv", "dla_up.ida_2.node_3.conv",
    )  # fmt: skip
    assert lineages(trace(preset("dla34up"), (1, 3, 128, 128))) == {}
