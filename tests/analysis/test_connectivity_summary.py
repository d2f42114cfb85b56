"""Summaries and heatmaps, by cases small enough to work out by hand."""

import csv
import io
from math import e, exp, log

import numpy as np
import pytest

from explorer.analysis import Aggregation, Kind, connectivity
from explorer.analysis.aggregation import Source, Target
from explorer.analysis.connectivity_summary import effective_number, pearson, ranks, spearman, summary
from explorer.analysis.connectivity_text import csv_text, npz_bytes
from explorer.analysis.filter_slice import filter_slice
from explorer.analysis.heatmaps import Scale, divisors, heatmaps
from explorer.config import resolve
from explorer.graph import trace
from explorer.networks import build
from explorer.roles import Role


def _block(strength, **options):
    """A dense block with a transition; 0 is no connection."""
    matrix = np.array(strength, float)
    rows, columns = matrix.shape
    targets = [Target(i, f"block.{i}.conv", Role.DENSE_LAYER) for i in range(columns - 1)]
    return Aggregation(
        path="block",
        kind=Kind.DENSE,
        sources=tuple(Source(i, f"s{i}", 4) for i in range(rows)),
        targets=(*targets, Target(columns, "transition.conv", Role.TRANSITION)),
        strength=matrix,
        connected=matrix > 0,
        **options,
    )


# Into the layers: 8, 4, 2 on average; into the transition: 1, 2, 3.
BLOCK = _block([[8, 8, 8, 1], [0, 4, 4, 2], [0, 0, 2, 3]])


def test_summary_of_a_block_worked_out_by_hand():
    found = summary(BLOCK)
    assert (found.connections, found.strong) == (9, 5)
    assert found.intermediate == pytest.approx(34 / 6)
    assert found.last == pytest.approx(2)
    # Deviations from the means 14/3 and 2: (10/3, −2/3, −8/3) and (−1, 0, 1).
    expected = -6 / np.sqrt((100 + 4 + 64) / 9 * 2)
    assert found.correlation == pytest.approx(expected)
    assert [read for _, read in found.effective] == [1, 2, 3, 3]
    assert found.effective[0][0] == pytest.approx(1)
    two_to_one = exp(2 / 3 * log(3 / 2) + 1 / 3 * log(3))
    assert found.effective[1][0] == pytest.approx(two_to_one)


def test_what_is_strong_follows_the_scale():
    assert summary(BLOCK, BLOCK.strength / 16).strong == 3
    assert summary(BLOCK, BLOCK.normalized_by_target).strong == 7


def test_a_single_target_is_the_last_one():
    alone = Aggregation(
        "root", Kind.HDA, BLOCK.sources[:2], (Target(0, "root.conv", Role.ROOT),),
        np.array([[1.0], [3.0]]), np.ones((2, 1), bool),
    )  # fmt: skip
    found = summary(alone)
    assert (found.intermediate, found.last, found.correlation) == (None, 2, None)


@pytest.mark.parametrize(
    ("shares", "expected"), [([1, 1, 1, 1], 4), ([5, 0, 0], 1), ([0, 0], 0), ([1 / e, 1 / e], 2), ([], 0)]
)
def test_effective_number(shares, expected):
    assert effective_number(shares) == pytest.approx(expected)


def test_ranks_and_correlations():
    assert ranks([10, 30, 20, 20]).tolist() == [1, 4, 2.5, 2.5]
    assert spearman([1, 2, 3], [1, 10, 1000]) == pytest.approx(1)
    assert spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)
    # Σd² = 8 over five places: 1 − 6·8 / (5·24).
    assert spearman([1, 2, 3, 4, 5], [2, 1, 4, 5, 3]) == pytest.approx(0.6)
    assert pearson([1, 2], [1, 2]) is None
    assert pearson([1, 1, 1], [1, 2, 3]) is None


def _of(name):
    config = resolve(name)
    graph, network = trace(config, config.default_input), build(config, seed=1)
    return graph, network.state_dict(), connectivity(graph, network.state_dict())


def test_heatmaps_of_a_dense_network_are_its_blocks():
    graph, _, items = _of("densenet40_k12")
    found = heatmaps(graph, items)
    assert [heatmap.title for heatmap in found] == ["blocks.0", "blocks.1", "blocks.2"]
    assert [mark.label for mark in found[0].columns] == [*map(str, range(1, 13)), "T"]
    assert found[2].columns[-1].label == "C"
    assert all(heatmap.framed == {12} for heatmap in found)
    assert [mark.label for mark in found[0].rows] == [*map(str, range(13))]
    assert all(cell.row <= cell.column for heatmap in found for cell in heatmap.cells)
    assert sum(len(heatmap.cells) for heatmap in found) == 3 * 91


