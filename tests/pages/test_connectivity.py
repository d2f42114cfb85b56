"""The Connectivity page without a browser: a network of each family, its options, a cell, and what cannot be shown."""

import json

import pytest

FAMILIES = (
    "densenet40_k12", "vovnet27_slim", "dla34", "dla34up", "scenes_det", "peleenet", "deeplabv2_resnet101_msc",
)  # fmt: skip


@pytest.fixture
def open_connectivity(open_page):
    """``open_connectivity(model="dla34")`` opens the page; nothing may have gone wrong."""

    def open_connectivity(**query):
        page = open_page("connectivity", **query)
        assert not page.exception, page.exception
        assert not page.error, page.error
        return page

    return open_connectivity


def text(page):
    found = [
        element.value
        for element in (*page.markdown, *page.caption, *page.info, *page.warning, *page.subheader)
    ]
    return " ".join(found)


def figures(page):
    """The data of each figure on the page."""
    return [
        json.loads(part.proto.json) for part in page.get("bidi_component") if "palette" in part.proto.json
    ]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_network_of_each_family_has_its_heatmaps(open_connectivity, name):
    page = open_connectivity(model=name)
    (figure,) = figures(page)
    panels = figure["networks"][0]["panels"]
    assert panels
    units = [cell[2] for panel in panels for cell in panel["cells"]]
    assert max(units) == 1
    assert min(units) >= 0
    assert "What the numbers say" in text(page)
    assert page.latex[0].value.count("sum") == 3


def test_random_weights_are_said_to_be_random(open_connectivity):
    page = open_connectivity(model="vovnet27_slim")
    assert "**Random weights**" in page.warning[0].value
    assert figures(page)[0]["networks"][0]["random"]
    assert not any("Random" in warning.value for warning in open_connectivity(model="scenes_seg").warning)


def test_random_weights_stand_beside_learned_ones_on_demand(open_connectivity):
    page = open_connectivity(model="scenes_seg", random="1")
    learned, drawn = figures(page)[0]["networks"]
    assert (learned["random"], drawn["random"]) == (False, True)
    assert learned["panels"][0]["columns"] == drawn["panels"][0]["columns"]
    assert learned["panels"][0]["cells"] != drawn["panels"][0]["cells"]


def test_networks_side_by_side_share_one_scale(open_connectivity):
    page = open_connectivity(model="dla46_c", **{"with": "vovnet27_slim,dla46_c,nonsense,densenet40_k12"})
    networks = figures(page)[0]["networks"]
    assert [network["title"] for network in networks] == ["dla46_c", "vovnet27_slim", "densenet40_k12"]
    ones = [
        cell for network in networks for panel in network["panels"] for cell in panel["cells"] if cell[2] == 1
    ]
    assert len(ones) == 1


def test_scale_and_folding_are_in_the_address_and_change_the_numbers(open_connectivity):
    def numbers(**query):
        return figures(open_connectivity(model="scenes_seg", **query))[0]["networks"][0]["panels"][0]["cells"]

    plain, folded, by_target = numbers(), numbers(fold="1"), numbers(scale="target")
    assert [cell[3][0] for cell in plain] != [cell[3][0] for cell in folded]
    assert [cell[3][0] for cell in plain] == [cell[3][0] for cell in by_target]
    assert sum(cell[2] == 1 for cell in by_target) > sum(cell[2] == 1 for cell in plain)
    assert numbers(scale="nonsense") == plain


def test_controls_write_the_address(open_connectivity):
    page = open_connectivity(model="scenes_seg")
    page.segmented_control(key="connectivity.scale.figure").set_value("block").run()
    assert page.query_params["scale"] == "block"
    page.toggle(key="connectivity.fold.False").set_value(True).run()
    assert page.query_params["fold"] == "1"
    assert not page.exception


def test_a_cell_opens_its_weights_and_a_wrong_one_is_said(open_connectivity):
    page = open_connectivity(model="densenet40_k12", cell="0.1.3.7")
    shown = text(page)
    assert "**blocks.1.2** → **blocks.1.7.conv**" in shown.replace("\\", "")
    assert "the source’s channels 0 to 11 of 12" in shown
    facts = " ".join(str(part.proto) for part in page.get("html"))
    assert "1,296 = 12 filters" in facts
    for wrong in ("0.1.7.3", "0.9.0.0", "4.0.0.0"):
        assert "not in this figure" in text(open_connectivity(model="densenet40_k12", cell=wrong))
    assert "not in this figure" not in text(open_connectivity(model="densenet40_k12", cell="x.y"))


def test_a_network_without_aggregations_says_what_to_look_at(open_connectivity):
    page = open_connectivity(model="deeplab_resnet101")
    assert "there is nothing to compare" in page.info[0].value
    assert not figures(page)


@pytest.mark.parametrize("method", ["ablation", "gradient"])
def test_contributions_are_measured_and_compared(open_connectivity, method):
    page = open_connectivity(model="scenes_seg")
    page.segmented_control(key="connectivity.method").set_value(method).run()
    page.button(key="connectivity.measure").click().run(timeout=120)
    assert not page.exception, page.exception
    assert not page.error, page.error
    _, truth = figures(page)
    weights, measured = truth["networks"]
    assert len(weights["panels"][0]["cells"]) == len(measured["panels"][0]["cells"])
    assert max(cell[2] for cell in measured["panels"][0]["cells"]) == 1
    assert "Rank correlation" in text(page)


def test_many_passes_are_refused_with_another_way(open_connectivity):
    page = open_connectivity(model="densenet201")
    part = next(box for box in page.selectbox if box.label == "Aggregation")
    part.set_value("features.denseblock3").run()
    assert "at most 400 passes" in text(page)
    assert page.button(key="connectivity.measure").disabled
