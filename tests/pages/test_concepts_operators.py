"""The sections on operators without a browser: numbers in step with what is set, refusals in sentences."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.inference.samples import SAMPLES

QUERY = {"model": "dla46x_c", "device": "cpu"}


def said(page: AppTest) -> str:
    """Everything that the page says in words and formulas."""
    elements = (*page.markdown, *page.caption, *page.info, *page.error, *page.latex)
    return " ".join(element.value for element in elements)


@pytest.fixture
def section(open_page):
    def section(name: str) -> AppTest:
        page = open_page("concepts", section=name, **QUERY)
        assert not page.exception, page.exception
        return page

    return section


def place(page: AppTest, **state) -> AppTest:
    """What the browser's component of the sampling section would send."""
    page.session_state["concepts-sampling"] = state
    page.run()
    assert not page.exception, page.exception
    return page


def test_the_sum_is_what_the_network_computed(section):
    page = section("sampling")
    for at in ([0.5, 0.37], [0.0, 0.0], [1.0, 1.0], [0.2, 0.9]):
        place(page, place=at, share=1.0, masked=True)
        found = re.search(r"= (-?[\d.]+)\\qquad\\text\{\(the network computed (-?[\d.]+)\)", said(page))
        assert found, said(page)
        assert float(found[1]) == pytest.approx(float(found[2]), abs=2e-4)
        table = page.dataframe[0].value
        assert len(table) == 9
        assert np.allclose(table["term"], table["mₖ"] * table["wₖ·x"], atol=1e-6)


def test_another_place_has_other_samples(section):
    page = place(section("sampling"), place=[0.5, 0.37])
    assert "The sum at row 29, column 40" in said(page)  # of 80 cells
    before = page.dataframe[0].value
    place(page, place=[0.5, 0.5])
    assert "The sum at row 40, column 40" in said(page)
    assert not before["Δy"].equals(page.dataframe[0].value["Δy"])


def test_without_offsets_the_grid_is_regular(section):
    page = place(section("sampling"), place=[0.5, 0.5], share=0.0, masked=False)
    table = page.dataframe[0].value
    assert (table["Δy"] == 0).all()
    assert table["row"].tolist() == [39, 39, 39, 40, 40, 40, 41, 41, 41]
    assert (table["mₖ"] == 1).all()
    assert "the network computed" not in said(page)


def test_another_layer_has_another_stride(section):
    page = place(section("sampling"), place=[0.5, 0.5])
    page.selectbox(key="concepts-sampling-layer").set_value("dla_up.ida_0.proj_1.conv").run()
    assert "The sum at row 5, column 5" in said(page)
    page.button_group(key="concepts-sampling-levels").set_value(3).run()
    assert not page.exception
    assert "there is no other deformable layer" in said(page)


def test_layers_deep(section):
    page = section("sampling")
    page.button_group(key="concepts-sampling-levels").set_value(3).run()
    assert not page.exception
    assert "`ida_up.node_2` ← `ida_up.node_1` ← `dla_up.ida_2.node_3`: 729 samples" in said(page)


@pytest.mark.parametrize("sent", [
    {"place": "nowhere", "share": "all", "masked": 3}, {"place": [7, -1], "share": 99}, {"place": [None, 0.1]},
    {"place": []},
])  # fmt: skip
def test_nonsense_from_the_browser_is_not_believed(section, sent):
    page = place(section("sampling"), **sent)
    assert "the network computed" in said(page)


@pytest.mark.parametrize("name", ["sampling", "peaks"])
def test_own_pictures(section, name):
    page = section(name)
    upload = page.file_uploader(key=f"concepts-{name}-upload")
    upload.upload("fake.png", b"<script>" * 40, "image/png").run()
    assert "not a readable image" in page.error[0].value
    buffer = io.BytesIO()
    Image.open(SAMPLES[2].path).crop((0, 0, 150, 90)).save(buffer, "PNG")
    page.file_uploader(key=f"concepts-{name}-upload").upload(
        "mine*.png", buffer.getvalue(), "image/png"
    ).run()
    assert not page.exception, page.exception
    assert not page.error
    assert r"**mine\*.png**" in said(page)


def test_coverage_in_step(section):
    page = section("atrous")
    assert "reads **49** of them; **120 (71.0 %) are holes**" in said(page)
    page.button_group(key="concepts-atrous-pattern").set_value("multi-grid: r, 2r, 4r").run()
    page.slider(key="concepts-atrous-rate").set_value(1).run()
    assert "reads **225** of them, without a hole" in said(page)
    assert not page.exception


