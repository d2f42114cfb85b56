"""``python -m explorer connectivity``: the same strengths as the page, as text, JSON and CSV."""

import csv
import json

import pytest

from explorer.analysis import connectivity
from explorer.cli import main
from explorer.config import resolve
from explorer.graph import trace
from explorer.networks import build


@pytest.fixture
def run(capsys):
    """What a command printed; its status must be 0."""

    def run(*arguments):
        assert main(arguments) == 0
        return capsys.readouterr().out

    return run


def test_a_table_names_sources_and_targets_and_says_what_the_weights_are(run):
    text = run("connectivity", "densenet40_k12")
    assert "Random weights (they have learned nothing)" in text
    assert "blocks.2 (dense)" in text
    assert "13=trans.0.conv" in text
    assert "13=fc" in text
    first = next(line for line in text.splitlines() if line.startswith("conv0"))
    assert first.split()[:3] == ["conv0", "16", "1.00"]


@pytest.mark.parametrize("fold", [False, True])
def test_json_holds_the_matrices(run, fold):
    found = json.loads(
        run(
            "connectivity",
            "dla46_c",
            "--weights",
            "random",
            "--json",
            "--scale",
            "raw",
            *["--fold-norms"] * fold,
        )
    )
    config = resolve("dla46_c")
    items = connectivity(trace(config, config.default_input), build(config).state_dict(), fold_norms=fold)
    assert [one["path"] for one in found["aggregations"]] == [item.path for item in items]
    assert found["fold_norms"] is fold
    for one, item in zip(found["aggregations"], items, strict=True):
        assert one["scaled"] == one["strength"]
        for row, line in enumerate(one["strength"]):
            for column, value in enumerate(line):
                expected = item.strength[row, column] if item.connected[row, column] else None
                assert value == (None if expected is None else pytest.approx(expected))


def test_a_csv_file_has_a_line_for_each_connection(run, tmp_path):
    file = tmp_path / "out.csv"
    assert run("connectivity", "vovnet27_slim", "--csv", str(file), "--scale", "target") == ""
    with file.open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == 4 * 11
    assert rows[0]["target_role"] == "layer"
    assert sum(float(row["scaled"]) == 1 for row in rows) == 4 * 6


def test_shipped_weights_are_the_default_and_others_are_refused_in_a_sentence(run, capsys):
    assert "learned nothing" not in run("connectivity", "scenes_det")
    assert main(["connectivity", "dla34", "--weights", "nowhere.pth"]) == 2
    assert "There is no weights file nowhere.pth" in capsys.readouterr().err


def test_a_network_that_aggregates_nothing_says_so(run):
    assert "no layer reads several earlier features" in run("connectivity", "deeplab_resnet101")
