"""Two networks side by side in a browser: they move, open and are picked together."""

import re

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def compared(app: Page, settled):
    """The page with two networks, drawn and signed."""

    def compared(query: str) -> Page:
        app.goto(f"/graph?{query}")
        for side in (0, 1):
            expect(canvas(app, side).locator(".is-equal, .is-different").first).to_be_visible()
        settled(app)
        return app

    return compared


def canvas(page: Page, side: int):
    return page.locator(".canvas").nth(side)


def item(page: Page, side: int, identity: str):
    return canvas(page, side).locator(f'[data-id="{identity}"]')


def zoom(page: Page, side: int) -> str:
    return page.locator(".bar .zoom").nth(side).inner_text()


def test_what_is_done_in_one_is_done_in_the_other(compared, settled):
    page = compared("model=dla34&against=centernet_dla34")
    for side in (0, 1):
        expect(item(page, side, ("", "base.")[side] + "level2.root")).to_have_class(
            re.compile("is-different|is-equal")
        )

    # Zoom and position: what corresponds stays where its counterpart is, in either direction.
    for leader in (0, 1):
        before = zoom(page, 1 - leader)
        path = ("", "base.")[leader] + "level4.tree1.root"
        item(page, leader, path).locator("circle").first.hover()
        page.mouse.wheel(0, -500)
        expect(page.locator(".bar .zoom").nth(1 - leader)).not_to_have_text(before)
        assert zoom(page, 0) == zoom(page, 1)
        twin = item(page, 1 - leader, ("base.", "")[leader] + "level4.tree1.root")
        expect(twin).to_have_class(re.compile("twin"))
        page.locator(".bar .zoom").nth(leader).click()
        expect(page.locator(".bar .zoom").nth(1 - leader)).to_have_text(before)

    # Folding: a group and its counterpart close and open together, from either side.
    for leader in (0, 1):
        paths = ("level4.tree1", "base.level4.tree1")
        page.get_by_role("button", name=f"Close {paths[leader]}", exact=True).click()
        for side in (0, 1):
            expect(item(page, side, f"{paths[side]}.root")).to_have_count(0)
        expect(page).to_have_url(re.compile("open="))
        settled(page)
        page.get_by_role("button", name=f"Open {paths[1 - leader]}", exact=True).click()
        for side in (0, 1):
            expect(item(page, side, f"{paths[side]}.root")).to_have_count(1)
        settled(page)

    # Picking: both counterparts, and their facts side by side.
    item(page, 1, "base.level3.tree1.root").locator("circle").first.click()
    expect(item(page, 0, "level3.tree1.root")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("level3.tree1.root ↔ base.level3.tree1.root")).to_be_visible()
    expect(page).to_have_url(re.compile(r"against_node=base\.level3\.tree1\.root"))
