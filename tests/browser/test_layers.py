"""The Layers page in a real browser."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

HEADER, ROW = 35, 32
"""Heights in the table, in pixels."""


def select_row(page: Page, number: int) -> None:
    """Tick the row of that number, from 0; the table is a canvas, so by position."""
    table = page.get_by_test_id("stDataFrame")
    table.hover()
    table.click(position={"x": 18, "y": HEADER + ROW * (number + 0.5)})


def test_a_selected_row_leads_to_its_node_in_the_graph(app: Page, settled) -> None:
    app.goto("/layers?model=dla34&rows=Parts")
    settled(app)
    expect(app.get_by_role("tab", name="Table")).to_have_attribute("aria-selected", "true")
    select_row(app, 7)
    choice = app.locator(".st-key-layers-choice")
    expect(choice).to_contain_text("level2.root")
    choice.get_by_role("link", name="Show in the graph").click()
    expect(app.get_by_role("heading", name="Graph", exact=True)).to_be_visible()
    settled(app)
    query = parse_qs(urlsplit(app.url).query)
    assert query["node"] == ["level2.root"]
    expect(app.locator("[data-id='level2.root'][aria-selected=true]")).to_be_visible()


def test_an_operation_leads_to_the_operations_view(app: Page, settled) -> None:
    app.goto("/layers?model=dla34&rows=Operations")
    settled(app)
    select_row(app, 12)
    choice = app.locator(".st-key-layers-choice")
    expect(choice).to_contain_text("level2.tree1.conv1")
    choice.get_by_role("link", name="Show in the graph").click()
    expect(app.get_by_role("heading", name="Graph", exact=True)).to_be_visible()
    settled(app)
    expect(app.get_by_role("radio", name="Operations")).to_be_checked()
    expect(app.locator("[data-id='op:12'][aria-selected=true]")).to_be_visible()


def test_the_tabs_draw_when_they_are_opened(app: Page, settled) -> None:
    app.goto("/layers?model=scenes_det")
    settled(app)
    expect(app.get_by_test_id("stPlotlyChart")).to_have_count(0)
    app.get_by_role("tab", name="Along the depth").click()
    expect(app.get_by_test_id("stPlotlyChart")).to_be_visible()
    expect(app.get_by_test_id("stPlotlyChart")).to_contain_text("Million MACs")
    app.get_by_role("tab", name="torchinfo").click()
    expect(app.get_by_text("Mult-Adds").first).to_be_visible()
    settled(app)
