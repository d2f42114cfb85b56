"""Scenes: reproducible, and their ground truth exact."""

from itertools import pairwise

import numpy as np
import pytest

from explorer.config.protocol import SCENES_DETECTION, SCENES_SEGMENTATION
from explorer.scenes.scene import (
    CLASSES,
    MASK_LABELS,
    MINIMUM_VISIBLE,
    TEST_SEEDS,
    TRAINING_SEEDS,
    VALIDATION_SEEDS,
    scene,
)
from explorer.scenes.shapes import Shape, distance
from explorer.training.recipes import Data, recipes


@pytest.mark.parametrize("size", [64, 128, 192])
def test_a_seed_decides_everything(size):
    first, second, other = scene(7, size), scene(7, size), scene(8, size)
    assert first.image.shape == (size, size, 3)
    assert first.image.dtype == np.uint8
    assert np.array_equal(first.image, second.image)
    assert np.array_equal(first.mask, second.mask)
    assert first.instances == second.instances
    assert not np.array_equal(first.image, other.image)


def test_the_global_generator_is_neither_read_nor_moved():
    np.random.seed(3)
    expected = np.random.random(3)
    np.random.seed(3)
    scene(1, 96)
    assert np.array_equal(np.random.random(3), expected)


@pytest.mark.parametrize("seed", range(20))
def test_boxes_and_classes_are_those_of_the_visible_pixels(seed):
    drawn = scene(seed, 160)
    assert drawn.owners.max() == len(drawn.instances)
    for number, item in enumerate(drawn.instances, start=1):
        rows, columns = [], []
        for y in range(160):
            for x in range(160):
                if drawn.owners[y, x] == number:
                    rows.append(y)
                    columns.append(x)
                    assert drawn.mask[y, x] == item.category + 1
        assert item.box == (min(columns), min(rows), max(columns) + 1, max(rows) + 1)
    assert np.array_equal(drawn.mask == 0, drawn.owners == 0)


def test_every_object_is_visible_enough_and_of_a_sensible_size():
    items = [item for seed in range(100) for item in scene(seed, 192).instances]
    assert min(item.visible for item in items) >= MINIMUM_VISIBLE
    assert sum(item.visible < 0.95 for item in items) > 0.15 * len(items), "hardly anything is hidden"
    spans = np.array([max(item.box[2] - item.box[0], item.box[3] - item.box[1]) for item in items])
    assert spans.min() >= 8
    assert spans.max() <= 105
    assert spans.std() > 10


def test_the_visible_share_is_that_of_the_whole_shape():
    """A lone shape far from the border is fully visible; with one object per scene nothing can hide it."""
    for seed in range(300):
        drawn = scene(seed, 96)
        if len(drawn.instances) == 1:
            x1, y1, x2, y2 = drawn.instances[0].box
            if min(x1, y1) > 0 and max(x2, y2) < 96:
                assert drawn.instances[0].visible == 1.0


def test_density_adds_shapes_and_leaves_the_rest_alone():
    usual, dense = ([scene(seed, 160, density) for seed in range(30)] for density in (1.0, 2.0))
    more = sum(len(item.instances) for item in dense) / sum(len(item.instances) for item in usual)
    assert 1.6 < more <= 2.05
    assert all(np.array_equal(scene(seed, 160).image, usual[seed].image) for seed in range(3))
    assert min(item.visible for drawn in dense for item in drawn.instances) >= MINIMUM_VISIBLE


def test_every_class_appears_about_as_often():
    counts = np.bincount(
        [item.category for seed in range(120) for item in scene(seed, 192).instances], minlength=8
    )
    assert len(counts) == len(CLASSES) == 8
    assert counts.min() > 0.5 * counts.mean()


def test_objects_look_different_from_what_surrounds_them():
    """The edge of an object must be in the picture, not only in the mask."""
    steps = []
    for seed in range(20):
        drawn = scene(seed, 128)
        grey = drawn.image.astype(np.float32)
        change = np.abs(np.diff(grey, axis=1)).sum(-1)
        edge = drawn.owners[:, 1:] != drawn.owners[:, :-1]
        steps.append(change[edge].mean() / change[~edge].mean())
    assert np.median(steps) > 2


def test_names_agree_with_the_protocol():
    assert CLASSES == SCENES_DETECTION.labels == tuple(Shape)
    assert SCENES_SEGMENTATION.labels == MASK_LABELS


def test_training_and_held_out_seeds_are_disjoint():
    assert TRAINING_SEEDS.stop <= VALIDATION_SEEDS.start
    assert VALIDATION_SEEDS.stop <= TEST_SEEDS.start
    drawn = [item for item in recipes().values() if item.data is Data.SCENES]
    spans = sorted((item.first_seed, item.first_seed + item.images) for item in drawn)
    assert all(0 <= start < stop <= TRAINING_SEEDS.stop for start, stop in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


def _plane(side=201, reach=1.4):
    axis = np.linspace(-reach, reach, side, dtype=np.float32)
    return np.meshgrid(axis, -axis)


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("trait", [0.0, 0.5, 1.0])
def test_shapes_fit_the_unit_disc_and_hold_their_middle(shape, trait):
    x, y = _plane()
    inside = distance(shape, x, y, trait) <= 0
    assert 0.85 < np.hypot(x, y)[inside].max() < 1.12
    assert abs(x[inside].mean()) < 0.35
    assert abs(y[inside].mean()) < 0.35


@pytest.mark.parametrize("shape", Shape)
def test_distances_never_exceed_the_true_distance_and_cross_the_outline_evenly(shape):
    """A bound suffices for shadows; across the outline the slope decides how soft the edge is drawn."""
    x, y = _plane()
    step = 2.8 / 200
    field = distance(shape, x, y, 0.5)
    outline = np.argwhere(np.diff(np.signbit(field), axis=1))
    points = np.stack([x[outline[:, 0], outline[:, 1]], y[outline[:, 0], outline[:, 1]]], 1)
    for row, column in np.random.default_rng(0).integers(0, 201, (60, 2)):
        true = np.hypot(*(points - (x[row, column], y[row, column])).T).min()
        assert abs(field[row, column]) <= true + 2 * step
    down, right = np.gradient(field, step)
    slope = np.hypot(down, right)[np.abs(field) < 0.04]
    assert np.median(slope) == pytest.approx(1, abs=0.02)
    assert np.mean(np.abs(slope - 1) < 0.1) > 0.8


def test_a_square_turns_into_itself_and_a_heart_does_not():
    x, y = _plane()
    square = distance(Shape.SQUARE, x, y, 0.0) <= 0
    heart = distance(Shape.HEART, x, y, 0.0) <= 0
    assert np.array_equal(square, np.rot90(square))
    assert not np.array_equal(heart, np.flipud(heart))
    assert np.array_equal(heart, np.fliplr(heart))
