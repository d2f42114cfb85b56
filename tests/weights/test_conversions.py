"""Files of every published layout, made small from key lists, into networks of the authors' names."""

import re

import pytest
import safetensors.torch
import torch
import torch.nn.functional as F
from torch import Tensor

from explorer.config import ModelConfig, presets
from explorer.networks import build
from explorer.weights import MismatchError, WeightsKind, load
from explorer.weights.layouts import Layout, recognise
from tests.weights.fakes import fake_network, fake_state, key_list, saved, untouched


def keys(name: str) -> list[str]:
    return [key for key, _ in key_list(name)]


def dotted(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """torchvision's names before 2018."""
    return {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", key): value
        for key, value in state.items()
    }


@pytest.mark.parametrize("variant", ["densenet121", "densenet161", "densenet169", "densenet201"])
@pytest.mark.parametrize("counters", [True, False])
def test_torchvisions_older_names_load(variant, counters):
    state = {k: v for k, v in fake_state(variant, 1).items() if counters or not k.endswith("tracked")}
    old = dotted(state)
    assert any(".norm.1." in key for key in old)
    network = fake_network(variant)
    info = load(network, saved(old, _use_new_zipfile_serialization=False))
    loaded = network.state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in state.items())
    assert "norm.1 for norm1" in info.note


def test_a_file_with_both_names_of_one_tensor_is_refused():
    state = fake_state("densenet121")
    both = {**state, "features.denseblock1.denselayer1.norm.1.weight": torch.ones(3)}
    network = fake_network("densenet121")
    with pytest.raises(MismatchError) as caught:
        load(network, saved(both))
    assert caught.value.report.unexpected == ("features.denseblock1.denselayer1.norm.1.weight",)
    assert untouched(network)


@pytest.mark.parametrize("variant", ["vovnet19_slim_dw_ese", "vovnet39_ese", "vovnet99_ese"])
@pytest.mark.parametrize("prefix", ["", "backbone.bottom_up.", "bottom_up.", "module.backbone.bottom_up."])
def test_detectron2s_frozen_backbones_load_alone_and_out_of_a_detector(variant, prefix):
    frozen = fake_state(f"{variant}_frozenbn", 1)
    content = {prefix + key: value for key, value in frozen.items()}
    if prefix.endswith("backbone.bottom_up."):
        outer = prefix.removesuffix("backbone.bottom_up.")
        content |= {
            f"{outer}{key}": torch.ones(1)
            for key in (
                "backbone.fpn_lateral2.weight",
                "proposal_generator.rpn_head.conv.weight",
                "roi_heads.x.bias",
            )
        }
    network = fake_network(variant)
    info = load(network, saved({"model": content, "iteration": 3}))
    loaded = network.state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in frozen.items())
    assert "num_batches_tracked" in info.note
    assert ("Not used by this network: " in info.note) == prefix.endswith("backbone.bottom_up.")


def test_a_headless_network_leaves_a_classifier_out():
    state = fake_state("vovnet39_ese", 1)
    network = fake_network("vovnet39_ese")
    info = load(
        network, saved({**state, "classifier.weight": torch.ones(3, 3), "classifier.bias": torch.ones(3)})
    )
    assert "Not used by this network: classifier.weight, classifier.bias." in info.note
    with pytest.raises(MismatchError):
        load(network, saved({**state, "classifier.weight": torch.ones(3, 3)}))


def test_deeplabs_scale_wrapper_comes_off_and_goes_on():
    wrapped, bare = fake_state("deeplabv2_resnet101_msc", 1), fake_state("deeplabv1_resnet101", 1)
    network = fake_network("deeplabv2_resnet101_msc")
    load(network, saved({key.removeprefix("base."): value for key, value in wrapped.items()}))
    assert all(torch.equal(network.state_dict()[key], value) for key, value in wrapped.items())
    network = fake_network("deeplabv1_resnet101")
    info = load(network, saved({f"base.{key}": value for key, value in bare.items()}))
    assert all(torch.equal(network.state_dict()[key], value) for key, value in bare.items())
    assert "wrapper for scales" in info.note


