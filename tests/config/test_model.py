"""Configurations as text: both ways, stable, strict, and safe to read from a stranger."""

import json
from contextlib import suppress

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.config import ModelConfig, Task, preset_name, presets
from explorer.config.heads import RESERVED_HEAD_NAMES
from explorer.errors import ConfigError

DLA34 = presets()["dla34"].to_yaml()
DETECTOR = presets()["centernet_dla34"].to_yaml()
SEGMENTER = presets()["dla34up"].to_yaml().replace("base_classes: 1000", "base_classes: 0")
DEEPLAB = presets()["deeplabv3_resnet101_msc_os8"].to_yaml()
V2 = presets()["deeplabv2_resnet101_msc"].to_yaml()
CIFAR = presets()["densenet40_k12"].to_yaml()
VOVNET = presets()["vovnet39"].to_yaml()
PELEE = presets()["peleenet"].to_yaml()
HYBRID = presets()["centernet_vovnet39"].to_yaml()
RESNET = "backbone: {kind: resnet}\nhead: {kind: dla_up}\n"
CIFAR_DLA_UP = CIFAR[: CIFAR.index("head:")] + "head: {kind: dla_up, down_ratio: 2}\n"
CIFAR_CENTERNET = CIFAR[: CIFAR.index("head:")] + "head: {kind: centernet, down_ratio: 2, last_level: 3}\n"


@pytest.mark.parametrize("name", presets())
def test_text_both_ways(name):
    config = presets()[name]
    again = ModelConfig.from_yaml(config.to_yaml())
    assert again == config
    assert again.name == name
    assert preset_name(again) == name


def test_digests_tell_networks_apart_and_ignore_names():
    digests = [config.digest for config in presets().values()]
    assert len(set(digests)) == len(digests)
    assert (
        ModelConfig.from_yaml(DLA34.replace("name: dla34", "name: mine")).digest == presets()["dla34"].digest
    )


def test_the_digest_is_that_of_the_written_data():
    """Stable across releases: links and stored weights refer to it."""
    assert presets()["dla34"].digest == "d7c006cbb891"


def test_defaults_may_be_left_out():
    short = "backbone: {kind: dla, levels: [1,1,1,2,2,1], channels: [16,32,64,128,256,512]}\nhead: {kind: classify}\n"
    assert ModelConfig.from_yaml(short).digest == presets()["dla34"].digest


