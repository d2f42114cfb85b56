"""load(): all of a checkpoint or nothing of it, in every published layout."""

import json
from collections import OrderedDict
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor

from explorer.errors import WeightsError
from explorer.weights import (
    Library,
    MismatchError,
    Registry,
    WeightsKind,
    load,
    shipped_by_name,
    shipping,
)
from tests.weights.fakes import VARIANTS, fake_network, fake_state, saved, untouched
from tests.weights.servers import checkpoint


def holds(state: dict[str, Tensor], expected: dict[str, Tensor]) -> bool:
    return all(torch.equal(state[key], value) for key, value in expected.items())


@pytest.mark.parametrize("variant", VARIANTS)
def test_original_file_loads_whole(variant: str) -> None:
    network, state = fake_network(variant), fake_state(variant, seed=1)
    info = load(network, saved(OrderedDict(state)))
    assert holds(network.state_dict(), state)
    assert info.kind is WeightsKind.OWN


@pytest.mark.parametrize("variant", VARIANTS)
def test_timm_file_loads_and_the_dead_projections_are_listed_and_neutral(variant: str) -> None:
    network, state = fake_network(variant), fake_state(f"timm_{variant}", seed=1)
    info = load(network, safetensors.torch.save(state))
    loaded = network.state_dict()
    assert holds(loaded, state)
    absent = loaded.keys() - state.keys()
    assert absent
    for key in absent:
        assert key.rsplit(".", 2)[0] in info.note
        ones = key.endswith((".running_var", "project.1.weight"))
        assert bool((loaded[key] == (1 if ones else 0)).all())


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("target", ["centernet_dla34", "centernet_dla34_with_fc"])
def test_centernet_file_loads_with_or_without_its_leftover_classifier(prefix: str, target: str) -> None:
    network, state = fake_network(target), fake_state("centernet_dla34_with_fc", seed=1)
    content = {"epoch": 230, "state_dict": {prefix + key: value for key, value in state.items()}}
    info = load(network, saved(content))
    loaded = network.state_dict()
    assert holds(state, loaded)
    assert "Left out of the file: epoch." in info.note
    assert ("base.fc.weight, base.fc.bias" in info.note) == (target == "centernet_dla34")
    assert ("“module.”" in info.note) == bool(prefix)


def test_a_file_older_than_the_training_counters_loads() -> None:
    state = {key: v for key, v in fake_state("dla34").items() if not key.endswith("num_batches_tracked")}
    network = fake_network("dla34")
    info = load(network, saved(state, _use_new_zipfile_serialization=False))
    assert "num_batches_tracked" in info.note
    assert network.state_dict()["level0.1.num_batches_tracked"] == 0
    assert holds(network.state_dict(), state)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_real_types_are_converted_and_noted(dtype: torch.dtype) -> None:
    state = {k: v.to(dtype) if v.is_floating_point() else v for k, v in fake_state("dla34").items()}
    network = fake_network("dla34")
    info = load(network, safetensors.torch.save(state))
    loaded = network.state_dict()["level0.0.weight"]
    assert loaded.dtype is torch.float32
    assert torch.equal(loaded, state["level0.0.weight"].float())
    assert str(dtype).removeprefix("torch.") in info.note


def test_numbers_that_are_not_finite_load_with_a_note() -> None:
    state = fake_state("dla34")
    state["fc.bias"][0] = float("nan")
    assert "Not every number is finite in fc.bias." in load(fake_network("dla34"), saved(state)).note


def test_a_mismatch_is_reported_key_by_key_and_nothing_is_loaded() -> None:
    state = fake_state("dla34")
    del state["level2.root.conv.weight"]
    state["level9.weight"] = torch.ones(1)
    state["fc.bias"] = torch.ones(9)
    state["level0.0.weight"] = state["level0.0.weight"].to(torch.int32)
    network = fake_network("dla34")
    with pytest.raises(MismatchError) as caught:
        load(network, saved(state))
    report = caught.value.report
    assert report.missing == ("level2.root.conv.weight",)
    assert report.unexpected == ("level9.weight",)
    assert [(d.key, d.found, d.expected) for d in report.shapes] == [("fc.bias", "[9]", "[3]")]
    assert [(d.key, d.found, d.expected) for d in report.types] == [("level0.0.weight", "int32", "float32")]
    assert len(report.lines) == 4
    for key in ("level2.root.conv.weight", "level9.weight", "fc.bias", "level0.0.weight"):
        assert key in str(caught.value)
    assert untouched(network)


def test_another_variants_file_is_refused_with_every_key() -> None:
    network, state = fake_network("dla60"), fake_state("dla34")
    with pytest.raises(MismatchError) as caught:
        load(network, saved(state))
    report = caught.value.report
    assert set(report.missing) >= set(fake_state("dla60")) - set(state) - {"level3.project.0.weight"}
    assert set(report.unexpected) == set(state) - set(fake_state("dla60"))
    assert untouched(network)


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(3, dtype=torch.complex64),
        torch.ones(3, dtype=torch.bool),
        torch.ones(3).to_sparse(),
        torch.ones(3, device="meta"),
    ],
    ids=["complex", "bool", "sparse", "meta"],
)
def test_other_sorts_of_tensor_are_refused(value: Tensor) -> None:
    network = fake_network("dla34")
    with pytest.raises(WeightsError):
        load(network, saved({**fake_state("dla34"), "fc.bias": value}))
    assert untouched(network)


def test_a_huge_shape_without_storage_is_refused_without_allocating_it() -> None:
    state = {**fake_state("centernet_dla34"), "fc.extra": torch.zeros(1).expand(10**6, 10**6)}
    state["base.fc.weight"] = torch.zeros(1).expand(10**6, 10**6)
    state["base.fc.bias"] = torch.zeros(1)
    network = fake_network("centernet_dla34")
    with pytest.raises(MismatchError):
        load(network, saved(state))
    del state["fc.extra"]
    load(network, saved(state))


def test_only_a_known_checksum_makes_a_file_published(tmp_path: Path) -> None:
    data = saved(fake_state("dla34"))
    books = Library(Registry((checkpoint(data, "http://nowhere.invalid"),)), tmp_path)
    assert load(fake_network("dla34"), data).kind is WeightsKind.OWN
    info = load(fake_network("dla34"), data, books)
    assert (info.kind, info.title, info.licence) == (WeightsKind.PUBLISHED, "A test file", "MIT")


def test_shipped_weights_load_by_name_with_their_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "_FOLDER", tmp_path)
    state = {k: v.half() if v.is_floating_point() else v for k, v in fake_state("dla34").items()}
    safetensors.torch.save_file(state, tmp_path / "dla34.safetensors")
    network = fake_network("dla34")
    with pytest.raises(WeightsError, match="model card"):
        load(network, "dla34")
    card = {"title": "A title", "licence": "Apache-2.0", "note": "Knows scenes."}
    (tmp_path / "dla34.json").write_text(json.dumps(card))
    info = load(network, "dla34")
    assert (info.kind, info.title, info.licence) == (WeightsKind.SHIPPED, "A title", "Apache-2.0")
    assert info.note.startswith("Knows scenes.")
    assert network.state_dict()["fc.bias"].dtype is torch.float32
    assert holds(network.state_dict(), {"fc.bias": state["fc.bias"].float()})
    assert shipped_by_name("../dla34") is None
    assert load(fake_network("dla34"), tmp_path / "dla34.safetensors") == info
