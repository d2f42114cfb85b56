"""The command line: what each command prints, and that every mistake is one sentence and exit status 2."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.cli import main
from explorer.config import ModelConfig, presets
from explorer.graph import LayerGraph

ROOT = Path(__file__).parents[2]
SLIM = """
name: slim
backbone: {kind: dla, levels: [1, 1, 1, 1, 1, 1], channels: [4, 4, 8, 8, 16, 16], block: basic}
head: {kind: %s}
"""


@pytest.fixture
def run(capsys):
    """``run("list")`` returns what the command printed; its status must be 0."""

    def run(*arguments):
        assert main(arguments) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)).save(path)
    return str(path)


def configuration(tmp_path, head):
    path = tmp_path / f"{head}.yaml"
    path.write_text(SLIM % head)
    return str(path)


def test_list_names_every_preset(run):
    assert all(name in run("list") for name in presets())
    listed = json.loads(run("list", "--json"))
    assert [entry["name"] for entry in listed] == list(presets())
    assert listed[0]["parameters"] == 15_783_832


def test_show_prints_a_configuration_that_reads_back(run):
    assert ModelConfig.from_yaml(run("show", "dla60x")) == presets()["dla60x"]
    assert json.loads(run("show", "dla60x", "--json"))["digest"] == presets()["dla60x"].digest


def test_show_takes_a_file(run, tmp_path):
    assert ModelConfig.from_yaml(run("show", configuration(tmp_path, "dla_up"))).name == "slim"


def test_graph_prints_a_summary_json_dot_and_svg(run, tmp_path):
    assert "15.78 M parameters" in run("graph", "dla34")
    graph = LayerGraph.from_json(run("graph", "dla34", "--size", "224x256", "--json"))
    assert graph.tensors[0].shape == (1, 3, 224, 256)
    assert run("graph", "dla34", "--format", "dot").startswith("digraph")
    file = tmp_path / "g.svg"
    assert run("graph", "dla34", "--format", "svg", "--view", "paper", "--out", str(file)) == ""
    assert "<svg" in file.read_text()[:200]


@pytest.mark.parametrize(
    ("form", "start"),
    [("pdf", b"%PDF-"), ("png", b"\x89PNG"), ("mermaid", b"---"), ("model-explorer", b'{"label":"scenes_seg"'),
     ("python", b'"""scenes_seg'), ("yaml", b"name: scenes_seg"), ("onnx", b"\x08\x09"), ("safetensors", None)],
)  # fmt: skip
def test_graph_writes_every_format(form, start, run, tmp_path):
    file = tmp_path / "out"
    assert run("graph", "scenes_seg", "--format", form, "--out", str(file)) == ""
    content = file.read_bytes()
    if start is None:
        length = int.from_bytes(content[:8], "little")
        start = json.loads(content[8 : 8 + length])["__metadata__"]["title"].encode()
        assert start == b"Scenes, segmentation"
    else:
        assert content.startswith(start)
    assert list(tmp_path.iterdir()) == [file]


def test_graph_takes_paper_page_scale_and_weights(run, tmp_path):
    file = tmp_path / "out"
    run("graph", "dla34", "--format", "svg", "--paper", "dark", "--out", str(file))
    assert "#17181A" in file.read_text()
    run("graph", "dla34", "--format", "png", "--scale", "0.5", "--out", str(file))
    small = Image.open(file).size
    run("graph", "dla34", "--format", "png", "--scale", "1", "--out", str(file))
    assert Image.open(file).size == pytest.approx((2 * small[0], 2 * small[1]), abs=2)
    run("graph", "densenet40_k12", "--format", "safetensors", "--weights", "random", "--out", str(file))
    again = tmp_path / "again"
    run("graph", "densenet40_k12", "--format", "safetensors", "--weights", str(file), "--out", str(again))
    length, other = (int.from_bytes(path.read_bytes()[:8], "little") for path in (file, again))
    assert file.read_bytes()[8 + length :] == again.read_bytes()[8 + other :]


def test_a_graph_that_cannot_be_written_leaves_no_file(tmp_path, capsys):
    missing = str(tmp_path / "missing.safetensors")
    file = tmp_path / "out"
    arguments = ("graph", "densenet40_k12", "--format", "onnx", "--weights", missing, "--out", str(file))
    assert main(arguments) == 2
    assert "missing.safetensors" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_graph_opens_the_modules_that_it_is_told(run):
    closed = run("graph", "dla34", "--format", "dot", "--view", "modules", "--open")
    opened = run("graph", "dla34", "--format", "dot", "--view", "modules", "--open", "level5")
    assert "level5.tree1" in opened
    assert "level5.tree1" not in closed


