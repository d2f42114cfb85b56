"""The Concepts page without a browser: sections, forms and sizes of the URL, and what is said of them."""

import re

import pytest

from explorer.concepts.forms import FACTS, Form
from explorer.config import DLABackbone, preset
from explorer.ui.concepts import SECTIONS
from explorer.ui.concepts_tree import published


def metrics(page):
    return {metric.label: metric.value for metric in page.metric}


def radio(page, label):
    return next(each for each in page.radio if each.label == label)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_is_drawn(open_page, section):
    page = open_page("concepts", section=section)
    assert not page.exception, page.exception
    assert not page.error


def test_an_unknown_section_is_answered_in_a_sentence(open_page):
    page = open_page("concepts", section="![x](http://elsewhere/n.png)", form="spiral")
    assert not page.exception, page.exception
    said = " ".join(info.value for info in page.info)
    assert "aggregation" in said
    assert "hierarchical" in said
    assert "elsewhere" not in said


@pytest.mark.parametrize("form", list(Form))
def test_every_form_at_its_largest(open_page, form):
    facts = FACTS[form]
    size = facts.sizes[1]
    page = open_page("concepts", form=form, **{"levels" if facts.hierarchical else "blocks": str(size)})
    assert not page.exception, page.exception
    assert metrics(page)["Blocks"] == str(2**size if facts.hierarchical else size)


def test_the_slider_changes_counts_and_formulas(open_page):
    page = open_page("concepts", form="hierarchical", levels="2")
    assert metrics(page)["Aggregation nodes"] == "2"
    assert radio(page, "Terms").options[0].startswith("$a_{2} = T_{2}(x) = N(a_{1}, b_{3}, b_{4})")
    page.slider(key="levels").set_value(4).run()
    assert not page.exception, page.exception
    assert metrics(page)["Aggregation nodes"] == "8"
    assert metrics(page)["Shortest path"] == "5"
    assert metrics(page)["Longest path"] == "24"
    assert (
        radio(page, "Terms")
        .options[0]
        .startswith("$a_{8} = T_{4}(x) = N(a_{4}, a_{6}, a_{7}, b_{15}, b_{16})")
    )


def test_a_link_to_a_term_shows_it(open_page):
    page = open_page("concepts", form="hierarchical", levels="3", term="a2")
    whole, term = (latex.value for latex in page.latex if "boxed" in latex.value)
    assert r"y = a_{4} = N(\boxed{N(N(b_{1}, b_{2}), b_{3}, b_{4})}, N(b_{5}, b_{6}), b_{7}, b_{8})" in whole
    assert r"\boxed{a_{2} = R^{3}_{2} = T_{2}(x) = N(a_{1}, b_{3}, b_{4})}" in term


def test_a_line_of_the_expansion_is_remembered_in_the_url(open_page):
    page = open_page("concepts", form="iterative", blocks="4")
    terms = radio(page, "Terms")
    terms.set_value(next(term for term in terms.options if term.startswith("$a_{2}"))).run()
    assert not page.exception, page.exception
    assert page.query_params["term"] == "a2"


def test_the_last_root_and_its_children(open_page):
    page = open_page("concepts", tree="3", level_root="true", root_residual="true")
    table = next(frame.value for frame in page.dataframe if "Child" in frame.value.columns)
    assert list(table["From"]) == [
        "tree2.tree2.tree2",
        "tree2.tree2.tree1",
        "input",
        "tree1.tree2.root",
        "tree2.tree1.root",
    ]
    assert list(table["Also added"]) == [True, False, False, False, False]
    dead = next(frame.value for frame in page.dataframe if "Projection" in frame.value.columns)
    assert list(dead["Its result"]) == ["read by nobody", "read by nobody", "the first block's shortcut"]


@pytest.mark.parametrize(
    ("settings", "network"),
    [
        ((1, False, False), "dla34"),
        ((2, True, False), "dla34"),
        ((3, True, True), "dla102"),
        ((5, True, True), "dla169"),
    ],
)
def test_published_trees_are_found(settings, network):
    found = published(*settings)
    assert found is not None
    name, level = found
    assert name == network
    backbone = preset(name).backbone
    assert isinstance(backbone, DLABackbone)
    assert (backbone.levels[level], level > 2, backbone.root_residual) == settings


def test_no_network_is_named_where_none_has_such_a_tree():
    assert published(5, level_root=True, residual=False) is None


def test_memory_access_is_counted_live(open_page):
    page = open_page("concepts", section="dense")
    assert any(
        r"32 \cdot 32 \cdot (148 + 12) + 3^2 \cdot 148 \cdot 12 = 179\,824" in each.value
        for each in page.latex
    )
    page.slider(key="growth").set_value(24).run()
    assert not page.exception, page.exception
    assert any(
        r"32 \cdot 32 \cdot (280 + 24) + 3^2 \cdot 280 \cdot 24 = 371\,776" in each.value
        for each in page.latex
    )
    table = page.dataframe[0].value.set_index("Network")
    assert table.loc["densenet40_k12", "Memory access cost"] == 3_684_442


def test_the_presets_of_the_study(open_page):
    page = open_page("concepts", section="dense", growth="40", channels="64")
    next(button for button in page.button if button.label == "12 layers of 23").click().run()
    assert not page.exception, page.exception
    values = {
        name: page.slider(key=name).value
        for name in ("dense_layers", "growth", "osa_layers", "osa_width", "channels")
    }
    assert values == {"dense_layers": 12, "growth": 12, "osa_layers": 12, "osa_width": 23, "channels": 16}


def test_the_walk_goes_from_the_first_form_to_the_last(open_page):
    page = open_page("concepts")
    letters = []
    while True:
        letters += re.findall(r"Fig\. 2 ([a-f]) · ", " ".join(each.value for each in page.markdown))
        onwards = page.button(key="concepts.fig2.Next")
        if onwards.disabled:
            break
        onwards.click().run()
        assert not page.exception, page.exception
    assert letters == [FACTS[form].letter for form in Form]
    assert page.query_params["form"] == "hierarchical"