@pytest.mark.parametrize(("kernel", "rate", "layers"), [(3, 1, 1), (5, 6, 3)])
def test_extremes_of_the_stack(section, kernel, rate, layers):
    page = section("atrous")
    page.button_group(key="concepts-atrous-kernel").set_value(kernel)
    page.button_group(key="concepts-atrous-layers").set_value(layers)
    page.slider(key="concepts-atrous-rate").set_value(rate).run()
    assert not page.exception, page.exception
    assert f"Weights per layer: {kernel * kernel}" in said(page)


def test_fields_of_view(section):
    page = section("atrous")
    fields = page.dataframe[0].value
    assert fields["Field, px"].tolist() == [104, 200, 296, 392]
    assert fields["Taps here"].tolist() == [9, 9, 9, 9]
    page.session_state["concepts-aspp-fields"] = {"point": [0, 0]}
    page.run()
    assert page.dataframe[0].value["Taps here"].tolist() == [4, 4, 4, 4]
    page.button_group(key="concepts-aspp-variant").set_value("v3, output stride 8").run()
    assert page.dataframe[0].value["kₑ"].tolist() == [25, 49, 73]
    page.session_state["concepts-aspp-fields"] = {"point": ["a", 1e9]}
    page.run()
    assert not page.exception, page.exception


def test_output_strides(section):
    assert "output stride 8 **4.35 times** the MACs of stride 32" in said(section("atrous"))


def test_a_threshold_that_nothing_reaches(section):
    page = section("peaks")
    page.slider(key="concepts-peaks-threshold").set_value(1.0).run()
    assert not page.exception, page.exception
    assert "No peak scores 1.00 or more; the best has 0." in said(page)


def test_peaks_follow_threshold_class_and_k(section):
    page = section("peaks")

    def shown() -> int:
        found = re.search(r"(\d+) of (\d+) decoded peaks shown", said(page))
        assert found, said(page)
        return int(found[1])

    usual = shown()
    page.slider(key="concepts-peaks-threshold").set_value(0.0).run()
    assert shown() == 100 > usual
    page.slider(key="concepts-peaks-k").set_value(7).run()
    assert shown() == 7
    page.selectbox(key="concepts-peaks-class").set_value("star").run()
    assert not page.exception
    assert "decoded peaks shown" not in said(page) or shown() < 7


def test_steps_add_lines(section):
    page = section("peaks")
    assert r"\times 4 &=" in said(page)
    page.button_group(key="concepts-peaks-step").set_value("1 Peak").run()
    assert r"\times 4 &=" not in said(page)
    assert r"\hat Y &= 0." in said(page)


def test_the_target_of_a_sample(section):
    page = section("peaks")
    page.button_group(key="concepts-peaks-heatmap").set_value("target of training").run()
    assert not page.exception, page.exception


def test_the_radius(section):
    page = section("peaks")
    page.slider(key="concepts-gaussian-width").set_value(80)
    page.slider(key="concepts-gaussian-height").set_value(80).run()
    assert r"\rfloor = 5" in said(page)
    table = page.dataframe[-1].value
    assert np.allclose(table["IoU at exact r"], 0.7)
    assert table["published r"].iloc[2] == pytest.approx(2.8 * table["exact r"].iloc[2])
    page.slider(key="concepts-gaussian-width").set_value(8)
    page.slider(key="concepts-gaussian-height").set_value(200).run()
    assert not page.exception, page.exception


def go_to(page: AppTest, name: str) -> None:
    """Another section, as a link or the back button opens it."""
    page.query_params["section"] = name
    page.run()
    assert not page.exception, page.exception


def test_what_was_set_is_there_again_after_another_section(section):
    page = place(section("sampling"), place=[0.25, 0.75], share=0.5, masked=False)
    page.selectbox(key="concepts-sampling-layer").set_value("dla_up.ida_0.proj_1.conv").run()
    before = said(page)
    go_to(page, "atrous")
    page.slider(key="concepts-atrous-rate").set_value(5).run()
    go_to(page, "sampling")
    assert page.selectbox(key="concepts-sampling-layer").value == "dla_up.ida_0.proj_1.conv"
    assert said(page) == before
    go_to(page, "atrous")
    assert page.slider(key="concepts-atrous-rate").value == 5


def test_a_picture_of_ones_own_replaces_the_gallery_in_both_sections(section):
    page = section("sampling")
    page.file_uploader[0].upload("wide.png", png(1200, 400), "image/png").run()
    assert "**wide.png**" in said(page)
    go_to(page, "peaks")
    assert "**wide.png**" in said(page)
    assert "1200×400 pixels is computed at 512×171 here" in said(page)
    next(button for button in page.button if button.label == "Back to the samples").click().run()
    assert not page.exception, page.exception
    assert "wide.png" not in said(page)
    assert "Boxes are those of the Predict page" in said(page)


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.open(SAMPLES[0].path).resize((width, height)).save(buffer, "PNG")
    return buffer.getvalue()
