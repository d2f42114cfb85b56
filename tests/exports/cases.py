"""Small networks of every family and head, for the tests of what runs elsewhere."""

from __future__ import annotations

from typing import Any

import torch

from explorer.config import (
    CenterNetHead,
    ClassifyHead,
    DeepLabHead,
    DLABackbone,
    DLAUpHead,
    FeaturesHead,
    ModelConfig,
)
from explorer.networks import build
from tests.networks.families import SMALL

CASES = {
    **{f"{name}_classify": (backbone, ClassifyHead(classes=7)) for name, backbone in SMALL.items()},
    **{f"{name}_features": (SMALL[name], FeaturesHead()) for name in ("dla", "vovnet", "resnet")},
    **{f"{name}_dla_up": (SMALL[name], DLAUpHead(classes=5)) for name in ("dla", "densenet")},
    "dla_centernet": (SMALL["dla"], CenterNetHead(head_conv=8)),
    "vovnet_centernet": (SMALL["vovnet"], CenterNetHead(head_conv=0, heads={"hm": 3, "wh": 2})),
    "dla_centernet_plain": (SMALL["dla"], CenterNetHead(head_conv=8, deformable=False)),
    "dlav0": (SMALL["dla"], CenterNetHead(head_conv=8, aggregation="concat", deformable=False)),
    "bottleneck_x": (
        DLABackbone(
            levels=(1, 1, 2, 2, 1, 1), channels=(8, 8, 32, 32, 64, 64), block="bottleneck_x", root_residual=True
        ),
        ClassifyHead(classes=4, pool="global"),
    ),
    **{
        f"deeplab_{variant}{'_msc' * scales}": (
            SMALL["resnet_os8"],
            DeepLabHead(variant=variant, classes=5, rates=rates, width=8, low_level_channels=4, multi_scale=scales),
        )
        for variant, rates in (("v1", ()), ("v2", (1, 2)), ("v3", (1, 3)), ("v3plus", (2, 4)))
        for scales in (False, True)
    },
}  # fmt: skip


def stirred(config: ModelConfig) -> torch.nn.Module:
    """The network with statistics and offsets that do something."""
    network = build(config)
    generator = torch.Generator().manual_seed(1)
    for key, value in network.state_dict().items():
        if key.endswith("running_mean"):
            value.normal_(0, 0.1, generator=generator)
        elif key.endswith("running_var"):
            value.uniform_(0.5, 1.5, generator=generator)
        elif "conv_offset_mask" in key:
            value.normal_(0, 0.2, generator=generator)
    return network


def flat(outputs: Any) -> list[torch.Tensor]:
    if isinstance(outputs, torch.Tensor):
        return [outputs]
    return [t for part in (outputs.values() if isinstance(outputs, dict) else outputs) for t in flat(part)]


def config_of(case: str) -> ModelConfig:
    backbone, head = CASES[case]
    return ModelConfig(name=case, backbone=backbone, head=head)
