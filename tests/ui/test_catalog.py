"""The catalog's numbers are what the tracer finds, and its pictures show every block."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from explorer.config import presets
from explorer.graph import trace
from explorer.ui import catalog_cards, glyph, services
from explorer.ui.catalog import Family, block_of, entries
from explorer.ui.catalog_cards import Order

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", list(presets()))
def test_cost_is_what_the_tracer_finds(name):
    entry = entries()[name]
    totals = trace(entry.config, entry.config.default_input).totals
    assert (entry.parameters, entry.live_parameters, entry.macs) == (
        totals.parameters,
        totals.live_parameters,
        totals.macs,
    )


def test_every_preset_has_a_card_and_a_family():
    assert list(entries()) == list(presets())
    assert {entry.family for entry in entries().values()} == set(Family)


def test_every_score_says_where_it_was_published():
    scored = [entry for entry in entries().values() if entry.score]
    assert len(scored) >= 12
    for entry in scored:
        assert entry.score.source.url.startswith("https://") or entry.family is Family.SCENES
        assert 0 < entry.score.value < 100


def test_our_own_networks_show_what_their_cards_say():
    shown = entries()["scenes_seg"].score
    card = json.loads((ROOT / "assets" / "weights" / "scenes_seg.json").read_text())
    assert shown.value == 100 * card["evaluation"][0]["mean_iou"]


@pytest.mark.parametrize("name", list(presets()))
def test_the_picture_has_every_block_and_every_aggregation_node(name):
    config = presets()[name]
    picture = ElementTree.fromstring(glyph.glyph(config))
    blocks = [
        rect for rect in picture.iter("{http://www.w3.org/2000/svg}rect") if rect.get("fill") == "#56B4E9"
    ]
    nodes = [
        dot for dot in picture.iter("{http://www.w3.org/2000/svg}circle") if dot.get("fill") == "#009E73"
    ]
    graph = services.graph_of(config, config.default_input[2:])
    assert len(blocks) == sum(scope.role == "block" for scope in graph.scopes)
    assert len(nodes) == sum(scope.role in {"root", "node"} for scope in graph.scopes)
    for mark in (*blocks, *nodes):
        x = float(mark.get("x") or mark.get("cx") or "nan")
        assert 0 <= x <= glyph.WIDTH


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("dla60", {"dla60", "dla60x", "dla60x_c", "dla60up"}),
        ("GROUPED 64", {"dla102x2"}),
        ("detection plain-nothing", set()),
    ],
)
def test_find(words, names):
    found = catalog_cards.select(list(entries().values()), words, [], Order.PAPER)
    assert {entry.name for entry in found} == names


def test_families_narrow_and_orders_sort():
    shown = catalog_cards.select(list(entries().values()), "", [Family.SEGMENTATION], Order.MACS)
    assert [entry.name for entry in shown] == ["dla34up", "dla60up", "dla102up", "dla169up"]
    best = catalog_cards.select(list(entries().values()), "", [Family.CLASSIFICATION], Order.ACCURACY)
    assert best[0].name == "dla102x2"
    scores = [entry.score.value for entry in best if entry.score]
    assert scores == sorted(scores, reverse=True)


def test_groups_are_told_apart():
    assert re.search(r"\b64\b", block_of(presets()["dla102x2"]))
