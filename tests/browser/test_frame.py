"""The frame, the current network and the configuration dialog, as a visitor meets them."""

import re

from playwright.sync_api import Page, expect


def network(page: Page):
    return page.locator(".st-key-strip").get_by_role("combobox", name="Network")


def facts(page: Page):
    return page.locator(".facts-line")


def open_dialog(page: Page):
    page.locator(".st-key-strip").get_by_role("button", name="Configure").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox", name="YAML")).to_be_visible()
    return dialog


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


def test_a_network_that_nobody_built_before_is_built(app, settled):
    app.goto("/layers?model=dla34")
    settled(app)
    dialog = open_dialog(app)
    levels = dialog.get_by_role("textbox", name="Depth of each level")
    levels.fill("1, 1, 1, 1, 2, 1")
    levels.press("Enter")
    expect(dialog.get_by_role("textbox", name="YAML")).to_have_value(
        re.compile(r"levels: \[1, 1, 1, 1, 2, 1\]")
    )
    dialog.get_by_role("button", name=re.compile("^Build on")).click()
    expect(dialog.get_by_text("This is now the current network")).to_be_visible()
    expect(dialog.get_by_test_id("stMetric").filter(has_text="Parameters")).to_contain_text("M")
    expect(app).to_have_url(re.compile(r"/layers\?config="))
    dialog.get_by_role("button", name="Close", exact=True).last.click()
    expect(dialog).to_have_count(0)
    expect(network(app)).to_have_value(re.compile("^custom-dla-"))
    before = facts(app).inner_text()
    app.reload()
    settled(app)
    expect(facts(app)).to_have_text(before)


def test_what_was_typed_is_never_lost(app, settled):
    app.goto("/layers?model=dla34")
    settled(app)
    dialog = open_dialog(app)
    text = dialog.get_by_role("textbox", name="YAML")
    typed = text.input_value().replace("block: basic", "block: basik")
    text.fill(typed)
    text.press("Control+Enter")
    expect(dialog.get_by_role("alert").filter(has_text="basik")).to_be_visible()
    expect(text).to_have_value(typed)
    expect(dialog.get_by_role("button", name=re.compile("^Build on"))).to_be_disabled()
    expect(dialog.get_by_role("textbox", name="Depth of each level")).to_be_disabled()
    text.fill(typed.replace("basik", "bottleneck"))
    text.press("Control+Enter")
    expect(dialog.get_by_role("button", name=re.compile("^Build on"))).to_be_enabled()


def test_markdown_in_a_link_is_shown_and_asks_no_other_server(app: Page, settled):
    app.goto("/?model=%21%5Bx%5D(http://elsewhere.invalid/a.png)")
    settled(app)
    expect(app.get_by_text("There is no preset called")).to_contain_text(
        "![x](http://elsewhere.invalid/a.png)"
    )
