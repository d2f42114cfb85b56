"""The Graph page without a browser: what the URL says is what is shown."""

import pytest

from explorer.analysis.overlays import MEANINGS, Gathering, Quantity, gather, per_operation
from explorer.config import presets
from explorer.errors import LayoutError
from explorer.graph import trace, view
from explorer.ui import graph_url

DEFAULT = frozenset({"a", "a.b", "c"})
ALL = DEFAULT | {"c.d", "e"}
OPENABLE = ALL | {"f"}


@pytest.mark.parametrize(
    "opened",
    [DEFAULT, ALL, frozenset(), DEFAULT - {"c"}, DEFAULT | {"e"}, ALL - {"e"}, frozenset({"f"}), OPENABLE],
)
def test_open_groups_survive_the_url(opened):
    assert graph_url.decode(graph_url.encode(opened, DEFAULT, ALL), DEFAULT, ALL, OPENABLE) == opened


def test_open_groups_are_written_shortly():
    assert graph_url.encode(DEFAULT, DEFAULT, ALL) == ""
    assert graph_url.encode(ALL, DEFAULT, ALL) == "*"
    assert graph_url.encode(frozenset(), DEFAULT, ALL) == "-"
    assert graph_url.encode(DEFAULT - {"a.b"}, DEFAULT, ALL) == "a.b"


@pytest.mark.parametrize("text", ["nothing,like,this", "<script>", ",,,", "a" * 100_000])
def test_strange_names_change_nothing(text):
    assert graph_url.decode(text, DEFAULT, ALL, OPENABLE) == DEFAULT


def shown_text(page):
    return " ".join(
        [element.value for element in (*page.markdown, *page.caption, *page.info, *page.warning)]
        + [str(element.proto) for element in page.get("html")]
    )


@pytest.mark.parametrize("view", ["paper", "modules", "operations"])
@pytest.mark.parametrize("model", ["dla34", "centernet_dla34", "dla169", "peleenet"])
def test_every_view_is_drawn(open_page, model, view):
    page = open_page("graph", model=model, view=view)
    assert not page.exception, page.exception
    assert not page.warning


def test_a_linked_node_is_inspected(open_page):
    page = open_page("graph", model="dla34", node="level3.tree2.root")
    assert not page.exception, page.exception
    text = shown_text(page)
    assert "level3.tree2.root" in text
    assert "128×28×28" in text
    # The root reads both blocks, the first tree's root, and stage 2, pooled.
    sources = [button.label for button in page.button if (button.key or "").startswith("graph-source-")]
    assert sorted(sources) == [
        "`level2.root`", "`level3.tree1.root`", "`level3.tree2.tree1`", "`level3.tree2.tree2`",
    ]  # fmt: skip


def test_a_neighbour_is_a_link(open_page):
    page = open_page("graph", model="dla34", node="level3.tree2.root")
    next(button for button in page.button if button.label == "`level2.root`").click().run()
    assert not page.exception, page.exception
    assert page.query_params["node"] == "level2.root"
    assert "64×56×56" in shown_text(page)


def test_a_linked_node_opens_the_groups_around_it(open_page):
    page = open_page("graph", model="dla169", node="level4.tree2.tree2.tree2.tree2.tree2")
    assert not page.exception, page.exception
    assert "level4.tree2.tree2.tree2.tree2" in page.query_params["open"]
    assert not page.info


def test_a_node_inside_a_block_leads_to_the_block(open_page):
    page = open_page("graph", model="dla34", node="level2.tree1.conv1")
    assert not page.exception, page.exception
    assert "level2.tree1.conv1 is inside level2.tree1" in page.info[0].value


def test_open_all_and_close_all_are_in_the_url(open_page):
    page = open_page("graph", model="dla169")
    for label, text in (("Open all", "*"), ("Close all", "-")):
        next(button for button in page.button if button.label == label).click().run()
        assert not page.exception, page.exception
        assert page.query_params["open"] == text
    next(button for button in page.button if button.label == "First look").click().run()
    assert "open" not in page.query_params


