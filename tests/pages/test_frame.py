"""Every page stands in the frame, whatever the URL says."""

import pytest
import safetensors.torch
import torch

from explorer.config import presets
from explorer.ui import state
from explorer.ui.shell import ROOMS

PAGES = [room.stem for room in ROOMS]
OWN = state.encode(
    presets()["dla34up"].model_copy(
        update={"name": None, "head": presets()["scenes_seg"].head.model_copy(update={"classes": 3})}
    )
)


@pytest.mark.parametrize("stem", PAGES)
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"model": "scenes_seg"},
        {"model": "centernet_dla34", "size": "256x320"},
        {"config": OWN, "size": "64x64"},
        {"model": "no-such", "config": "%%%", "size": "9e9", "weights": "?", "device": "toaster"},
    ],
    ids=["default", "scenes", "detector", "own", "nonsense"],
)
def test_no_page_fails(open_page, stem, query):
    page = open_page(stem, **query)
    assert not page.exception, page.exception
    assert len(page.title) == 1


@pytest.mark.parametrize("stem", [stem for stem in PAGES if stem != "catalog"])
def test_nonsense_is_answered_in_sentences(open_page, stem):
    page = open_page(stem, model="dla43", size="1x1")
    said = " ".join(warning.value for warning in page.warning)
    assert "did you mean dla34" in said
    assert "from 32 to 2048" in said


@pytest.mark.parametrize("stem", [stem for stem in PAGES if stem not in ("catalog", "concepts")])
def test_the_strip_changes_the_network_in_the_url(open_page, stem):
    page = open_page(stem, model="dla34", size="320x320")
    chooser = next(box for box in page.selectbox if box.label == "Network")
    chooser.set_value("dla46_c").run()
    assert not page.exception, page.exception
    assert page.query_params["model"] == "dla46_c"
    assert "size" not in page.query_params


def test_find_narrows_the_catalog(open_page):
    page = open_page("catalog")
    page.text_input(key="catalog-find").set_value("nothing-is-called-this").run()
    assert "No network matches" in page.info[0].value


def test_a_checkpoint_of_ones_own_is_for_this_network_only(open_page):
    page = open_page("layers", model="dla46_c")
    weights = safetensors.torch.save({"weight": torch.ones(2)})
    page.file_uploader[0].upload("own.safetensors", weights, mime_type="application/octet-stream")
    page.run()
    assert page.query_params["weights"] == "own"
    assert not page.warning
    # Another browser, or this one later, has the address but not the file.
    other = open_page("layers", model="dla46_c", weights="own")
    assert "choose the file again" in other.warning[0].value
