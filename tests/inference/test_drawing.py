"""What a prediction looks like when it leaves the page."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO as CocoFile  # noqa: N811 - it is a class, whatever its case

from explorer.config.protocol import COCO, SCENES_SEGMENTATION, Fit
from explorer.inference.drawing import annotated, coco_json, heat_overlaid, ink_on, mask_png, overlaid, png
from explorer.inference.geometry import geometry
from explorer.inference.open_image import OpenedImage
from explorer.inference.prediction import Prediction, Timings

RGB = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
IMAGE = OpenedImage(RGB, "PNG", (), "digest")
NO_TIME = Timings(0, 0, 0, 0, 0)
DETECTIONS = Prediction(
    COCO.task,
    COCO,
    IMAGE,
    geometry(COCO, Fit.FIXED, 64, 48, 512),
    NO_TIME,
    boxes=np.array([[10, 20, 30, 40], [50, 5, 40, 1], [-9, -9, 200, 200]], np.float32),
    scores=np.array([0.9, 0.5, 0.1], np.float32),
    classes=np.array([0, 79, 15]),
)


def test_the_palette_png_keeps_ids_and_colours() -> None:
    mask = np.random.default_rng(1).integers(0, 9, (20, 30), np.uint8)
    image = Image.open(io.BytesIO(mask_png(mask, SCENES_SEGMENTATION.colours)))
    assert image.mode == "P"
    assert np.array_equal(np.asarray(image), mask)
    assert np.array_equal(
        np.asarray(image.convert("RGB")), np.array(SCENES_SEGMENTATION.colours, np.uint8)[mask]
    )


def test_a_mask_of_many_classes_is_16_bit_grey() -> None:
    mask = np.array([[0, 299], [256, 4]], np.uint16)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(mask_png(mask, ())))), mask)


def test_overlay_blends_and_leaves_hidden_classes_bare() -> None:
    mask = np.zeros((48, 64), np.uint8)
    mask[:, 32:] = 3
    blended = overlaid(RGB, mask, SCENES_SEGMENTATION.colours, 0.5, hidden={0})
    assert np.array_equal(blended[:, :32], RGB[:, :32])
    expected = (RGB[:, 32:].astype(float) + np.array(SCENES_SEGMENTATION.colours[3])) / 2
    assert np.abs(blended[:, 32:] - expected).max() <= 1
    assert np.array_equal(overlaid(RGB, mask, SCENES_SEGMENTATION.colours, 0.0), RGB)


def test_heat_glows_where_the_centre_is() -> None:
    place = geometry(COCO, Fit.FIXED, 64, 48, 512)  # 8 input pixels, 2 cells per picture pixel, 64 rows above
    heat = np.zeros((128, 128), np.float32)
    heat[16 + 60, 40] = heat[16 + 60, 41] = heat[16 + 61, 40] = heat[16 + 61, 41] = 1
    glowing = heat_overlaid(np.zeros_like(RGB), heat, 4, place, 1.0)
    assert glowing[:, :, 0].argmax() == 30 * 64 + 20
    assert glowing[30, 20, 0] == 255
    assert not glowing[40:, 40:].any()


def test_boxes_are_drawn_in_their_classes_colours() -> None:
    drawn = annotated(DETECTIONS, [0])
    assert drawn[40, 20].tolist() == list(COCO.colours[0])
    assert drawn[30, 30].tolist() == list(COCO.colours[0])
    assert np.array_equal(drawn[44:, 40:], RGB[44:, 40:])
    assert np.array_equal(annotated(DETECTIONS, []), RGB)
    annotated(DETECTIONS, [0, 1, 2])  # boxes that are inside out or leave the picture


@pytest.mark.parametrize("colour", [*COCO.colours, *SCENES_SEGMENTATION.colours])
def test_labels_can_be_read(colour: tuple[int, int, int]) -> None:
    def luminance(rgb: tuple[int, int, int]) -> float:
        linear = [v / 255 / 12.92 if v / 255 <= 0.04045 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in rgb]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(colour), luminance(ink_on(colour))), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_pycocotools_reads_the_download(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "detections.json"
    file.write_text(coco_json(DETECTIONS, DETECTIONS.kept(0.3, 10), "street.jpg"))
    data = CocoFile(str(file))
    assert [data.cats[a["category_id"]]["name"] for a in data.anns.values()] == ["person", "toothbrush"]
    assert data.anns[1]["bbox"] == [10, 20, 20, 20]
    assert data.anns[2]["bbox"] == [40, 1, 10, 4]
    assert data.imgs[1]["width"] == 64
    assert json.loads(file.read_text())["annotations"][0]["score"] == 0.9


def test_png_keeps_every_pixel() -> None:
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png(RGB)))), RGB)


def test_threshold_and_top_k_choose_among_what_is_there() -> None:
    assert DETECTIONS.kept(0.0, 10).tolist() == [0, 1, 2]
    assert DETECTIONS.kept(0.5, 10).tolist() == [0, 1]
    assert DETECTIONS.kept(0.0, 1).tolist() == [0]


def test_area_shares_are_counted_and_sorted() -> None:
    mask = np.zeros((10, 10), np.uint8)
    mask[:7] = 4
    mask[9, 9] = 1
    place = geometry(SCENES_SEGMENTATION, Fit.PADDED, 10, 10, 512)
    answer = Prediction(SCENES_SEGMENTATION.task, SCENES_SEGMENTATION, IMAGE, place, NO_TIME, mask=mask)
    shares = [(share.label, share.pixels, share.share) for share in answer.area_shares()]
    assert shares == [("triangle", 70, 0.7), ("background", 29, 0.29), ("disc", 1, 0.01)]
