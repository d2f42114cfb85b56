"""Building a network in a real browser: a newcomer's walk, live answers, both sides in step, the address."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

PATIENCE = 30_000


def numbers(page: Page) -> str:
    return page.locator(".build-numbers").inner_text()


def test_a_newcomer_walks_from_the_catalog_to_a_built_hybrid(app, settled):
    app.goto("/")
    settled(app)
    app.get_by_role("link", name="Build your own").click()
    app.get_by_role("button", name="Start from", exact=False).first.click()
    app.get_by_label("Find a preset").fill("osa slim")
    app.get_by_label("Start from vovnet27_slim").click()
    expect(app.locator(".build-face .name")).to_have_text("vovnet27_slim")
    before = app.url
    app.get_by_role("radio", name="Detection (CenterNet)").click()
    expect(app.locator(".build-difference")).to_contain_text("Detection (CenterNet)")
    expect(app).not_to_have_url(before)
    before = app.url
    app.get_by_label("Channels of output map hm").fill("3")
    expect(app.locator(".build-face")).to_contain_text("hm 3×")
    app.get_by_label("Channels of output map hm").blur()
    expect(app).not_to_have_url(before)
    expect(app.locator(".build-face .verdict")).to_contain_text("Valid")
    expect(app).to_have_url(re.compile("from=vovnet27_slim"))
    settled(app)
    app.goto(f"{app.url}&size=64x64")  # a small input: machines that test are slow
    settled(app)
    app.get_by_role("button", name="Build on CPU").click()
    report = app.locator(".st-key-build-report")
    expect(report).to_contain_text("Built on CPU", timeout=3 * PATIENCE)
    expect(report).to_contain_text("Memory taken, measured")
    expect(report).to_contain_text("3×16×16")
    report.get_by_role("link", name="Graph").click()
    expect(app).to_have_url(re.compile("/graph\\?.*config="))
    expect(app.locator(".canvas .node").first).to_be_visible()


def test_the_numbers_follow_every_keystroke_and_a_refusal_is_said_at_its_field(app, settled):
    app.goto("/build?model=dla34")
    settled(app)
    before = numbers(app)
    box = app.get_by_label("Channels of each level, level 3")
    box.fill("999")
    expect(app.locator(".build-numbers")).not_to_have_text(before, use_inner_text=True)
    box.fill("9999")
    said = "backbone.channels[3] is 9999, but must be at most 4096"
    expect(app.locator(".build-face .verdict")).to_contain_text(said)
    expect(app.locator(".field.bad .refused")).to_contain_text(said)
    app.get_by_role("button", name="Use 4096").click()
    expect(app.locator(".build-face .verdict")).to_contain_text("Valid")
    expect(box).to_have_value("4096")


def test_form_and_yaml_stay_in_step_and_broken_text_is_not_lost(app, settled):
    app.goto("/build?model=vovnet39")
    settled(app)
    app.get_by_label("Layers in each OSA module", exact=True).fill("3")
    app.get_by_role("tab", name="YAML").click()
    area = app.get_by_label("YAML", exact=True)
    expect(area).to_have_value(re.compile("layers: 3\n"))
    text = area.input_value()
    broken = text.replace("layers: 3", "layers: [3")
    area.fill(broken)
    expect(app.locator(".lines .bad")).to_be_visible()
    expect(app.locator(".build-face .verdict")).to_contain_text("Refused")
    app.get_by_role("tab", name="Form").click()
    expect(app.locator(".behind")).to_be_visible()
    expect(app.get_by_label("Layers in each OSA module", exact=True)).to_have_value("3")
    app.get_by_role("tab", name="YAML").click()
    expect(area).to_have_value(broken)
    area.fill(text.replace("layers: 3", "layers: 4"))
    app.get_by_role("tab", name="Form").click()
    expect(app.get_by_label("Layers in each OSA module", exact=True)).to_have_value("4")
    expect(app.locator(".behind")).to_be_hidden()


def test_undo_redo_and_the_back_button(app, settled):
    app.goto("/build?model=densenet121")
    settled(app)
    rate = app.get_by_label("Growth rate", exact=True)
    rate.fill("12")
    rate.blur()
    expect(app).to_have_url(re.compile("config="))
    settled(app)
    app.get_by_role("button", name="Undo").click()
    expect(rate).to_have_value("32")
    expect(app).to_have_url(re.compile("model=densenet121"))
    settled(app)
    app.get_by_role("button", name="Redo").click()
    expect(rate).to_have_value("12")
    expect(app).to_have_url(re.compile("config="))
    settled(app)
    app.go_back()
    expect(rate).to_have_value("32")


def test_a_link_reproduces_the_network_on_a_fresh_server(app, fresh_server, settled, page):
    app.goto("/build?model=dla34")
    settled(app)
    classes = app.get_by_label("Classes", exact=True)
    classes.fill("7")
    classes.blur()
    expect(app).to_have_url(re.compile("config="))
    link = urlsplit(app.url)
    assert parse_qs(link.query)["from"] == ["dla34"]
    page.goto(f"{fresh_server}{link.path}?{link.query}")
    expect(page.get_by_label("Classes", exact=True)).to_have_value("7")
    expect(page.locator(".build-difference")).to_contain_text("1000")


def test_a_yaml_file_is_read_and_a_large_one_refused(app, settled, tmp_path):
    app.goto("/build?model=dla34")
    settled(app)
    app.get_by_role("tab", name="YAML").click()
    text = app.get_by_label("YAML", exact=True).input_value()
    file = tmp_path / "mine.yaml"
    file.write_text(text.replace("classes: 1000", "classes: 11"))
    app.locator("input[type=file][accept*=yaml]").set_input_files(file)
    expect(app.get_by_label("YAML", exact=True)).to_have_value(re.compile("classes: 11"))
    expect(app.locator(".build-difference")).to_contain_text("11")
    file.write_text("#" * 30_000)
    app.locator("input[type=file][accept*=yaml]").set_input_files(file)
    expect(app.locator(".said")).to_contain_text("at most 20,000")


@pytest.mark.parametrize("width", [700, 1440])
def test_nothing_runs_over_the_edge(app, settled, width):
    app.set_viewport_size({"width": width, "height": 900})
    app.goto("/build?model=centernet_vovnet39")
    settled(app)
    wide = app.evaluate(
        """() => [...document.querySelectorAll('[data-testid=stMain] *')]
            .filter((e) => e.offsetWidth && e.getBoundingClientRect().right > innerWidth + 1)
            .map((e) => e.className).slice(0, 3)"""
    )
    assert not wide
