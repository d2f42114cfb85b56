"""Networks of which no published output is at hand, against their papers written out with plain functions."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from explorer.config import (
    ClassifyHead,
    DeepLabHead,
    DLAUpHead,
    FeaturesHead,
    Head,
    ModelConfig,
    ResNetBackbone,
    Variant,
)
from explorer.networks import build
from tests.networks.families import SMALL
from tests.networks.reference import fill

State = dict[str, Tensor]
DILATED = ResNetBackbone(
    blocks=(1, 2, 1, 2), stem_channels=4, channels=(8, 12, 16, 20), output_stride=8, multi_grid=(1, 2)
)


def normalised(state: State, name: str, x: Tensor) -> Tensor:
    mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    scale = state[f"{name}.weight"] / (var + 1e-5).sqrt()
    return (x - mean[:, None, None]) * scale[:, None, None] + state[f"{name}.bias"][:, None, None]


def layer(
    state: State, conv: str, norm: str, x: Tensor, stride: int = 1, dilation: int = 1, groups: int = 1
) -> Tensor:
    weight = state[f"{conv}.weight"]
    padding = weight.shape[2] // 2 * dilation
    return normalised(state, norm, F.conv2d(x, weight, None, stride, padding, dilation, groups))


def resized(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)


def resnet(state: State, x: Tensor) -> tuple[Tensor, Tensor]:
    """The dilated ResNet: its features at stride 4 and its last ones."""

    def unit(name: str, x: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
        return layer(state, f"{name}.conv", f"{name}.bn", x, stride, dilation)

    x = F.relu(unit("layer1.conv1", x, 2))
    x = F.max_pool2d(x, 3, 2, 1, ceil_mode=True)
    plan = [("layer2", 1, (1,)), ("layer3", 2, (1, 1)), ("layer4", 1, (2,)), ("layer5", 1, (4, 8))]
    fine = x
    for name, stride, dilations in plan:
        for index, dilation in enumerate(dilations):
            block, step = f"{name}.block{index + 1}", stride if index == 0 else 1
            y = F.relu(unit(f"{block}.reduce", x, step))
            y = unit(f"{block}.increase", F.relu(unit(f"{block}.conv3x3", y, 1, dilation)))
            x = F.relu(y + (unit(f"{block}.shortcut", x, step) if index == 0 else x))
        fine = x if name == "layer2" else fine
    return fine, x


def deeplab_v1(state: State, x: Tensor) -> Tensor:
    return F.conv2d(resnet(state, x)[1], state["fc.weight"], state["fc.bias"])


def deeplab_v2(state: State, x: Tensor) -> Tensor:
    _, y = resnet(state, x)
    scores = [
        F.conv2d(y, state[f"aspp.c{i}.weight"], state[f"aspp.c{i}.bias"], padding=rate, dilation=rate)
        for i, rate in enumerate((2, 3))
    ]
    return torch.stack(scores).sum(0)


def merged_branches(state: State, y: Tensor) -> Tensor:
    def unit(name: str, x: Tensor, dilation: int = 1) -> Tensor:
        return F.relu(layer(state, f"{name}.conv", f"{name}.bn", x, 1, dilation))

    branches = [unit("aspp.stages.c0", y), unit("aspp.stages.c1", y, 2), unit("aspp.stages.c2", y, 3)]
    average = unit("aspp.stages.imagepool.conv", y.mean((2, 3), keepdim=True))
    return unit("fc1", torch.cat([*branches, average.expand(-1, -1, *y.shape[2:])], 1))


def deeplab_v3(state: State, x: Tensor) -> Tensor:
    y = merged_branches(state, resnet(state, x)[1])
    return F.conv2d(y, state["fc2.weight"], state["fc2.bias"])


def deeplab_v3plus(state: State, x: Tensor) -> Tensor:
    fine, y = resnet(state, x)
    y = merged_branches(state, y)
    low = F.relu(layer(state, "reduce.conv", "reduce.bn", fine))
    y = torch.cat([resized(y, low), low], 1)
    for name in ("fc2.conv1", "fc2.conv2"):
        y = F.relu(layer(state, f"{name}.conv", f"{name}.bn", y))
    return resized(F.conv2d(y, state["fc2.conv3.weight"], state["fc2.conv3.bias"]), x)


def peleenet(state: State, x: Tensor) -> Tensor:
    def unit(name: str, x: Tensor, stride: int = 1) -> Tensor:
        return F.relu(layer(state, f"features.{name}.conv", f"features.{name}.norm", x, stride))

    half = unit("stemblock.stem1", x, 2)
    convolved = unit("stemblock.stem2b", unit("stemblock.stem2a", half), 2)
    x = unit("stemblock.stem3", torch.cat([F.max_pool2d(half, 2, 2), convolved], 1))
    for block, count in enumerate((1, 2, 1, 1), start=1):
        for number in range(1, count + 1):
            name = f"denseblock{block}.denselayer{number}"
            one = unit(f"{name}.branch1b", unit(f"{name}.branch1a", x))
            two = unit(f"{name}.branch2c", unit(f"{name}.branch2b", unit(f"{name}.branch2a", x)))
            x = torch.cat([x, one, two], 1)
        x = unit(f"transition{block}", x)
        x = F.avg_pool2d(x, 2) if block < 4 else x
    return F.linear(x.mean((2, 3)), state["classifier.weight"], state["classifier.bias"])


def cifar_densenet(state: State, x: Tensor) -> Tensor:
    x = F.conv2d(x, state["conv0.weight"], padding=1)
    for block, count in enumerate((2, 3, 2)):
        for number in range(count):
            y = F.relu(normalised(state, f"blocks.{block}.{number}.norm", x))
            x = torch.cat([x, F.conv2d(y, state[f"blocks.{block}.{number}.conv.weight"], padding=1)], 1)
        if block < 2:
            y = F.relu(normalised(state, f"trans.{block}.norm", x))
            x = F.avg_pool2d(F.conv2d(y, state[f"trans.{block}.conv.weight"]), 2)
    x = F.relu(normalised(state, "norm", x))
    return F.linear(x.mean((2, 3)), state["fc.weight"], state["fc.bias"])


def densenet_osa(state: State, x: Tensor) -> Tensor:
    """A chain of layers in each block, all of which are concatenated once, after the block's input."""
    x = F.relu(layer(state, "features.conv0", "features.norm0", x, 2))
    x = F.max_pool2d(x, 3, 2, 1)
    for block, count in enumerate((2, 3, 2, 1), start=1):
        y, kept = x, [x]
        for number in range(1, count + 1):
            name = f"features.denseblock{block}.denselayer{number}"
            y = F.conv2d(F.relu(normalised(state, f"{name}.norm1", y)), state[f"{name}.conv1.weight"])
            y = F.conv2d(
                F.relu(normalised(state, f"{name}.norm2", y)), state[f"{name}.conv2.weight"], padding=1
            )
            kept.append(y)
        x = torch.cat(kept, 1)
        if block < 4:
            y = F.relu(normalised(state, f"features.transition{block}.norm", x))
            x = F.avg_pool2d(F.conv2d(y, state[f"features.transition{block}.conv.weight"]), 2)
    x = F.relu(normalised(state, "features.norm5", x))
    return F.linear(x.mean((2, 3)), state["classifier.weight"], state["classifier.bias"])


