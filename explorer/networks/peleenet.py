"""PeleeNet (Wang, Li, Ling: arXiv 1804.06882; code: Robert-JunWang/PeleeNet)."""

import torch
from torch import Generator, Tensor, nn

from explorer.config import ClassifyHead, PeleeNetBackbone
from explorer.networks.backbone import Backbone, Headless
from explorer.networks.layers import BatchNorm2d, Concat, Conv2d, Linear, with_role
from explorer.roles import Role

BLOCKS = ("denseblock1", "denseblock2", "denseblock3", "denseblock4")
TRANSITIONS = ("transition1", "transition2", "transition3", "transition4")


class ConvBNReLU(nn.Module):
    """Convolution without bias, batch norm and ReLU: post-activation, unlike DenseNet (section 2.1)."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = Conv2d(in_channels, out_channels, kernel_size, stride, kernel_size // 2, bias=False)
        self.norm = BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H/stride, W/stride)."""
        return self.relu(self.norm(self.conv(x)))


class StemBlock(nn.Module):
    """To stride 4 in two ways, one pooled and one convolved (Fig. 2 of the paper)."""

    role = Role.STEM

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.stem1 = ConvBNReLU(in_channels, channels, 3, 2)
        self.stem2a = ConvBNReLU(channels, channels // 2, 1)
        self.stem2b = ConvBNReLU(channels // 2, channels, 3, 2)
        self.stem3 = ConvBNReLU(2 * channels, channels, 1)
        self.pool = nn.MaxPool2d(2, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, H, W) to the first convolution's (N, stem, H/2, W/2) and the block's (N, stem, H/4, W/4)."""
        half = self.stem1(x)
        ways = [self.pool(half), self.stem2b(self.stem2a(half))]
        return half, self.stem3(torch.cat(ways, 1))


class TwoWayLayer(nn.Module):
    """A 3×3 and, beside it, two stacked 3×3 convolutions, each behind a 1×1 (Fig. 1 of the paper)."""

    role = Role.DENSE_LAYER

    def __init__(self, in_channels: int, growth_rate: int, bottleneck_width: int) -> None:
        super().__init__()
        half = growth_rate // 2
        width = half * bottleneck_width // 4 * 4
        if width > in_channels / 2:
            width = in_channels // 8 * 4
        self.branch1a = ConvBNReLU(in_channels, width, 1)
        self.branch1b = ConvBNReLU(width, half, 3)
        self.branch2a = ConvBNReLU(in_channels, width, 1)
        self.branch2b = ConvBNReLU(width, half, 3)
        self.branch2c = ConvBNReLU(half, half, 3)

    def forward(self, *features: Tensor) -> Tensor:
        """Any number of (N, Cᵢ, H, W) to (N, growth rate, H, W)."""
        x = features[0] if len(features) == 1 else torch.cat(features, 1)
        ways = [self.branch1b(self.branch1a(x)), self.branch2c(self.branch2b(self.branch2a(x)))]
        return torch.cat(ways, 1)


class TwoWayBlock(nn.Module):
    """Dense layers, each of which reads all before it, and the concatenation of all."""

    role = Role.DENSE_BLOCK

    def __init__(self, in_channels: int, count: int, growth_rate: int, bottleneck_width: int) -> None:
        super().__init__()
        self.layer_names = tuple(f"denselayer{index + 1}" for index in range(count))
        for index, name in enumerate(self.layer_names):
            self.add_module(
                name, TwoWayLayer(in_channels + index * growth_rate, growth_rate, bottleneck_width)
            )
        self.concat = Concat()

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, in + layers · growth rate, H, W)."""
        features = [x]
        for name in self.layer_names:
            features.append(self._modules[name](*features))  # type: ignore[misc]  # registered above, never None
        return self.concat(*features)


class PeleeNet(Backbone):
    """The backbone: stem block and four blocks, each with a transition that keeps its channels (Table 1)."""

    levels = ("half", *TRANSITIONS)
    stages = TRANSITIONS

    def __init__(self, config: PeleeNetBackbone) -> None:
        super().__init__()
        layers = nn.Sequential()
        layers.add_module(
            "stemblock", with_role(StemBlock(config.input_channels, config.stem_channels), stage=1)
        )
        for index, (entering, leaving) in enumerate(config.block_channels):
            block = TwoWayBlock(
                entering, config.layers[index], config.growth_rate, config.bottleneck_widths[index]
            )
            layers.add_module(BLOCKS[index], with_role(block, stage=index + 2))
            transition = with_role(ConvBNReLU(leaving, leaving, 1), Role.TRANSITION, stage=index + 2)
            layers.add_module(TRANSITIONS[index], transition)
            if index + 1 < len(BLOCKS):
                pool = with_role(nn.AvgPool2d(2, 2), Role.DOWNSAMPLE, stage=index + 3)
                layers.add_module(f"{TRANSITIONS[index]}_pool", pool)
        self.features = layers

    def run(self, x: Tensor) -> dict[str, Tensor]:
        """(N, C, H, W) to ``half`` at stride 2 and each transition's features before they are pooled."""
        found = {}
        for name, layer in self.features.named_children():
            if name == "stemblock":
                found["half"], x = layer(x)
                continue
            x = layer(x)
            if name in TRANSITIONS:
                found[name] = x
        return found


class PeleeNetClassifier(PeleeNet):
    """PeleeNet with global average pooling and a linear classifier."""

    role = None

    def __init__(self, backbone: PeleeNetBackbone, head: ClassifyHead) -> None:
        super().__init__(backbone)
        self.avgpool = with_role(nn.AdaptiveAvgPool2d(1), Role.POOL)
        self.classifier = with_role(Linear(backbone.block_channels[-1][1], head.classes), Role.CLASSIFIER)

    def initialise(self, generator: Generator) -> None:
        """Draw the classifier from N(0, 0.01), as the published code does."""
        nn.init.normal_(self.classifier.weight, 0.0, 0.01, generator=generator)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # classes instead of levels
        """(N, C, H, W) to logits (N, classes)."""
        return self.classifier(self.avgpool(self.run(x)["transition4"]).flatten(1))


class PeleeNetFeatures(Headless, PeleeNet):
    """PeleeNet that returns its transitions' features by name."""
