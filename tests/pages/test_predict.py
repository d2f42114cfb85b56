"""The Predict page without a browser: sources, refusals in sentences, results."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.inference.open_image import MAX_BYTES

QUERY = {"model": "scenes_seg", "weights": "random", "device": "cpu"}
"""Random weights answer in time, and the page must do without trained ones."""


def png_file(width: int = 70, height: int = 45) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


def bomb() -> bytes:
    """A PNG whose header claims 65535 x 65535 pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 65535, 65535, 8, 2, 0, 0, 0)
    data = png_file()
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


def upload(page: AppTest, name: str, data: bytes) -> AppTest:
    page.button_group(key="predict-source").set_value("upload").run()
    page.file_uploader(key="predict-upload").upload(name, data, "image/png").run()
    assert not page.exception, page.exception
    return page


def said(page: AppTest) -> str:
    """Everything that the page says in words."""
    texts = (*page.markdown, *page.caption, *page.warning, *page.error, *page.info)
    return " ".join(element.value for element in texts) + " ".join(e.proto.body for e in page.get("html"))


def visit_layers_and_return(page: AppTest) -> AppTest:
    """Other pages' links carry the network, and nothing about pictures."""
    pages = Path(__file__).parents[2] / "pages"
    for stem in ("layers", "predict"):
        for parameter in ("sample", "scene"):
            page.query_params.pop(parameter, None)
        page.switch_page(str(pages / f"{stem}.py")).run()
        assert not page.exception, page.exception
    return page


def test_an_upload_is_still_shown_after_a_visit_to_another_page(open_page):
    page = upload(open_page("predict", **QUERY), "noise.png", png_file())
    page = visit_layers_and_return(page)
    assert "Still here: noise.png" in said(page)
    assert "70×45 PNG, computed at 96×64 on cpu" in said(page)


def test_a_scene_is_still_shown_after_a_visit_to_another_page(open_page):
    page = visit_layers_and_return(open_page("predict", **QUERY, scene="7"))
    assert page.number_input(key="predict-scene").value == 7
    assert page.query_params["scene"] == "7"


def test_the_first_sample_is_not_in_the_address(open_page):
    assert "sample" not in open_page("predict", **QUERY).query_params


def test_a_sample_is_answered_at_once(open_page):
    page = open_page("predict", **QUERY)
    assert "Agrees with the truth in" in said(page)
    assert "These weights are random" in said(page)
    assert "320×320 JPEG, computed at 320×320 on cpu" in said(page)
    for stage in ("Open", "Preprocess", "Wait", "Network", "Decode", "Total"):
        assert stage in said(page)


def test_an_upload_is_answered_in_its_own_size(open_page):
    page = upload(open_page("predict", **QUERY), "noise.png", png_file())
    assert "70×45 PNG, computed at 96×64 on cpu" in said(page)
    assert "Agrees with the truth" not in said(page)
    assert not page.error


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "0 bytes"),
        (b"<script>alert(1)</script>" * 9, "not a readable image"),
        (png_file()[:2000], "damaged or cut short"),
        (bomb(), "at most 50 megapixels"),
    ],
    ids=["empty", "text", "truncated", "bomb"],
)
def test_what_is_no_picture_is_refused_in_a_sentence(open_page, data, sentence):
    page = upload(open_page("predict", **QUERY), "picture.png", data)
    assert len(page.error) == 1
    assert sentence in page.error[0].value
    assert page.error[0].value.endswith(".")
    # Nothing is lost: a good picture afterwards is answered.
    upload(page, "noise.png", png_file())
    assert not page.error
    assert "70×45 PNG" in said(page)


def test_a_ribbon_is_refused(open_page):
    page = upload(open_page("predict", **QUERY), "ribbon.png", png_file(400, 2))
    assert "one side may be at most 64 times the other" in page.error[0].value


def test_the_limit_is_told_before_uploading(open_page):
    page = open_page("predict", **QUERY)
    page.button_group(key="predict-source").set_value("upload").run()
    assert f"at most {MAX_BYTES // 2**20} MB" in page.file_uploader(key="predict-upload").label


def test_detections_follow_the_threshold_without_the_network(open_page):
    page = open_page("predict", **QUERY | {"model": "scenes_det", "scene": "5"})
    assert page.number_input(key="predict-scene").value == 5
    runs = said(page).partition("engine's run")[2].split(",")[0]
    page.session_state["predict-view-detection-scenes"] = {
        "threshold": 0.0,
        "top_k": 7,
        "opacity": 0.5,
        "hidden": [],
    }
    page.run()
    assert len(page.dataframe[0].value) == 7
    page.session_state["predict-view-detection-scenes"] = {
        "threshold": 1.0,
        "top_k": 7,
        "opacity": 0.5,
        "hidden": [],
    }
    page.run()
    assert not page.dataframe
    assert said(page).partition("engine's run")[2].split(",")[0] == runs


def test_another_scene_is_another_picture(open_page):
    page = open_page("predict", **QUERY | {"scene": "999999"})
    next(button for button in page.button if button.label == "Another scene").click().run()
    assert page.number_input(key="predict-scene").value == 0
    assert "0" in page.query_params["scene"]
    assert not page.exception


def test_a_classifier_lists_its_best_classes(open_page):
    page = open_page("predict", **QUERY | {"model": "dla46x_c"})
    table = page.dataframe[0].value
    assert len(table) == 10
    assert table["Probability"].is_monotonic_decreasing
    assert table["Class"].str.fullmatch(r"class \d+").all()


def test_a_network_without_a_head_leads_to_one_that_answers(open_page):
    page = open_page("predict", **QUERY | {"model": "vovnet19_slim_ese"})
    assert not page.exception
    assert "This network has no head" in said(page)
    assert not page.dataframe
    page.button(key="predict-classify").click().run()
    assert not page.exception
    assert "This network has no head" not in said(page)
    assert len(page.dataframe[0].value) == 10


def test_nonsense_in_the_link_falls_back(open_page):
    page = open_page("predict", **QUERY | {"scene": "-1e9", "sample": "<b>"})
    assert not page.exception
    assert page.number_input(key="predict-scene").value == 1


def test_a_picture_stays_while_another_page_is_read(open_page):
    page = upload(open_page("predict", **QUERY), "noise.png", png_file())
    page.switch_page("pages/catalog.py").run()
    page.switch_page("pages/predict.py").run()
    page.button_group(key="predict-source").set_value("upload").run()
    assert "Still here: noise.png" in said(page)
    assert "70×45 PNG" in said(page)


def test_one_click_leads_from_noise_to_trained_weights(open_page):
    page = open_page("predict", model="dla46x_c", weights="random", device="cpu", sample="Ink")
    assert "what it answers is noise" in said(page)
    page.button(key="predict-switch-scenes_seg").click().run()
    assert not page.exception, page.exception
    assert "scenes_seg" in page.query_params["model"]
    assert "not photographs" in said(page)
    assert "noise" not in said(page)
    assert "Agrees with the truth in" in said(page)
