"""Emblems: a function of the seed, balanced, and told apart by shape alone."""

import numpy as np
import pytest

from explorer.scenes.emblem import _DISTANCES, LABELS, SIDE, TEST_SEEDS, TRAINING_SEEDS, Emblem, picture


def test_a_picture_is_a_function_of_its_seed():
    first, again, other = picture(5), picture(5), picture(6)
    assert first[0].shape == (SIDE, SIDE, 3)
    assert first[0].dtype == np.uint8
    assert first[1] == again[1]
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])


def test_training_and_test_share_no_seed():
    assert TRAINING_SEEDS.stop <= TEST_SEEDS.start


def test_the_classes_come_equally_often():
    counts = np.bincount([picture(seed)[1] for seed in range(2000)], minlength=len(LABELS))
    assert counts.min() > 140
    assert counts.max() < 260


def test_the_mean_colour_does_not_tell_the_class():
    drawn = [picture(seed) for seed in range(1500)]
    means = np.array([image.reshape(-1, 3).mean(0) for image, _ in drawn])
    labels = np.array([label for _, label in drawn])
    centres = np.array([means[labels == label].mean(0) for label in range(len(LABELS))])
    nearest = ((means[:, None] - centres) ** 2).sum(2).argmin(1)
    assert (nearest == labels).mean() < 0.25


@pytest.mark.parametrize("emblem", Emblem)
def test_a_shape_fills_a_good_part_of_the_unit_disc_and_stays_inside(emblem):
    axis = np.linspace(-1.3, 1.3, 261)
    x, y = np.meshgrid(axis, axis)
    for trait in (0.0, 0.5, 1.0):
        inside = _DISTANCES[emblem](x, y, trait) <= 0
        assert 0.15 < inside.sum() * 0.01**2 / np.pi < 1.001
        assert np.hypot(x, y)[inside].max() < 1.1
