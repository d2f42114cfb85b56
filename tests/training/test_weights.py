"""The shipped weights: whole, small, loadable, and as good as their cards say."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from explorer.config import resolve
from explorer.errors import WeightsError
from explorer.networks import build
from explorer.scenes.scene import TEST_SEEDS, TRAINING_SEEDS, VALIDATION_SEEDS
from explorer.training.evaluate import DetectionScore, SegmentationScore, evaluate
from explorer.training.export import LARGEST_FILE, TESTS, finish, half, write_weights
from explorer.training.recipes import recipe, recipes
from explorer.training.trainer import Run
from explorer.weights import WeightsKind, load, shipped

WEIGHTS = Path(__file__).parents[2] / "assets" / "weights"
NAMES = ["scenes_det", "scenes_seg"]


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _card(name):
    return json.loads((WEIGHTS / f"{name}.json").read_text(encoding="utf-8"))


def _network(name):
    network = build(name)
    info = load(network, WEIGHTS / f"{name}.safetensors")
    assert info.kind is WeightsKind.SHIPPED
    return network.eval()


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_small_complete_and_in_half_precision(name):
    path = WEIGHTS / f"{name}.safetensors"
    assert path.stat().st_size <= 12_000_000 == LARGEST_FILE
    assert shipped(resolve(name)) == path
    expected = build(name).state_dict()
    with safe_open(path, "pt") as file:
        assert set(file.keys()) == set(expected)
        for key in file.keys():  # noqa: SIM118  # a safetensors file is no mapping
            tensor = file.get_tensor(key)
            assert tensor.shape == expected[key].shape, key
            assert tensor.dtype == (torch.float16 if expected[key].is_floating_point() else torch.int64), key
            assert tensor.isfinite().all(), key


@pytest.mark.parametrize("name", NAMES)
def test_the_network_is_slimmer_than_dla34(name):
    published = {"scenes_seg": "dla34up", "scenes_det": "centernet_dla34"}[name]
    ours, theirs = (sum(p.numel() for p in build(which).parameters()) for which in (name, published))
    assert ours < theirs / 3


@pytest.mark.parametrize("name", NAMES)
def test_the_card_describes_this_file(name):
    card = _card(name)
    config = resolve(name)
    assert card["preset"] == name
    assert card["configuration"] == {"digest": config.digest, "yaml": config.to_yaml()}
    assert card["recipe"]["digest"] == recipes()[name].digest
    assert card["parameters"] == sum(p.numel() for p in build(name).parameters())
    assert card["precision"] == "float16"
    assert "not photographs" in card["note"]
    assert card["training"]["steps"] == recipes()[name].steps
    first, last = card["training"]["seeds"]
    assert TRAINING_SEEDS.start <= first < last < TRAINING_SEEDS.stop
    assert last - first + 1 == card["training"]["scenes"]


@pytest.mark.parametrize("name", NAMES)
def test_the_card_meets_the_targets_on_scenes_never_trained_on(name):
    card = _card(name)
    assert [(item["size"], item["scenes"]) for item in card["evaluation"]] == list(TESTS)
    for item in card["evaluation"]:
        first, last = item["seeds"]
        assert first in TEST_SEEDS
        assert last == first + item["scenes"] - 1
        assert last in TEST_SEEDS
        assert item["scenes"] >= 500
        if name == "scenes_seg":
            assert item["mean_iou"] >= 0.85
        else:
            assert item["ap50"] >= 0.90
            assert item["ap"] >= 0.60


def test_the_segmenter_segments_fresh_scenes():
    score = evaluate(_network("scenes_seg"), resolve("scenes_seg"), VALIDATION_SEEDS[-40:], 192)
    assert isinstance(score, SegmentationScore)
    assert score.mean_iou > 0.8
    assert min(score.iou.values()) > 0.6


def test_the_detector_detects_in_fresh_scenes():
    score = evaluate(_network("scenes_det"), resolve("scenes_det"), VALIDATION_SEEDS[-40:], 192)
    assert isinstance(score, DetectionScore)
    assert score.ap50 > 0.85
    assert score.ap > 0.55


def test_scenes_of_any_size_are_scored_in_their_own_pixels():
    """200 is no multiple of 32: the network sees a padded picture, the score none of it."""
    network, config = _network("scenes_det"), resolve("scenes_det")
    even, odd = (evaluate(network, config, VALIDATION_SEEDS[:12], size) for size in (192, 200))
    assert isinstance(even, DetectionScore)
    assert isinstance(odd, DetectionScore)
    assert odd.ap > even.ap - 0.15


@pytest.mark.parametrize("name", NAMES)
def test_a_finished_run_leaves_weights_and_a_card_with_their_scores(name, tmp_path):
    network = build(name, seed=5)
    done = Run(network.state_dict(), steps=1, seconds=90.0)
    path = finish(recipe(name), done, tmp_path, "cpu", tests=((96, 6),))
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert set(card) == set(_card(name))
    assert card["training"]["minutes"] == 1.5
    assert load(network, path).kind is WeightsKind.OWN
    again = evaluate(network, resolve(name), TEST_SEEDS[:6], 96)
    assert card["evaluation"] == [asdict(again) | {"seeds": [TEST_SEEDS[0], TEST_SEEDS[5]]}]


def test_numbers_that_half_precision_cannot_hold_are_refused(tmp_path):
    assert half({"count": torch.tensor(70_000)})["count"].dtype == torch.int64
    with pytest.raises(WeightsError, match="65504"):
        half({"weight": torch.tensor([7e4])})
    with pytest.raises(WeightsError, match="12,000,000"):
        write_weights({"weight": torch.zeros(6_000_001)}, tmp_path / "large.safetensors")
    assert list(tmp_path.iterdir()) == []
