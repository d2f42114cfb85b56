"""The script builds the same network without this package."""

from __future__ import annotations

import ast
import subprocess
import sys
import types
from functools import cache

import pytest
import torch

from explorer.config import ModelConfig, presets
from explorer.exports.script import to_script
from explorer.networks import build, construct
from explorer.weights import shipped_by_name
from tests.exports.cases import CASES, config_of, flat


@cache
def script_of(name: str) -> str:
    return to_script(presets()[name])


def executed(script: str, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    module = types.ModuleType("generated")
    # Dataclasses look their module up.
    monkeypatch.setitem(sys.modules, "generated", module)
    exec(compile(script, "generated.py", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("name", presets())
def test_every_presets_script_has_the_same_keys_and_shapes(name: str, monkeypatch) -> None:
    with torch.device("meta"):
        found = executed(script_of(name), monkeypatch).construct().state_dict()
    wanted = construct(name).state_dict()
    assert [(key, value.shape, value.dtype) for key, value in found.items()] == [
        (key, value.shape, value.dtype) for key, value in wanted.items()
    ]


@pytest.mark.parametrize("case", CASES)
def test_the_same_seed_gives_the_same_values_and_outputs(case: str, monkeypatch) -> None:
    config = config_of(case)
    ours, theirs = build(config, seed=3), executed(to_script(config), monkeypatch).build(seed=3)
    for (key, value), (other, twin) in zip(
        ours.state_dict().items(), theirs.state_dict().items(), strict=True
    ):
        assert key == other
        assert torch.equal(value, twin), key
    x = torch.randn((2, 3, 224, 224) if config.head.kind == "classify" else (2, 3, 64, 64))
    with torch.inference_mode():
        for result, twin in zip(flat(ours(x)), flat(theirs(x)), strict=True):
            assert torch.equal(result, twin)


def test_a_classifier_in_the_backbone_that_files_carry_along_is_there(monkeypatch) -> None:
    config = ModelConfig.from_plain(
        presets()["centernet_dla34"].model_dump(mode="json")
        | {"head": {"kind": "centernet", "base_classes": 11}}
    )
    with torch.device("meta"):
        state = executed(to_script(config), monkeypatch).construct().state_dict()
    assert state["base.fc.weight"].shape == (11, 512, 1, 1)


@pytest.mark.parametrize("name", ["scenes_seg", "scenes_det"])
def test_it_runs_alone_and_loads_the_weights(name: str, tmp_path) -> None:
    file = tmp_path / "network.py"
    file.write_text(to_script(presets()[name]), encoding="utf-8")
    # -I: neither the environment nor the working folder lead to this package.
    absent = subprocess.run(
        [sys.executable, "-I", "-c", "import explorer"], cwd=tmp_path, capture_output=True, check=False
    )
    assert absent.returncode
    done = subprocess.run(
        [sys.executable, "-I", str(file), str(shipped_by_name(name))],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    count = sum(parameter.numel() for parameter in construct(name).parameters())
    assert done.stdout.startswith(f"{count:,} parameters\n")
    assert "(1, 9, 512, 512)" in done.stdout or "'hm': (1, 8, 128, 128)" in done.stdout


@pytest.mark.parametrize("name", presets())
def test_it_names_nothing_of_this_package(name: str) -> None:
    text = script_of(name)
    tree = ast.parse(text)
    imported = {
        module.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert imported <= {*sys.stdlib_module_names, "torch", "torchvision", "safetensors"}
    assert "explorer." not in text
    assert "type: ignore" not in text
    assert ModelConfig.from_yaml(ast.get_docstring(tree).partition("configuration\n\n")[2]) == presets()[name]


def test_it_is_clean(tmp_path) -> None:
    for name in presets():
        (tmp_path / f"{name}.py").write_text(script_of(name), encoding="utf-8")
    rules = "E,F,W,I,UP,B,C4,SIM"
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", rules, "--line-length", "120",
         "--target-version", "py311", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
