"""The frame and the current network, as a visitor meets them."""

import re

from playwright.sync_api import Page, expect


def network(page: Page):
    return page.locator(".st-key-strip").get_by_role("combobox", name="Network")


def facts(page: Page):
    return page.locator(".facts-line")


def test_a_deep_link_on_a_fresh_server_shows_the_frame(fresh_app, fresh_server, settled):
    fresh_app.goto(f"{fresh_server}/graph?model=dla60")
    settled(fresh_app)
    expect(fresh_app.locator(".st-key-navigation").get_by_role("link", name="Networks")).to_be_visible()
    expect(fresh_app.get_by_role("heading", name="Graph", exact=True)).to_be_visible()
    expect(network(fresh_app)).to_have_value("dla60")
    expect(fresh_app.get_by_role("dialog")).to_have_count(0)
    assert fresh_app.url == f"{fresh_server}/graph?model=dla60"


def test_one_click_leads_from_a_card_to_its_network_and_the_network_stays(app, settled):
    app.goto("/")
    settled(app)
    expect(app.locator(".card")).to_have_count(48)
    expect(app.locator(".js-plotly-plot .scatterlayer .point")).to_have_count(16)
    card = (
        app.get_by_test_id("stVerticalBlock")
        .filter(has=app.locator(".name", has_text=re.compile("^dla46_c$")))
        .last
    )
    card.get_by_role("link", name="Graph").click()
    expect(app).to_have_url(re.compile(r"/graph\?model=dla46_c$"))
    expect(network(app)).to_have_value("dla46_c")
    app.locator(".st-key-navigation").get_by_role("link", name="Layers").click()
    expect(app).to_have_url(re.compile(r"/layers\?model=dla46_c$"))
    expect(network(app)).to_have_value("dla46_c")
    settled(app)


def test_the_strip_changes_the_network_and_the_back_button_returns_it(app, settled):
    app.goto("/layers?model=dla34")
    settled(app)
    network(app).click()
    app.get_by_role("option", name="dla60x", exact=True).click()
    expect(app).to_have_url(re.compile(r"/layers\?model=dla60x\b"))
    expect(facts(app)).to_contain_text("17.65 M")
    app.go_back()
    expect(facts(app)).to_contain_text("15.78 M")
    settled(app)
    expect(network(app)).to_have_value("dla34")


def test_the_size_changes_the_cost(app, settled):
    app.goto("/layers?model=dla34")
    settled(app)
    app.locator(".st-key-strip").get_by_role("button", name="224×224").click()
    app.get_by_role("textbox", name="Height × width").fill("448x448")
    app.keyboard.press("Enter")
    expect(app).to_have_url(re.compile("size=448x448"))
    # Four times the pixels, so four times the 3.07 GMACs; the classifier sees 2×2 windows.
    expect(facts(app)).to_contain_text("12.29 GMACs at 448×448")
    settled(app)


def test_two_visitors_have_a_network_each(app, settled, browser):
    app.goto("/layers?model=dla34")
    other = browser.new_page()
    other.goto(app.url.replace("dla34", "dla46_c"))
    for page, name in ((app, "dla34"), (other, "dla46_c")):
        settled(page)
        expect(network(page)).to_have_value(name)
    other.close()


def test_markdown_in_a_link_is_shown_and_asks_no_other_server(app: Page, settled):
    app.goto("/?model=%21%5Bx%5D(http://elsewhere.invalid/a.png)")
    settled(app)
    expect(app.get_by_text("There is no preset called")).to_contain_text(
        "![x](http://elsewhere.invalid/a.png)"
    )
