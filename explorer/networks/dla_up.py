"""DLA-up: segmentation by iterative deep aggregation (arXiv 1707.06484, section 4.2; code: ucbdrive/dla)."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from explorer.config import DLAUpHead
from explorer.networks.layers import BilinearUpsample, Conv2d, conv_bn_relu, with_role
from explorer.roles import Role


class ConcatNode(nn.Sequential):
    """Aggregation node of an IDA: 3×3 convolution, batch norm and ReLU over two concatenated features."""

    role = Role.NODE

    def __init__(self, channels: int) -> None:
        super().__init__(*conv_bn_relu(2 * channels, channels))

    def forward(self, shallow: Tensor, deep: Tensor) -> Tensor:  # type: ignore[override]  # two inputs
        """Two times (N, C, H, W) to (N, C, H, W)."""
        return super().forward(torch.cat([shallow, deep], 1))


class ConcatIDA(nn.Module):
    """Iterative deep aggregation of features that each are ``factors[i]`` coarser than the first (equation 1)."""

    role = Role.IDA

    def __init__(self, out_channels: int, channels: Sequence[int], factors: Sequence[int]) -> None:
        super().__init__()
        self.steps = range(1, len(channels))
        for i in self.steps:
            project = (
                nn.Identity() if channels[i] == out_channels else conv_bn_relu(channels[i], out_channels, 1)
            )
            self.add_module(f"proj_{i}", with_role(project, Role.PROJECTION))
            self.add_module(f"up_{i}", BilinearUpsample(out_channels, factors[i]))
        for i in self.steps:
            self.add_module(f"node_{i}", ConcatNode(out_channels))

    def forward(self, *features: Tensor) -> tuple[Tensor, ...]:
        """Features, fine to coarse, to one aggregated feature per coarser input, each at the finest resolution."""
        modules = self._modules
        raised = [modules[f"up_{i}"](modules[f"proj_{i}"](features[i])) for i in self.steps]  # type: ignore[misc]
        x = features[0]
        results = []
        for i, deep in zip(self.steps, raised, strict=True):
            x = modules[f"node_{i}"](x, deep)  # type: ignore[misc]  # registered above, never None
            results.append(x)
        return tuple(results)


class ConcatDLAUp(nn.Module):
    """The decoder: IDA over the two coarsest levels, then three, …, until the finest in use is reached (Fig. 4)."""

    role = Role.DECODER

    def __init__(self, channels: Sequence[int]) -> None:
        """``channels`` of the levels in use, fine to coarse, each twice as coarse as the one before."""
        super().__init__()
        self.steps = range(len(channels) - 1)
        for i in self.steps:
            first = len(channels) - 2 - i
            width = channels[first]
            # Coarser levels were brought to the width of the next finer one, and to its resolution, by the IDA before.
            coarser = channels[first + 1]
            count = i + 1
            self.add_module(f"ida_{i}", ConcatIDA(width, [width] + [coarser] * count, [1] + [2] * count))

    def forward(self, *levels: Tensor) -> Tensor:
        """Levels in use, fine to coarse, to one feature at the finest level's resolution and width."""
        features = list(levels)
        for i in self.steps:
            ida = self._modules[f"ida_{i}"]
            features[-i - 1 :] = ida(*features[-i - 2 :])  # type: ignore[misc]  # registered above, never None
        return features[-1]


class DLASegmenter(nn.Module):
    """Backbone, decoder, 1×1 classifier and bilinear upsampling to the image's size."""

    def __init__(self, base: nn.Module, pyramid: Mapping[int, int], head: DLAUpHead) -> None:
        """``pyramid[i]`` are the channels of the base's level at stride 2ⁱ."""
        super().__init__()
        channels = [pyramid[level] for level in sorted(pyramid) if level >= head.first_level]
        self.unused = len(pyramid) - len(channels)
        self.base = base
        self.dla_up = ConcatDLAUp(channels)
        self.fc = with_role(nn.Sequential(Conv2d(channels[0], head.classes, 1)), Role.CLASSIFIER)
        self.up = BilinearUpsample(head.classes, head.down_ratio)
        self.up.weight.requires_grad = False
        self.softmax = with_role(nn.LogSoftmax(1), Role.HEAD)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, H, W) to log-probabilities (N, classes, H, W) and logits (N, classes, H/ratio, W/ratio)."""
        logits = self.fc(self.dla_up(*self.base(x)[self.unused :]))
        return self.softmax(self.up(logits)), logits