@pytest.mark.parametrize(
    ("preset", "file", "classes"),
    [("deeplabv1_resnet101", "deeplabv1_resnet101_coco91", 91),
     ("deeplabv2_resnet101_msc", "deeplabv2_resnet101_msc_cocostuff182", 182)],
)  # fmt: skip
def test_another_number_of_classes_is_refused_with_the_one_that_would_do(preset, file, classes):
    network = build(preset)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    # Expanded from one number each: shapes as published, without their bytes.
    state = {
        key: torch.tensor(0) if key.endswith("tracked") else torch.zeros(1).expand(shape)
        for key, shape in key_list(file)
    }
    with pytest.raises(
        MismatchError, match=f"trained with {classes} classes and this network has 21"
    ) as caught:
        load(network, saved(state))
    assert f"the same network with {classes} classes takes it" in str(caught.value)
    assert all(torch.equal(network.state_dict()[key], value) for key, value in before.items())
    plain = presets()[preset].model_dump(mode="json")
    plain["head"]["classes"] = classes
    match = recognise(keys(file), list(build(ModelConfig.from_plain(plain), device="meta").state_dict()))
    assert not match.unexplained


@pytest.mark.parametrize(
    ("timm", "ours"),
    [("timm_ese_vovnet19b_dw", "vovnet19_dw_ese"), ("timm_ese_vovnet19b_slim", "vovnet19_slim_ese"),
     ("timm_ese_vovnet19b_slim_dw", "vovnet19_slim_dw_ese")],
)  # fmt: skip
def test_timms_vovnets_of_one_module_a_stage_fit_key_by_key(timm, ours):
    expected = dict(key_list(ours))
    match = recognise(keys(timm), keys(ours))
    assert match.layout is Layout.TIMM_VOVNET
    assert not match.unexplained
    assert match.leftover == ("head.fc.weight", "head.fc.bias")
    assert set(match.names.values()) == set(expected)
    assert all(expected[name] == shape for key, shape in key_list(timm) if (name := match.names.get(key)))


@pytest.mark.parametrize("timm", ["timm_ese_vovnet39b", "timm_ese_vovnet57b"])
def test_timms_longer_vovnets_are_refused_with_the_reason(timm):
    network = fake_network(timm.replace("timm_ese_", "").replace("b", "_ese"))
    with pytest.raises(MismatchError, match="in the last module of each stage alone") as caught:
        load(network, saved(fake_state(timm)))
    assert "attention: last" in str(caught.value)


def test_timms_first_vovnets_have_equal_shapes_and_are_refused_all_the_same():
    network = build("vovnet39", seed=1)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    state = {
        key: torch.tensor(0) if key.endswith("tracked") else torch.zeros(1).expand(shape)
        for key, shape in key_list("timm_vovnet39a")
    }
    with pytest.raises(MismatchError, match="add no identity") as caught:
        load(network, saved(state))
    assert "residual: false" in str(caught.value)
    assert all(torch.equal(network.state_dict()[key], value) for key, value in before.items())


SLIM = """
backbone: {kind: vovnet, stem: [8, 8, 12], widths: [6, 7, 8, 9], channels: [12, 16, 20, 24], modules: [1, 2, 3, 1],
           layers: 3, residual: %s, attention: %s}
head: {kind: classify, classes: 5}
"""


@pytest.mark.parametrize("weighs", [True, False])
def test_timms_vovnet_computes_the_same_where_it_is_let_in(weighs):
    config = ModelConfig.from_yaml(SLIM % (("true", "last") if weighs else ("false", "none")))
    network = build(config, seed=3)
    state = timm_state(weighs)
    load(network, safetensors.torch.save(state))
    image = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.allclose(network(image), timm_vovnet(state, image, residual=weighs), atol=1e-5)


