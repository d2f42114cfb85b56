"""CenterNet's detectors on DLA (Zhou, Wang, Krähenbühl: arXiv 1904.07850; code: xingyizhou/CenterNet).

With summing nodes this is ``pose_dla_dcn``: projections and nodes are deformable, a final IDA merges levels.
With concatenating nodes the decoder is DLA-up's (``dlav0``).
"""

from collections.abc import Mapping, Sequence

from torch import Generator, Tensor, nn

from explorer.config import Aggregation, CenterNetHead
from explorer.networks.deform_conv import DeformConv2d
from explorer.networks.dla_up import ConcatDLAUp
from explorer.networks.layers import BatchNorm2d, BilinearUpsample, Conv2d, with_role
from explorer.roles import Role

HEATMAP_BIAS = -2.19
"""Start of the heatmap's bias: sigmoid(-2.19) ≈ 0.1, so that the focal loss does not begin with all positives."""


class ConvBNReLU(nn.Module):
    """3×3 convolution with bias, deformable or plain, then batch norm and ReLU.

    The published keys list ``actf`` before ``conv``.
    """

    def __init__(self, in_channels: int, out_channels: int, deformable: bool) -> None:
        super().__init__()
        self.actf = nn.Sequential(BatchNorm2d(out_channels), nn.ReLU(inplace=True))
        kind = DeformConv2d if deformable else Conv2d
        self.conv = kind(in_channels, out_channels, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H, W)."""
        return self.actf(self.conv(x))


class SumNode(ConvBNReLU):
    """Aggregation node that adds its two inputs."""

    role = Role.NODE

    def forward(self, shallow: Tensor, deep: Tensor) -> Tensor:  # type: ignore[override]  # two inputs
        """Two times (N, C, H, W) to (N, C, H, W)."""
        return super().forward(deep + shallow)


class SumIDA(nn.Module):
    """Iterative deep aggregation by sums of projected and upsampled features."""

    role = Role.IDA

    def __init__(
        self, out_channels: int, channels: Sequence[int], factors: Sequence[int], deformable: bool
    ) -> None:
        super().__init__()
        self.steps = range(1, len(channels))
        for i in self.steps:
            project = ConvBNReLU(channels[i], out_channels, deformable)
            self.add_module(f"proj_{i}", with_role(project, Role.PROJECTION))
            self.add_module(f"up_{i}", BilinearUpsample(out_channels, factors[i]))
            self.add_module(f"node_{i}", SumNode(out_channels, out_channels, deformable))

    def forward(self, *features: Tensor) -> tuple[Tensor, ...]:
        """Features, fine to coarse, to the first and one aggregate per coarser input, at the finest resolution."""
        modules = self._modules
        results = [features[0]]
        for i in self.steps:
            raised = modules[f"up_{i}"](modules[f"proj_{i}"](features[i]))  # type: ignore[misc]
            results.append(modules[f"node_{i}"](results[-1], raised))  # type: ignore[misc]  # registered above
        return tuple(results)


class SumDLAUp(nn.Module):
    """IDA over the two coarsest levels, then three, …; keeps each IDA's last result as a new pyramid."""

    role = Role.DECODER

    def __init__(self, channels: Sequence[int], deformable: bool) -> None:
        """``channels`` of the levels in use, fine to coarse, each twice as coarse as the one before."""
        super().__init__()
        self.steps = range(len(channels) - 1)
        for i in self.steps:
            first = len(channels) - 2 - i
            width, coarser, count = channels[first], channels[first + 1], i + 1
            ida = SumIDA(width, [width] + [coarser] * count, [1] + [2] * count, deformable)
            self.add_module(f"ida_{i}", ida)

    def forward(self, *levels: Tensor) -> tuple[Tensor, ...]:
        """Levels in use, fine to coarse, to aggregated features of the same shapes, fine to coarse."""
        features = list(levels)
        pyramid = [features[-1]]
        for i in self.steps:
            features[-i - 2 :] = self._modules[f"ida_{i}"](*features[-i - 2 :])  # type: ignore[misc]
            pyramid.insert(0, features[-1])
        return tuple(pyramid)


def output_head(
    in_channels: int, channels: int, width: int, final_kernel: int, heatmap: bool
) -> nn.Sequential | Conv2d:
    """Layers from the decoder's feature to one output map (arXiv 1904.07850, appendix A)."""
    padding = final_kernel // 2
    if not width:
        return _OutputConv2d(in_channels, channels, final_kernel, padding, heatmap)
    return nn.Sequential(
        Conv2d(in_channels, width, 3, padding=1),
        nn.ReLU(inplace=True),
        _OutputConv2d(width, channels, final_kernel, padding, heatmap),
    )


class _OutputConv2d(Conv2d):
    """The last convolution of a head, whose bias starts at the heatmap's value where it is one."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, padding: int, heatmap: bool
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, padding=padding)
        self.heatmap = heatmap

    def initialise(self, generator: Generator) -> None:
        super().initialise(generator)
        if self.heatmap and self.bias is not None:
            nn.init.constant_(self.bias, HEATMAP_BIAS)


class CenterNet(nn.Module):
    """Backbone, decoder and one small head per output map."""

    def __init__(self, base: nn.Module, pyramid: Mapping[int, int], head: CenterNetHead) -> None:
        """``pyramid[i]`` are the channels of the base's level at stride 2ⁱ."""
        super().__init__()
        first, last = head.first_level, head.last_level
        channels = [pyramid[level] for level in sorted(pyramid) if level >= first]
        self.unused = len(pyramid) - len(channels)
        self.merged = last - first
        self.base = base
        self.ida_up: SumIDA | None = None
        if head.aggregation is Aggregation.CONCAT:
            self.dla_up: nn.Module = ConcatDLAUp(channels)
        else:
            self.dla_up = SumDLAUp(channels, head.deformable)
            factors = [2**i for i in range(self.merged)]
            self.ida_up = SumIDA(channels[0], channels[: self.merged], factors, head.deformable)
        self.heads = tuple(head.heads)
        for name, count in head.heads.items():
            output = output_head(channels[0], count, head.head_conv, head.final_kernel, heatmap="hm" in name)
            self.add_module(name, with_role(output, Role.HEAD))

    def forward(self, x: Tensor) -> list[dict[str, Tensor]]:
        """(N, C, H, W) to one dict of output maps, each (N, channels, H/ratio, W/ratio); heatmaps are logits."""
        features = self.dla_up(*self.base(x)[self.unused :])
        feature = features if self.ida_up is None else self.ida_up(*features[: self.merged])[-1]
        return [{name: self._modules[name](feature) for name in self.heads}]  # type: ignore[misc]  # never None
