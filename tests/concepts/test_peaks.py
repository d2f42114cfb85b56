"""From peaks to boxes as the decoder makes them, and the radius of the Gaussian."""

import numpy as np
import pytest

from explorer.concepts import peaks
from explorer.training.targets import MINIMUM_OVERLAP, gaussian_radius

SIZES = [(8.0, 8.0), (20.0, 20.0), (18.0, 30.0), (3.0, 60.0), (50.0, 2.0), (1.0, 1.0)]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_exact_radii_leave_exactly_the_overlap(height, width):
    for index, case in enumerate(peaks.radius_cases(height, width)):
        assert case.exact > 0
        assert peaks.overlaps(height, width, case.exact)[index] == pytest.approx(MINIMUM_OVERLAP)
        assert peaks.overlaps(height, width, case.exact * 1.01)[index] < MINIMUM_OVERLAP
        assert case.a * case.exact**2 - abs(case.b) * case.exact * (
            1 if index < 2 else -1
        ) + case.c == pytest.approx(0, abs=1e-6 * height * width)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_published_radius_is_the_one_that_training_uses(height, width):
    cases = peaks.radius_cases(height, width)
    assert min(case.published for case in cases) == pytest.approx(gaussian_radius(height, width))
    # What the page says: the last case always decides, and is 4 · overlap times the exact one.
    assert cases[2].published == min(case.published for case in cases)
    assert cases[2].published == pytest.approx(4 * MINIMUM_OVERLAP * cases[2].exact)


def iou(a, b):
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(wide, 0) * max(high, 0)
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return shared / (area - shared)


def test_overlaps_are_those_of_boxes():
    height, width, r = 12, 20, 2.5
    box = (0, 0, width, height)
    moved = [
        (r, r, width + r, height + r),
        (r, r, width - r, height - r),
        (-r, -r, width + r, height + r),
    ]
    assert peaks.overlaps(height, width, r) == pytest.approx([iou(box, other) for other in moved])
    assert peaks.overlaps(4, 4, 9)[:2] == (0, 0)


def test_survivors_are_the_cells_that_no_neighbour_exceeds():
    rng = np.random.default_rng(0)
    heat = rng.integers(0, 6, (9, 12)).astype(np.float32)  # equal neighbours occur
    kept = peaks.survivors(heat)
    for y, x in np.ndindex(heat.shape):
        around = heat[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
        assert kept[y, x] == (heat[y, x] == around.max())


def test_the_target_is_a_gaussian_that_is_cut_off():
    heat = peaks.target([(64, 80, 144, 128)], [2], 4, 224, 4)
    assert heat.shape == (4, 56, 56)
    assert heat[[0, 1, 3]].max() == 0
    radius = int(gaussian_radius(12, 20))
    sigma = peaks.sigma(radius)
    row, column = 26, 26
    assert heat[2, row, column] == 1
    assert heat[2, row, column + 1] == pytest.approx(np.exp(-1 / (2 * sigma**2)), rel=1e-5)
    assert heat[2, row, column + radius] > 0
    assert heat[2, row, column + radius + 1] == 0
