"""Modulated deformable convolution (Zhu, Hu, Lin, Dai: Deformable ConvNets v2, arXiv 1811.11168, equation 1).

Arguments, layouts and results are those of ``torchvision.ops.deform_conv2d``. In pure torch: bilinear sampling is
a weighted sum of four rows of a channels-last matrix, which ``embedding_bag`` does in one pass; the sampled
columns then meet the weight in one matrix product. A border of zeros around the image and positions clamped to
just outside it make every corner a valid row, so that no masks are needed.
"""

from collections.abc import Callable
from functools import lru_cache
from math import sqrt

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn
from torch.overrides import handle_torch_function, has_torch_function

from explorer.networks.layers import Conv2d

Pair = tuple[int, int]

_MAX_COLUMN_ELEMENTS = 2**26
"""Sampled values held at once (256 MiB of float32); larger outputs are computed in bands of rows."""

_CACHED_COLUMN_ELEMENTS = 2**19
"""The same on a CPU without gradients: 2 MiB stay in the cache between sampling and the product (1.4× faster)."""


def deform_conv2d(
    input: Tensor,  # noqa: A002  # the name that torchvision gives it
    offset: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Pair = 1,
    padding: int | Pair = 0,
    dilation: int | Pair = 1,
    mask: Tensor | None = None,
) -> Tensor:
    """Convolve ``input`` at positions moved by ``offset`` and scaled by ``mask``; differentiable in all tensors.

    ``input`` (N, C, H, W); ``weight`` (O, C / groups, kh, kw); ``offset`` (N, D·2·kh·kw, OH, OW) in pixels, for each
    of D channel groups and each tap (dy, dx) interleaved; ``mask`` (N, D·kh·kw, OH, OW) or None for ones; the result
    (N, O, OH, OW). Positions outside the image read zeros, those less than one pixel outside interpolate with them.
    Raises ValueError for shapes that do not fit together.
    """
    tensors = (input, offset, weight, bias, mask)
    if has_torch_function(tensors):
        return handle_torch_function(
            deform_conv2d, tensors, input, offset, weight, bias, stride, padding, dilation, mask
        )
    stride, padding, dilation = _pair(stride), _pair(padding), _pair(dilation)
    out_size = _check(input, offset, weight, stride, padding, dilation, mask)
    if input.is_cuda and (native := _native_operator()) is not None:
        return native(input, offset, weight, bias, stride, padding, dilation, mask)

    n, c = input.shape[:2]
    oh, ow = out_size
    taps = weight.shape[2] * weight.shape[3]
    offset_groups = offset.shape[1] // (2 * taps)
    # Half precision has whole pixels from 256 on (bfloat16): positions are never computed in less than float32.
    precise = torch.promote_types(offset.dtype, torch.float32)
    offsets = offset.to(precise).view(n, offset_groups, taps, 2, oh, ow)
    masks = None if mask is None else mask.view(n, offset_groups, taps, oh, ow)
    ys, xs = _tap_positions(weight, out_size, stride, padding, dilation, precise)
    rows, row_width = _rows(input, offset_groups)
    matrix = _matrix(weight, c)

    # With gradients one band: each band's backward pass would clear a gradient of the whole image.
    recorded = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)
    limit = _MAX_COLUMN_ELEMENTS if recorded or input.device.type != "cpu" else _CACHED_COLUMN_ELEMENTS
    band = max(1, min(oh, limit // max(1, n * ow * taps * c)))
    bands = []
    for top in range(0, oh, band):
        part = slice(top, top + band)
        columns = _columns(
            rows, row_width, input.shape, offsets[..., part, :], None if masks is None else masks[..., part, :],
            ys[:, part], xs,
        )  # fmt: skip
        bands.append(_product(columns, matrix, bias, taps).view(n, -1, ow, weight.shape[0]))
    result = bands[0] if len(bands) == 1 else torch.cat(bands, 1)
    return result.permute(0, 3, 1, 2)


class DeformConv2d(nn.Module):
    """Deformable convolution whose offsets and masks come from a convolution of its own input.

    ``conv_offset_mask`` starts at zero: no offset, and a mask of sigmoid(0) = 0.5.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int = 0,
        dilation: int = 1, groups: int = 1, offset_groups: int = 1,
    ) -> None:  # fmt: skip
        super().__init__()
        taps = kernel_size * kernel_size
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.padding, self.dilation = kernel_size, stride, padding, dilation
        self.groups, self.offset_groups = groups, offset_groups
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.empty(out_channels))
        # As in the published code, this convolution is not dilated where the deformable one is.
        self.conv_offset_mask = Conv2d(in_channels, 3 * offset_groups * taps, kernel_size, stride, padding)

    def initialise(self, generator: Generator) -> None:
        """Uniform weight in ±1/√(in·k²), bias 0, offsets 0."""
        bound = 1.0 / sqrt(self.in_channels * self.kernel_size * self.kernel_size)
        nn.init.uniform_(self.weight, -bound, bound, generator=generator)
        nn.init.zeros_(self.bias)
        nn.init.zeros_(self.conv_offset_mask.weight)
        if self.conv_offset_mask.bias is not None:
            nn.init.zeros_(self.conv_offset_mask.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, OH, OW)."""
        # The published code splits the offsets in two and joins them again in the same order.
        taps = self.kernel_size * self.kernel_size * self.offset_groups
        offset, mask = self.conv_offset_mask(x).split([2 * taps, taps], 1)
        return deform_conv2d(
            x, offset, self.weight, self.bias, self.stride, self.padding, self.dilation, mask.sigmoid()
        )


def _pair(value: int | Pair) -> Pair:
    return (value, value) if isinstance(value, int) else value


def _check(
    image: Tensor,
    offset: Tensor,
    weight: Tensor,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    mask: Tensor | None,
) -> Pair:
    """The output's height and width; raises ValueError where shapes do not fit."""
    n, c, h, w = image.shape
    kh, kw = weight.shape[2:]
    oh = (h + 2 * padding[0] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    ow = (w + 2 * padding[1] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    if oh < 1 or ow < 1:
        raise ValueError(f"an image of {h}×{w} is smaller than the kernel {kh}×{kw} dilated by {dilation}")
    if c % weight.shape[1] or weight.shape[0] % (c // weight.shape[1]):
        raise ValueError(f"weight {tuple(weight.shape)} does not divide {c} input channels into groups")
    if offset.shape[1] % (2 * kh * kw) or c % (offset.shape[1] // (2 * kh * kw)):
        raise ValueError(
            f"offset has {offset.shape[1]} channels, not a multiple of 2·{kh}·{kw} that divides {c}"
        )
    if tuple(offset.shape[2:]) != (oh, ow) or offset.shape[0] != n:
        raise ValueError(f"offset {tuple(offset.shape)} does not fit batch {n} and output {oh}×{ow}")
    if mask is not None and tuple(mask.shape) != (n, offset.shape[1] // 2, oh, ow):
        raise ValueError(f"mask is {tuple(mask.shape)}, but must be {(n, offset.shape[1] // 2, oh, ow)}")
    return oh, ow


def _tap_positions(
    weight: Tensor, out_size: Pair, stride: Pair, padding: Pair, dilation: Pair, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Undeformed sampling positions: rows (taps, OH, 1) and columns (taps, 1, OW)."""
    kh, kw = weight.shape[2:]
    device = weight.device
    oy = torch.arange(out_size[0], device=device) * stride[0] - padding[0]
    ox = torch.arange(out_size[1], device=device) * stride[1] - padding[1]
    ky = torch.arange(kh, device=device).repeat_interleave(kw) * dilation[0]
    kx = torch.arange(kw, device=device).repeat(kh) * dilation[1]
    return (ky[:, None, None] + oy[None, :, None]).to(dtype), (kx[:, None, None] + ox[None, None, :]).to(
        dtype
    )


def _rows(image: Tensor, offset_groups: int) -> tuple[Tensor, int]:
    """The image with its border of zeros as rows of C / D channels, and how many pixels a line of it has."""
    padded = F.pad(image.permute(0, 2, 3, 1), (0, 0, 1, 2, 1, 2))
    return padded.reshape(-1, image.shape[1] // offset_groups), padded.shape[2]


def _columns(
    rows: Tensor,
    row_width: int,
    shape: torch.Size,
    offset: Tensor,
    mask: Tensor | None,
    ys: Tensor,
    xs: Tensor,
) -> Tensor:
    """Sampled values (N·OH·OW, taps · C), channels innermost."""
    n, c, h, w = shape
    groups, taps, _, oh, ow = offset.shape[1:]
    # Image, row, column, tap, group: the channels of one position then lie together.
    dy, dx = offset.permute(3, 0, 4, 5, 2, 1).contiguous()
    y = (dy + ys.permute(1, 2, 0).unsqueeze(-1)).clamp(-1, h)
    x = (dx + xs.permute(1, 2, 0).unsqueeze(-1)).clamp(-1, w)
    top, left = y.detach().floor(), x.detach().floor()
    down, right = y - top, x - left

    # Pixel (r, s) of image i lies in row ((i·(H+3) + r + 1)·(W+3) + s + 1)·D + d of the bordered matrix.
    first = torch.arange(n, device=rows.device, dtype=torch.int32).view(n, 1, 1, 1, 1) * (h + 3)
    corner = ((top.int() + (first + 1)) * row_width + left.int() + 1) * groups
    if groups > 1:
        corner = corner + torch.arange(groups, device=rows.device, dtype=torch.int32)
    steps = torch.tensor(
        [0, groups, row_width * groups, (row_width + 1) * groups], device=rows.device, dtype=torch.int32
    )
    if mask is not None:
        scale = mask.permute(0, 3, 4, 2, 1).contiguous()
        lower, upper = scale * down, scale * (1 - down)
    else:
        lower, upper = down, 1 - down
    weights = torch.stack([upper * (1 - right), upper * right, lower * (1 - right), lower * right], -1)
    bags = F.embedding_bag(
        corner.view(-1, 1) + steps, rows, mode="sum", per_sample_weights=weights.view(-1, 4).to(rows.dtype)
    )
    return bags.view(n * oh * ow, taps * c)


def _matrix(weight: Tensor, channels: int) -> Tensor:
    """The weight as (groups, taps · C / groups, O / groups), in the order of the columns."""
    out, width, kh, kw = weight.shape
    groups = channels // width
    return weight.view(groups, out // groups, width, kh * kw).permute(0, 3, 2, 1).reshape(
        groups, kh * kw * width, out // groups
    )  # fmt: skip


def _product(columns: Tensor, matrix: Tensor, bias: Tensor | None, taps: int) -> Tensor:
    """Columns (P, taps · C) times the weight: (P, O)."""
    groups, depth, _ = matrix.shape
    if groups == 1:
        return columns @ matrix[0] if bias is None else torch.addmm(bias, columns, matrix[0])
    positions = columns.shape[0]
    by_group = columns.view(positions, taps, groups, depth // taps).permute(2, 0, 1, 3)
    result = by_group.reshape(groups, positions, depth).bmm(matrix).permute(1, 0, 2).reshape(positions, -1)
    return result if bias is None else result + bias


@lru_cache(maxsize=1)
def _native_operator() -> Callable[..., Tensor] | None:
    """torchvision's CUDA operator where torchvision is installed and fits this torch, else None."""
    try:
        from torchvision.ops import deform_conv2d as native
    except (ImportError, RuntimeError):  # RuntimeError: a torchvision built for another torch
        return None
    return native
