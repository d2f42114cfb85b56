"""``python -m explorer fetch``: terms first, nothing without consent."""

import io
import json
import sys

import pytest

from explorer.cli import main
from explorer.networks import build
from explorer.weights.library import FOLDER_VARIABLE, MIRROR_VARIABLE
from tests.weights.fakes import saved
from tests.weights.servers import Behaviour, serving

NAME = "vovnet19_slim_dw_ese-detectron2"


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder of the test's own, and a mirror with the one file that is small and has no published checksum."""
    state = build("vovnet19_slim_dw_ese").state_dict()
    behaviour = Behaviour(saved({k: v for k, v in state.items() if not k.endswith("tracked")}))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "weights"))
    with serving(behaviour) as url:
        monkeypatch.setenv(MIRROR_VARIABLE, url)
        yield behaviour


def test_everything_is_listed_without_a_network(capsys, shelf):
    assert main(["fetch", "--list"]) == 0
    out = capsys.readouterr().out
    assert NAME in out
    assert "CC BY-NC 4.0" in out
    assert main(["fetch", "--list", "--json"]) == 0
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert listed[NAME]["commercial_use"] is False
    assert listed["vovnet39-original"]["commercial_use"] is None
    assert listed["dla34-original"]["size"] == 63_228_658
    assert shelf.requests == []


def test_without_consent_nothing_is_fetched_but_the_terms_are_shown(capsys, shelf):
    assert main(["fetch", NAME]) == 2
    error = capsys.readouterr().err
    assert "about 5.6 MB" in error
    assert "Not for commercial use" in error
    assert "--yes" in error
    assert shelf.requests == []


@pytest.mark.parametrize(("answer", "status"), [("n\n", 2), ("\n", 2), ("y\n", 0)])
def test_a_person_is_asked(capsys, monkeypatch, shelf, answer, status):
    terminal = io.StringIO(answer)
    terminal.isatty = lambda: True  # type: ignore[method-assign]  # a terminal, for this test
    monkeypatch.setattr(sys, "stdin", terminal)
    assert main(["fetch", NAME]) == status
    assert len(shelf.requests) == (status == 0)


def test_a_fetched_file_is_used_by_name(capsys, shelf, tmp_path):
    assert main(["fetch", "vovnet19_slim_dw_ese", "--yes", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["name"] == NAME
    assert told["path"] == str(tmp_path / "weights" / "vovnet19_ese_slim_dw_detectron2.pth")
    assert main(["fetch", NAME]) == 0, "what is there needs no consent"
    assert len(shelf.requests) == 1
    assert main(["fetch", "--list"]) == 0
    assert "at hand" in capsys.readouterr().out


def test_another_folder_can_be_named(capsys, shelf, tmp_path):
    assert main(["fetch", NAME, "--yes", "--to", str(tmp_path / "elsewhere")]) == 0
    assert capsys.readouterr().out.strip() == str(
        tmp_path / "elsewhere" / "vovnet19_ese_slim_dw_detectron2.pth"
    )


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("nothing", "neither a published checkpoint nor a preset"), ("dla34up", "No weights are published for dla34up"),
     ("dla60-imgclsmob", "no network here takes it")],
)  # fmt: skip
def test_what_cannot_be_fetched_is_a_sentence(capsys, shelf, name, sentence):
    assert main(["fetch", name, "--yes"]) == 2
    assert sentence in capsys.readouterr().err
    assert shelf.requests == []
