"""The Concepts page in a browser: the slider, the drawing and the formulas move together."""

import re

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def concepts(app: Page, settled):
    """``concepts("?form=…")`` opens the page and waits until the first drawing is there."""

    def concepts(query: str) -> Page:
        app.goto(f"/concepts{query}")
        expect(app.locator(".canvas .node").first).to_be_visible()
        settled(app)
        return app

    return concepts


def node(page: Page, identity: str):
    return page.locator(f'.canvas [data-id="{identity}"]')


def test_the_slider_moves_drawing_and_formula(concepts, settled):
    page = concepts("?form=hierarchical&levels=2")
    parts = page.locator('.canvas [data-id^="net."]')
    terms = page.get_by_role("radiogroup", name="Terms").get_by_role("radio")
    expect(parts).to_have_count(6)
    expect(terms).to_have_count(6)
    slider = page.get_by_role("slider", name=re.compile("Levels n of the tree"))
    for depth in (3, 4):
        slider.press("ArrowRight")
        expect(page.get_by_text(f"Every term at depth {depth}")).to_be_visible()
        expect(parts).to_have_count(2**depth + 2 ** (depth - 1))
        expect(terms).to_have_count(2**depth + 2 ** (depth - 1))
    expect(page).to_have_url(re.compile("levels=4"))
    settled(page)


def test_a_node_finds_its_term_and_a_term_its_node(concepts, settled):
    page = concepts("?form=hierarchical&levels=2")
    node(page, "net.R1.N").locator("circle").first.click()
    expect(page).to_have_url(re.compile("term=a1"))
    terms = page.get_by_role("radiogroup", name="Terms").get_by_role("radio")
    expect(terms.nth(1)).to_be_checked()
    settled(page)
    page.get_by_role("radiogroup", name="Terms").locator("label").nth(0).click()
    expect(node(page, "net.N")).to_have_class(re.compile("picked"))
    expect(node(page, "net.R1.N")).not_to_have_class(re.compile("picked"))
    expect(page).to_have_url(re.compile("term=a2"))
    settled(page)


def test_the_back_button_leads_to_the_section_before(concepts, settled):
    page = concepts("?section=aggregation")
    page.get_by_text("Dense and one-shot", exact=True).click()
    expect(page).to_have_url(re.compile("section=dense"))
    expect(page.get_by_text("Memory access cost, layer by layer")).to_be_visible()
    settled(page)
    page.go_back()
    expect(page.get_by_text("Every term at length 4")).to_be_visible()
    settled(page)


def test_a_thumbnail_opens_its_form_and_the_back_button_the_one_before(concepts, settled):
    page = concepts("")
    forms = page.get_by_role("group", name="Forms of aggregation").get_by_role("button")
    expect(forms).to_have_count(6)
    forms.filter(has_text="Reentrant").click()
    expect(page).to_have_url(re.compile("form=reentrant"))
    settled(page)
    page.go_back()
    expect(forms.filter(has_text="No aggregation")).to_have_attribute("aria-pressed", "true")
    settled(page)