def timm_state(weighs: bool) -> dict[str, Tensor]:
    """Weights of a small VoVNet under timm's names."""
    generator = torch.Generator().manual_seed(1)
    state: dict[str, Tensor] = {}

    def unit(name: str, into: int, out: int, kernel: int) -> None:
        state[f"{name}.conv.weight"] = (
            torch.randn(out, into, kernel, kernel, generator=generator) / (into * kernel) ** 0.5
        )
        for key, base in (("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1)):
            state[f"{name}.bn.{key}"] = base + 0.1 * torch.rand(out, generator=generator)
        state[f"{name}.bn.num_batches_tracked"] = torch.tensor(1)

    stem, widths, channels, modules = (3, 8, 8, 12), (6, 7, 8, 9), (12, 16, 20, 24), (1, 2, 3, 1)
    for i in range(3):
        unit(f"stem.{i}", stem[i], stem[i + 1], 3)
    into = stem[3]
    for s in range(4):
        for b in range(modules[s]):
            block = f"stages.{s}.blocks.{b}"
            for layer in range(3):
                unit(f"{block}.conv_mid.{layer}", widths[s] if layer else into, widths[s], 3)
            unit(f"{block}.conv_concat", into + 3 * widths[s], channels[s], 1)
            if weighs and b == modules[s] - 1:
                state[f"{block}.attn.fc.weight"] = torch.randn(
                    channels[s], channels[s], 1, 1, generator=generator
                )
                state[f"{block}.attn.fc.bias"] = torch.randn(channels[s], generator=generator)
            into = channels[s]
    state["head.fc.weight"] = torch.randn(5, into, generator=generator)
    state["head.fc.bias"] = torch.randn(5, generator=generator)
    return state


def timm_vovnet(state: dict[str, Tensor], x: Tensor, residual: bool) -> Tensor:
    """timm's arithmetic, spelled out over its own names."""

    def unit(name: str, x: Tensor, stride: int = 1) -> Tensor:
        weight = state[f"{name}.conv.weight"]
        x = F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)
        mean, var = state[f"{name}.bn.running_mean"], state[f"{name}.bn.running_var"]
        return F.relu(F.batch_norm(x, mean, var, state[f"{name}.bn.weight"], state[f"{name}.bn.bias"]))

    x = unit("stem.2", unit("stem.1", unit("stem.0", x, 2)), 2)
    for s, blocks in enumerate((1, 2, 3, 1)):
        if s:
            x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        for b in range(blocks):
            block, kept = f"stages.{s}.blocks.{b}", x
            features = [x]
            for layer in range(3):
                features.append(unit(f"{block}.conv_mid.{layer}", features[-1]))
            x = unit(f"{block}.conv_concat", torch.cat(features, 1))
            if f"{block}.attn.fc.weight" in state:
                squeezed = x.mean((2, 3), keepdim=True)
                gate = F.conv2d(squeezed, state[f"{block}.attn.fc.weight"], state[f"{block}.attn.fc.bias"])
                x = x * (F.relu6(gate + 3) / 6)
            if residual and b:
                x = x + kept
    return F.linear(x.mean((2, 3)), state["head.fc.weight"], state["head.fc.bias"])


def test_another_presets_file_is_called_by_its_name():
    network = build("dla46_c", seed=1)
    with pytest.raises(MismatchError, match="it is a checkpoint of dla46x_c"):
        load(network, saved(build("dla46x_c", seed=2).state_dict()))


def test_a_file_far_larger_than_the_network_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.pth"
    with path.open("wb") as file:
        file.truncate(200 * 2**20)  # sparse: takes no room
    with pytest.raises(Exception, match="are read for this network") as caught:
        load(build("dla46_c"), path)
    assert "huge.pth has 210 MB" in str(caught.value)


def test_timms_densenets_are_torchvisions_under_newer_names():
    network = fake_network("densenet121")
    info = load(network, safetensors.torch.save(fake_state("densenet121", 1)))
    assert info.kind is WeightsKind.OWN
    assert "Read as the network's own keys." in info.note