def test_layers_prints_a_table_csv_and_json(run):
    table = run("layers", "dla34")
    assert table.splitlines()[-1].split() == [
        "total", "15,783,832", "41,728", "3,072,888,832", "51,787,680",
    ]  # fmt: skip
    lines = list(csv.DictReader(io.StringIO(run("layers", "dla34", "--csv"))))
    rows = json.loads(run("layers", "dla34", "--json"))["rows"]
    assert [line["path"] for line in lines] == [row["path"] for row in rows]
    assert len(run("layers", "dla34", "--rows", "parts").splitlines()) < len(table.splitlines())


def test_predict_segments_detects_and_classifies(run, tmp_path, picture):
    areas = json.loads(run("predict", picture, "--model", configuration(tmp_path, "dla_up"), "--json"))[
        "areas"
    ]
    assert sum(area["pixels"] for area in areas) == 48 * 64
    model = configuration(tmp_path, "centernet")
    found = json.loads(run("predict", picture, "--model", model, "--threshold", "0", "--json"))["detections"]
    assert all(set(detection) == {"class", "score", "box"} for detection in found)
    assert "probability" in run("predict", picture, "--model", configuration(tmp_path, "classify"))


def test_predict_follows_the_head_of_every_family(run, tmp_path, picture):
    backbone = "{kind: resnet, blocks: [1, 1, 1, 1], channels: [16, 16, 32, 32], output_stride: 8}"
    path = tmp_path / "deeplab.yaml"
    path.write_text(f"backbone: {backbone}\nhead: {{kind: deeplab, variant: v1, classes: 21}}\n")
    areas = json.loads(run("predict", picture, "--model", str(path), "--json"))["areas"]
    assert sum(area["pixels"] for area in areas) == 48 * 64
    for name in ("densenet40_k12", "peleenet", "vovnet27_slim"):
        best = json.loads(run("predict", picture, "--model", name, "--json"))["classes"]
        assert len(best) == 5


def test_predict_draws_at_the_pictures_own_size(run, tmp_path, picture):
    out = tmp_path / "drawn.png"
    run("predict", picture, "--model", configuration(tmp_path, "dla_up"), "--out", str(out))
    with Image.open(out) as drawn:
        assert drawn.size == (64, 48)


def test_train_passes_everything_on(run, tmp_path, monkeypatch, capsys):
    import explorer.training

    calls = []

    def train(name, **options):
        options.pop("progress")("step 1")
        calls.append((name, options))
        return tmp_path / "w.safetensors"

    monkeypatch.setattr(explorer.training, "train", train)
    assert main(("train", "scenes_seg", "--out", str(tmp_path), "--restart", "--json")) == 0
    printed = capsys.readouterr()
    assert calls == [("scenes_seg", {"device": "cpu", "out": tmp_path, "resume": False})]
    assert json.loads(printed.out)["weights"].endswith("w.safetensors")
    assert printed.err == "step 1\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("show", "dla43"), "dla34"),
        (("show", "missing.yaml"), "missing.yaml"),
        (("graph", "dla34", "--size", "many"), "512x512"),
        (("graph", "dla34", "--size", "0"), "between 1 and"),
        (("layers", "dla34up", "--size", "100"), "does not fit"),
        (("graph", "dla34", "--format", "dot", "--open", "level9"), "level9"),
        (("graph", "dla34", "--format", "png", "--scale", "99"), "99"),
        (("graph", "dla34", "--format", "onnx", "--weights", "shipped", "--out", "/dev/null"), "dla34"),
        (("predict", "nowhere.png"), "nowhere.png"),
        (("predict", __file__, "--model", "vovnet39_ese"), "This network has no head"),
        (("predict", __file__, "--model", "dla46_c"), "not a readable image"),
        (("train", "dla34"), "scenes_seg"),
        (("train", "scenes_seg", "--device", "cuda:77"), "cuda:77"),
        (("graph", "dla34", "--json", "--out", "/nowhere/at/all"), "/nowhere/at/all"),
    ],
)
def test_mistakes_are_one_sentence(arguments, named, capsys):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.endswith((".\n", "?\n"))
    assert named in printed.err


@pytest.mark.parametrize("arguments", [(), ("fly",), ("layers",), ("layers", "dla34", "--rows", "atoms")])
def test_usage_errors_are_one_sentence_too(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_weights_that_do_not_fit_are_named(tmp_path, picture, capsys):
    import safetensors.torch
    import torch

    file = tmp_path / "w.safetensors"
    safetensors.torch.save_file({"a.weight": torch.ones(1)}, file)
    status = main(
        ("predict", picture, "--model", configuration(tmp_path, "classify"), "--weights", str(file))
    )
    assert status == 2
    assert "a.weight" in capsys.readouterr().err


def test_list_and_show_import_no_torch():
    code = (
        "import sys; from explorer.cli import main; main(['list']); main(['show', 'dla34']); "
        "sys.exit('torch' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False).returncode
        == 0
    )


def test_the_module_runs_and_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m explorer layers dla169 --json | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")
    failed = subprocess.run(
        [sys.executable, "-m", "explorer", "show", "dla43"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (failed.returncode, failed.stdout) == (2, "")
