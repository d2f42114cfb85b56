"""The training loop: interrupted or not, the same run."""

import json
from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from explorer.errors import ConfigError, WeightsError
from explorer.networks import build
from explorer.scenes.emblem import picture
from explorer.scenes.scene import scene
from explorer.training import train
from explorer.training.batches import FRAME, Sample, batches, render, sample
from explorer.training.export import finish
from explorer.training.recipes import Data, Optimiser, Phase, Recipe, Schedule, recipes
from explorer.training.trainer import CHECKPOINT_NAME, Progress, adopt_backbone, learning_rate, run
from explorer.weights import shipped_by_name


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _short(name, **changes):
    phases = (Phase(size=64, batch=2, steps=3, dice=0.3), Phase(size=96, batch=1, steps=3, density=2.0))
    fields = {"name": name, "first_seed": 40, "phases": phases, "peak_rate": 1e-3, "warmup": 2}
    return Recipe(**(fields | changes))


@pytest.mark.parametrize("name", ["scenes_seg", "scenes_det"])
def test_a_resumed_run_is_the_uninterrupted_one(name, tmp_path):
    whole = run(_short(name), device="cpu", folder=tmp_path / "whole", resume=True, progress=None)
    for stop in (2, 5, None):
        parts = run(
            _short(name), device="cpu", folder=tmp_path / "parts", resume=True, progress=None, stop_after=stop
        )
    assert whole.steps == parts.steps == 6
    assert whole.weights.keys() == parts.weights.keys()
    for key, value in whole.weights.items():
        assert torch.equal(value, parts.weights[key]), key


def test_training_changes_every_weight_that_can_matter_and_reports(tmp_path):
    seen: list[Progress] = []
    short = _short("scenes_seg")
    start = run(short, device="cpu", folder=tmp_path, resume=False, progress=None, stop_after=1).weights
    end = run(short, device="cpu", folder=tmp_path, resume=False, progress=seen.append).weights
    moved = {key for key in end if not torch.equal(start[key], end[key])}
    still = {key for key in end if key not in moved}
    # A bilinear upsampling that the published network keeps fixed, and projections whose result is never used.
    assert all(key == "up.weight" or ".project." in key for key in still), still
    assert [item.step for item in seen] == [6]
    assert "step 6/6" in str(seen[0])
    assert seen[0].left == 0


def test_a_backbone_can_be_adopted_and_only_the_backbone(tmp_path):
    short = _short("scenes_det", backbone="scenes_seg", phases=(Phase(size=64, batch=1, steps=1),))
    random = build("scenes_det", seed=short.init_seed).state_dict()
    path = shipped_by_name("scenes_seg")
    assert path is not None
    given = load_file(path)
    network = build("scenes_det", seed=short.init_seed)
    adopt_backbone(network, "scenes_seg")
    for key, value in network.state_dict().items():
        assert torch.equal(value, given[key].to(value.dtype) if key.startswith("base.") else random[key]), key
    with pytest.raises(WeightsError, match="other keys or shapes"):
        adopt_backbone(build("dla46_c"), "scenes_seg")
    with pytest.raises(WeightsError, match="dla34up"):
        adopt_backbone(network, "dla34up")


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path):
    run(_short("scenes_seg"), device="cpu", folder=tmp_path, resume=True, progress=None, stop_after=1)
    with pytest.raises(WeightsError, match="start afresh"):
        run(_short("scenes_seg", peak_rate=2e-3), device="cpu", folder=tmp_path, resume=True, progress=None)


def test_a_kill_while_saving_leaves_the_last_checkpoint(tmp_path):
    short = _short("scenes_seg")
    run(short, device="cpu", folder=tmp_path, resume=True, progress=None, stop_after=2)
    (tmp_path / CHECKPOINT_NAME).with_suffix(".partial").write_bytes(b"half a file")
    resumed = run(short, device="cpu", folder=tmp_path, resume=True, progress=None)
    assert resumed.steps == short.steps


def scenes_of(batch):
    assert all(isinstance(item, Sample) for item in batch)
    return [item for item in batch if isinstance(item, Sample)]


def test_each_step_has_its_own_scenes_and_phases_follow_each_other():
    short = _short("scenes_seg")
    rendered = [scenes_of(batch) for batch in batches(short, 0, 0)]
    assert [len(batch) for batch in rendered] == [2, 2, 2, 1, 1, 1]
    seeds = [[40, 41], [42, 43], [44, 45], [46], [47], [48]]
    for step, (batch, expected) in enumerate(zip(rendered, seeds, strict=True)):
        phase = short.phase_at(step)[0]
        for item, seed in zip(batch, expected, strict=True):
            assert np.array_equal(item.image, scene(seed, phase.size, phase.density).image)
    assert short.images == 9
    with pytest.raises(ValueError, match="6 steps"):
        short.phase_at(6)


