"""DenseNet (Huang, Liu, van der Maaten, Weinberger: arXiv 1608.06993) for ImageNet and for CIFAR.

ImageNet's keys are torchvision's. A block is either dense, or reads in a chain and aggregates once (OSA), as in
the VoVNet paper's study (arXiv 1904.09730, section 3), with the same pre-activated layers.
"""

from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn

from explorer.config import ClassifyHead, Dense, DenseNetBackbone
from explorer.networks.backbone import Backbone, Headless
from explorer.networks.layers import BatchNorm2d, Concat, Conv2d, Linear, draw_by_fan_in, with_role
from explorer.roles import Role


def _joined(features: tuple[Tensor, ...]) -> Tensor:
    return features[0] if len(features) == 1 else torch.cat(features, 1)


class PlainLayer(nn.Module):
    """Batch norm, ReLU and a 3×3 convolution over everything it is given (section 3, "composite function")."""

    def __init__(self, in_channels: int, growth_rate: int) -> None:
        super().__init__()
        self.norm = BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = Conv2d(in_channels, growth_rate, 3, padding=1, bias=False)

    def forward(self, *features: Tensor) -> Tensor:
        """Any number of (N, Cᵢ, H, W) to (N, growth rate, H, W)."""
        return self.conv(self.relu(self.norm(_joined(features))))


class BottleneckLayer(nn.Module):
    """The same behind a 1×1 convolution to a multiple of the growth rate (DenseNet-B)."""

    def __init__(self, in_channels: int, growth_rate: int, width: int) -> None:
        super().__init__()
        self.norm1 = BatchNorm2d(in_channels)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = Conv2d(in_channels, width, 1, bias=False)
        self.norm2 = BatchNorm2d(width)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = Conv2d(width, growth_rate, 3, padding=1, bias=False)

    def forward(self, *features: Tensor) -> Tensor:
        """Any number of (N, Cᵢ, H, W) to (N, growth rate, H, W)."""
        y = self.conv1(self.relu1(self.norm1(_joined(features))))
        return self.conv2(self.relu2(self.norm2(y)))


LayerName = Callable[[int], str]
"""The key of a block's layer, by its index."""


class Block(nn.Module):
    """Layers, and the concatenation of all they put out, after what entered the block."""

    layer_role: Role

    def __init__(self, config: DenseNetBackbone, in_channels: int, count: int, layer_name: LayerName) -> None:
        super().__init__()
        self.layer_names = tuple(layer_name(index) for index in range(count))
        growth = config.growth_rate
        for index, name in enumerate(self.layer_names):
            channels = self.layer_channels(in_channels, index, growth)
            layer = (
                BottleneckLayer(channels, growth, config.bottleneck * growth)
                if config.bottleneck
                else PlainLayer(channels, growth)
            )
            self.add_module(name, with_role(layer, self.layer_role))
        self.concat = Concat()

    def layer_channels(self, in_channels: int, index: int, growth: int) -> int:
        """Channels that enter the layer of that index."""
        raise NotImplementedError

    def read_by_next(self, features: list[Tensor]) -> list[Tensor]:
        """Which of the features so far, the block's input first, the next layer reads."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, in + layers · growth rate, H, W)."""
        features = [x]
        for name in self.layer_names:
            layer = self._modules[name]
            features.append(layer(*self.read_by_next(features)))  # type: ignore[misc]  # never None
        return self.concat(*features)


class DenseBlock(Block):
    """Every layer reads all before it (equation 2)."""

    role = Role.DENSE_BLOCK
    layer_role = Role.DENSE_LAYER

    def layer_channels(self, in_channels: int, index: int, growth: int) -> int:
        """Channels that enter the layer of that index."""
        return in_channels + index * growth

    def read_by_next(self, features: list[Tensor]) -> list[Tensor]:
        """All of them."""
        return features


class OSABlock(Block):
    """Every layer reads the one before it; the block's end reads all (arXiv 1904.09730, Fig. 1b)."""

    role = Role.OSA
    layer_role = Role.LAYER

    def layer_channels(self, in_channels: int, index: int, growth: int) -> int:
        """Channels that enter the layer of that index."""
        return growth if index else in_channels

    def read_by_next(self, features: list[Tensor]) -> list[Tensor]:
        """The last one."""
        return features[-1:]


def _block(config: DenseNetBackbone, in_channels: int, count: int, layer_name: LayerName) -> Block:
    if config.block is Dense.OSA:
        return OSABlock(config, in_channels, count, layer_name)
    return DenseBlock(config, in_channels, count, layer_name)


class Transition(nn.Sequential):
    """Batch norm, ReLU, 1×1 convolution and 2×2 average pooling between two blocks."""

    role = Role.TRANSITION

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm = BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = Conv2d(in_channels, out_channels, 1, bias=False)
        self.pool = nn.AvgPool2d(2)


