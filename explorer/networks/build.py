"""From a configuration to a network."""

from collections.abc import Callable

import torch
from torch import nn

from explorer.config import (
    CenterNetHead,
    ClassifyHead,
    DeepLabHead,
    DLAUpHead,
    FeaturesHead,
    ModelConfig,
    ResNetBackbone,
    resolve,
)
from explorer.errors import BudgetError
from explorer.networks.centernet import CenterNet
from explorer.networks.deeplab import deeplab
from explorer.networks.dla_up import DLASegmenter
from explorer.networks.families import classifier, headless, pyramid
from explorer.networks.layers import Initialises

MAX_PARAMETERS = 500_000_000
"""2 GB of float32: eight times the largest published network of the family."""


def construct(config_or_name: ModelConfig | str, device: str = "meta") -> nn.Module:
    """The network in evaluation mode with values not yet set; on ``meta`` nothing is allocated.

    Raises ConfigError for an unknown preset.
    """
    config = resolve(config_or_name)
    backbone = config.backbone
    network: nn.Module
    with torch.device(device):
        match config.head:
            case ClassifyHead() as head:
                network = classifier(backbone, head)
            case DLAUpHead() as head:
                network = DLASegmenter(pyramid(backbone, head.base_classes), backbone.pyramid, head)
            case CenterNetHead() as head:
                network = CenterNet(pyramid(backbone, head.base_classes), backbone.pyramid, head)
            case DeepLabHead() as head:
                assert isinstance(backbone, ResNetBackbone)  # a configuration with another one is refused
                network = deeplab(backbone, head)
            case FeaturesHead():
                network = headless(backbone)
    return network.eval()


def build(config_or_name: ModelConfig | str, device: str = "cpu", seed: int = 0) -> nn.Module:
    """The network on a device, in evaluation mode, with the published initialisation drawn from ``seed``.

    The same seed gives the same values on every device. Raises ConfigError for an unknown preset and BudgetError,
    before anything is allocated, for more than ``MAX_PARAMETERS`` parameters.
    """
    network = construct(config_or_name)
    count = sum(parameter.numel() for parameter in network.parameters())
    if count > MAX_PARAMETERS:
        raise BudgetError(
            f"This network has {count / 1e6:,.0f} million parameters, but at most {MAX_PARAMETERS // 10**6:,} million "
            "are built: use fewer channels or shallower levels."
        )
    if device == "meta":
        return network
    network = network.to_empty(device="cpu")
    initialise(network, seed)
    return network.to(device)


def initialise(network: nn.Module, seed: int, on_module: Callable[[float], None] | None = None) -> None:
    """Draw every value of a network of this package, on the CPU, from ``seed``.

    ``on_module`` is called before each module with the share of them that is done; what it raises ends the drawing.
    """
    generator = torch.Generator().manual_seed(seed)
    modules = list(network.modules())
    for index, module in enumerate(reversed(modules)):  # children before the modules that have the last word
        if on_module is not None:
            on_module(index / len(modules))
        if isinstance(module, Initialises):
            module.initialise(generator)