def test_roots_stand_side_by_side_by_the_part_of_each_child():
    graph, _, items = _of("dla34")
    (roots,) = heatmaps(graph, items)
    assert [mark.label for mark in roots.rows] == ["x₂", "x₁", "bottom", "outer x₁"]
    assert [mark.label for mark in roots.columns] == [
        "level2", "level3.tree1", "level3.tree2", "level4.tree1", "level4.tree2", "level5",
    ]  # fmt: skip
    by_column = {
        mark.label: [roots.rows[c.row].label for c in roots.cells if c.column == i]
        for i, mark in enumerate(roots.columns)
    }
    assert by_column["level3.tree2"] == ["x₂", "x₁", "bottom", "outer x₁"]
    assert by_column["level5"] == ["x₂", "x₁", "bottom"]
    for cell in roots.cells:
        assert cell.strength == items[cell.aggregation].strength[cell.source, cell.target]


def test_sums_are_apart_and_have_a_scale_of_their_own():
    graph, _, items = _of("centernet_dla34")
    found = heatmaps(graph, items)
    assert [heatmap.kind for heatmap in found] == [Kind.HDA, Kind.SUM]
    assert {mark.label for mark in found[1].rows} == {"running", "projected"}
    (parts,) = divisors([found], Scale.FIGURE)
    for heatmap, divisor in zip(found, parts, strict=True):
        assert set(divisor) == {max(cell.strength for cell in heatmap.cells)}


@pytest.mark.parametrize("scale", list(Scale))
def test_every_scale_reaches_one_and_no_more(scale):
    graph, _, items = _of("vovnet27_slim")
    figure = heatmaps(graph, items)
    (parts,) = divisors([figure], scale)
    units = [c.strength / p for heatmap, part in zip(figure, parts, strict=True)
             for c, p in zip(heatmap.cells, part, strict=True)]  # fmt: skip
    assert max(units) == 1
    targets = {(c.aggregation, c.target) for heatmap in figure for c in heatmap.cells}
    ones = {Scale.BLOCK: len(items), Scale.TARGET: len(targets)}
    assert sum(unit == 1 for unit in units) == ones.get(scale, 1)


def test_networks_share_the_scale_of_a_figure():
    small, large = ([*heatmaps(graph, items)] for graph, _, items in (_of("vovnet27_slim"), _of("dla34")))
    most = max(c.strength for h in (*small, *large) for c in h.cells)
    found = divisors([small, large], Scale.FIGURE)
    assert {p for figure in found for part in figure for p in part} == {most}


@pytest.mark.parametrize(
    "name", ["densenet40_k12", "dla34up", "peleenet", "centernet_dlav0_34", "scenes_det"]
)
def test_the_slice_of_a_cell_is_what_its_strength_is_the_mean_of(name):
    graph, weights, items = _of(name)
    for item in items[:: max(1, len(items) // 4)]:
        for source, target in np.argwhere(item.connected)[:: max(1, int(item.connected.sum()) // 5)]:
            found = filter_slice(graph, weights, item, source, target)
            assert found.ndim == 4
            assert np.abs(found).mean(dtype=float) == pytest.approx(item.strength[source, target], rel=1e-5)


def test_files_keep_names_and_numbers():
    _, _, items = _of("vovnet27_slim")
    rows = list(csv.DictReader(io.StringIO(csv_text(items, Scale.BLOCK))))
    assert len(rows) == sum(int(item.connected.sum()) for item in items)
    first = rows[0]
    assert (first["aggregation"], first["source"], first["channels"]) == ("stage2.OSA2_1", "stem", "128")
    assert float(first["strength"]) == pytest.approx(items[0].strength[0, 0])
    assert max(float(row["scaled"]) for row in rows) == 1
    arrays = np.load(io.BytesIO(npz_bytes(items, Scale.RAW)), allow_pickle=False)
    np.testing.assert_array_equal(arrays["stage3.OSA3_1/strength"], items[1].strength)
    assert arrays["stage3.OSA3_1/sources"].tolist() == [source.path for source in items[1].sources]
    assert arrays["stage3.OSA3_1/targets"].tolist() == [target.path for target in items[1].targets]