@pytest.mark.parametrize(
    "query",
    [
        {"open": "no.such,*,-"},
        {"node": "no.such.node"},
        {"node": "<b>x</b>"},
        {"view": "sketch"},
        {"node": ""},
    ],
)
def test_nonsense_falls_back(open_page, query):
    page = open_page("graph", model="dla34", **query)
    assert not page.exception, page.exception
    assert not page.error


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"node": "no.such.node"}, "There is no no.such.node in dla34"),
        ({"node": "![x](http://elsewhere/n.png)"}, r"!\[x\]("),
        ({"view": "sketch"}, "paper, modules, operations"),
    ],
)
def test_what_a_link_asks_for_in_vain_is_said_in_plain_words(open_page, query, words):
    page = open_page("graph", model="dla34", **query)
    assert words in page.info[0].value


def test_what_takes_too_long_is_refused_with_advice_and_the_page_stays(open_page, monkeypatch):
    from explorer.graph import layout as place
    from explorer.ui import layouts

    def refuse_large(view):
        if len(view.nodes) > 100:
            raise LayoutError("Placing 622 nodes takes longer than 8 s: open fewer groups.")
        return place(view)

    monkeypatch.setattr(layouts, "layout_of", refuse_large)
    page = open_page("graph", model="dla169", view="modules", open="*")
    assert not page.exception, page.exception
    assert "open fewer groups" in page.warning[0].value
    assert not page.error
    assert any(button.label == "Close all" for button in page.button)


@pytest.mark.parametrize("quantity", [quantity for quantity in Quantity if quantity is not Quantity.LATENCY])
def test_every_overlay_has_a_scale_and_a_table_of_the_same_numbers(open_page, quantity):
    page = open_page("graph", model="dla34", overlay=quantity.value)
    assert not page.exception, page.exception
    page.session_state[f"graph-table-{quantity}"] = True
    page.run()
    assert not page.exception, page.exception
    table = page.dataframe[0].value
    graph = trace(presets()["dla34"], (1, 3, 224, 224))
    if MEANINGS[quantity].gathering is Gathering.SUM:
        found = gather(view(graph, "paper"), graph, quantity, per_operation(graph, quantity))
        assert table["Value"].sum() == found.total
        assert table["Share"].sum() == pytest.approx(100)
    assert len(table) > 10
    assert any(option == MEANINGS[quantity].title for box in page.selectbox for option in box.options)


def test_an_unknown_overlay_is_said(open_page):
    page = open_page("graph", model="dla34", overlay="colour")
    assert not page.exception, page.exception
    assert any("colour is not an overlay" in info.value for info in page.info)


def test_latency_waits_to_be_asked_for(open_page):
    page = open_page("graph", model="dla46x_c", overlay="latency")
    assert not page.exception, page.exception
    assert not page.dataframe
    assert any(button.label == "Measure on CPU" for button in page.button)


@pytest.mark.parametrize("query", ["root", "concat > 3 inputs", "> 3", "colour > 1", "<b>", "x" * 5000])
def test_a_search_in_the_link_is_answered_or_explained(open_page, query):
    page = open_page("graph", model="dla34", find=query)
    assert not page.exception, page.exception


def test_paths_are_counted_from_the_picked_node(open_page):
    page = open_page("graph", model="dla34", node="level3.tree1.root", path="shortest")
    assert not page.exception, page.exception
    text = shown_text(page)
    assert "2,107 paths" in text
    assert "shortest **4** layers" in text
    page = open_page("graph", model="centernet_dla34", to="2", path="nowhere")
    assert not page.exception, page.exception
    assert "Paths" in shown_text(page)


@pytest.mark.parametrize("place", ["1,2,0.5", "nan,1,1", "a,b", "1,2", "1e99,0,1", "0,0,-1"])
def test_a_place_in_the_link_is_read_or_passed_over(place):
    found = graph_url.decode_place(place)
    assert found == ((1.0, 2.0, 0.5) if place == "1,2,0.5" else None)
