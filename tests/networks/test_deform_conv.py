"""Deformable convolution against a loop over single values, and its gradients against differences."""

import itertools
import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from explorer.networks import deform_conv
from explorer.networks.deform_conv import DeformConv2d, deform_conv2d


def naive(x, offset, weight, bias, stride, padding, dilation, mask):
    """One multiplication at a time, from the definition (arXiv 1811.11168, equation 1)."""
    n, c, h, w = x.shape
    o, width, kh, kw = weight.shape
    taps, groups = kh * kw, c // width
    offset_groups = offset.shape[1] // (2 * taps)
    oh, ow = offset.shape[2:]
    result = torch.zeros(n, o, oh, ow, dtype=x.dtype)

    def pixel(image, channel, row, column):
        return x[image, channel, row, column].item() if 0 <= row < h and 0 <= column < w else 0.0

    for image, out, i, j in itertools.product(range(n), range(o), range(oh), range(ow)):
        total = 0.0 if bias is None else bias[out].item()
        for within, ky, kx in itertools.product(range(width), range(kh), range(kw)):
            channel = out // (o // groups) * width + within
            group, tap = channel // (c // offset_groups), ky * kw + kx
            dy, dx = (offset[image, group * 2 * taps + 2 * tap + axis, i, j].item() for axis in (0, 1))
            y = i * stride[0] - padding[0] + ky * dilation[0] + dy
            z = j * stride[1] - padding[1] + kx * dilation[1] + dx
            if not (-1 < y < h and -1 < z < w):
                continue
            top, left = math.floor(y), math.floor(z)
            down, right = y - top, z - left
            value = (
                (1 - down) * (1 - right) * pixel(image, channel, top, left)
                + (1 - down) * right * pixel(image, channel, top, left + 1)
                + down * (1 - right) * pixel(image, channel, top + 1, left)
                + down * right * pixel(image, channel, top + 1, left + 1)
            )
            scale = 1.0 if mask is None else mask[image, group * taps + tap, i, j].item()
            total += weight[out, within, ky, kx].item() * value * scale
        result[image, out, i, j] = total
    return result


