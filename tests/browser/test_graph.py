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
    return page.locator(".world").evaluate("world => world.style.transform")


def test_a_click_picks_and_the_url_remembers(graph, settled):
    page = graph()
    item(page, "level3.tree1.root").locator("circle").first.click()
    expect(item(page, "level3.tree1.root")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("Aggregation node (root) · Root · stage 3")).to_be_visible()
    expect(page).to_have_url(re.compile("node=level3.tree1.root"))
    page.goto(page.url)
    settled(page)
    expect(item(page, "level3.tree1.root")).to_have_attribute("aria-selected", "true")
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


def test_the_keyboard_alone_walks_opens_and_leaves(graph):
    page = graph()
    page.get_by_role("button", name="Copy a link to this view").focus()
    page.keyboard.press("Tab")
    expect(page.locator(".canvas")).to_be_focused()
    start = transform(page)
    page.keyboard.press("+")
    zoomed = transform(page)
    assert zoomed != start
    page.keyboard.press("ArrowRight")
    assert transform(page) != zoomed
    page.keyboard.press("f")
    page.keyboard.press("Tab")
    expect(item(page, "input:0")).to_be_focused()
    for passed in ("base_layer", "level0", "level1", "level2.tree1"):
        page.keyboard.press("ArrowRight")
        expect(item(page, passed)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(item(page, "level1")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    expect(item(page, "level2.tree1")).to_have_attribute("aria-selected", "true")
    expect(page).to_have_url(re.compile("node=level2.tree1"))
    page.keyboard.press("Enter")
    expect(item(page, "level2.tree1.conv1")).to_have_count(1)
    heading = item(page, "level2.tree1").locator(".heading")
    expect(heading).to_be_focused()
    page.keyboard.press("Enter")
    expect(item(page, "level2.tree1.conv1")).to_have_count(0)
    expect(item(page, "level2.tree1")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("node="))
    page.keyboard.press("End")
    expect(item(page, "output:0")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".canvas")).to_be_focused()


def test_the_graph_is_one_tab_stop_and_every_part_is_named_in_its_place(graph):
    page = graph()
    parts = page.locator(".canvas [role=treeitem]")
    named = parts.evaluate_all(
        "parts => parts.map(part => ['label', 'level', 'expanded'].map(name => part.getAttribute(`aria-${name}`)))"
    )
    assert ["level3.tree2.root: Aggregation node (root), yields 128×28×28", "3", "false"] in named
    assert any(label.startswith("level3:") and state == "true" for label, _, state in named)
    assert all(label and int(level) >= 1 for label, level, _ in named)
    assert page.locator(".canvas [role=treeitem][tabindex='0']").count() == 1


def test_search_steps_through_hits(graph):
    page = graph()
    page.locator(".canvas").focus()
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Find in the network")
    expect(box).to_be_focused()
    box.fill("root")
    expect(page.locator(".found")).to_have_text("6 found")
    expect(page.locator(".canvas .hit")).to_have_count(6)
    expect(page).to_have_url(re.compile("find=root"))
    page.keyboard.press("Enter")
    expect(page.locator(".found")).to_have_text("1 of 6")
    expect(item(page, "level2.root")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(item(page, "level3.tree1.root")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Shift+Enter")
    expect(item(page, "level2.root")).to_have_attribute("aria-selected", "true")
    box.fill("zzz")
    expect(page.locator(".found")).to_have_text("nothing found")
    page.keyboard.press("Escape")
    expect(page.locator(".canvas .hit")).to_have_count(0)


def test_a_folded_hit_is_offered_and_opened(graph):
    page = graph("?model=dla34&find=concat+%3E+3+inputs")
    expect(page.locator(".found")).to_have_text("2 found, 2 folded")
    expect(item(page, "level3.tree2.root")).to_have_class(re.compile("holds"))
    page.get_by_role("combobox", name="Find in the network").focus()
    page.get_by_role("option", name="level3.tree2.root · cat in level3.tree2.root").click()
    expect(item(page, "level3.tree2.root")).to_have_class(re.compile("frame"))
    expect(page.locator(".canvas .node.hit.picked")).to_have_count(1)


def test_a_search_that_cannot_be_read_says_why(graph):
    page = graph("?model=dla34&find=colour+%3E+3")
    expect(page.locator(".found")).to_contain_text("colour cannot be compared")


def test_an_overlay_colours_the_nodes_and_explains_its_scale(graph, settled):
    page = graph("?model=dla34&overlay=parameters")
    expect(page.locator(".scale-title")).to_have_text("Parameters (elements)")
    expect(page.locator(".scale-note")).to_contain_text(
        "Groups show the sum. Logarithmic scale. The network: 15.78 M"
    )
    ticks = page.locator(".tick").all_inner_texts()
    assert (ticks[0], ticks[-1]) == ("2.34 k", "4.72 M")
    expect(item(page, "level5.tree2").locator(".amount")).to_have_text("4.72 M")
    expect(item(page, "level5.tree2")).to_have_class(re.compile("valued"))
    expect(item(page, "input:0")).not_to_have_class(re.compile("valued"))
    page.get_by_text("Table of Parameters").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    settled(page)
    page.goto(f"{page.url.partition('?')[0]}?model=dla34&overlay=stride")
    expect(page.locator(".scale-title")).to_have_text("Output stride (pixels)")
    expect(item(page, "level5.root").locator(".amount")).to_have_text("32")


def test_latency_is_measured_when_asked_for(graph):
    page = graph("?model=dla34&overlay=latency")
    expect(page.locator(".scale-box")).to_be_hidden()
    page.get_by_role("button", name=re.compile("^Measure on")).click()
    expect(page.locator(".scale-title")).to_have_text("Latency (seconds)", timeout=90_000)
    expect(page.locator(".scale-note")).to_contain_text("unwatched, the network takes")
    expect(item(page, "level5.tree2").locator(".amount")).to_contain_text("s")


def test_the_shortest_path_is_lit_edge_by_edge(graph):
    page = graph("?model=dla34&node=level3.tree1.root&path=shortest")
    lit = page.locator(".canvas .node.route").evaluate_all("nodes => nodes.map(node => node.dataset.id)")
    assert set(lit) == {
        "level3.tree1.root", "level3.tree2.root", "level4.tree2.root", "level5.root", "avgpool", "fc", "output:0",
    }  # fmt: skip
    expect(page.locator(".canvas .edge.route")).to_have_count(6)
    page.get_by_text("Light none").click()
    expect(page.locator(".canvas .route")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("path="))


def test_a_picture_and_a_link_are_carried_away(graph, context):
    page = graph("?model=dla34&overlay=macs")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save a picture of this view (PNG)").click()
    assert waiting.value.path().read_bytes().startswith(b"\x89PNG")
    assert waiting.value.suggested_filename == "dla34-paper-view.png"
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".canvas").focus()
    for _ in range(2):
        before = page.locator(".zoom").inner_text()
        page.keyboard.press("+")
        expect(page.locator(".zoom")).not_to_have_text(before)  # drawn with the next frame
    zoom = page.locator(".zoom").inner_text()
    page.get_by_role("button", name="Copy a link to this view").click()
    expect(page.locator(".voice")).to_have_text("The link is copied.")
    link = page.evaluate("navigator.clipboard.readText()")
    assert "overlay=macs" in link
    page.goto(link)
    expect(page.locator(".zoom")).to_have_text(zoom)
    expect(page.locator(".scale-title")).to_contain_text("MACs")


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
    expect(page.locator(".canvas [aria-selected=true]")).to_have_count(0)


def test_a_neighbour_in_the_inspector_is_picked_in_the_graph(graph):
    page = graph("?model=dla34&node=level3.tree2.root")
    page.get_by_role("button", name="level2.root", exact=True).click()
    expect(item(page, "level2.root")).to_have_attribute("aria-selected", "true")
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
    expect(page.locator(".canvas .label.clear")).not_to_have_count(0)
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


def test_a_click_sends_little(graph, app, settled):
    """The drawing is sent once; picking a node must not send it again, nor must an overlay."""
    sent = []
    cdp = app.context.new_cdp_session(app)
    cdp.send("Network.enable")
    cdp.on("Network.webSocketFrameReceived", lambda event: sent.append(len(event["response"]["payloadData"])))
    page = graph("?model=dla169&view=modules&open=*&overlay=parameters")
    drawing = max(sent)
    assert drawing > 200_000
    sent.clear()
    for number in (2, 3, 4):
        page.locator(".canvas .node").nth(number).dispatch_event("click")
        identity = page.locator(".canvas .node").nth(number).get_attribute("data-id")
        expect(page).to_have_url(re.compile(f"node={identity}(&|$)"))
        settled(page)
    assert 0 < max(sent) < drawing / 2


def test_the_graph_cannot_be_lost(graph):
    page = graph()
    page.locator(".canvas").focus()
    for _ in range(120):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(100)
    stage = page.locator(".canvas").bounding_box()
    world = page.locator(".canvas .nodes").bounding_box()
    assert world["x"] + world["width"] > stage["x"] + 50