@pytest.mark.parametrize(
    ("text", "old", "new", "words"),
    [
        (DLA34, "[1, 1, 1, 2, 2, 1]", "[9, 1, 1, 2, 2, 1]", ["backbone.levels[0]", "9", "at most 6"]),
        (DLA34, "[1, 1, 1, 2, 2, 1]", "[0, 1, 1, 2, 2, 1]", ["backbone.levels[0]", "0", "at least 1"]),
        (DLA34, "[16, 32,", "[16,", ["backbone.channels[5]", "missing"]),
        (DLA34, "[16, 32,", "[5000, 32,", ["backbone.channels[0]", "5000", "at most 4096"]),
        (DLA34, "block: basic", "block: basik", ["backbone.block", "'basik'", "nearest is 'basic'"]),
        (DLA34, "block: basic", "block: bottleneck_x\n  #", ["bottleneck_x", "multiple of 32"]),
        (DLA34, "root_residual", "root_residul", ["root_residul", "did you mean 'root_residual'"]),
        (DLA34, "root_kernel: 1", "root_kernel: 4", ["backbone.root_kernel", "4", "1, 3, 5 or 7", "nearest is"]),
        (DLA34, "root_residual: false", "root_residual: 'no'", ["backbone.root_residual", "'no'", "boolean"]),
        (DLA34, "classes: 1000", "classes: '1000'", ["head.classes", "'1000'", "whole number"]),
        (DLA34, "classes: 1000", "classes: 99999999", ["head.classes", "at most 25000"]),
        (DLA34, "kind: classify", "kind: clasify", ["head", "'clasify'", "nearest is 'classify'"]),
        (DLA34, "kind: dla", "kind: resnext", ["backbone.kind", "'resnext'"]),
        (DETECTOR, "last_level: 5", "last_level: 2", ["last_level is 2", "3 to 6"]),
        (DETECTOR, "aggregation: sum", "aggregation: concat", ["deformable is true"]),
        (DETECTOR, "hm: 80", "base: 80", ["'base'", "another name"]),
        (DETECTOR, "hm: 80", "'h m': 80", ["'h m'", "must match"]),
        (DETECTOR, "down_ratio: 4", "down_ratio: 3", ["head.down_ratio", "3", "nearest is"]),
        (VOVNET, "pool: global", "pool: window7", ["head.pool is window7", "vovnet", "use global"]),
        (VOVNET, "layers: 5", "layers: 17", ["backbone.layers", "17", "at most 16"]),
        (VOVNET, "attention: none", "attention: all", ["backbone.attention", "'all'", "'every'"]),
        (HYBRID, "base_classes: 0", "base_classes: 7", ["base_classes is 7", "use 0"]),
        (DEEPLAB, "kind: resnet", "kind: dla", ["backbone.channels", "backbone.levels", "missing"][1:]),
        (DEEPLAB, "output_stride: 8", "output_stride: 32", ["output_stride is 32", "use 16 or 8"]),
        (DEEPLAB, "output_stride: 8", "output_stride: 4", ["backbone.output_stride", "4", "nearest is 8"]),
        (DEEPLAB, "[1, 2, 4]", "[1, 2]", ["multi_grid has 2 numbers", "3 blocks"]),
        (DEEPLAB, "[12, 24, 36]", "[]", ["rates is empty", "[6, 12, 18]"]),
        (DEEPLAB, "variant: v3", "variant: v1", ["rates is [12, 24, 36]", "leave rates out"]),
        (DEEPLAB, "2048]", "2050]", ["channels[3] is 2050", "multiple of 4 such as 2048"]),
        (DEEPLAB, "variant: v3", "variant: v4", ["head.variant", "'v4'"]),
        (V2, "[0.5, 0.75]", "[0.0]", ["head.scales[0]", "0.0", "at least 0.1"]),
        (RESNET, "resnet}", "resnet, output_stride: 16}", ["output_stride is 16", "use 32, or head deeplab"]),
        (RESNET, "resnet}", "resnet }", ["ceil_pool is true", "set it to false"]),
        (CIFAR, "[12, 12, 12]", "[12, 12, 12, 1, 1, 1, 1]", ["backbone.layers", "7 entries", "at most 6"]),
        (CIFAR, "entry: cifar", "entry: imagenet\n  #", ["use at most 4"]),
        (CIFAR, "compression: 1.0", "compression: 0.001", ["compression is 0.001", "block 2", "use 0.5"]),
        (CIFAR, "growth_rate: 12", "growth_rate: 512", ["block 3 puts out", "at most 16384"]),
        (CIFAR_DLA_UP, "down_ratio: 2", "down_ratio: 4", ["down_ratio is 4", "stride 4", "use 2 or less"]),
        (CIFAR_DLA_UP, "[12, 12, 12]", "[12, 12]", ["at least two levels", "ends at stride 2", "add blocks"]),
        (CIFAR_CENTERNET, "last_level: 3", "last_level: 4", ["last_level is 4", "coarsest", "2 to 3"]),
        (PELEE, "growth_rate: 32", "growth_rate: 31", ["growth_rate is 31", "even", "32"]),
        (SEGMENTER, "kind: dla_up", "kind: deeplab\n  variant: v1\n  #", ["needs a dilated resnet", "not dla"]),
    ],
)  # fmt: skip
def test_refusals_name_field_value_and_rule(text, old, new, words):
    changed = text.replace(old, new, 1)
    if "multiple of 32" in words:
        changed = changed.replace("512]", "500]")
    if "use at most 4" in words:
        changed = changed.replace("[12, 12, 12]", "[12, 12, 12, 12, 12]")
    if "not dla" in words:
        changed = changed.replace("  down_ratio: 2\n  base_classes: 0\n", "")
    assert changed != text
    with pytest.raises(ConfigError) as refusal:
        ModelConfig.from_yaml(changed)
    message = str(refusal.value)
    assert all(word in message for word in words), message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    [
        "", "- 1", "[1", "a: &x [1]\nb: *x", "x: 1\nx: 2", "!!python/object/apply:os.system ['true']", "[" * 9000,
        "x" * 20_001, "name: 2020-01-01", "a: .nan", "1: 2", "? [1]\n: 2", "\x00", "n: " + "9" * 5000,
    ],
)  # fmt: skip
def test_text_from_a_stranger_is_refused_in_a_sentence(text):
    with pytest.raises(ConfigError, match=r"[.?)]$"):
        ModelConfig.from_yaml(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_no_text_does_anything_else(text):
    with pytest.raises(ConfigError):
        ModelConfig.from_yaml(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(field=st.sampled_from(["backbone", "head"]), key=st.text(max_size=12), value=json_values)
def test_no_field_does_anything_else(field, key, value):
    data = json.loads(presets()["centernet_dla34"].model_dump_json())
    name = next((name for name in data[field] if name.startswith(key[:3])), key)
    data[field][name] = value
    with suppress(ConfigError):
        ModelConfig.from_plain(data)


def test_reserved_names_are_those_of_a_module():
    taken = {name for name in dir(torch.nn.Module()) if not name.startswith("_")}
    assert taken <= RESERVED_HEAD_NAMES


def test_a_classifier_pools_as_its_family_does_unless_told() -> None:
    short = "backbone: {kind: peleenet}\nhead: {kind: classify}\n"
    assert ModelConfig.from_yaml(short).digest == presets()["peleenet"].digest
    globally = DLA34.replace("window7", "global")
    assert ModelConfig.from_yaml(globally).digest != presets()["dla34"].digest


def test_tasks_and_usual_sizes() -> None:
    tasks = {name: config.task for name, config in presets().items()}
    assert tasks["vovnet39"] is Task.CLASSIFICATION
    assert tasks["vovnet39_ese"] is Task.FEATURES
    assert tasks["deeplabv1_resnet101"] is Task.SEGMENTATION
    assert tasks["centernet_densenet201"] is Task.DETECTION
    sides = {name: config.default_input[2] for name, config in presets().items()}
    assert (sides["densenet40_k12"], sides["densenet201"], sides["vovnet39_ese"]) == (32, 224, 224)
    assert (sides["deeplab_resnet101"], sides["deeplabv1_resnet101"], sides["centernet_vovnet39"]) == (
        224,
        513,
        512,
    )