def example(
    kernel,
    stride=(1, 1),
    padding=(0, 0),
    dilation=(1, 1),
    groups=1,
    offset_groups=1,
    *,
    modulated=True,
    biased=True,
    seed=0,
    size=(6, 5),
    batch=2,
):
    g = torch.Generator().manual_seed(seed)

    def random(*shape):
        return torch.randn(*shape, dtype=torch.float64, generator=g)

    n, c, o = batch, 4, 4
    oh, ow = ((size[a] + 2 * padding[a] - dilation[a] * (kernel[a] - 1) - 1) // stride[a] + 1 for a in (0, 1))
    taps = kernel[0] * kernel[1]
    return dict(
        x=random(n, c, *size),
        offset=3 * random(n, offset_groups * 2 * taps, oh, ow),
        weight=random(o, c // groups, *kernel),
        bias=random(o) if biased else None,
        stride=stride, padding=padding, dilation=dilation,
        mask=random(n, offset_groups * taps, oh, ow) if modulated else None,
    )  # fmt: skip


def ours(e):
    return deform_conv2d(
        e["x"], e["offset"], e["weight"], e["bias"], e["stride"], e["padding"], e["dilation"], e["mask"]
    )


CASES: dict[str, dict[str, Any]] = {
    "plain 3x3": dict(kernel=(3, 3), padding=(1, 1)),
    "stride 2, two offset groups": dict(kernel=(3, 3), stride=(2, 2), padding=(1, 1), offset_groups=2),
    "1x1 without mask or bias": dict(kernel=(1, 1), modulated=False, biased=False),
    "5x3, uneven": dict(kernel=(5, 3), stride=(1, 2), padding=(2, 0), dilation=(1, 2), groups=2, size=(7, 8)),
    "dilated, all groups": dict(
        kernel=(3, 3), padding=(2, 2), dilation=(2, 2), groups=4, offset_groups=4, biased=False
    ),
    "2x2": dict(kernel=(2, 2), groups=2, offset_groups=4),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_equals_the_loop(case):
    e = example(**case)
    assert (ours(e) - naive(**e)).abs().max() < 1e-10


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_gradients(case):
    e = example(**{**case, "size": (4, 5)}, batch=1)
    names = [name for name in ("x", "offset", "weight", "bias", "mask") if e[name] is not None]
    tensors = [e[name].requires_grad_() for name in names]
    assert torch.autograd.gradcheck(lambda *t: ours({**e, **dict(zip(names, t, strict=True))}), tensors)


@settings(max_examples=20, deadline=None)
@given(
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    groups=st.sampled_from([1, 2, 4]),
    offset_groups=st.sampled_from([1, 2, 4]),
    seed=st.integers(0, 99),
)
def test_equals_the_loop_anywhere(**case):
    e = example(**case)
    assert (ours(e) - naive(**e)).abs().max() < 1e-10


def test_whole_pixel_and_border_positions():
    e = example(**CASES["plain 3x3"])
    for offset in (
        e["offset"].round(),
        torch.full_like(e["offset"], -1.0),
        torch.full_like(e["offset"], 1e4),
    ):
        moved = {**e, "offset": offset}
        assert (ours(moved) - naive(**moved)).abs().max() < 1e-10


def test_no_offset_and_no_mask_is_a_plain_convolution():
    e = example(**CASES["5x3, uneven"], modulated=False)
    still = {**e, "offset": torch.zeros_like(e["offset"])}
    expected = F.conv2d(e["x"], e["weight"], e["bias"], e["stride"], e["padding"], e["dilation"], groups=2)
    torch.testing.assert_close(ours(still), expected, rtol=0, atol=1e-12)


def test_bands_of_rows_change_nothing(monkeypatch):
    e = example(**CASES["plain 3x3"], size=(11, 7))
    whole = ours(e)
    for limit in (1, 600, 1500):
        monkeypatch.setattr(deform_conv, "_CACHED_COLUMN_ELEMENTS", limit)
        torch.testing.assert_close(ours(e), whole, rtol=0, atol=1e-12)


def test_memory_layouts_change_nothing():
    e = example(**CASES["plain 3x3"])
    last = {
        **e,
        "x": e["x"].to(memory_format=torch.channels_last),
        "offset": e["offset"].to(memory_format=torch.channels_last),
    }
    torch.testing.assert_close(ours(last), ours(e), rtol=0, atol=1e-12)


def test_positions_keep_their_fractions_in_half_precision():
    """At pixel 200 bfloat16 knows whole pixels only; a ramp shows any position that was rounded to them."""
    ramp = torch.arange(256.0).expand(1, 1, 4, 256)
    offset = torch.full((1, 2, 4, 256), 0.25)
    weight = torch.ones(1, 1, 1, 1)
    sampled = deform_conv2d(ramp, offset.bfloat16(), weight)
    torch.testing.assert_close(sampled[0, 0, 1, :250], ramp[0, 0, 1, :250] + 0.25)


def test_counts_the_multiplications_of_a_plain_convolution():
    layer = DeformConv2d(8, 16, 3, padding=1).to("meta")
    x = torch.empty(1, 8, 20, 30, device="meta")
    with FlopCounterMode(display=False) as counter:
        assert layer(x).shape == (1, 16, 20, 30)
    assert counter.get_total_flops() == 2 * 20 * 30 * 9 * 8 * (16 + 27)


@pytest.mark.parametrize(
    ("field", "shape", "rule"),
    [
        ("offset", (2, 17, 6, 5), "offset has 17 channels"),
        ("offset", (2, 18, 5, 5), "does not fit"),
        ("mask", (2, 8, 6, 5), "mask is"),
        ("weight", (4, 3, 3, 3), "groups"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(field, shape, rule):
    e = example(**CASES["plain 3x3"])
    with pytest.raises(ValueError, match=rule):
        ours({**e, field: torch.zeros(shape, dtype=torch.float64)})
