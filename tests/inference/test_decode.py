"""Decoding, against loops that follow the papers' words cell by cell."""

import numpy as np
import pytest
import torch

from explorer.config.protocol import CITYSCAPES, COCO, VOC, Fit
from explorer.inference.decode import decode_centres, decode_mask, decode_probabilities, decode_scores
from explorer.inference.geometry import Geometry, geometry, nearest

IDENTITY = Geometry((400, 400), (400, 400), (400, 400), (1.0, 1.0), (0.0, 0.0))


def naive(hm: np.ndarray, wh: np.ndarray, reg: np.ndarray) -> list[tuple[float, int, list[float]]]:
    """Every cell that none of its eight neighbours exceeds, best first, boxes in output pixels."""
    classes, height, width = hm.shape
    found = []
    for c in range(classes):
        for y in range(height):
            for x in range(width):
                window = hm[c, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
                if hm[c, y, x] >= window.max():
                    cx, cy = x + reg[0, y, x], y + reg[1, y, x]
                    w, h = wh[:, y, x]
                    score = 1 / (1 + np.exp(-hm[c, y, x]))
                    found.append((score, c, [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]))
    return sorted(found, key=lambda item: -item[0])


def test_detections_equal_a_naive_loop() -> None:
    rng = np.random.default_rng(0)
    hm = rng.normal(size=(5, 12, 9)).astype(np.float32)
    wh, reg = (
        rng.uniform(1, 9, (2, 12, 9)).astype(np.float32),
        rng.uniform(0, 1, (2, 12, 9)).astype(np.float32),
    )
    place = geometry(COCO, Fit.FIXED, 640, 480, 2048)
    tensors = [torch.from_numpy(part)[None] for part in (hm, wh, reg)]
    found = decode_centres(tensors[0], tensors[1], tensors[2], place, 4, top_k=30)
    expected = naive(hm, wh, reg)[:30]
    np.testing.assert_allclose(found.scores, [score for score, _, _ in expected], rtol=1e-5)
    assert found.classes.tolist() == [c for _, c, _ in expected]
    # The inverse affine of 640 x 480 on 512 x 512: 5 image pixels per output pixel, 80 rows above the picture.
    boxes = np.array([box for _, _, box in expected]) * 5 - np.array([0, 80, 0, 80])
    np.testing.assert_allclose(found.boxes, boxes, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found.heatmap, 1 / (1 + np.exp(-hm.max(axis=0))), rtol=1e-5)


def maps(*peaks: tuple[int, int, int, float]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    hm = torch.full((1, 3, 80, 80), -9.0)
    for c, x, y, value in peaks:
        hm[0, c, y, x] = value
    wh, reg = torch.zeros(1, 2, 80, 80), torch.zeros(1, 2, 80, 80)
    wh[0, 0], wh[0, 1] = 10, 6
    reg[0, 0], reg[0, 1] = 0.25, 0.75
    return hm, wh, reg


def test_the_box_of_one_peak() -> None:
    """Numbers from the original ``ctdet_decode``."""
    hm, wh, reg = maps((1, 50, 40, 3.0))
    found = decode_centres(hm, wh, reg, IDENTITY, 1, top_k=1)
    assert found.boxes.tolist() == [[45.25, 37.75, 55.25, 43.75]]
    assert found.classes.tolist() == [1]
    without = decode_centres(hm, wh, None, IDENTITY, 1, top_k=1)
    assert without.boxes.tolist() == [[45.5, 37.5, 55.5, 43.5]]


def test_equal_neighbours_both_survive_and_lesser_ones_do_not() -> None:
    found = decode_centres(*maps((0, 10, 10, 2.0), (0, 11, 10, 2.0), (0, 12, 11, 1.9)), IDENTITY, 1, top_k=3)
    assert found.scores[:2].tolist() == pytest.approx([1 / (1 + np.exp(-2))] * 2)
    assert sorted(found.boxes[:2, 0].tolist()) == [5.25, 6.25]
    assert found.scores[2] < 0.001


def test_top_k_counts_over_all_classes() -> None:
    peaks = [(c, 5 + 7 * i, 5 + 7 * c, float(i + c)) for c in range(3) for i in range(9)]
    found = decode_centres(*maps(*peaks), IDENTITY, 1, top_k=5)
    best = sorted((value for _, _, _, value in peaks), reverse=True)[:5]
    np.testing.assert_allclose(found.scores, [1 / (1 + np.exp(-v)) for v in best], rtol=1e-5)


def test_more_asked_for_than_there_are_cells() -> None:
    hm = torch.zeros(1, 2, 2, 2)
    assert len(decode_centres(hm, hm, hm, IDENTITY, 1, top_k=100).scores) == 8


def test_a_mask_loses_its_padding() -> None:
    rng = np.random.default_rng(1)
    place = geometry(CITYSCAPES, Fit.PADDED, 70, 45, 2048)
    scores = torch.from_numpy(rng.normal(size=(1, 19, 64, 96)).astype(np.float32)).log_softmax(1)
    mask, confidence = decode_mask(scores, place)
    assert mask.shape == (45, 70)
    assert mask.dtype == np.uint8
    for y, x in ((0, 0), (44, 69), (20, 33)):
        assert mask[y, x] == scores[0, :, y + 9, x + 13].numpy().argmax()
        assert confidence[y, x] == pytest.approx(
            255 * scores[0, :, y + 9, x + 13].max().exp().item(), abs=0.51
        )


def test_a_reduced_mask_comes_back_in_full_size() -> None:
    place = geometry(CITYSCAPES, Fit.PADDED, 640, 320, max_side=64)
    scores = torch.full((1, 2, 32, 64), -5.0)
    scores[0, 0, :, :32], scores[0, 1, :, 32:] = 0, 0
    mask, _ = decode_mask(scores, place)
    assert mask.shape == (320, 640)
    assert not mask[:, :320].any()
    assert mask[:, 320:].all()


def test_nearest_takes_the_value_under_the_centre() -> None:
    small = np.arange(6, dtype=np.uint8).reshape(2, 3)
    large = nearest(small, (7, 5))
    for y in range(5):
        for x in range(7):
            assert large[y, x] == small[int((y + 0.5) * 2 / 5), int((x + 0.5) * 3 / 7)]


def bilinear(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    """Half-pixel centres, outer pixels repeated, one value at a time."""
    rows, columns = plane.shape
    found = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            v = min(max((y + 0.5) * rows / height - 0.5, 0), rows - 1)
            u = min(max((x + 0.5) * columns / width - 0.5, 0), columns - 1)
            top, left = int(v), int(u)
            low, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
            a, b = v - top, u - left
            found[y, x] = (1 - a) * ((1 - b) * plane[top, left] + b * plane[top, right]) + a * (
                (1 - b) * plane[low, left] + b * plane[low, right]
            )
    return found


def test_coarse_scores_are_interpolated_before_the_softmax() -> None:
    logits = np.random.default_rng(5).normal(0, 3, (4, 5, 7)).astype(np.float32)
    place = geometry(VOC, Fit.OWN, 50, 34, 2048)
    mask, confidence = decode_scores(torch.from_numpy(logits)[None], place)
    scores = np.stack([bilinear(plane, 34, 50) for plane in logits])
    shares = np.exp(scores) / np.exp(scores).sum(axis=0)
    np.testing.assert_array_equal(mask, shares.argmax(axis=0))
    np.testing.assert_allclose(confidence, shares.max(axis=0) * 255, atol=0.51)


def test_coarse_scores_answer_in_the_pictures_own_pixels() -> None:
    logits = torch.zeros(1, 3, 65, 65)
    logits[:, 1, :, :30] = 9.0
    logits[:, 2, :, 30:] = 9.0
    mask, confidence = decode_scores(logits, geometry(VOC, Fit.SCALED, 1026, 700, 2048))
    assert mask.shape == (700, 1026)
    assert confidence.shape == (350, 513)
    # The border lies at 30 of 65 cells.
    assert [int((row == 1).sum()) for row in mask[::100]] == pytest.approx([30 / 65 * 1026] * 7, abs=2)


def test_many_classes_need_16_bits() -> None:
    scores = torch.zeros(1, 300, 2, 2)
    scores[0, 299] = 1
    mask, _ = decode_mask(scores, Geometry((2, 2), (2, 2), (2, 2), (1, 1), (0, 0)))
    assert mask.dtype == np.uint16
    assert mask.max() == 299


def test_probabilities_average_positions() -> None:
    logits = torch.tensor([[0.0, 2.0, 1.0, 1.0, 3.0, 5.0]])  # three classes at two positions
    expected = np.exp([1.0, 1.0, 4.0]) / np.exp([1.0, 1.0, 4.0]).sum()
    np.testing.assert_allclose(decode_probabilities(logits, 3), expected, rtol=1e-6)
