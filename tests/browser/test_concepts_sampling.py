"""Figures on operators in a real browser: the pointer, the keyboard, and numbers that agree with Python's."""

import json
import re

import numpy as np
from playwright.sync_api import Locator, Page, expect

from explorer.concepts.observing import Observation, observe
from explorer.config import preset
from explorer.inference.samples import SAMPLES
from explorer.runtime.engine import build_engine

READY = 90_000


def opened(app: Page, section: str) -> None:
    app.goto(f"/concepts?section={section}&device=cpu")


def points(frame: Locator) -> np.ndarray:
    """The nine samples that are drawn, (x, y) in pixels of the picture."""
    return np.array(json.loads(frame.get_attribute("data-points") or "[]"))


def observed() -> Observation:
    return observe(build_engine(preset("scenes_det"), "shipped", "cpu"), SAMPLES[0].path.read_bytes())


def test_a_click_moves_the_samples(app: Page, settled) -> None:
    opened(app, "sampling")
    frame = app.locator(".sampling[data-ready] .whole")
    expect(frame).to_be_visible(timeout=READY)
    before = points(frame)
    size = frame.bounding_box()
    assert size is not None
    row, column = 56, 25
    frame.click(position={"x": size["width"] * (column + 0.5) / 80, "y": size["height"] * (row + 0.5) / 80})
    # Python answers with the sum of that cell.
    expect(app.get_by_text(f"The sum at row {row}, column {column}")).to_be_visible()
    settled(app)
    app.mouse.move(0, 0)
    after = points(frame)
    assert after.shape == (9, 2)
    assert not np.allclose(before, after)

    layer = observed().layers["ida_up.node_2.conv"]
    expected = (
        layer.points((row, column))[:, ::-1] + 0.5
    ) * 4  # the sample is as large as the network's input
    assert np.allclose(after, expected, atol=0.1)

    # Without offsets the samples lie on the regular grid.
    share = app.get_by_role("slider", name="Share of the offsets")
    share.fill("0")
    share.dispatch_event("change")
    steps = np.array([(j, i) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    assert np.allclose(points(frame), (np.array([column, row]) + steps + 0.5) * 4, atol=0.01)

    frame.focus()
    frame.press("ArrowRight")
    expect(app.get_by_text(f"The sum at row {row}, column {column + 1}")).to_be_visible()


def test_a_peak_is_picked_by_keyboard(app: Page, settled) -> None:
    opened(app, "peaks")
    picture = app.get_by_role("group", name="The picture under the heatmap, with its peaks")
    expect(picture).to_be_visible(timeout=READY)
    settled(app)
    chosen = picture.get_by_role("button", name=re.compile("^Chosen"))
    first = chosen.get_attribute("aria-label")
    peak = picture.get_by_role("button", name=re.compile("^(?!Chosen)")).last
    name = peak.get_attribute("aria-label")
    peak.focus()
    peak.press("Enter")
    expect(picture.get_by_role("button", name=f"Chosen: {name}")).to_be_visible()
    assert name != first
    # What had the focus before it was drawn anew has it still.
    expect(picture.get_by_role("button", name=f"Chosen: {name}")).to_be_focused()


def test_the_output_of_aspp_moves(app: Page, settled) -> None:
    opened(app, "atrous")
    field = app.get_by_role("application", name=re.compile("^The map"))
    expect(field).to_be_visible(timeout=READY)
    settled(app)
    expect(app.get_by_text("Output at row 32, column 32")).to_be_visible()
    field.click(position={"x": 2, "y": 2})
    expect(app.get_by_text("Output at row 0, column 0")).to_be_visible()
    field.press("ArrowDown")
    expect(app.get_by_text("Output at row 1, column 0")).to_be_visible()