class DenseNet(Backbone):
    """DenseNet for ImageNet: strides 2 to 32 (Table 1). The last block's features are normalised and rectified."""

    def __init__(self, config: DenseNetBackbone) -> None:
        super().__init__()
        blocks = config.block_channels
        self.stages = tuple(f"denseblock{number}" for number in range(1, len(blocks) + 1))
        self.levels = ("half", *self.stages)
        width = config.initial_channels
        layers = nn.Sequential()
        conv0 = Conv2d(config.input_channels, width, 7, 2, 3, bias=False)
        layers.add_module("conv0", with_role(conv0, Role.STEM, stage=1))
        layers.add_module("norm0", with_role(BatchNorm2d(width), Role.STEM, stage=1))
        layers.add_module("relu0", nn.ReLU(inplace=True))
        layers.add_module("pool0", with_role(nn.MaxPool2d(3, 2, 1), Role.DOWNSAMPLE, stage=2))
        for index, (entering, leaving) in enumerate(blocks):
            block = _block(config, entering, config.layers[index], lambda layer: f"denselayer{layer + 1}")
            layers.add_module(f"denseblock{index + 1}", with_role(block, stage=index + 2))
            if index + 1 < len(blocks):
                transition = Transition(leaving, config.after_transition(leaving))
                layers.add_module(f"transition{index + 1}", with_role(transition, stage=index + 2))
        self.tail = f"norm{len(blocks) + 1}"
        norm = BatchNorm2d(blocks[-1][1])
        layers.add_module(self.tail, with_role(norm, Role.STAGE, stage=len(blocks) + 1))
        self.features = layers
        self.relu = nn.ReLU(inplace=True)

    def initialise(self, generator: Generator) -> None:
        """Draw convolutions as the published code does."""
        draw_by_fan_in(self, generator)

    def run(self, x: Tensor) -> dict[str, Tensor]:
        """(N, C, H, W) to ``half`` at stride 2 and each block's features, ``denseblock1`` … at strides 4, 8, …."""
        found = {}
        for name, layer in self.features.named_children():
            x = layer(x)
            if name == "relu0":
                found["half"] = x
            elif name in self.stages:
                found[name] = x
        found[self.stages[-1]] = self.relu(x)
        return found


class DenseNetClassifier(DenseNet):
    """DenseNet with global average pooling and a linear classifier."""

    role = None

    def __init__(self, backbone: DenseNetBackbone, head: ClassifyHead) -> None:
        super().__init__(backbone)
        self.avgpool = with_role(nn.AdaptiveAvgPool2d(1), Role.POOL)
        self.classifier = with_role(Linear(backbone.block_channels[-1][1], head.classes), Role.CLASSIFIER)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # classes instead of levels
        """(N, C, H, W) to logits (N, classes)."""
        return self.classifier(self.avgpool(self.run(x)[self.stages[-1]]).flatten(1))


class DenseNetFeatures(Headless, DenseNet):
    """DenseNet that returns its blocks' features by name."""


class CifarDenseNet(Backbone):
    """DenseNet for 32×32 images: one 3×3 convolution, then blocks at strides 1, 2, 4 (section 3)."""

    def __init__(self, config: DenseNetBackbone) -> None:
        super().__init__()
        widths = config.block_channels
        self.levels = self.stages = tuple(f"block{number}" for number in range(1, len(widths) + 1))
        conv0 = Conv2d(config.input_channels, config.initial_channels, 3, padding=1, bias=False)
        self.conv0 = with_role(conv0, Role.STEM, stage=0)
        self.blocks = nn.ModuleList(
            with_role(_block(config, entering, count, str), stage=index)
            for index, ((entering, _), count) in enumerate(zip(widths, config.layers, strict=True))
        )
        self.trans = nn.ModuleList(
            with_role(Transition(leaving, config.after_transition(leaving)), stage=index)
            for index, (_, leaving) in enumerate(widths[:-1])
        )
        norm = BatchNorm2d(widths[-1][1])
        self.norm = with_role(norm, Role.STAGE, stage=len(widths) - 1)
        self.relu = nn.ReLU(inplace=True)

    def initialise(self, generator: Generator) -> None:
        """Draw convolutions as the published code does."""
        draw_by_fan_in(self, generator)

    def run(self, x: Tensor) -> dict[str, Tensor]:
        """(N, C, H, W) to each block's features, ``block1`` … at strides 1, 2, …."""
        x = self.conv0(x)
        found = {}
        for index, (name, block) in enumerate(zip(self.stages, self.blocks, strict=True)):
            x = found[name] = block(x)
            if index < len(self.trans):
                x = self.trans[index](x)
        found[self.stages[-1]] = self.relu(self.norm(x))
        return found


class CifarDenseNetClassifier(CifarDenseNet):
    """DenseNet for 32×32 images, with global average pooling (8×8 at that size) and a linear classifier."""

    role = None

    def __init__(self, backbone: DenseNetBackbone, head: ClassifyHead) -> None:
        super().__init__(backbone)
        self.avgpool = with_role(nn.AdaptiveAvgPool2d(1), Role.POOL)
        self.fc = with_role(Linear(backbone.block_channels[-1][1], head.classes), Role.CLASSIFIER)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # classes instead of levels
        """(N, C, H, W) to logits (N, classes)."""
        return self.fc(self.avgpool(self.run(x)[self.stages[-1]]).flatten(1))


class CifarDenseNetFeatures(Headless, CifarDenseNet):
    """DenseNet for 32×32 images that returns its blocks' features by name."""
