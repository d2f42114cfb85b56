"""VoVNet: one-shot aggregation (Lee et al.: arXiv 1904.09730; with eSE and identities: arXiv 1911.06667).

Keys and arithmetic are those of the authors' code (stigma0617/VoVNet.pytorch, youngwanLEE/vovnet-detectron2), whose
module names contain slashes.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from explorer.config import Attention, ClassifyHead, VoVNetBackbone
from explorer.networks.backbone import Backbone, Headless
from explorer.networks.layers import BatchNorm2d, Conv2d, Linear, draw_by_fan_in, with_role
from explorer.roles import Role

STAGES = ("stage2", "stage3", "stage4", "stage5")


def _unit(
    name: str, in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1
) -> Iterator[tuple[str, nn.Module]]:
    """Convolution, batch norm and ReLU, under the published names."""
    padding = kernel_size // 2
    yield f"{name}/conv", Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=False)
    yield f"{name}/norm", BatchNorm2d(out_channels)
    yield f"{name}/relu", nn.ReLU(inplace=True)


def _separable_unit(
    name: str, in_channels: int, out_channels: int, stride: int = 1
) -> Iterator[tuple[str, nn.Module]]:
    """3×3 convolution of each channel apart, then 1×1 across channels, batch norm and ReLU."""
    depthwise = Conv2d(in_channels, in_channels, 3, stride, 1, groups=in_channels, bias=False)
    yield f"{name}/dw_conv3x3", depthwise
    yield f"{name}/pw_conv1x1", Conv2d(in_channels, out_channels, 1, bias=False)
    yield f"{name}/pw_norm", BatchNorm2d(out_channels)
    yield f"{name}/pw_relu", nn.ReLU(inplace=True)


class _Named(nn.Sequential):
    """Layers in sequence under given names."""

    def __init__(self, *layers: tuple[str, nn.Module]) -> None:
        super().__init__()
        for name, layer in layers:
            self.add_module(name, layer)


class Stem(_Named):
    """Three 3×3 convolutions; the first and the last halve the resolution."""

    role = Role.STEM

    def __init__(self, in_channels: int, channels: tuple[int, int, int], depthwise: bool) -> None:
        unit = _separable_unit if depthwise else _unit
        fine = [
            *_unit("stem_1", in_channels, channels[0], stride=2),
            *unit("stem_2", channels[0], channels[1]),
        ]
        super().__init__(*fine, *unit("stem_3", channels[1], channels[2], stride=2))
        self.fine = len(fine)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, H, W) to the second convolution's (N, C₂, H/2, W/2) and the last one's (N, C₃, H/4, W/4)."""
        half = x
        for index, layer in enumerate(self, start=1):
            x = layer(x)
            if index == self.fine:
                half = x
        return half, x


class Aggregation(_Named):
    """The one shot: concatenate, 1×1 convolution, batch norm, ReLU."""

    role = Role.CONCAT

    def forward(self, *features: Tensor) -> Tensor:
        """Any number of (N, Cᵢ, H, W) to (N, out, H, W)."""
        return super().forward(torch.cat(features, 1))


class ESE(nn.Module):
    """Effective squeeze-excitation: channels scaled by a function of their averages (arXiv 1911.06667, equation 3)."""

    role = Role.ATTENTION

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.fc = Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return x * F.hardsigmoid(self.fc(self.avg_pool(x)))


class OSA(nn.Module):
    """A chain of convolutions, aggregated once, at its end, together with its input (arXiv 1904.09730, Fig. 1b)."""

    role = Role.OSA

    def __init__(
        self,
        name: str,
        in_channels: int,
        width: int,
        out_channels: int,
        layers: int,
        *,
        depthwise: bool,
        attention: bool,
        identity: bool,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        # Depthwise convolutions cannot change the number of channels.
        narrow = depthwise and in_channels != width
        channels = width if narrow else in_channels
        unit = _separable_unit if depthwise else _unit
        for index in range(layers):
            layer = _Named(*unit(f"{name}_{index}", channels, width))
            self.layers.append(with_role(layer, Role.LAYER))
            channels = width
        self.conv_reduction = (
            with_role(_Named(*_unit(f"{name}_reduction_0", in_channels, width, 1)), Role.PROJECTION)
            if narrow
            else None
        )
        self.concat = Aggregation(*_unit(f"{name}_concat", in_channels + layers * width, out_channels, 1))
        self.ese = ESE(out_channels) if attention else None
        self.identity = identity

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H, W)."""
        y = x if self.conv_reduction is None else self.conv_reduction(x)
        features = [x]
        for layer in self.layers:
            y = layer(y)
            features.append(y)
        y = self.concat(*features)
        if self.ese is not None:
            y = self.ese(y)
        return y + x if self.identity else y


def _stage(config: VoVNetBackbone, index: int) -> nn.Sequential:
    """Stage 2 + ``index``: a pooling but for the first, and OSA modules."""
    number = index + 2
    stage = with_role(nn.Sequential(), Role.STAGE, stage=number)
    if index:
        pooling = nn.MaxPool2d(3, 2, ceil_mode=True)
        stage.add_module("Pooling", with_role(pooling, Role.DOWNSAMPLE))
    out_channels = config.channels[index]
    channels = config.channels[index - 1] if index else config.stem[2]
    count = config.modules[index]
    for block in range(count):
        attention = config.attention is Attention.EVERY or (
            config.attention is Attention.LAST and block == count - 1
        )
        name = f"OSA{number}_{block + 1}"
        module = OSA(
            name, channels, config.widths[index], out_channels, config.layers,
            depthwise=config.depthwise, attention=attention, identity=config.residual and block > 0,
        )  # fmt: skip
        stage.add_module(name, module)
        channels = out_channels
    return stage


class VoVNet(Backbone):
    """The backbone: a stem to stride 4 and four stages of OSA modules (arXiv 1904.09730, Table 1)."""

    levels = ("half", *STAGES)
    stages = ("stem", *STAGES)

    def __init__(self, config: VoVNetBackbone) -> None:
        super().__init__()
        self.stem = with_role(Stem(config.input_channels, config.stem, config.depthwise), stage=1)
        self.stage2, self.stage3, self.stage4, self.stage5 = (_stage(config, index) for index in range(4))

    def initialise(self, generator: Generator) -> None:
        """Draw convolutions as the published code does."""
        draw_by_fan_in(self, generator)

    def run(self, x: Tensor) -> dict[str, Tensor]:
        """(N, C, H, W) to the stem's two features, ``half`` at stride 2 and ``stem`` at 4, and those of the stages."""
        half, x = self.stem(x)
        features = {"half": half, "stem": x}
        for name in STAGES:
            x = features[name] = self._modules[name](x)  # type: ignore[misc]  # registered above, never None
        return features


class VoVNetClassifier(VoVNet):
    """VoVNet with global average pooling and a linear classifier."""

    role = None

    def __init__(self, backbone: VoVNetBackbone, head: ClassifyHead) -> None:
        super().__init__(backbone)
        self.avgpool = with_role(nn.AdaptiveAvgPool2d(1), Role.POOL)
        self.classifier = with_role(Linear(backbone.channels[3], head.classes), Role.CLASSIFIER)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # classes instead of levels
        """(N, C, H, W) to logits (N, classes)."""
        return self.classifier(self.avgpool(self.run(x)["stage5"]).flatten(1))


class VoVNetFeatures(Headless, VoVNet):
    """VoVNet that returns its stages by name."""
