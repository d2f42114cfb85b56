"""The inspector in a browser: the box follows, a click keeps it, tabs load, a tile enlarges."""

import re

from playwright.sync_api import Page, expect


def test_the_field_follows_the_pointer_and_the_inspector_goes_deeper(app: Page, settled):
    app.goto("/graph?model=scenes_det&node=base.level3.tree2.root")
    settled(app)
    frame = app.locator(".frame[role=application]")
    says = app.locator(".field .says")
    expect(says).to_contain_text("159×159 px")
    expect(says).to_contain_text("Row 33 of 64, column 33 of 64")
    # Without Python: the corner sees less, because its box ends at the border.
    frame.hover(position={"x": 2, "y": 2})
    expect(says).to_contain_text("Row 1 of 64, column 1 of 64")
    expect(says).not_to_contain_text("159×159")
    frame.click(position={"x": 2, "y": 2})
    frame.press("ArrowRight")
    frame.press("ArrowDown")
    settled(app)
    app.mouse.move(0, 0)
    expect(says).to_contain_text("Row 2 of 64, column 2 of 64")

    app.get_by_role("button", name="Compute at this position").click()
    expect(app.locator(".frame .heat")).to_be_visible()
    expect(app.get_by_text("Half of all gradient")).to_be_visible()
    expect(says).to_contain_text("Row 2 of 64, column 2 of 64")

    app.get_by_role("tab", name="Feature maps").click()
    tiles = app.locator(".tiles button")
    expect(tiles).to_have_count(24)
    settled(app)
    tile = tiles.nth(5)
    channel = tile.get_attribute("data-id")
    tile.click()
    expect(tile).to_have_attribute("aria-pressed", "true")
    expect(app.get_by_text(re.compile(rf"Channel {channel}\b")).first).to_be_visible()

    app.get_by_role("tab", name="Weights").click()
    expect(app.get_by_text("as colours").or_(app.get_by_text("A matrix: rows are filters"))).to_be_visible()
    settled(app)
    # The open tab stays while a reader goes from node to node.
    app.locator('.canvas [data-id="base.level2.root"]').locator("circle").first.click()
    expect(app.get_by_text("base.level2.root.conv.weight").first).to_be_visible()
    settled(app)
