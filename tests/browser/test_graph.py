"""The Graph page in a browser: mouse, keyboard, search, groups and links."""

import re

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def graph(app: Page, settled):
    """``graph("?model=…")`` opens the page and waits until the graph is drawn."""

    def graph(query: str = "?model=dla34") -> Page:
        app.goto(f"/graph{query}")
        expect(app.locator(".canvas .node").first).to_be_visible()
        settled(app)
        return app

    return graph


def item(page: Page, identity: str):
    return page.locator(f'.canvas [data-id="{identity}"]')


def transform(page: Page) -> str:
    page.wait_for_timeout(60)
    return page.locator(".world").get_attribute("transform") or ""


def test_a_click_picks_and_the_url_remembers(graph, settled):
    page = graph()
    item(page, "level3.tree1.root").locator("circle").first.click()
    expect(item(page, "level3.tree1.root")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("Aggregation node (root) · Root · stage 3")).to_be_visible()
    expect(page).to_have_url(re.compile("node=level3.tree1.root"))
    page.goto(page.url)
    settled(page)
    expect(item(page, "level3.tree1.root")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("Aggregation node (root) · Root · stage 3")).to_be_visible()


def test_groups_open_and_close_and_the_link_shows_the_same(graph, settled, context, base_url):
    page = graph()
    before = transform(page)
    scale = before.split(")")[0]
    page.get_by_role("button", name="Close level3.tree1", exact=True).click()
    expect(item(page, "level3.tree1.tree1")).to_have_count(0)
    expect(item(page, "level3.tree1")).to_have_class(re.compile("node"))
    assert transform(page).startswith(scale), "opening a group must not change the zoom"
    expect(page).to_have_url(re.compile("open=level3.tree1"))
    settled(page)
    other = context.browser.new_context().new_page()
    other.goto(page.url)
    expect(item(other, "level3.tree1")).to_have_class(re.compile("node"))
    expect(item(other, "level3.tree1.tree1")).to_have_count(0)
    other.context.close()
    page.get_by_role("button", name="Open level3.tree1", exact=True).click()
    expect(item(page, "level3.tree1.tree1")).to_have_count(1)
    expect(page).not_to_have_url(re.compile("open="))


def test_what_was_toggled_stays_in_its_place(graph):
    page = graph("?model=dla169")
    frame = item(page, "level3.tree1").locator("rect").first.bounding_box()
    page.get_by_role("button", name="Close level3.tree1", exact=True).click()
    node = item(page, "level3.tree1")
    expect(node).to_have_class(re.compile("node"))
    page.wait_for_timeout(400)
    box = node.locator("rect").first.bounding_box()
    assert box["x"] == pytest.approx(frame["x"], abs=3)
    assert box["y"] + box["height"] / 2 == pytest.approx(frame["y"] + frame["height"] / 2, abs=3)


def test_the_keyboard_does_it_all(graph):
    page = graph()
    canvas = page.locator(".canvas")
    canvas.focus()
    start = transform(page)
    page.keyboard.press("+")
    zoomed = transform(page)
    assert zoomed != start
    page.keyboard.press("ArrowRight")
    assert transform(page) != zoomed
    page.keyboard.press("f")
    fitted = transform(page)
    page.keyboard.press("+")
    page.keyboard.press("0")
    assert transform(page) == fitted
    node = item(page, "level2.tree1")
    node.focus()
    page.keyboard.press("Enter")
    expect(node).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("node=level2.tree1"))
    page.keyboard.press("o")
    expect(item(page, "level2.tree1.conv1")).to_have_count(1)
    page.get_by_role("button", name="Close level2.tree1", exact=True).press("Enter")
    expect(item(page, "level2.tree1.conv1")).to_have_count(0)
    expect(item(page, "level2.tree1")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("node="))


def test_nodes_are_reached_by_tab_in_order_and_named(graph):
    page = graph()
    labels = page.locator(".canvas .node").evaluate_all(
        "nodes => nodes.map(node => node.getAttribute('aria-label'))"
    )
    assert labels[0].startswith("input")
    assert "level3.tree2.root: Aggregation node (root), yields 128×28×28" in labels
    assert page.locator(".canvas .node:not([tabindex='0'])").count() == 0


