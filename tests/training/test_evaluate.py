"""Scores against answers worked out by hand."""

import numpy as np
import pytest

from explorer.inference.decode import Centres
from explorer.scenes.scene import MASK_LABELS, scene
from explorer.training.evaluate import confusion, detection_score, segmentation_score

SCENES = [scene(seed, 128) for seed in range(12)]


def _centres(boxes, scores, classes):
    return Centres(
        np.asarray(boxes, np.float32).reshape(-1, 4),
        np.asarray(scores, np.float32),
        np.asarray(classes, np.int64),
        np.zeros((1, 1), np.float32),
    )


def _perfect(picture):
    return _centres(picture.boxes, np.linspace(0.9, 0.5, len(picture.boxes)), picture.categories)


def test_perfect_detections_score_one():
    score = detection_score(SCENES, [_perfect(picture) for picture in SCENES], 128)
    assert score.ap == score.ap50 == score.ap75 == pytest.approx(1)
    assert set(score.per_class) == set(MASK_LABELS[1:])


def test_wrong_classes_score_almost_nothing():
    wrong = [_centres(item.boxes, np.ones(len(item.boxes)), (item.categories + 1) % 8) for item in SCENES]
    assert detection_score(SCENES, wrong, 128).ap50 < 0.05


def test_boxes_cut_to_seven_tenths_count_at_the_thresholds_below():
    """IoU 0.7 exactly but for rounding: right at 0.50, 0.55, 0.60 and 0.65, so AP is 4 of 10."""
    cut = []
    for picture in SCENES:
        boxes = picture.boxes.copy()
        boxes[:, 2] -= 0.302 * (boxes[:, 2] - boxes[:, 0])
        cut.append(_centres(boxes, np.linspace(0.9, 0.5, len(boxes)), picture.categories))
    score = detection_score(SCENES, cut, 128)
    assert score.ap50 == pytest.approx(1)
    assert score.ap75 == pytest.approx(0, abs=0.02)
    assert score.ap == pytest.approx(0.4, abs=0.02)


def test_confusion_and_iou_equal_sets_of_pixels():
    rng = np.random.default_rng(0)
    truth, found = rng.integers(0, 9, (2, 40, 50)).astype(np.uint8)
    score = segmentation_score(confusion(truth, found, 9), 50, 1)
    for number, name in enumerate(MASK_LABELS):
        there = {tuple(place) for place in np.argwhere(truth == number)}
        said = {tuple(place) for place in np.argwhere(found == number)}
        assert score.iou[name] == pytest.approx(len(there & said) / len(there | said))
    assert score.mean_iou == pytest.approx(np.mean(list(score.iou.values())))
    assert score.mean_iou_objects == pytest.approx(np.mean(list(score.iou.values())[1:]))
    assert score.pixel_accuracy == pytest.approx((truth == found).mean())
