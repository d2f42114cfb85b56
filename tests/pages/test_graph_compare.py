"""A second network on the Graph page: what the URL says is what is compared."""

import pytest
from streamlit.testing.v1 import AppTest

from explorer.config import ModelConfig, preset
from explorer.ui import state


def edited(levels):
    plain = preset("dla34").model_dump(mode="json")
    plain["backbone"]["levels"] = levels
    return state.encode(ModelConfig.from_plain(plain))


def written(page):
    return " ".join(
        [element.value for element in (*page.markdown, *page.caption, *page.info, *page.warning)]
        + [str(element.proto) for element in page.get("html")]
    )


def chooser(page):
    return next(box for box in page.selectbox if box.label == "Compare with")


@pytest.mark.parametrize("view", ["paper", "modules", "operations"])
def test_two_networks_are_compared_in_every_view(open_page, view):
    page = open_page("graph", model="vovnet39", against="densenet121", view=view)
    assert not page.exception, page.exception
    assert not page.warning
    text = written(page)
    assert "against densenet121; 5 stages aligned" in text
    assert "only in vovnet39" in text


def test_a_choice_is_in_the_url_and_no_choice_ends_the_comparison(open_page):
    page = open_page("graph", model="dla34")
    chooser(page).select("dla60").run()
    assert not page.exception, page.exception
    assert page.query_params["against"] == "dla60"
    assert "against dla60" in written(page)
    next(button for button in page.button if button.label == "Stop comparing").click().run()
    assert "against" not in page.query_params
    assert "stages aligned" not in written(page)


def test_an_edited_network_is_offered_the_preset_it_came_from(open_page):
    page = open_page("graph", config=edited([1, 1, 1, 2, 1, 1]), **{"from": "dla34"})
    assert chooser(page).options[0] == "dla34, which it came from"
    chooser(page).select_index(0).run()
    text = written(page)
    assert "dla34 (edited) has" in text
    assert "against dla34; 6 stages aligned" in text


def pasted(text):
    """What the URL says after a text was put into the control."""

    def script(text):
        from explorer.ui import graph_against

        graph_against.write(text)

    return AppTest.from_function(script, args=(text,)).run().query_params


def test_the_address_of_another_page_is_taken():
    other = edited([1, 1, 1, 2, 1, 1])
    assert pasted(f"http://localhost:8501/build?config={other}&from=dla34") == {"against_config": other}
    assert pasted("https://somewhere/graph?model=dla60&view=modules") == {"against": "dla60"}
    assert not pasted("https://somewhere/graph?model=dla61")
    assert not pasted("hello")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"against": "no_such_net"}, "There is no preset called"),
        ({"against": "![x](http://elsewhere/n.png)"}, r"!\[x\]("),
        ({"against_config": "nonsense"}, "configuration cannot be read"),
        ({"against_config": "A" * 20_000}, "at most"),
    ],
)
def test_what_cannot_be_compared_is_said(open_page, query, words):
    page = open_page("graph", model="dla34", **query)
    assert not page.exception, page.exception
    assert words in page.warning[0].value
    assert "nothing to compare with" in page.warning[0].value


def test_a_network_beside_itself_is_told(open_page):
    page = open_page("graph", model="dla34", against="dla34")
    assert not page.exception, page.exception
    assert "This is dla34 beside itself" in written(page)


def test_sizes_that_the_other_does_not_take_are_told(open_page):
    page = open_page("graph", model="vovnet39", size="240x240", against="centernet_dla34")
    assert not page.exception, page.exception
    assert r"centernet\_dla34 is shown at 512×512, vovnet39 at 240×240" in page.warning[0].value


def test_a_linked_node_is_shown_beside_its_counterpart(open_page):
    page = open_page("graph", model="centernet_dla34", against="dla34", node="base.level3.tree1.root")
    assert not page.exception, page.exception
    text = written(page)
    assert "base.level3.tree1.root ↔ level3.tree1.root" in text
    page = open_page("graph", model="dla34", against="centernet_dla34", against_node="ida_up.node_2")
    assert "has no counterpart in dla34" in written(page)


def test_all_of_both_opens_and_closes(open_page):
    page = open_page("graph", model="dla60", against="vovnet39")
    next(button for button in page.button if button.label == "Close all").click().run()
    assert not page.exception, page.exception
    assert "only in" in written(page)
    next(button for button in page.button if button.label == "First look").click().run()
    assert "open" not in page.query_params
    assert "against_open" not in page.query_params