def test_search_steps_through_hits(graph):
    page = graph()
    page.locator(".canvas").focus()
    page.keyboard.press("/")
    box = page.get_by_role("searchbox", name="Search nodes")
    expect(box).to_be_focused()
    box.fill("root")
    expect(page.locator(".found")).to_have_text("6 found")
    expect(page.locator(".canvas .hit")).to_have_count(6)
    page.keyboard.press("Enter")
    expect(page.locator(".found")).to_have_text("1 of 6")
    expect(item(page, "level2.root")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(item(page, "level3.tree1.root")).to_have_attribute("aria-pressed", "true")
    box.fill("zzz")
    expect(page.locator(".found")).to_have_text("nothing found")
    page.keyboard.press("Escape")
    expect(page.locator(".canvas .hit")).to_have_count(0)


def test_hover_tells_what_feeds_from_what_is_fed(graph):
    page = graph()
    item(page, "level3.tree1.root").locator("circle").first.hover()
    feeding = page.locator(".canvas .feeds").evaluate_all("nodes => nodes.map(node => node.dataset.id)")
    fed = page.locator(".canvas .fed").evaluate_all("nodes => nodes.map(node => node.dataset.id)")
    assert set(feeding) == {"level3.tree1.tree1", "level3.tree1.tree2"}
    assert set(fed) == {"level3.tree2.tree1", "level3.tree2.root"}
    expect(item(page, "input:0")).to_have_class(re.compile("upstream"))
    expect(item(page, "output:0")).to_have_class(re.compile("downstream"))
    expect(page.get_by_role("tooltip")).to_contain_text("128×28×28")
    page.get_by_role("heading", name="Graph").hover()
    expect(page.locator(".canvas .feeds")).to_have_count(0)


def test_wheel_zooms_at_the_pointer_and_drag_moves_without_picking(graph):
    page = graph()
    node = item(page, "level3.tree1.root").locator("circle").first
    box = node.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(100)
    larger = node.bounding_box()
    assert larger["width"] > box["width"] * 1.3
    assert larger["x"] + larger["width"] / 2 == pytest.approx(middle[0], abs=2)
    page.mouse.down()
    page.mouse.move(middle[0] + 80, middle[1] + 10, steps=4)
    page.mouse.up()
    page.wait_for_timeout(100)
    assert node.bounding_box()["x"] == pytest.approx(larger["x"] + 80, abs=2)
    expect(page.locator(".canvas [aria-pressed=true]")).to_have_count(0)


def test_a_neighbour_in_the_inspector_is_picked_in_the_graph(graph):
    page = graph("?model=dla34&node=level3.tree2.root")
    page.get_by_role("button", name="level2.root", exact=True).click()
    expect(item(page, "level2.root")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("node=level2.root"))


def test_the_source_code_of_the_class_is_shown(graph):
    page = graph("?model=dla34&node=level3.tree2.root")
    page.get_by_role("tab", name="Source").click()
    expect(page.get_by_text("explorer.networks.dla.Root").last).to_be_visible()
    expect(page.get_by_test_id("stCode")).to_contain_text("class Root")


def test_views_and_captions(graph, settled):
    page = graph()
    page.get_by_text("Operations", exact=True).click()
    expect(page).to_have_url(re.compile("view=operations"))
    expect(page.locator(".canvas .node.operation")).not_to_have_count(0)
    expect(page.locator(".canvas .label").first).to_have_text("3×224×224")
    settled(page)


@pytest.mark.parametrize(
    ("name", "start", "file"),
    [("SVG", b"<?xml", "paper.svg"), ("PDF", b"%PDF", "paper.pdf"), ("PNG", b"\x89PNG", "paper.png"),
     ("Mermaid", b"---", "paper.mmd"), ("LayerGraph", b"{", "dla34-224x224.json"),
     ("PyTorch script", b'"""', "dla34.py")],
)  # fmt: skip
def test_downloads(graph, name, start, file):
    page = graph()
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=re.compile(f"{name}( ·|$)")).click()
    assert waiting.value.path().read_bytes().startswith(start)
    assert waiting.value.suggested_filename.endswith(file)


def test_onnx_is_made_when_asked_for_and_then_saved(graph):
    page = graph("?model=densenet40_k12")
    page.get_by_role("button", name="Download").click()
    page.get_by_role("button", name="Make ONNX").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save ONNX").click()
    assert waiting.value.path().read_bytes().startswith(b"\x08\x09")
    assert waiting.value.suggested_filename == "densenet40_k12-32x32.onnx"


def test_a_click_sends_little(graph, settled):
    """The drawing is sent once; picking a node must not send it again."""
    app_bytes = []
    page = graph("?model=dla169&view=modules&open=*")
    page.on("websocket", lambda socket: None)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    cdp.on(
        "Network.webSocketFrameReceived",
        lambda event: app_bytes.append(len(event["response"]["payloadData"])),
    )
    for number in (2, 3, 4):
        page.locator(".canvas .node").nth(number).dispatch_event("click")
        identity = page.locator(".canvas .node").nth(number).get_attribute("data-id")
        expect(page).to_have_url(re.compile(f"node={identity}(&|$)"))
        settled(page)
    assert 0 < sum(app_bytes) < 60_000, sum(app_bytes)


def test_the_graph_cannot_be_lost(graph):
    page = graph()
    page.locator(".canvas").focus()
    for _ in range(120):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(100)
    stage = page.locator(".canvas").bounding_box()
    world = page.locator(".canvas .nodes").bounding_box()
    assert world["x"] + world["width"] > stage["x"] + 50
