"""The networks are those of the published code: keys, shapes, parameter counts and outputs."""

import numpy as np
import pytest
import torch

from explorer.config import ModelConfig, presets
from explorer.networks import build, construct
from tests.networks.reference import DATA, fill, golden, named_outputs, published_keys

PUBLISHED = [name for name in presets() if (DATA / "keys" / f"{name}.json").exists()]
GOLDEN = sorted(path.stem for path in (DATA / "golden").glob("*.json") if path.stem in presets())

PARAMETERS = {
    "dla34": 15_783_832, "dla46_c": 1_309_848, "dla46x_c": 1_076_888, "dla60x_c": 1_336_728, "dla60": 22_334_104,
    "dla60x": 17_649_816, "dla102": 33_731_736, "dla102x": 26_772_120, "dla102x2": 41_745_048, "dla169": 53_989_016,
    "dla34up": 18_095_163, "dla60up": 31_303_227, "dla102up": 42_700_859, "dla169up": 62_958_139,
    "centernet_dla34": 19_675_892, "centernet_dla34_with_fc": 20_188_892, "centernet_dlav0_34": 18_474_476,
    "vovnet27_slim": 3_525_736, "vovnet39": 22_600_296, "vovnet57": 36_640_296,
    "vovnet19_slim_dw_ese": 1_384_752, "vovnet19_dw_ese": 5_518_080, "vovnet19_slim_ese": 2_653_136,
    "vovnet19_ese": 10_180_416, "vovnet39_ese": 25_184_128, "vovnet57_ese": 41_454_912, "vovnet99_ese": 69_523_520,
    "densenet40_k12": 1_019_722, "densenet40_k12_init24": 1_059_298, "densenet121": 7_978_856,
    "densenet161": 28_681_000, "densenet169": 14_149_480, "densenet201": 20_013_928, "peleenet": 2_802_248,
    "deeplab_resnet101": 44_549_160, "deeplabv1_resnet101": 42_543_189, "deeplabv2_resnet101_msc": 44_048_532,
    "deeplabv2s_resnet101_msc": 44_048_532, "deeplabv3_resnet101_msc_os16": 58_040_661,
    "deeplabv3_resnet101_msc_os8": 58_040_661, "deeplabv3plus_resnet101_msc_os16": 59_344_309,
    "deeplabv3plus_resnet101_msc_os8": 59_344_309,
}  # fmt: skip


def test_all_published_networks_are_presets():
    assert set(PARAMETERS) == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_keys_and_shapes_in_order(name):
    state = construct(name).state_dict()
    assert [(key, tuple(value.shape)) for key, value in state.items()] == published_keys(name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameter_counts(name):
    assert sum(p.numel() for p in construct(name).parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("name", GOLDEN)
def test_outputs(name):
    expected = golden(name)
    network = build(name)
    fill(network)
    x = torch.tensor(np.random.default_rng(0).standard_normal(expected["input"]).astype(np.float32))
    with torch.inference_mode():
        outputs = dict(named_outputs(network(x)))
    assert outputs.keys() == expected["outputs"].keys()
    for path, reference in expected["outputs"].items():
        got = outputs[path].double().numpy()
        assert list(got.shape) == reference["shape"]
        at = np.linspace(0, got.size - 1, len(reference["samples"])).astype(int)
        difference = np.abs(got.reshape(-1)[at] - np.array(reference["samples"])).max()
        assert difference <= 1e-4 * reference["std"], path
        assert got.mean() == pytest.approx(reference["mean"], abs=1e-4 * reference["std"])
        assert got.std(ddof=1) == pytest.approx(reference["std"], rel=1e-4)


@pytest.mark.parametrize(
    ("variant", "preset", "old", "new"),
    [
        ("dla34up_c11", "dla34up", "classes: 19", "classes: 11"),
        ("dla34up_down4", "dla34up", "down_ratio: 2", "down_ratio: 4"),
    ],
)
def test_variants_by_configuration(variant, preset, old, new):
    config = ModelConfig.from_yaml(presets()[preset].to_yaml().replace(old, new, 1))
    state = construct(config).state_dict()
    assert [(key, tuple(value.shape)) for key, value in state.items()] == published_keys(variant)


def test_a_wide_network_leaves_the_next_one_alone():
    """The published code sets the cardinality on a class, so that dla60x grows after dla102x2 was built."""
    construct("dla102x2")
    assert sum(p.numel() for p in construct("dla60x").parameters()) == PARAMETERS["dla60x"]
