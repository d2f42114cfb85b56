"""The Predict page as a visitor uses it."""

import io
import json
import re
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from explorer.config.protocol import SCENES_SEGMENTATION
from explorer.inference.samples import SAMPLES

NETWORK = "weights=random&device=cpu"


def answered(page: Page) -> Locator:
    """The picture with its answer, once the browser has drawn it."""
    view = page.locator(".prediction[data-ready]")
    expect(view).to_be_visible(timeout=90_000)
    return view


def runs(page: Page) -> int:
    """How often the engine has run, as the page says."""
    line = page.locator(".stages .dim").inner_text()
    found = re.search(r"engine's run (\d+)", line)
    assert found, line
    return int(found[1])


def photograph(path: Path) -> Path:
    """A picture with the look of a photograph: 90 x 60 upright, stored lying down with an EXIF orientation."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 9, 3), np.uint8)).resize(
        (90, 60), Image.Resampling.BICUBIC
    )
    exif = Image.Exif()
    exif[0x0112] = 6
    coarse.transpose(Image.Transpose.ROTATE_90).save(path, "JPEG", quality=90, exif=exif)
    return path


def test_a_sample_hover_and_classes(app: Page) -> None:
    app.goto(f"/predict?model=scenes_seg&{NETWORK}&sample=Night")
    view = answered(app)
    expect(app.get_by_role("button", name="Night")).to_have_attribute("aria-pressed", "true")
    frame = view.locator(".frame").first
    frame.hover(position={"x": 40, "y": 40})
    tip = frame.locator(".tip")
    expect(tip).to_be_visible()
    assert tip.locator("b").inner_text() in SCENES_SEGMENTATION.labels
    # The truth points at the same place.
    expect(view.locator(".frame").nth(1).locator(".tip")).to_be_visible()
    first = view.locator(".legend button").first
    shown = first.get_attribute("aria-pressed")
    first.click()
    assert first.get_attribute("aria-pressed") != shown
    app.get_by_role("button", name=SAMPLES[2].name).click()
    expect(app).to_have_url(re.compile(f"sample={SAMPLES[2].name}"))


def test_an_upload_comes_back_in_its_own_pixels(app: Page, tmp_path: Path, settled) -> None:
    app.goto(f"/predict?model=scenes_seg&{NETWORK}")
    answered(app)
    app.get_by_role("radio", name="Upload").click()
    app.locator("input[type=file]").last.set_input_files(photograph(tmp_path / "photo.jpg"))
    expect(app.get_by_text("90×60 JPEG, computed at 96×64 on cpu")).to_be_visible()
    expect(app.get_by_text("Turned upright as its EXIF orientation says.")).to_be_visible()
    settled(app)
    with app.expect_download() as download:
        app.get_by_role("button", name="Classes (PNG)").click()
    mask = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert (mask.mode, mask.size) == ("P", (90, 60))
    shares = np.bincount(np.asarray(mask).reshape(-1), minlength=9) / (90 * 60)
    largest = app.locator(".legend button").first
    expected = f"{SCENES_SEGMENTATION.labels[shares.argmax()]}{100 * shares.max():.1f} %"
    assert largest.inner_text().replace("\n", "") == expected


def test_a_file_that_is_no_picture(app: Page, tmp_path: Path) -> None:
    text = tmp_path / "fake.png"
    text.write_text("<script>alert('hello')</script>" * 30)
    app.goto(f"/predict?model=scenes_seg&{NETWORK}")
    answered(app)
    app.get_by_role("radio", name="Upload").click()
    app.locator("input[type=file]").last.set_input_files(text)
    expect(app.get_by_text("The file is not a readable image, whatever its name says")).to_be_visible()
    app.get_by_role("radio", name="Samples").click()
    answered(app)


def test_threshold_and_top_k_without_the_network(app: Page, settled) -> None:
    app.goto(f"/predict?model=scenes_det&{NETWORK}&scene=3")
    view = answered(app)
    before = runs(app)
    boxes = view.locator(".frame").first.locator(".box")
    threshold, top_k = (app.get_by_role("slider", name=name) for name in ("Score threshold", "Top K"))
    threshold.fill("0")
    expect(boxes).to_have_count(100)
    top_k.fill("5")
    top_k.dispatch_event("change")
    expect(boxes).to_have_count(5)
    threshold.dispatch_event("change")
    # The text below the picture follows once Python has heard of both.
    expect(app.get_by_text(re.compile(r"Finds \d+ of \d+ objects .*, with [0-5] that"))).to_be_visible()
    settled(app)
    with app.expect_download() as download:
        app.get_by_role("button", name="Boxes (COCO JSON)").click()
    written = json.loads(Path(download.value.path()).read_text())
    assert len(written["annotations"]) == 5
    assert written["images"] == [{"id": 1, "file_name": "scene-3.png", "width": 320, "height": 320}]
    threshold.fill("1")
    expect(view.get_by_text("No detection scores 1.00 or more.")).to_be_visible()
    app.get_by_label("Centre heatmap").check()
    expect(view.locator(".frame canvas").first).to_be_visible()
    assert runs(app) == before


def seconds_of_network(page: Page) -> float:
    text = page.locator(".stage-names").inner_text()
    found = re.search(r"Network ([\d.]+) (ms|s)", text)
    assert found, text
    return float(found[1]) * (1e-3 if found[2] == "ms" else 1)


def test_six_fast_clicks_run_the_network_at_most_twice(app: Page, settled) -> None:
    app.goto(f"/predict?model=dla102up&{NETWORK}&scene=9")
    answered(app)
    another = app.get_by_role("button", name="Another scene")
    another.click()  # the engine's first run prepares its convolutions: the second tells the usual time
    expect(app.locator(".stages .dim")).to_contain_text("run 2,", timeout=90_000)
    settled(app)
    before = runs(app)
    # All six within half the time of one run, and far enough apart for each to reach the engine.
    pause = round(seconds_of_network(app) * 1000 / 12)
    another.evaluate(
        "async (button, pause) => { for (let i = 0; i < 6; i++) { button.click();"
        " await new Promise((resume) => setTimeout(resume, pause)) } }",
        pause,
    )
    expect(app.get_by_role("spinbutton", name="Scene number")).not_to_have_value("10")
    expect(app.locator(".stages .dim")).not_to_contain_text(f"run {before},", timeout=90_000)
    settled(app)
    assert before < runs(app) <= before + 2


def test_two_visitors_at_once_get_their_own_answers(app: Page, browser, base_url: str) -> None:
    other = browser.new_context(base_url=base_url).new_page()
    for page, number in ((app, 20), (other, 21)):
        page.goto(f"/predict?model=scenes_seg&{NETWORK}&scene={number}", wait_until="commit")
    pictures = []
    for page, number in ((app, 20), (other, 21)):
        view = answered(page)
        expect(page.get_by_role("spinbutton", name="Scene number")).to_have_value(str(number))
        pictures.append(view.locator("img").first.get_attribute("src"))
    assert pictures[0] != pictures[1]
    other.context.close()
