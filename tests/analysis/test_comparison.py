"""Two networks section by section: sums are the networks', and differences what is told of them."""

from functools import cache

import pytest

from explorer.analysis.comparison import Measures, change, compare
from explorer.config import ModelConfig, preset
from explorer.graph import trace
from explorer.ui import deltas


@cache
def traced(name):
    return trace(name, preset(name).default_input)


@pytest.mark.parametrize(
    ("here", "there"),
    [("densenet201", "vovnet39"), ("dla34up", "centernet_dla34"), ("dla34", "deeplabv3_resnet101_msc_os8")],
)  # fmt: skip
def test_rows_add_up_to_the_networks(here, there):
    comparison = compare(traced(here), traced(there))
    for side, name, total in (("here", here, comparison.here), ("there", there, comparison.there)):
        rows = [stage.measures for row in comparison.rows if (stage := getattr(row, side))]
        assert sum(rows, Measures()) == total
        totals = traced(name).totals
        assert (total.parameters, total.macs, total.activation_bytes, total.operations) == (
            totals.parameters, totals.macs, totals.activation_bytes, len(traced(name).operations),
        )  # fmt: skip


def test_stages_correspond_by_resolution():
    comparison = compare(traced("densenet201"), traced("vovnet39"))
    rows = {row.section.title: row for row in comparison.rows}
    for stage, side in (("Stage 2", 56), ("Stage 3", 28), ("Stage 4", 14), ("Stage 5", 7)):
        for each in (rows[stage].here, rows[stage].there):
            assert each is not None
            assert each.output is not None
            assert each.output[-2:] == (side, side)
            assert each.stride == 224 / side
    assert comparison.shared == 5


def test_a_stage_that_one_network_lacks_is_a_row():
    comparison = compare(traced("dla34"), traced("densenet121"))
    rows = {row.section.title: row for row in comparison.rows}
    assert rows["Stage 0"].there is None
    assert "Decoder" not in rows


@pytest.mark.parametrize(
    ("here", "there", "text"),
    [(113, 100, "+13 %"), (92, 100, "−8.0 %"), (5, 5, "±0 %"), (0, 0, "±0 %"), (7, 0, "new"), (0, 7, "−100 %"),
     (1000, 100, "×10"), (100_001, 100_000, "+0.001 %"), (299, 100, "+199 %")],
)  # fmt: skip
def test_percentages_are_short_and_never_nothing_where_something_differs(here, there, text):
    assert deltas.percent(here, there) == text


def test_no_share_of_nothing():
    assert change(3, 0) is None
    assert change(3, 2) == pytest.approx(0.5)


def test_the_sentence_says_all():
    text = deltas.sentence(compare(traced("vovnet39"), traced("densenet201")), "vovnet39", "densenet201")
    assert (
        text
        == "vovnet39 has 22.60 M parameters (+13 %) and 7.07 GMACs (+65 %) against densenet201; 5 stages aligned."
    )


def test_an_edited_preset_is_told_from_the_preset():
    plain = preset("dla34").model_dump(mode="json")
    plain["head"]["classes"] = 7
    changed = ModelConfig.from_plain(plain)
    assert deltas.labels(changed, preset("dla34")) == ("dla34 (edited)", "dla34")
    assert deltas.labels(preset("dla34"), preset("dla34")) == ("dla34", "dla34 (2)")
    assert len(set(deltas.labels(changed, changed))) == 2
