"""``graph A --against B``: the comparison as text and as JSON."""

import json

from explorer.cli import main
from explorer.graph import trace


def test_the_differences_add_up(capsys):
    assert main(["graph", "vovnet39", "--against", "densenet121", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    ours, theirs = (trace(name, (1, 3, 224, 224)).totals for name in ("vovnet39", "densenet121"))
    assert found["network"]["here"]["parameters"] == ours.parameters
    assert found["network"]["delta"]["macs"]["absolute"] == ours.macs - theirs.macs
    assert found["network"]["delta"]["parameters"]["absolute"] == sum(
        row["delta"]["parameters"]["absolute"] for row in found["sections"]
    )


def test_a_sentence_and_a_line_for_each_stage(capsys):
    assert main(["graph", "vovnet39", "--against", "densenet201"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("vovnet39 has 22.60 M parameters (+13 %)")
    assert [line.split()[0] for line in lines[3:]] == ["Stage"] * 5 + ["Head", "Elsewhere", "Network"]


def test_an_unknown_network_is_one_sentence(capsys):
    assert main(["graph", "dla34", "--against", "dla35"]) == 2
    assert "There is no preset called 'dla35'" in capsys.readouterr().err
