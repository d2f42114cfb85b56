"""Configurations as text: both ways, stable, strict, and safe to read from a stranger."""

import json
from contextlib import suppress

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.config import ModelConfig, preset_name, presets
from explorer.config.heads import RESERVED_HEAD_NAMES
from explorer.errors import ConfigError

DLA34 = presets()["dla34"].to_yaml()
DETECTOR = presets()["centernet_dla34"].to_yaml()


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
        (DLA34, "classes: 1000", "classes: '1000'", ["head.classes", "'1000'", "integer"]),
        (DLA34, "classes: 1000", "classes: 99999999", ["head.classes", "at most 25000"]),
        (DLA34, "kind: classify", "kind: clasify", ["head", "'clasify'", "nearest is 'classify'"]),
        (DLA34, "kind: dla", "kind: resnext", ["backbone.kind", "'resnext'"]),
        (DETECTOR, "last_level: 5", "last_level: 2", ["last_level is 2", "3 to 6"]),
        (DETECTOR, "aggregation: sum", "aggregation: concat", ["deformable is true"]),
        (DETECTOR, "hm: 80", "base: 80", ["'base'", "another name"]),
        (DETECTOR, "hm: 80", "'h m': 80", ["'h m'", "must match"]),
        (DETECTOR, "down_ratio: 4", "down_ratio: 3", ["head.down_ratio", "3", "nearest is"]),
    ],
)  # fmt: skip
def test_refusals_name_field_value_and_rule(text, old, new, words):
    changed = text.replace(old, new, 1)
    if "multiple of 32" in words:
        changed = changed.replace("512]", "500]")
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
