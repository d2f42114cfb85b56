"""The catalog's numbers are what the tracer finds, and its pictures show every block."""

import json
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from explorer.config import FeaturesHead, Task, presets
from explorer.graph import trace
from explorer.roles import Role
from explorer.ui import catalog_cards, catalog_chart, glyph, services
from explorer.ui.catalog import Family, Measure, block_of, entries, family_of, group_of
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


SVG = "{http://www.w3.org/2000/svg}"
SKY, GREEN, PINK, BLUE, GREY = "#56B4E9", "#009E73", "#CC79A7", "#0072B2", "#6B7280"


def headless(name):
    config = presets()[name]
    return config.model_copy(update={"name": None, "head": FeaturesHead()})


def marks(config):
    picture = ElementTree.fromstring(glyph.glyph(config))
    rects, dots = list(picture.iter(f"{SVG}rect")), list(picture.iter(f"{SVG}circle"))
    for mark in (*rects, *dots):
        assert 0 <= float(mark.get("x") or mark.get("cx") or "nan") <= glyph.WIDTH
        assert 0 <= float(mark.get("y") or mark.get("cy") or "nan") <= glyph.HEIGHT
    return (
        Counter(rect.get("fill") for rect in rects),
        Counter(dot.get("fill") for dot in dots),
    )


@pytest.mark.parametrize(
    "config",
    [
        *presets().values(),
        *(
            headless(name)
            for name in ("dla46_c", "densenet121", "densenet40_k12", "peleenet", "deeplab_resnet101")
        ),
    ],
    ids=lambda config: config.title,
)
def test_the_picture_has_every_block_and_every_aggregation_node(config):
    squares, dots = marks(config)
    graph = services.graph_of(config, config.default_input[2:])
    roles = Counter(scope.role for scope in graph.scopes)
    # PeleeNet's layers are drawn as their two ways.
    ways = sum(scope.path.endswith(("branch1a", "branch2a")) for scope in graph.scopes)
    dense = ways or roles[Role.DENSE_LAYER]
    assert squares[SKY] == roles[Role.BLOCK] + roles[Role.LAYER] + roles[Role.ASPP_BRANCH] + dense
    assert dots[GREEN] == roles[Role.ROOT] + roles[Role.NODE]
    assert dots[PINK] == roles[Role.CONCAT]
    assert squares[BLUE] == roles[Role.TRANSITION]
    without = config.task is Task.FEATURES
    assert squares[GREY] == roles[Role.ATTENTION] + (0 if without else 1)
    assert dots[GREY] == (len(graph.outputs) if without else 0)


@pytest.mark.parametrize("name", [name for name in presets() if "resnet101" in name])
def test_hollow_blocks_are_dilated(name):
    config = presets()[name]
    picture = ElementTree.fromstring(glyph.glyph(config))
    hollow = [rect for rect in picture.iter(f"{SVG}rect") if rect.get("fill-opacity")]
    graph = services.graph_of(config, config.default_input[2:])
    blocks = {scope.path for scope in graph.scopes if scope.role is Role.BLOCK}
    dilated = {
        operation.path.rsplit(".conv3x3", 1)[0]
        for operation in graph.operations
        if operation.attributes.get("dilation", (1, 1)) not in ((1, 1), None)
    }
    assert len(hollow) == len(blocks & dilated)


@pytest.mark.parametrize("layers", [(1, 1, 1, 1), (64, 64, 64, 64), (1, 64, 2, 3)])
def test_any_dense_network_fits_into_its_picture(layers):
    backbone = presets()["densenet121"].backbone.model_copy(update={"layers": layers, "growth_rate": 8})
    squares, dots = marks(presets()["densenet121"].model_copy(update={"backbone": backbone}))
    assert (squares[SKY], dots[PINK]) == (sum(layers), 4)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("dla60", {"dla60", "dla60x", "dla60x_c", "dla60up"}),
        ("GROUPED 64", {"dla102x2"}),
        ("osa growth", {"densenet40_osa5_43", "densenet40_osa12_23"}),
        ("detection vovnet", {"centernet_vovnet39"}),
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


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("dla34", Family.CLASSIFICATION),
        ("dla34up", Family.SEGMENTATION),
        ("centernet_dla34", Family.DETECTION),
        ("centernet_vovnet39", Family.DETECTION),
        ("centernet_densenet201", Family.DETECTION),
        ("vovnet39_ese", Family.VOVNET),
        ("densenet40_osa5_43", Family.DENSENET),
        ("peleenet", Family.PELEENET),
        ("deeplab_resnet101", Family.DEEPLAB),
        ("deeplabv2_resnet101_msc", Family.DEEPLAB),
        ("scenes_det", Family.SCENES),
    ],
)
def test_families(name, family):
    assert family_of(presets()[name], name) is family


def test_a_network_of_ones_own_is_called_what_it_is():
    config = headless("dla46_c")
    assert group_of(config, None) == "Own DLA features"
    assert group_of(presets()["dla34"], "dla34") == "DLA classification"


def test_best_first_keeps_measures_apart():
    shown = catalog_cards.select(list(entries().values()), "", [Family.VOVNET], Order.ACCURACY)
    measures = [entry.score.measure if entry.score else None for entry in shown]
    assert measures == [Measure.TOP1] * 2 + [Measure.BOX_AP] * 4 + [None] * 4
    assert [entry.name for entry in shown[:3]] == ["vovnet57", "vovnet39", "vovnet99_ese"]


@pytest.mark.parametrize("width", [1.0, 1.3, 1.8])
def test_no_two_labels_of_the_chart_meet(width):
    scored = [e for e in entries().values() if e.score and e.score.measure is Measure.TOP1]
    boxes = []
    for entry, (x, y) in zip(scored, catalog_chart.label_offsets(scored), strict=True):
        at = catalog_chart.place(entry)
        boxes.append(catalog_chart.Box(at[0] * width + x, at[1] + y, 5.6 * len(entry.name), 11))
    for index, box in enumerate(boxes):
        for other in boxes[index + 1 :]:
            assert box.overlap(other) == 0
