"""Any backbone with any head: refused in a sentence, or built, traced and run at the right sizes."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings

from explorer.config import (
    CenterNetHead,
    ClassifyHead,
    DeepLabHead,
    DLAUpHead,
    FeaturesHead,
    ModelConfig,
    ResNetBackbone,
    Variant,
    presets,
)
from explorer.errors import ConfigError, TraceError
from explorer.graph import trace
from explorer.networks import build, construct
from explorer.networks.families import pyramid
from tests.networks.families import RAW_CONFIGURATIONS, SMALL
from tests.networks.reference import named_outputs

PYRAMIDS = [name for name in SMALL if name not in ("resnet_os8", "densenet_cifar")]


def run(config: ModelConfig, *shape: int) -> dict[str, tuple[int, ...]]:
    with torch.inference_mode():
        outputs = dict(named_outputs(build(config)(torch.randn(shape))))
    assert all(t.isfinite().all() for t in outputs.values())
    return {name: tuple(t.shape) for name, t in outputs.items()}


@pytest.mark.parametrize("name", SMALL)
def test_levels_have_the_channels_and_strides_that_the_configuration_says(name: str) -> None:
    backbone = SMALL[name]
    with torch.device("meta"):
        features = pyramid(backbone).eval()(torch.zeros(2, 3, 64, 128))
    extra = 1 if name == "resnet_os8" else 0  # pooling that rounds up: 64 gives 17, 9
    assert [tuple(f.shape) for f in features] == [
        (2, channels, 64 // 2**level + extra * (level > 1), 128 // 2**level + extra * (level > 1))
        for level, channels in sorted(backbone.pyramid.items())
    ]


@pytest.mark.parametrize("name", PYRAMIDS)
@pytest.mark.parametrize("ratio", [2, 4, 16])
def test_any_pyramid_takes_dla_up(name: str, ratio: int) -> None:
    config = ModelConfig(backbone=SMALL[name], head=DLAUpHead(classes=5, down_ratio=ratio))
    assert run(config, 1, 3, 64, 96) == {"0": (1, 5, 64, 96), "1": (1, 5, 64 // ratio, 96 // ratio)}


@pytest.mark.parametrize("name", PYRAMIDS)
@pytest.mark.parametrize("aggregation", ["sum", "concat"])
def test_any_pyramid_takes_centernet(name: str, aggregation: str) -> None:
    head = CenterNetHead(
        heads={"hm": 3, "wh": 2}, head_conv=4, aggregation=aggregation, deformable=aggregation == "sum"
    )
    assert run(ModelConfig(backbone=SMALL[name], head=head), 1, 3, 64, 96) == {
        "0.hm": (1, 3, 16, 24),
        "0.wh": (1, 2, 16, 24),
    }


@pytest.mark.parametrize("name", [name for name in SMALL if name != "dla"])
def test_any_backbone_classifies_at_any_size(name: str) -> None:
    config = ModelConfig(backbone=SMALL[name], head=ClassifyHead(classes=7))
    assert run(config, 2, 3, 75, 64) == {"out": (2, 7)}


def test_a_cifar_densenet_segments_with_the_levels_it_has() -> None:
    config = ModelConfig(backbone=SMALL["densenet_cifar"], head=DLAUpHead(classes=5, down_ratio=2))
    assert run(config, 1, 3, 32, 36) == {"0": (1, 5, 32, 36), "1": (1, 5, 16, 18)}


@pytest.mark.parametrize("name", [*PYRAMIDS, "densenet_cifar"])
def test_decoders_take_multiples_of_their_step_and_no_others(name: str) -> None:
    config = ModelConfig(backbone=SMALL[name], head=DLAUpHead(classes=2))
    step = config.size_step
    assert step == (4 if name == "densenet_cifar" else 32)
    assert trace(config, (1, 3, 2 * step, 3 * step)).output_names == ("0", "1")
    with pytest.raises(TraceError):
        trace(config, (1, 3, 2 * step + step // 2, 3 * step))


@pytest.mark.parametrize("name", SMALL)
def test_headless_networks_return_their_stages_by_name(name: str) -> None:
    config = ModelConfig(backbone=SMALL[name], head=FeaturesHead())
    sizes = run(config, 1, 3, 64, 64)
    assert len(sizes) >= 3
    assert next(iter(sizes)) in ("level0", "stem", "denseblock1", "block1", "transition1", "layer1")
    last = max(config.backbone.pyramid)
    assert list(sizes.values())[-1][1] == config.backbone.pyramid[last]


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("stride", [8, 16])
@pytest.mark.parametrize("multi_scale", [False, True])
def test_deeplab_gives_logits_at_its_stride_and_v3plus_at_the_input(
    variant: Variant, stride: int, multi_scale: bool
) -> None:
    backbone = ResNetBackbone(
        blocks=(1, 1, 1, 2), stem_channels=4, channels=(8, 8, 8, 8), output_stride=stride
    )
    rates = () if variant is Variant.V1 else (1, 2)
    head = DeepLabHead(
        variant=variant, classes=3, rates=rates, width=4, low_level_channels=4, multi_scale=multi_scale
    )
    side = 65 if variant is Variant.V3PLUS else {8: 9, 16: 5}[stride]
    assert run(ModelConfig(backbone=backbone, head=head), 1, 3, 65, 65) == {"out": (1, 3, side, side)}


@pytest.mark.parametrize(("stride", "side"), [(8, 65), (16, 33), (32, 17)])
def test_dilation_replaces_stride(stride: int, side: int) -> None:
    config = ModelConfig(
        backbone=ResNetBackbone(output_stride=stride, multi_grid=(1, 2, 4)), head=ClassifyHead(classes=2)
    )
    graph = trace(config, (1, 3, 513, 513))
    by_path = {o.path: o for o in graph.operations}
    dilations = [by_path[f"layer5.block{i}.conv3x3.conv"].attributes["dilation"] for i in (1, 2, 3)]
    base = {8: 4, 16: 2, 32: 1}[stride]
    assert dilations == [(base * m,) * 2 for m in (1, 2, 4)]
    last = by_path["layer5.block3.relu"]
    assert graph.tensors[last.outputs[0]].shape[2:] == (side, side)
    strided = [
        o.path for o in graph.operations if o.attributes.get("stride") == (2, 2) and o.kind == "conv2d"
    ]
    assert all("conv3x3" not in path for path in strided)


def test_multi_scale_is_the_largest_of_three_passes() -> None:
    config = presets()["deeplabv2_resnet101_msc"]
    small = ResNetBackbone(blocks=(1, 1, 1, 1), stem_channels=4, channels=(8, 8, 8, 8), output_stride=8)
    network: Any = build(config.model_copy(update={"name": None, "backbone": small}))
    x = torch.randn(1, 3, 97, 81)
    resize = torch.nn.functional.interpolate
    with torch.inference_mode():
        passes = [network.base(x)]
        for scale in (0.5, 0.75):
            scores = network.base(resize(x, scale_factor=scale, mode="bilinear", align_corners=False))
            passes.append(resize(scores, size=passes[0].shape[2:], mode="bilinear", align_corners=False))
        expected = np.max([p.numpy() for p in passes], axis=0)
        np.testing.assert_array_equal(network(x).numpy(), expected)
        scores = network.train()(x)
    assert [tuple(s.shape[2:]) for s in scores] == [(13, 11), (7, 6), (10, 8), (13, 11)]


@pytest.mark.parametrize("name", ["densenet40_osa5_43", "densenet40_osa12_23"])
def test_osa_presets_have_about_equal_parameters_and_fewer_than_dense(name: str) -> None:
    counts = {
        n: trace(n, (1, 3, 32, 32)).totals.parameters for n in (name, "densenet40_osa5_43", "densenet40_k12")
    }
    assert counts[name] == pytest.approx(counts["densenet40_osa5_43"], rel=0.05)
    assert counts[name] < counts["densenet40_k12"]


@pytest.mark.parametrize(("name", "levels"), [("centernet_vovnet39", 5), ("centernet_densenet201", 5)])
def test_published_backbones_under_centernet(name: str, levels: int) -> None:
    graph = trace(name, (1, 3, 128, 160))
    assert [graph.tensors[t].shape for t in graph.outputs] == [(1, c, 32, 40) for c in (80, 2, 2)]
    alone = trace(name.removeprefix("centernet_"), (1, 3, 128, 160))
    classifier = alone.scope("classifier").parameters
    assert graph.scope("base").parameters == alone.totals.parameters - classifier
    assert len(presets()[name].backbone.pyramid) == levels


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=RAW_CONFIGURATIONS)
def test_random_configurations_are_refused_in_a_sentence_or_build_and_trace(data: dict[str, object]) -> None:
    try:
        config = ModelConfig.from_plain(data)
    except ConfigError as error:
        text = str(error)
        assert text.endswith((".", "?", ")"))
        assert "\n" not in text
        return
    assert ModelConfig.from_yaml(config.to_yaml()) == config
    network = construct(config)
    graph = trace(config, (1, 3, 224, 224))
    assert graph.totals.parameters == sum(p.numel() for p in network.parameters())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=RAW_CONFIGURATIONS)
def test_random_networks_run_as_they_were_traced(data: dict[str, object]) -> None:
    try:
        config = ModelConfig.from_plain(data)
    except ConfigError:
        return
    shape = (1, 3, 224, 224) if config.head.kind == "classify" else (1, 3, 64, 96)
    graph = trace(config, shape)
    expected = {n: graph.tensors[t].shape for n, t in zip(graph.output_names, graph.outputs, strict=True)}
    assert run(config, *shape) == expected


@pytest.mark.parametrize(
    ("name", "by"), [("vovnet27_slim", "in"), ("densenet40_k12", "in"), ("dla46_c", "out")]
)
def test_convolutions_are_drawn_as_in_the_published_code(name: str, by: str) -> None:
    for module in build(name).modules():
        if isinstance(module, torch.nn.Conv2d) and module.weight.numel() > 20_000:
            fan = module.weight[0].numel() if by == "in" else module.weight[:, 0].numel()
            assert module.weight.std().item() == pytest.approx((2 / fan) ** 0.5, rel=0.05)
