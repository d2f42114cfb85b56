"""The inspector without a browser: every kind of node, every section, and what cannot be done in a sentence."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

TABS = ("Receptive field", "Feature maps", "Weights", "Operations", "Source")


@pytest.fixture
def inspect(open_page):
    """``inspect("dla34", "level2", "Weights")`` opens the Graph page at a node and one of the inspector's tabs."""

    def inspect(model, node, tab="Receptive field", **query):
        page = open_page("graph", model=model, node=node, **query)
        if tab != "Receptive field":
            page.session_state["inspector.tab"] = tab
            page.run()
        assert not page.exception, page.exception
        return page

    return inspect


def text(page):
    found = [element.value for element in (*page.markdown, *page.caption, *page.error, *page.info)]
    return " ".join([*found, *(str(element.proto) for element in page.get("html"))])


def component(page, name):
    return [found for found in page.get("bidi_component") if name in str(found.proto)]


NODES = {
    "a convolution": ("scenes_det", "base.level0.0", {"view": "operations"}),
    "an aggregation node": ("scenes_det", "base.level3.tree2.root", {}),
    "a folded tree": ("scenes_det", "base.level4", {"open": "base"}),
    "a pooling": ("scenes_det", "base.level2.downsample", {"view": "modules", "open": "*"}),
    "an input": ("scenes_det", "input:0", {}),
    "an output": ("scenes_det", "output:0", {}),
    "a vector": ("vovnet27_slim", "classifier", {"view": "modules"}),
}


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("kind", NODES)
def test_every_section_of_every_kind_of_node_is_drawn(inspect, kind, tab):
    model, node, query = NODES[kind]
    page = inspect(model, node, tab, **query)
    assert not page.error, page.error


def test_the_field_of_an_aggregation_node(inspect):
    page = inspect("scenes_det", "base.level3.tree2.root")
    shown = text(page)
    assert "159×159 px" in shown
    assert "17×17 px to 159×159 px" in shown
    assert "64×64" in shown


def test_attention_is_said_to_see_everything(inspect):
    assert "reads a whole map" in text(inspect("vovnet19_slim_ese", "stage5"))


def test_a_deformable_network_has_a_lower_bound(inspect):
    assert "lower bound" in text(inspect("scenes_det", "ida_up.node_1"))


def test_the_effective_field_is_computed_where_it_is_asked_for(inspect):
    page = inspect("scenes_det", "base.level2.root")
    assert "Half of all gradient" not in text(page)
    page.button(key="inspector-erf").click().run()
    assert not page.exception, page.exception
    shown = text(page)
    assert "Half of all gradient" in shown
    assert "of the theoretical side" in shown


def test_weights_have_statistics_and_kernels(inspect):
    page = inspect("scenes_det", "base.base_layer", "Weights")
    table = page.dataframe[0].value
    assert table["Tensor"].tolist()[0] == "base.base_layer.0.weight"
    assert table["Std"].tolist()[0] == pytest.approx(0.11, abs=0.01)
    assert "as colours" in text(page)
    deep = inspect("scenes_det", "base.level5.tree1", "Weights")
    assert "Rows: filters 0 to 23 of 256" in text(deep)


def test_random_weights_are_said_to_be_random(inspect):
    assert "has learned nothing" in text(inspect("dla46_c", "level2", "Weights"))
    assert "Random weights" in text(inspect("dla46_c", "level2", "Feature maps"))


def test_a_pooling_has_no_weights(inspect):
    page = inspect("scenes_det", "base.level2.downsample", "Weights", view="modules", open="*")
    assert "Nothing in here has weights" in text(page)


def test_feature_maps_are_ranked_and_one_is_enlarged(inspect):
    page = inspect("scenes_det", "base.level2.root", "Feature maps")
    shown = text(page)
    assert "24 of 32 channels" in shown
    assert "Channel" in shown
    assert "Mean ± deviation" in shown


def test_an_upload_is_used_and_a_bad_one_refused(inspect):
    page = inspect("scenes_det", "base.level2.root")
    page.file_uploader(key="inspector-upload").upload("notes.png", b"no picture", "image/png").run()
    assert not page.exception, page.exception
    assert "not a readable image" in text(page)
    file = BytesIO()
    Image.fromarray(np.zeros((40, 90, 3), np.uint8)).save(file, "PNG")
    page.file_uploader(key="inspector-upload").upload("grey_box.png", file.getvalue(), "image/png").run()
    assert not page.exception, page.exception
    assert r"grey\_box.png, 512×512" in text(page)


def test_what_does_not_fit_is_refused_in_a_sentence(inspect, monkeypatch):
    from explorer.runtime import budget

    monkeypatch.setattr(budget, "free_memory", lambda device: 2**20)
    for tab in ("Feature maps", "Weights"):
        page = inspect("dla46x_c", "level2", tab)
        assert "GiB" in page.error[0].value


def test_operations_are_listed_with_their_cost(inspect):
    table = inspect("scenes_det", "base.level3.tree2.root", "Operations").dataframe[0].value
    assert table["Operation"].tolist() == ["cat", "conv2d", "batch_norm", "relu"]
    assert table["MACs"].tolist()[1] == 224 * 64 * 64 * 64


def test_source_is_that_of_the_module(inspect):
    page = inspect("scenes_det", "base.level3.tree2.root", "Source")
    assert "class Root" in page.code[0].value


def test_a_measured_network_tells_the_time_of_a_node(inspect, monkeypatch):
    from explorer.config import preset
    from explorer.graph import trace
    from explorer.measure import Latency
    from explorer.ui import graph_measured

    graph = trace(preset("scenes_det"), (1, 3, 512, 512))
    assert "Latency" not in text(inspect("scenes_det", "base.level2.root"))
    times = tuple(0.25 if o.path.startswith("base.level2.root") else 0.0 for o in graph.operations)
    found = Latency("cpu", "A processor", (512, 512), 9, times, 2.0, 2.0)
    monkeypatch.setattr(graph_measured, "last_latency", lambda here: found)
    assert "1.00 s, 50.0 % of the network" in text(inspect("scenes_det", "base.level2.root"))