def test_batches_rendered_by_other_processes_are_the_same():
    short = _short("scenes_seg")
    ahead = list(islice(batches(short, 1, 1), 3))
    for step, batch in enumerate(ahead, start=1):
        for one, other in zip(scenes_of(batch), scenes_of(render(short, step)), strict=True):
            assert np.array_equal(one.image, other.image)
            assert np.array_equal(one.boxes, other.boxes)


def test_a_framed_scene_is_a_smaller_one_moved_into_black():
    framed = next(item for seed in range(50) if not (item := sample(seed, 96, 0.5)).image[:FRAME].any())
    assert framed.image.shape == (96, 96, 3)
    assert not framed.image[:, -FRAME:].any()
    assert not framed.mask[:FRAME].any()
    for (x1, y1, x2, y2), category in zip(framed.boxes.astype(int), framed.categories, strict=True):
        assert FRAME <= x1 < x2 <= 96 - FRAME
        assert FRAME <= y1 < y2 <= 96 - FRAME
        assert (framed.mask[y1:y2, x1:x2] == category + 1).any()


def test_the_rate_rises_then_falls_to_almost_nothing():
    chosen = _short(
        "scenes_seg", phases=(Phase(64, batch=1, steps=300), Phase(96, batch=1, steps=100)), warmup=40
    )
    rates = [learning_rate(chosen, step) for step in range(chosen.steps)]
    top = int(np.argmax(rates))
    assert top in (chosen.warmup - 1, chosen.warmup)
    assert max(rates) == pytest.approx(chosen.peak_rate)
    assert all(one < other for one, other in pairwise(rates[: top + 1]))
    assert all(
        one >= other for one, other in zip(rates[chosen.warmup :], rates[chosen.warmup + 1 :], strict=False)
    )
    assert rates[-1] == pytest.approx(chosen.peak_rate / 100, rel=0.01)


def test_a_restart_begins_a_new_fall_from_its_own_peak():
    phases = (
        Phase(64, batch=1, steps=100),
        Phase(64, batch=1, steps=50),
        Phase(96, batch=1, steps=200, restart=5e-4),
    )
    twice = _short("scenes_seg", phases=phases, warmup=10)
    once = _short("scenes_seg", phases=phases[:2], warmup=10)
    assert [learning_rate(twice, n) for n in range(150)] == [learning_rate(once, n) for n in range(150)]
    again = [learning_rate(twice, n) for n in range(150, 350)]
    assert again[0] == pytest.approx(5e-4)
    assert all(one > other for one, other in pairwise(again))
    assert again[-1] == pytest.approx(5e-6, rel=0.05)
    assert again[100] == pytest.approx(5e-4 * 0.505)


def test_steps_fall_to_a_tenth_at_half_and_at_three_quarters():
    phases = (Phase(size=32, batch=2, steps=200),)
    steps = _short("densenet40_k12", phases=phases, warmup=0, schedule=Schedule.STEPS, peak_rate=0.1)
    rates = [learning_rate(steps, n) for n in range(200)]
    assert rates == pytest.approx([0.1] * 100 + [0.01] * 50 + [0.001] * 50)


def test_the_networks_of_one_study_learn_on_equal_terms():
    study = [item for item in recipes().values() if item.data is Data.EMBLEMS]
    assert len(study) == 3
    assert len({replace(item, name="") for item in study}) == 1


def test_a_classifier_learns_from_emblems_and_resumes(tmp_path):
    short = _short(
        "densenet40_k12", phases=(Phase(size=32, batch=4, steps=4),), data=Data.EMBLEMS, optimiser=Optimiser.SGD,
        decay_all=True,
    )  # fmt: skip
    assert [item.label for item in render(short, 1)] == [picture(44 + n)[1] for n in range(4)]
    whole = run(short, device="cpu", folder=tmp_path / "whole", resume=True, progress=None)
    for stop in (2, None):
        parts = run(
            short, device="cpu", folder=tmp_path / "parts", resume=True, progress=None, stop_after=stop
        )
    for key, value in whole.weights.items():
        assert torch.equal(value, parts.weights[key]), key
    path = finish(short, whole, tmp_path, "cpu", tests=((32, 20),))
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert "not photographs" in card["note"]
    assert [item["pictures"] for item in card["evaluation"]] == [20]
    assert path.stat().st_size < 3_000_000


def test_recipes_are_known_by_name():
    assert set(recipes()) >= {"scenes_seg", "scenes_det", "densenet40_k12"}
    with pytest.raises(ConfigError, match="scenes_seg"):
        train("scenes_sge")