def vovnet_depthwise(state: State, x: Tensor) -> Tensor:
    """The last stage of a depthwise VoVNet whose stages' last modules have eSE."""

    def plain(name: str, x: Tensor, stride: int = 1) -> Tensor:
        return F.relu(layer(state, f"{name}/conv", f"{name}/norm", x, stride))

    def separable(name: str, x: Tensor, stride: int = 1) -> Tensor:
        weight = state[f"{name}/dw_conv3x3.weight"]
        x = F.conv2d(x, weight, None, stride, 1, groups=x.shape[1])
        return F.relu(layer(state, f"{name}/pw_conv1x1", f"{name}/pw_norm", x))

    x = separable("stem.stem_3", separable("stem.stem_2", plain("stem.stem_1", x, 2)), 2)
    for stage, count in enumerate((2, 1, 1, 3), start=2):
        x = F.max_pool2d(x, 3, 2, ceil_mode=True) if stage > 2 else x
        for number in range(1, count + 1):
            osa = f"stage{stage}.OSA{stage}_{number}"
            name = f"OSA{stage}_{number}"
            reduction = f"{osa}.conv_reduction.{name}_reduction_0"
            y = plain(reduction, x) if f"{reduction}/conv.weight" in state else x
            kept = [x]
            for index in range(2):
                y = separable(f"{osa}.layers.{index}.{name}_{index}", y)
                kept.append(y)
            y = plain(f"{osa}.concat.{name}_concat", torch.cat(kept, 1))
            if number == count:
                average = y.mean((2, 3), keepdim=True)
                gate = F.conv2d(average, state[f"{osa}.ese.fc.weight"], state[f"{osa}.ese.fc.bias"])
                y = y * ((gate + 3).clamp(0, 6) / 6)
            x = y + x if number > 1 else y
    return x


