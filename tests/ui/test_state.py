"""The URL is written by strangers: whatever it says, there is a network, and a sentence about what was ignored."""

import base64
import zlib
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.config import presets
from explorer.errors import ConfigError
from explorer.ui import state

DLA34 = presets()["dla34"]


def own_config():
    channels = (16, 32, 64, 128, 256, 320)
    return DLA34.model_copy(
        update={"name": None, "backbone": DLA34.backbone.model_copy(update={"channels": channels})}
    )


def packed(text: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(text)).decode().rstrip("=")


def test_nothing_asked_is_the_default_network():
    current = state.read({})
    assert (current.preset, current.size, current.weights, current.notices) == (
        "dla34",
        (224, 224),
        "random",
        (),
    )


@pytest.mark.parametrize("name", list(presets()))
def test_every_preset_survives_its_own_link(name):
    current = state.changed(state.read({}), model=name, size=(512, 768))
    assert state.read(state.query(state.changed(state.read({}), model=name))).notices == ()
    again = state.read(state.query(current))
    assert again == current
    assert again.preset == name


def test_an_own_network_survives_its_own_link():
    current = state.changed(state.read({}), model=own_config(), weights="own", device="cuda:1")
    query = {key: values[0] for key, values in parse_qs(urlsplit(state.link("graph", current)).query).items()}
    assert state.read(query) == current
    assert state.read(query).preset is None


def test_a_preset_in_disguise_is_the_preset():
    assert state.read({"config": state.encode(DLA34)}).preset == "dla34"


def test_an_unknown_model_names_its_neighbours():
    current = state.read({"model": "dla43"})
    assert current.preset == "dla34"
    assert "dla43" in current.notices[0]
    assert "dla34up" in current.notices[0]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "copy the whole address"),
        ("%%%", "cannot be read"),
        ("ünïcode", "cannot be read"),
        (base64.urlsafe_b64encode(b"not zlib").decode(), "cannot be read"),
        (packed(b"\xff\xfe"), "cannot be read"),
        (packed(b"backbone: {"), "YAML"),
        (packed(b"backbone: 3"), "backbone"),
        (packed(b"[]"), "mapping"),
        (packed(b"a" * 5_000_000), "longer than"),
        ("A" * 8193, "at most 8,192"),
        (state.encode(DLA34)[:-12], "copy the whole address"),
    ],
)
def test_a_bad_configuration_falls_back_with_a_sentence(text, word):
    with pytest.raises(ConfigError, match=word):
        state.decode(text)
    current = state.read({"config": text, "model": "dla60"})
    assert current.preset == "dla60"
    assert word in current.notices[0]


def test_a_bomb_is_never_unpacked():
    # 200 MB of zeros compress twice into a few hundred bytes; only one layer is ever taken off, and that bounded.
    bomb = zlib.compress(zlib.compress(b"\0" * 200_000_000, 9), 9)
    with pytest.raises(ConfigError):
        state.decode(base64.urlsafe_b64encode(bomb).decode())


@given(
    st.dictionaries(st.sampled_from(["model", "config", "size", "weights", "device"]), st.text(max_size=200))
)
def test_any_query_gives_a_network(query):
    current = state.read(query)
    assert current.config.digest
    assert all(state.MIN_SIDE <= side <= state.MAX_SIDE for side in current.size)
    assert current.weights in {"random", "shipped", "published", "own"}


@pytest.mark.parametrize(
    ("text", "name", "size"),
    [
        ("512x768", "dla34", (512, 768)),
        ("513", "deeplabv3plus_resnet101_msc_os16", (513, 513)),
        ("300", "dla34", (300, 300)),
        (" 320×640 ", "dla34up", (320, 640)),
    ],
)
def test_sizes(text, name, size):
    assert state.fitting_size(text, presets()[name]) == size


@pytest.mark.parametrize(
    ("text", "name"),
    [("31x224", "dla34"), ("224x2049", "dla34"), ("1e3", "dla34"), ("-5x5", "dla34"), ("300", "dla34up")],
)
def test_impossible_sizes_state_the_rule(text, name):
    with pytest.raises(ConfigError, match="from 32 to 2048"):
        state.fitting_size(text, presets()[name])


def test_another_network_starts_at_its_own_defaults_and_keeps_the_device():
    before = state.read({"model": "dla34", "size": "320x320", "device": "cpu"})
    after = state.changed(before, model="centernet_dla34")
    assert (after.size, after.device) == ((512, 512), "cpu")
    assert state.changed(before, model="dla34").size == (320, 320)


def test_weights_that_are_not_there_become_random_ones():
    current = state.read({"model": "dla169", "weights": "shipped"})
    assert current.weights == "random"
    assert "No weights are shipped" in current.notices[0]
