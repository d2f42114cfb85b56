"""ResNet in Caffe's form, dilated on request (code: kazuto1011/deeplab-pytorch).

The stride is on a block's first 1×1 convolution, and the stem's pooling rounds sizes up. Batch norm's momentum is
1 − 0.999, Caffe's 0.999 in PyTorch's convention (the published v3 writes 0.9997 as it stands, which would forget all
statistics at every step; it changes training only).
"""

from torch import Tensor, nn

from explorer.config import ClassifyHead, ResNetBackbone
from explorer.networks.backbone import Backbone, Headless
from explorer.networks.layers import BatchNorm2d, Conv2d, Linear, with_role
from explorer.roles import Role

LAYERS = ("layer2", "layer3", "layer4", "layer5")
MOMENTUM = 0.001


class ConvBN(nn.Sequential):
    """Convolution without bias, batch norm and, unless told otherwise, ReLU."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int = 0,
        dilation: int = 1, relu: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.conv = Conv2d(in_channels, out_channels, kernel_size, stride, padding, dilation, bias=False)
        self.bn = BatchNorm2d(out_channels, MOMENTUM)
        if relu:
            self.relu = nn.ReLU(inplace=True)


class Bottleneck(nn.Module):
    """1×1, dilated 3×3 and 1×1 around a residual sum; a stage's first block projects its shortcut."""

    role = Role.BLOCK

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, dilation: int, project: bool
    ) -> None:
        super().__init__()
        width = out_channels // 4
        self.reduce = ConvBN(in_channels, width, 1, stride)
        self.conv3x3 = ConvBN(width, width, 3, 1, dilation, dilation)
        self.increase = ConvBN(width, out_channels, 1, relu=False)
        self.shortcut = (
            with_role(ConvBN(in_channels, out_channels, 1, stride, relu=False), Role.PROJECTION)
            if project
            else None
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H/stride, W/stride)."""
        y = self.increase(self.conv3x3(self.reduce(x)))
        return self.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class Stem(nn.Module):
    """7×7 convolution with stride 2 and 3×3 pooling with stride 2."""

    role = Role.STEM

    def __init__(self, in_channels: int, channels: int, ceil_pool: bool) -> None:
        super().__init__()
        self.conv1 = ConvBN(in_channels, channels, 7, 2, 3)
        self.pool = nn.MaxPool2d(3, 2, 1, ceil_mode=ceil_pool)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, H, W) to the convolution's (N, stem, H/2, W/2) and, pooled, (N, stem, H/4, W/4)."""
        half = self.conv1(x)
        return half, self.pool(half)


def _layer(config: ResNetBackbone, index: int) -> nn.Sequential:
    """Stage 2 + ``index``: blocks of which the first has the stride."""
    stride, dilation = strides_and_dilations(config.output_stride)[index]
    out_channels = config.channels[index]
    channels = config.channels[index - 1] if index else config.stem_channels
    grid = config.multi_grid if index == 3 and config.multi_grid else (1,) * config.blocks[index]
    layer = with_role(nn.Sequential(), Role.STAGE, stage=index + 2)
    for block, multiple in enumerate(grid):
        first = block == 0
        module = Bottleneck(
            channels, out_channels, stride if first else 1, dilation * multiple, project=first
        )
        layer.add_module(f"block{block + 1}", module)
        channels = out_channels
    return layer


def strides_and_dilations(output_stride: int) -> tuple[tuple[int, int], ...]:
    """(stride, dilation) of layer2 to layer5: once the output stride is reached, dilation doubles instead."""
    found = [(1, 1)]
    stride, dilation = 4, 1
    for _ in range(3):
        if stride < output_stride:
            stride *= 2
            found.append((2, 1))
        else:
            dilation *= 2
            found.append((1, dilation))
    return tuple(found)


class ResNet(Backbone):
    """The backbone: stem and four stages; its levels are the deepest features at each stride."""

    stages = ("layer1", *LAYERS)

    def __init__(self, config: ResNetBackbone) -> None:
        super().__init__()
        self.layer1 = with_role(Stem(config.input_channels, config.stem_channels, config.ceil_pool), stage=1)
        self.layer2, self.layer3, self.layer4, self.layer5 = (_layer(config, index) for index in range(4))
        strided = max(config.pyramid) - 2
        self.levels = ("half", *LAYERS[:strided], "layer5")

    def run(self, x: Tensor) -> dict[str, Tensor]:
        """(N, C, H, W) to ``half`` at stride 2, ``layer1`` at 4 and those of the stages."""
        half, x = self.layer1(x)
        found = {"half": half, "layer1": x}
        for name in LAYERS:
            x = found[name] = self._modules[name](x)  # type: ignore[misc]  # registered above, never None
        return found


class ResNetClassifier(ResNet):
    """ResNet with global average pooling and a linear classifier."""

    role = None

    def __init__(self, backbone: ResNetBackbone, head: ClassifyHead) -> None:
        super().__init__(backbone)
        self.pool5 = with_role(nn.AdaptiveAvgPool2d(1), Role.POOL)
        self.fc = with_role(Linear(backbone.channels[3], head.classes), Role.CLASSIFIER)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # classes instead of levels
        """(N, C, H, W) to logits (N, classes)."""
        return self.fc(self.pool5(self.run(x)["layer5"]).flatten(1))


class ResNetFeatures(Headless, ResNet):
    """ResNet that returns its stages by name."""
