"""Agreement with a known answer, counted pixel by pixel and box by box; and the samples that come with one."""

import numpy as np
import pytest
from PIL import Image

from explorer.inference.agreement import compare_boxes, compare_masks
from explorer.inference.open_image import open_image
from explorer.inference.samples import SAMPLES, Sample, scene_file, scene_number


def test_masks_against_a_naive_count() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 4, (2, 30, 20), np.uint8)
    truth[truth == 2] = 5
    ious = []
    for class_id in set(truth.reshape(-1).tolist()) | set(predicted.reshape(-1).tolist()):
        a, b = truth == class_id, predicted == class_id
        ious.append((a & b).sum() / (a | b).sum())
    agreement = compare_masks(predicted, truth)
    assert agreement.mean_iou == pytest.approx(np.mean(ious))
    assert agreement.accuracy == pytest.approx((truth == predicted).mean())


def test_boxes_are_matched_once_and_by_class() -> None:
    truth = np.array([[0, 0, 10, 10], [20, 20, 40, 40], [50, 50, 60, 60]], np.float32)
    classes = np.array([0, 1, 2])
    found = np.array([[0, 0, 10, 9], [0, 0, 10, 10], [20, 20, 40, 41], [50, 50, 60, 55.1], [50, 50, 60, 60]])
    agreement = compare_boxes(found, np.array([0, 0, 1, 2, 0]), truth, classes)
    assert (agreement.found, agreement.present, agreement.wrong) == (3, 3, 2)
    stricter = compare_boxes(found, np.array([0, 0, 1, 2, 0]), truth, classes, overlap=0.75)
    assert (stricter.found, stricter.wrong) == (2, 3)


def test_nothing_to_find_and_nothing_found() -> None:
    nothing, none = np.zeros((0, 4)), np.zeros(0, int)
    assert compare_boxes(nothing, none, nothing, none).present == 0
    assert compare_boxes(np.ones((2, 4)), np.zeros(2, int), nothing, none).wrong == 2
    assert compare_boxes(nothing, none, np.ones((2, 4)), np.zeros(2, int)).found == 0


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_stored_samples_are_the_scenes_they_claim_to_be(sample: Sample) -> None:
    stored = open_image(sample.path.read_bytes()).rgb.astype(int)
    assert np.abs(stored - scene_number(sample.number).image).mean() < 5
    assert sample.path.stat().st_size < 150_000
    assert Image.open(sample.path).format == "JPEG"


def test_a_fresh_scene_is_opened_like_an_upload() -> None:
    assert np.array_equal(open_image(scene_file(3)).rgb, scene_number(3).image)
