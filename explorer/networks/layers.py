"""Torch's layers without initialisation at construction.

A network is constructed on the meta device first, to be counted and traced before anything is allocated;
there torch's initialisers would be most of the time and all of it wasted. Values are drawn once, by
``explorer.networks.build``, through each layer's ``initialise``.
"""

from math import ceil, prod, sqrt
from typing import Protocol, TypeVar, runtime_checkable

import torch
from torch import Generator, Tensor, nn

from explorer.roles import Role

ModuleT = TypeVar("ModuleT", bound=nn.Module)


@runtime_checkable
class Initialises(Protocol):
    """A module that draws its own values; called after those of its children."""

    def initialise(self, generator: Generator) -> None: ...


class Conv2d(nn.Conv2d):
    """Convolution, N(0, √(2 / (k²·out))) as in the published code; bias 0. Kernel, stride … are square."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int = 0,
        dilation: int = 1, groups: int = 1, bias: bool = True,
    ) -> None:  # fmt: skip
        # What nn.Conv2d sets, past nn.Module.__setattr__, whose type checks are half the time of construction.
        nn.Module.__init__(self)
        self.__dict__.update(
            in_channels=in_channels, out_channels=out_channels, kernel_size=(kernel_size,) * 2,
            stride=(stride,) * 2, padding=(padding,) * 2, dilation=(dilation,) * 2, transposed=False,
            output_padding=(0, 0), groups=groups, padding_mode="zeros",
            _reversed_padding_repeated_twice=(padding,) * 4,
        )  # fmt: skip
        weight = torch.empty((out_channels, in_channels // groups, kernel_size, kernel_size))
        self._parameters["weight"] = nn.Parameter(weight)
        self._parameters["bias"] = nn.Parameter(torch.empty(out_channels)) if bias else None

    def initialise(self, generator: Generator) -> None:
        """Draw the weight, clear the bias."""
        fan_out = prod(self.kernel_size) * self.out_channels
        nn.init.normal_(self.weight, 0.0, sqrt(2.0 / fan_out), generator=generator)
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class BatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation: scale 1, shift 0, mean 0, variance 1."""

    def __init__(self, channels: int, momentum: float = 0.1) -> None:
        # As in Conv2d: what nn.BatchNorm2d sets, without the checks.
        nn.Module.__init__(self)
        self.__dict__.update(
            num_features=channels, eps=1e-5, momentum=momentum, affine=True, track_running_stats=True
        )  # fmt: skip
        for name in ("weight", "bias"):
            self._parameters[name] = nn.Parameter(torch.empty(channels))
        for name in ("running_mean", "running_var"):
            self._buffers[name] = torch.empty(channels)
        self._buffers["num_batches_tracked"] = torch.empty((), dtype=torch.long)

    def initialise(self, generator: Generator) -> None:
        """Set the identity."""
        nn.BatchNorm2d.reset_parameters(self)
        nn.BatchNorm2d.reset_running_stats(self)


class Linear(nn.Linear):
    """Linear layer, uniform in ±1/√in as torch draws it; bias 0, as in the published classifiers."""

    def reset_parameters(self) -> None:
        """Nothing: see the module's docstring."""

    def initialise(self, generator: Generator) -> None:
        """Draw the weight, clear the bias."""
        bound = 1.0 / sqrt(self.in_features)
        nn.init.uniform_(self.weight, -bound, bound, generator=generator)
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class Concat(nn.Module):
    """Concatenation of features along their channels, as a module, so that it has a place in the graph."""

    role = Role.CONCAT

    def forward(self, *features: Tensor) -> Tensor:
        """Any number of (N, Cᵢ, H, W) to (N, ΣCᵢ, H, W)."""
        return torch.cat(features, 1)


class BilinearUpsample(nn.ConvTranspose2d):
    """Depthwise transposed convolution that starts as bilinear interpolation by ``factor``."""

    role = Role.UPSAMPLE

    def __init__(self, channels: int, factor: int) -> None:
        super().__init__(
            channels, channels, 2 * factor, stride=factor, padding=factor // 2, groups=channels, bias=False
        )

    def reset_parameters(self) -> None:
        """Nothing: see the module's docstring."""

    def initialise(self, generator: Generator) -> None:
        """Set the bilinear kernel in every channel."""
        size = self.kernel_size[0]
        half = ceil(size / 2)
        centre = (2 * half - 1 - half % 2) / (2.0 * half)
        line = 1 - (torch.arange(size, dtype=self.weight.dtype) / half - centre).abs()
        with torch.no_grad():
            self.weight.copy_((line[:, None] * line[None, :]).expand_as(self.weight))


def draw_by_fan_in(network: nn.Module, generator: Generator) -> None:
    """Draw every convolution anew, N(0, √(2 / (k²·in / groups))), as VoVNet's and DenseNet's code does."""
    for module in network.modules():
        if isinstance(module, Conv2d):
            fan_in = prod(module.kernel_size) * module.in_channels // module.groups
            nn.init.normal_(module.weight, 0.0, sqrt(2.0 / fan_in), generator=generator)


def with_role(module: ModuleT, role: Role | None = None, stage: int | None = None) -> ModuleT:
    """The module, told what it is in its paper and which stage of the pyramid it belongs to."""
    if role is not None:
        module.role = role  # type: ignore[assignment]  # nn.Module types every attribute as Tensor or Module
    if stage is not None:
        module.stage = stage  # type: ignore[assignment]  # as above
    return module


def conv_bn_relu(
    in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1, dilation: int = 1
) -> nn.Sequential:
    """Convolution without bias, batch norm and ReLU; keys ``0.weight``, ``1.*`` as in the published code."""
    return nn.Sequential(*_conv_bn_relu(in_channels, out_channels, kernel_size, stride, dilation))


def conv_level(in_channels: int, out_channels: int, depth: int, stride: int) -> nn.Sequential:
    """``depth`` times 3×3 convolution, batch norm, ReLU, of which the first has the stride."""
    layers: list[nn.Module] = []
    for index in range(depth):
        layers += _conv_bn_relu(in_channels if index == 0 else out_channels, out_channels, 3,
                                stride if index == 0 else 1, 1)  # fmt: skip
    return nn.Sequential(*layers)


def _conv_bn_relu(
    in_channels: int, out_channels: int, kernel_size: int, stride: int, dilation: int
) -> list[nn.Module]:
    padding = kernel_size // 2 * dilation
    return [
        Conv2d(in_channels, out_channels, kernel_size, stride, padding, dilation, bias=False),
        BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    ]
