"""Files from strangers: what is refused, in a sentence, and that nothing in them runs."""

import io
import json
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from explorer.errors import WeightsError
from explorer.weights import reading
from explorer.weights.reading import read
from tests.weights.fakes import saved

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


class Attack:
    """Unpickled carelessly, it makes a file."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self.victim),))


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path: Path, legacy: bool) -> None:
    victim = tmp_path / "made"
    data = saved({"a": Attack(victim)}, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(WeightsError, match=r"asks to run posix\.mkdir"):
        read(data)
    assert not victim.exists()


def test_a_bare_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    victim = tmp_path / "made"
    for protocol in (2, 4, 5):
        with pytest.raises(WeightsError, match="refused"):
            read(pickle.dumps(Attack(victim), protocol=protocol))
    assert not victim.exists()


def test_an_instruction_hidden_behind_the_first_pickles_is_refused(tmp_path: Path) -> None:
    victim = tmp_path / "made"
    legacy = saved(STATE, _use_new_zipfile_serialization=False)
    second = pickle.dumps(Attack(victim), protocol=2)
    with pytest.raises(WeightsError):
        read(second + legacy)
    with pytest.raises(WeightsError):
        read(pickle.dumps(1, protocol=2) + second)
    assert not victim.exists()


def test_a_whole_pickled_module_and_numpy_values_are_refused() -> None:
    with pytest.raises(WeightsError, match=r"torch\.nn\.modules\.linear\.Linear"):
        read(saved(nn.Linear(2, 2)))
    with pytest.raises(WeightsError, match="numpy"):
        read(saved({"a": torch.ones(1), "b": np.ones(2)}))


@pytest.mark.parametrize("legacy", [False, True])
def test_pytorch_containers_new_and_old_give_the_same_tensors(legacy: bool) -> None:
    checkpoint = read(saved(OrderedDict(STATE), _use_new_zipfile_serialization=not legacy))
    assert list(checkpoint.tensors) == list(STATE)
    assert all(torch.equal(checkpoint.tensors[key], STATE[key]) for key in STATE)


def test_safetensors_from_path_bytes_and_open_file(tmp_path: Path) -> None:
    data = safetensors.torch.save(STATE)
    path = tmp_path / "w.safetensors"
    path.write_bytes(data)
    for source in (path, str(path), data, bytearray(data), memoryview(data), io.BytesIO(data)):
        checkpoint = read(source)
        assert all(torch.equal(checkpoint.tensors[key], STATE[key]) for key in STATE)
    assert read(path).name == "w.safetensors"


def test_truncated_files_of_every_kind_are_refused() -> None:
    whole = [saved(STATE), saved(STATE, _use_new_zipfile_serialization=False), safetensors.torch.save(STATE)]
    for data in whole:
        for end in (9, len(data) // 2, len(data) - 3):
            with pytest.raises(WeightsError):
                read(data[:end])


def test_bytes_turned_over_anywhere_never_escape_as_another_error() -> None:
    generator = np.random.default_rng(0)
    for data in (
        saved(STATE),
        saved(STATE, _use_new_zipfile_serialization=False),
        safetensors.torch.save(STATE),
    ):
        for _ in range(60):
            broken = bytearray(data)
            broken[int(generator.integers(len(data)))] ^= int(generator.integers(1, 256))
            try:
                read(broken)
            except WeightsError as error:
                assert str(error).endswith(".")  # noqa: PT017  # most flips hit numbers and are rightly read


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"GIF89a" + bytes(40), b"PK\x03\x04" + bytes(60), b"\x80\x02" + bytes(9)]
)
def test_other_files_are_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(WeightsError, match=r"^The file .*\.$"):
        read(data)


def test_missing_file_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no weights file named 'none\.pth'") as caught:
        read(tmp_path / "none.pth")
    assert str(tmp_path) not in str(caught.value)


def test_size_is_checked_before_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.pth"
    with path.open("wb") as file:
        file.truncate(reading.LIMIT + 1)  # sparse: takes no room
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("was read"))
    with pytest.raises(WeightsError, match=r"at most 537 MB"):
        read(path)
    with path.open("rb") as file, pytest.raises(WeightsError, match=r"big\.pth has"):
        read(file)


def test_an_archive_that_unpacks_to_more_than_the_limit_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(5_000_000))
    assert len(buffer.getvalue()) < 100_000
    with pytest.raises(WeightsError, match="unpacks to"):
        read(buffer.getvalue(), limit=1_000_000)


def test_a_safetensors_header_that_claims_too_much_is_refused() -> None:
    header = json.dumps(
        {"a": {"dtype": "F32", "shape": [10**6, 10**6], "data_offsets": [0, 4 * 10**12]}}
    ).encode()
    with pytest.raises(WeightsError, match="damaged safetensors"):
        read(len(header).to_bytes(8, "little") + header)


def lying(header: dict[str, object] | bytes, body: bytes = bytes(64), length: int | None = None) -> bytes:
    """A safetensors file whose header says what the test wants."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + body


FOUR = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}


@pytest.mark.parametrize(
    "data",
    [
        lying({"a": FOUR}, length=2**63),
        lying({"a": FOUR}, length=10**6),
        lying({"a": {**FOUR, "shape": [400]}}),
        lying({"a": {**FOUR, "data_offsets": [16, 0]}}),
        lying({"a": {**FOUR, "data_offsets": [-4, 12]}}),
        lying({"a": FOUR, "b": {**FOUR, "data_offsets": [8, 24]}}),
        lying({"a": {**FOUR, "shape": [2**40, 2**40]}}),
        lying({"a": {**FOUR, "dtype": "F31"}}),
        lying(b'{"a": ' * 2000),
    ],
    ids=[
        "endless",
        "long",
        "larger",
        "backwards",
        "negative",
        "overlapping",
        "overflowing",
        "typeless",
        "nested",
    ],
)
def test_a_safetensors_header_that_lies_is_refused(data: bytes) -> None:
    with pytest.raises(WeightsError, match="damaged safetensors"):
        read(data)


def test_a_zip_whose_directory_or_content_is_broken_is_refused() -> None:
    data = bytearray(saved(STATE))
    middle = data.index(b"data.pkl")
    for start, end in ((len(data) - 30, len(data)), (middle, middle + 40)):
        broken = bytearray(data)
        broken[start:end] = bytes(end - start)
        with pytest.raises(WeightsError):
            read(broken)


def test_a_number_turned_over_in_a_zip_is_noticed() -> None:
    data = saved(STATE)
    broken = bytearray(data)
    broken[data.index(STATE["a.weight"].numpy().tobytes())] ^= 255
    with pytest.raises(WeightsError, match="checksum"):
        read(broken)


@pytest.mark.parametrize("wrapper", ["state_dict", "model_state_dict", "model"])
def test_a_wrapped_state_dict_is_unwrapped_once_and_the_rest_is_named(wrapper: str) -> None:
    checkpoint = read(saved({"epoch": 140, wrapper: STATE, "optimizer": {"state": {0: {"step": 3}}}}))
    assert list(checkpoint.tensors) == list(STATE)
    assert checkpoint.dropped == ("epoch", "optimizer")


@pytest.mark.parametrize(
    "content",
    [
        {"state_dict": {"state_dict": STATE}},
        {"net": STATE},
        {"a": [torch.ones(1)]},
        {**STATE, "epoch": 3},
        {1: torch.ones(1)},
        {},
        {"state_dict": {}},
        [torch.ones(1)],
        torch.ones(1),
        "weights",
    ],
)
def test_other_nesting_is_refused(content: object) -> None:
    with pytest.raises(WeightsError):
        read(saved(content))