def deeplab(variant: Variant) -> DeepLabHead:
    rates = () if variant is Variant.V1 else (2, 3)
    return DeepLabHead(variant=variant, classes=3, rates=rates, width=6, low_level_channels=5)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (ModelConfig(backbone=DILATED, head=deeplab(Variant.V1)), deeplab_v1),
        (ModelConfig(backbone=DILATED, head=deeplab(Variant.V2)), deeplab_v2),
        (ModelConfig(backbone=DILATED, head=deeplab(Variant.V3)), deeplab_v3),
        (ModelConfig(backbone=DILATED, head=deeplab(Variant.V3PLUS)), deeplab_v3plus),
        (ModelConfig(backbone=SMALL["peleenet"], head=ClassifyHead(classes=5)), peleenet),
        (ModelConfig(backbone=SMALL["densenet_cifar"], head=ClassifyHead(classes=5)), cifar_densenet),
        (ModelConfig(backbone=SMALL["densenet_osa"], head=ClassifyHead(classes=5)), densenet_osa),
        (ModelConfig(backbone=SMALL["vovnet_dw"], head=FeaturesHead()), vovnet_depthwise),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_networks_compute_what_their_papers_say(
    config: ModelConfig, expected: Callable[[State, Tensor], Tensor]
) -> None:
    network = build(config)
    fill(network)
    # Odd sizes where the network takes them: PeleeNet joins a pooled and a strided way.
    size = (72, 64) if expected is peleenet else (70, 61)
    x = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        got = network(x)
        got = got["stage5"] if isinstance(got, dict) else got
        wanted = expected(network.state_dict(), x)
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4 * wanted.std().item())


HEADS: list[Head] = [DLAUpHead(classes=3, down_ratio=4), ClassifyHead(classes=3)]


@pytest.mark.parametrize("head", HEADS, ids=lambda head: head.kind)
def test_a_batch_is_its_images_one_by_one(head: Head) -> None:
    """No feature of one image, nor a value changed in place, reaches another pass."""
    network = build(ModelConfig(backbone=SMALL["densenet"], head=head))
    fill(network)
    x = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        both, again = network(x), network(x)
        alone = network(x[1:])
    first = both[0] if isinstance(both, tuple) else both
    torch.testing.assert_close(first, again[0] if isinstance(again, tuple) else again, rtol=0, atol=0)
    torch.testing.assert_close(
        first[1:], alone[0] if isinstance(alone, tuple) else alone, rtol=1e-4, atol=1e-4
    )
