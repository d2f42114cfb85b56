"""Receptive fields against what networks do: every input pixel is changed in turn, and every cell looked at."""

import random
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explorer.analysis.receptive_field import Box, receptive_fields
from explorer.config import presets
from explorer.graph import trace
from explorer.networks.deform_conv import DeformConv2d

CHANNELS = 2
KINDS = ("conv", "conv", "same", "max", "avg", "up", "resize", "adapt", "pool", "merge")


class Positive(nn.Module):
    """Random layers with positive weights, each reading any earlier map; returns every map it computes."""

    def __init__(self, seed, depth=6, kinds=KINDS, lonely=False):
        super().__init__()
        self.seed, self.depth, self.kinds, self.lonely = seed, depth, kinds, lonely

    def forward(self, x):
        draw = random.Random(self.seed)
        maps = [x]
        while len(maps) <= self.depth:
            new = self.layer(draw, draw.choice(maps[-2:]), maps)
            if new is not None:
                maps.append(new)
        return maps[1:]

    def weight(self, draw, *shape):
        numbers = [0.1 + 0.2 * draw.random() for _ in range(int(np.prod(shape)))]
        return torch.tensor(numbers, dtype=torch.float64).view(shape)

    def layer(self, draw, x, maps):
        height, width = x.shape[2:]
        kernel = (draw.randint(1, 3), draw.randint(1, 4))
        dilation = (draw.randint(1, 2), draw.randint(1, 3))
        stride = (draw.randint(1, 2), draw.randint(1, 3))
        reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
        # Where padding is narrower than the first step of the kernel, no cell is made of padding alone.
        padding = tuple(draw.randint(0, d if k > 1 else 0) for d, k in zip(dilation, kernel, strict=True))
        if self.lonely:
            padding = (draw.randint(0, 2), draw.randint(0, 2))
        kind = draw.choice(self.kinds)
        if kind in ("conv", "same", "max", "avg") and (height < max(reach) + 1 or width < max(reach) + 1):
            return None
        match kind:
            case "conv":
                groups = draw.choice((1, CHANNELS))
                weight = self.weight(draw, CHANNELS, CHANNELS // groups, *kernel)
                return F.conv2d(x, weight, None, stride, padding, dilation, groups)
            case "same":
                weight = self.weight(draw, CHANNELS, CHANNELS, *kernel)
                return F.conv2d(x, weight, None, 1, "same", dilation)
            case "max" | "avg":
                padding = tuple(min(p, k // 2) for p, k in zip(padding, kernel, strict=True))
                ceil = draw.random() < 0.5
                if kind == "avg":
                    return F.avg_pool2d(x, kernel, stride, padding, ceil)
                return F.max_pool2d(x, kernel, stride, padding, 1, ceil)
            case "up":
                if not self.lonely:
                    # Without gaps between what neighbours write.
                    dilation, kernel = (1, 1), tuple(map(max, kernel, stride))
                    reach, padding = list(kernel), (0, 0)
                weight = self.weight(draw, CHANNELS, CHANNELS, *kernel)
                room = [max(s, d) - 1 if self.lonely else 0 for s, d in zip(stride, dilation, strict=True)]
                extra = tuple(draw.randint(0, r) for r in room)
                size = [(n - 1) * s + r - 2 * p for n, s, r, p in
                        zip((height, width), stride, reach, padding, strict=True)]  # fmt: skip
                if min(size) < 2 or max(size) > 24:
                    return None
                return F.conv_transpose2d(x, weight, None, stride, padding, extra, 1, dilation)
            case "resize":
                mode = draw.choice(("nearest", "nearest-exact", "bilinear", "aligned"))
                named = {"mode": "bilinear", "align_corners": True} if mode == "aligned" else {"mode": mode}
                if draw.random() < 0.5 and 2 < min(height, width) <= max(height, width) < 12:
                    return F.interpolate(x, scale_factor=draw.choice((0.5, 0.75, 2.0, 3.0)), **named)
                return F.interpolate(x, size=(draw.randint(2, 17), draw.randint(2, 17)), **named)
            case "adapt":
                return F.adaptive_avg_pool2d(x, (draw.randint(1, 5), draw.randint(2, 7)))
            case "pad":
                return F.pad(x, [draw.randint(0, 3) for _ in range(4)])
            case "pool":
                return x + x.mean((2, 3), keepdim=True)
            case _:
                partners = [m for m in maps if m.shape[2:] == x.shape[2:]]
                other = draw.choice(partners)
                if draw.random() < 0.5:
                    return x + other
                first, second = torch.cat([x, other], 1).split([CHANNELS, CHANNELS], 1)
                return first + second


def touched(network, height, width):
    """For every map the matrix (h, w, height, width) of whether a pixel's value changes a cell's."""
    with torch.no_grad():
        still = torch.full((1, CHANNELS, height, width), 0.5, dtype=torch.float64)
        moved = still.repeat(height * width, 1, 1, 1)
        for index in range(height * width):
            moved[index, :, index // width, index % width] += 50
        before, after = network(still), network(moved)
    return [
        ((b - a).abs().amax(1) > 1e-9).permute(1, 2, 0).unflatten(2, (height, width)).numpy()
        for a, b in zip(before, after, strict=True)
    ]


def around(pixels):
    """The box around the marked pixels."""
    rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    if not rows.size:
        return None
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def cells_of(network, height, width):
    """For every cell of every map its box, and the box around what changes it (None for nothing)."""
    graph = trace(network, (1, CHANNELS, height, width))
    fields = receptive_fields(graph)
    for tensor, seen in zip(graph.outputs, touched(network, height, width), strict=True):
        field = fields[tensor]
        assert field.known
        assert field.cells == seen.shape[:2]
        for row, column in np.ndindex(*field.cells):
            box = field.box(row, column)
            yield box if box.height and box.width else None, around(seen[row, column])


@pytest.mark.parametrize("seed", range(60))
def test_boxes_are_exact_at_every_cell_of_random_networks(seed):
    for box, seen in cells_of(Positive(seed), 10, 9):
        assert box == seen


@pytest.mark.parametrize("kind", ["conv", "same", "max", "avg", "up", "resize", "adapt", "pad", "pool"])
def test_boxes_are_exact_for_every_kind_of_layer(kind):
    for seed in range(6):
        for box, seen in cells_of(Positive(seed, depth=2, kinds=(kind,), lonely=True), 8, 11):
            assert box == seen


@pytest.mark.parametrize("seed", range(20))
def test_where_padding_alone_reaches_a_cell_the_box_holds_all_that_does(seed):
    for box, seen in cells_of(Positive(seed, kinds=(*KINDS, "pad"), lonely=True), 10, 9):
        assert seen is None or contains(box, seen)


def contains(outer, inner):
    return outer.top <= inner.top and outer.left <= inner.left and inner.bottom <= outer.bottom and (
        inner.right <= outer.right
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_border_free_boxes_contain_the_exact_ones_and_agree_inside(seed):
    network = Positive(seed, depth=4, kinds=("conv", "max", "avg", "merge"))
    graph = trace(network, (1, CHANNELS, 40, 36))
    for tensor, field in receptive_fields(graph).items():
        rows, columns = field.cells
        for row, column in np.ndindex(rows, columns):
            exact, free = field.box(row, column), field.free_box(row, column)
            part = free.within(40, 36)
            assert contains(part, exact), tensor
            if part == free:
                assert exact == free


class Chain(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, x):
        for kernel, stride, dilation in self.layers:
            x = F.conv2d(x, torch.ones(CHANNELS, CHANNELS, kernel, kernel), None, stride, 1, dilation)
        return x


@pytest.mark.parametrize("seed", range(10))
def test_chains_follow_the_published_recurrence(seed):
    """Araujo et al. (2019), eqs. 1 and 2: r = 1 + Σ (k − 1)·d·Π s, and the product of strides."""
    draw = random.Random(seed)
    layers = [(draw.randint(1, 5), draw.randint(1, 2), draw.randint(1, 3)) for _ in range(5)]
    size, stride = 1, 1
    for kernel, step, dilation in layers:
        size += (kernel - 1) * dilation * stride
        stride *= step
    graph = trace(Chain(layers), (1, CHANNELS, 512, 512))
    field = receptive_fields(graph)[graph.outputs[0]]
    assert field.size == field.smallest == (size, size)
    assert field.stride == (Fraction(stride), Fraction(stride))
    inside = field.cells[0] // 2
    (y0, _), (y1, _) = field.centre(inside, inside), field.centre(inside + 1, inside)
    assert y1 - y0 == stride


class Branches(nn.Module):
    """A graph of 3×3, 1×1 and dilated convolutions; ``edges`` lists for each node the nodes that it adds up."""

    def __init__(self, edges, kernels):
        super().__init__()
        self.edges, self.kernels = edges, kernels

    def forward(self, x):
        nodes = [x]
        for sources, (kernel, dilation) in zip(self.edges, self.kernels, strict=True):
            total = nodes[sources[0]]
            for source in sources[1:]:
                total = total + nodes[source]
            weight = torch.ones(CHANNELS, CHANNELS, kernel, kernel)
            nodes.append(F.conv2d(total, weight, None, 1, dilation * (kernel - 1) // 2, dilation))
        return nodes[-1]


@pytest.mark.parametrize("seed", range(10))
def test_the_range_over_paths_is_that_of_all_paths(seed):
    draw = random.Random(seed)
    count = 6
    edges = [sorted({node, *draw.sample(range(node + 1), draw.randint(0, node))}) for node in range(count)]
    kernels = [(draw.choice((1, 3)), draw.randint(1, 3)) for _ in range(count)]

    def sizes(node):
        """The field of every path from the input to a node."""
        if node == 0:
            return [1]
        kernel, dilation = kernels[node - 1]
        return [size + (kernel - 1) * dilation for source in edges[node - 1] for size in sizes(source)]

    graph = trace(Branches(edges, kernels), (1, CHANNELS, 24, 24))
    field = receptive_fields(graph)[graph.outputs[0]]
    assert field.smallest == (min(sizes(count)),) * 2
    assert field.size == (max(sizes(count)),) * 2


def test_a_deformable_convolution_has_its_regular_taps_and_those_of_its_offsets():
    network = DeformConv2d(CHANNELS, CHANNELS, kernel_size=3, padding=1)
    graph = trace(network, (1, CHANNELS, 20, 20))
    field = receptive_fields(graph)[graph.outputs[0]]
    assert field.learned
    assert field.size == (3, 3)
    assert field.box(10, 10) == Box(9, 9, 12, 12)
    before = receptive_fields(graph)[graph.operations[0].outputs[0]]
    assert not before.learned


class Unheard(nn.Module):
    def forward(self, x):
        return torch.roll(x, 1, 2)


def test_a_function_without_a_rule_is_taken_to_read_everything():
    graph = trace(Unheard(), (1, CHANNELS, 20, 20))
    field = receptive_fields(graph)[graph.outputs[0]]
    assert not field.known
    assert field.whole
    assert field.box(3, 3) == Box(0, 0, 20, 20)


class Attention(nn.Module):
    """eSE's shape: a map scaled by a function of its averages, between two convolutions."""

    def forward(self, x):
        weight = torch.full((CHANNELS, CHANNELS, 3, 3), 0.1, dtype=torch.float64)
        x = F.conv2d(x, weight, None, 1, 1)
        x = x * F.conv2d(F.adaptive_avg_pool2d(x, 1), weight[:, :, :1, :1]).sigmoid()
        return F.conv2d(x, weight, None, 1, 1)


def test_channel_attention_sees_everything_and_the_size_is_that_of_the_other_paths():
    graph = trace(Attention(), (1, CHANNELS, 20, 20))
    field = receptive_fields(graph)[graph.outputs[0]]
    assert field.whole
    assert field.size == field.smallest == (5, 5)
    assert field.box(10, 10) == Box(0, 0, 20, 20)
    assert field.free_box(10, 10) == Box(8, 8, 13, 13)


@pytest.mark.parametrize(
    ("name", "module", "size", "stride"),
    [
        # Araujo et al. (2019), table "Receptive field parameters of popular networks".
        ("deeplab_resnet101", "layer5", 1027, 32),
        # By hand: 7×7 and two 3×3 convolutions (the second strided), then two blocks of two after halving.
        ("dla34", "base_layer", 7, 1),
        ("dla34", "level0", 9, 1),
        ("dla34", "level1", 11, 2),
        ("dla34", "level2.tree1", 23, 4),
        ("dla34", "level2", 39, 4),
    ],
)
def test_published_networks(name, module, size, stride):
    config = presets()[name]
    graph = trace(config, config.default_input)
    inside = [o for o in graph.operations if o.path == module or o.path.startswith(f"{module}.")]
    field = receptive_fields(graph)[inside[-1].outputs[-1]]
    assert field.size == (size, size)
    assert field.stride == (Fraction(stride), Fraction(stride))


@pytest.mark.parametrize(
    "name", ["dla60", "centernet_dla34", "vovnet39_ese", "deeplabv3plus_resnet101_msc_os16"]
)
def test_fields_of_every_tensor_of_a_network_are_ordered(name):
    config = presets()[name]
    graph = trace(config, config.default_input)
    _, _, height, width = config.default_input
    for tensor, field in receptive_fields(graph).items():
        assert field.known, graph.tensors[tensor]
        assert all(small <= large for small, large in zip(field.smallest, field.size, strict=True))
        for spans in field.true_spans:
            # A later cell never sees an earlier part alone.
            assert all(a <= b for a, b in pairwise(spans.first.tolist()))
            assert all(a <= b for a, b in pairwise(spans.last.tolist()))
        assert field.box(0, 0).bottom <= height
        assert field.box(0, 0).right <= width
