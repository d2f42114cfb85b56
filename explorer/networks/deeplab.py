"""DeepLab on a dilated ResNet (Chen et al.; code: kazuto1011/deeplab-pytorch).

v1 here is a dilated ResNet with one 1×1 classifier, as in that code, not the VGG-16 of arXiv 1412.7062.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from explorer.config import DeepLabHead, ResNetBackbone, Variant
from explorer.networks.layers import Conv2d, with_role
from explorer.networks.resnet import ConvBN, ResNet
from explorer.roles import Role


def _resized(x: Tensor, size: Sequence[int]) -> Tensor:
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)


class _Score(Conv2d):
    """A convolution to class scores, N(0, 0.01) as in Caffe's DeepLab."""

    def initialise(self, generator: Generator) -> None:
        super().initialise(generator)
        nn.init.normal_(self.weight, 0.0, 0.01, generator=generator)


class SumASPP(nn.Module):
    """Classifiers at several atrous rates, summed (arXiv 1606.00915, section 3.2 and Fig. 7)."""

    role = Role.ASPP

    def __init__(self, in_channels: int, classes: int, rates: Sequence[int]) -> None:
        super().__init__()
        for index, rate in enumerate(rates):
            branch = _Score(in_channels, classes, 3, padding=rate, dilation=rate)
            self.add_module(f"c{index}", with_role(branch, Role.ASPP_BRANCH))

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to scores (N, classes, H, W)."""
        first, *others = (branch(x) for branch in self.children())
        for score in others:
            first = first + score
        return first


class ImagePool(nn.Module):
    """The average of the whole image, at every position (arXiv 1706.05587, section 3.3)."""

    role = Role.ASPP_BRANCH

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.conv = ConvBN(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H, W)."""
        return _resized(self.conv(self.pool(x)), x.shape[2:])


class ConcatASPP(nn.Module):
    """A 1×1, several atrous 3×3 and the image's average, concatenated (arXiv 1706.05587, Fig. 5)."""

    role = Role.ASPP

    def __init__(self, in_channels: int, out_channels: int, rates: Sequence[int]) -> None:
        super().__init__()
        self.stages = nn.Sequential()
        self.stages.add_module("c0", with_role(ConvBN(in_channels, out_channels, 1), Role.ASPP_BRANCH))
        for index, rate in enumerate(rates, start=1):
            branch = ConvBN(in_channels, out_channels, 3, 1, rate, rate)
            self.stages.add_module(f"c{index}", with_role(branch, Role.ASPP_BRANCH))
        self.stages.add_module("imagepool", ImagePool(in_channels, out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, (rates + 2) · out, H, W)."""
        return torch.cat([branch(x) for branch in self.stages], 1)


class DeepLabV1(ResNet):
    """A dilated ResNet and a 1×1 classifier."""

    role = None

    def __init__(self, backbone: ResNetBackbone, head: DeepLabHead) -> None:
        super().__init__(backbone)
        self.fc = with_role(_Score(backbone.channels[3], head.classes, 1), Role.CLASSIFIER)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # classes instead of levels
        """(N, C, H, W) to logits (N, classes, h, w) at the output stride."""
        return self.fc(self.run(x)["layer5"])


class DeepLabV2(ResNet):
    """A dilated ResNet and summed classifiers at several atrous rates."""

    role = None

    def __init__(self, backbone: ResNetBackbone, head: DeepLabHead) -> None:
        super().__init__(backbone)
        self.aspp = SumASPP(backbone.channels[3], head.classes, head.rates)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # classes instead of levels
        """(N, C, H, W) to logits (N, classes, h, w) at the output stride."""
        return self.aspp(self.run(x)["layer5"])


class DeepLabV3(ResNet):
    """A dilated ResNet, concatenated branches at several atrous rates, and two layers that merge them."""

    role = None

    def __init__(self, backbone: ResNetBackbone, head: DeepLabHead) -> None:
        super().__init__(backbone)
        self.aspp = ConcatASPP(backbone.channels[3], head.width, head.rates)
        self.fc1 = with_role(ConvBN((len(head.rates) + 2) * head.width, head.width, 1), Role.HEAD)
        self.fc2 = with_role(Conv2d(head.width, head.classes, 1), Role.CLASSIFIER)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # classes instead of levels
        """(N, C, H, W) to logits (N, classes, h, w) at the output stride."""
        return self.fc2(self.fc1(self.aspp(self.run(x)["layer5"])))


class DeepLabV3Plus(ResNet):
    """DeepLab v3 whose features are refined at stride 4 (arXiv 1802.02611, Fig. 2)."""

    role = None

    def __init__(self, backbone: ResNetBackbone, head: DeepLabHead) -> None:
        super().__init__(backbone)
        width, low = head.width, head.low_level_channels
        self.aspp = ConcatASPP(backbone.channels[3], width, head.rates)
        self.fc1 = with_role(ConvBN((len(head.rates) + 2) * width, width, 1), Role.HEAD)
        self.reduce = with_role(ConvBN(backbone.channels[0], low, 1), Role.PROJECTION)
        self.fc2 = with_role(nn.Sequential(), Role.CLASSIFIER)
        self.fc2.add_module("conv1", ConvBN(width + low, width, 3, 1, 1))
        self.fc2.add_module("conv2", ConvBN(width, width, 3, 1, 1))
        self.fc2.add_module("conv3", Conv2d(width, head.classes, 1))

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # classes instead of levels
        """(N, C, H, W) to logits (N, classes, H, W) at the input's size."""
        features = self.run(x)
        fine = self.reduce(features["layer2"])
        coarse = self.fc1(self.aspp(features["layer5"]))
        merged = self.fc2(torch.cat([_resized(coarse, fine.shape[2:]), fine], 1))
        return _resized(merged, x.shape[2:])


class MultiScale(nn.Module):
    """One network at several scales of its input; the largest score of each class at each position wins."""

    def __init__(self, base: nn.Module, scales: Sequence[float]) -> None:
        super().__init__()
        self.base = with_role(base, Role.BACKBONE)
        self.scales = tuple(scales)

    def forward(self, x: Tensor) -> Tensor | list[Tensor]:
        """(N, C, H, W) to logits of the base's shape; in training mode to those of each scale, then the largest."""
        scores = [self.base(x)]
        for scale in self.scales:
            smaller = F.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=False)
            scores.append(self.base(smaller))
        size = scores[0].shape[2:]
        largest = scores[0]
        for score in scores[1:]:
            largest = torch.maximum(largest, _resized(score, size))
        return [*scores, largest] if self.training else largest


VARIANTS = {
    Variant.V1: DeepLabV1, Variant.V2: DeepLabV2, Variant.V3: DeepLabV3, Variant.V3PLUS: DeepLabV3Plus,
}  # fmt: skip


def deeplab(backbone: ResNetBackbone, head: DeepLabHead) -> nn.Module:
    """The DeepLab of that variant, at one scale or several."""
    network = VARIANTS[head.variant](backbone, head)
    return MultiScale(network, head.scales) if head.multi_scale else network
