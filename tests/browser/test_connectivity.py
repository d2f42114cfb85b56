"""Heatmaps in a browser: numbers under the pointer and by keyboard, a cell opened and closed, the way to the graph."""

import re

from playwright.sync_api import expect


def test_a_cell_is_pointed_at_opened_and_followed_into_the_graph(app, settled):
    app.goto("/connectivity?model=densenet40_k12")
    settled(app)
    block = app.get_by_role("application", name=re.compile("blocks.1"))
    area = block.locator(".area").bounding_box()
    side = area["width"] / 13
    # Source 2, target 7: third row, seventh column.
    at = {"x": area["x"] + 6.5 * side, "y": area["y"] + 2.5 * side}
    app.mouse.move(**at)
    tip = app.locator(".tip.shown")
    expect(tip).to_contain_text("mean |w|")
    expect(tip).to_contain_text("blocks.1.1, 12 channels")
    expect(tip).to_contain_text("blocks.1.6.conv")
    app.mouse.move(area["x"] + 0.5 * side, area["y"] + 8.5 * side)
    expect(tip).to_have_count(0)

    app.mouse.click(**at)
    panel = app.locator(".st-key-connectivity-cell")
    expect(panel).to_contain_text("blocks.1.6.conv")
    expect(app).to_have_url(re.compile(r"cell=0\.1\.2\.6"))
    expect(block.locator(".chosen")).to_have_attribute("visibility", "visible")
    settled(app)
    target = panel.get_by_role("link", name="Target in the graph").get_attribute("href")
    assert "node=blocks.1.6.conv" in target

    panel.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)
    app.go_back()
    expect(panel).to_contain_text("blocks.1.6.conv")
    settled(app)

    block.focus()
    app.keyboard.press("ArrowRight")
    app.keyboard.press("ArrowRight")
    expect(tip).to_contain_text("from 0")
    app.keyboard.press("Enter")
    expect(app).to_have_url(re.compile(r"cell=0\.1\.0\.1"))
    settled(app)

    app.goto(target)
    settled(app)
    expect(app.get_by_role("heading", name="Graph")).to_be_visible()
    expect(app.locator("body")).to_contain_text("blocks.1.6")
