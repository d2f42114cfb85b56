"""CenterNet's targets and losses against naive loops."""

import math

import numpy as np
import pytest
import torch

from explorer.training.losses import centre_loss, focal_loss, segmentation_loss
from explorer.training.targets import centre_targets, gaussian_radius

BOXES = np.array([[10, 20, 50, 60], [12, 24, 44, 90], [100, 3, 128, 40], [60.5, 61, 64, 63]], np.float32)
CATEGORIES = np.array([1, 1, 0, 2])


def _naive_heatmap(boxes, categories, classes, cells, stride):
    planes = np.zeros((classes, cells, cells))
    for box, category in zip(boxes, categories, strict=True):
        x1, y1, x2, y2 = (float(value) / stride for value in box)
        radius = max(0, int(gaussian_radius(math.ceil(y2 - y1), math.ceil(x2 - x1))))
        sigma = (2 * radius + 1) / 6
        cx, cy = int((x1 + x2) / 2), int((y1 + y2) / 2)
        for y in range(cells):
            for x in range(cells):
                if abs(x - cx) <= radius and abs(y - cy) <= radius:
                    value = math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * sigma**2))
                    planes[category, y, x] = max(planes[category, y, x], value)
    return planes


def _iou(one, other):
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / (area - shared)


@pytest.mark.parametrize("stride", [2, 4])
def test_heatmap_equals_a_loop_over_every_cell(stride):
    targets = centre_targets(BOXES, CATEGORIES, 3, 128, stride)
    naive = _naive_heatmap(BOXES, CATEGORIES, 3, 128 // stride, stride)
    assert np.allclose(targets.heatmap, naive, atol=1e-6)
    assert (targets.heatmap == 1).sum() == len(BOXES)


def test_cells_sizes_and_offsets_give_the_boxes_back():
    targets = centre_targets(BOXES, CATEGORIES, 3, 128, 4)
    corners = np.stack([targets.cells % 32, targets.cells // 32], 1)
    centres = (corners + targets.offsets) * 4
    assert np.allclose(
        np.hstack([centres - targets.sizes * 2, centres + targets.sizes * 2]), BOXES, atol=1e-4
    )
    assert (targets.offsets >= 0).all()
    assert (targets.offsets < 1).all()


def test_a_scene_without_objects_has_empty_targets():
    targets = centre_targets(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), 8, 64, 4)
    assert targets.heatmap.max() == 0
    assert targets.cells.shape == (0,)
    assert targets.sizes.shape == targets.offsets.shape == (0, 2)


@pytest.mark.parametrize(("height", "width"), [(5, 5), (10, 30), (40, 12), (64, 64)])
def test_the_radius_is_2_8_times_the_growth_that_leaves_an_overlap_of_0_7(height, width):
    growth = gaussian_radius(height, width) / 2.8
    grown = (-growth, -growth, width + growth, height + growth)
    assert _iou((0, 0, width, height), grown) == pytest.approx(0.7, abs=1e-6)


def test_focal_loss_is_the_published_sum():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 6, 5, generator=generator, dtype=torch.float64)
    heatmap = torch.rand(2, 3, 6, 5, generator=generator, dtype=torch.float64) * 0.9
    heatmap[0, 1, 2, 3] = heatmap[1, 2, 5, 0] = 1.0
    total = 0.0
    for logit, target in zip(logits.flatten().tolist(), heatmap.flatten().tolist(), strict=True):
        p = 1 / (1 + math.exp(-logit))
        if target == 1:
            total -= (1 - p) ** 2 * math.log(p)
        else:
            total -= (1 - target) ** 4 * p**2 * math.log(1 - p)
    assert focal_loss(logits, heatmap).item() == pytest.approx(total / 2, rel=1e-9)


def test_focal_loss_stays_finite_for_extreme_logits():
    logits = torch.tensor([[[[300.0, -300.0]]]], requires_grad=True)
    loss = focal_loss(logits, torch.tensor([[[[0.0, 1.0]]]]))
    loss.backward()
    assert torch.isfinite(loss)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_size_and_offset_losses_look_at_centres_alone():
    targets = [
        centre_targets(BOXES, CATEGORIES, 3, 128, 4),
        centre_targets(BOXES[:1], CATEGORIES[:1], 3, 128, 4),
    ]
    hm = torch.full((2, 3, 32, 32), -9.0)
    wh, reg = torch.full((2, 2, 32, 32), 77.0), torch.full((2, 2, 32, 32), 77.0)
    count = 0
    for n, item in enumerate(targets):
        for cell, size, offset in zip(item.cells, item.sizes, item.offsets, strict=True):
            wh[n, :, cell // 32, cell % 32] = torch.from_numpy(size) + 3
            reg[n, :, cell // 32, cell % 32] = torch.from_numpy(offset)
            count += 1
    heat = focal_loss(hm, torch.stack([torch.from_numpy(item.heatmap) for item in targets]))
    loss = centre_loss({"hm": hm, "wh": wh, "reg": reg}, targets, size_weight=0.1)
    assert count == 5
    assert (loss - heat).item() == pytest.approx(0.1 * 3, abs=1e-4)


def test_segmentation_loss_of_a_perfect_and_of_an_ignorant_answer():
    mask = torch.tensor([[[0, 1], [2, 2]]])
    perfect = torch.full((1, 3, 2, 2), -40.0).scatter_(1, mask[:, None], 0.0)
    ignorant = torch.full((1, 3, 2, 2), -math.log(3))
    assert segmentation_loss(perfect, mask, 1.0).item() == pytest.approx(0, abs=1e-5)
    assert segmentation_loss(ignorant, mask, 0.0).item() == pytest.approx(math.log(3), rel=1e-6)
    # Soft Dice with 1 added above and below: classes of 1, 1 and 2 pixels, 4/3 claimed for each.
    scores = [(2 * n / 3 + 1) / (n + 4 / 3 + 1) for n in (1, 1, 2)]
    expected = math.log(3) + 0.5 * (1 - sum(scores) / 3)
    assert segmentation_loss(ignorant, mask, 0.5).item() == pytest.approx(expected, rel=1e-6)
