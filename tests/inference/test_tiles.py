"""Colours of numbers: the ends and the middle, and every tile in its place."""

import numpy as np
import pytest

from explorer.inference.tiles import (
    Order,
    Scale,
    diverging,
    filters_as_rgb,
    heat,
    matrix_of_tiles,
    ranking,
    sequential,
    sheet,
    signed_range,
    unit_range,
)


def test_each_map_or_all_together_span_the_range():
    maps = np.array([[[0.0, 2.0]], [[4.0, 8.0]], [[3.0, 3.0]]])
    assert unit_range(maps, Scale.EACH).tolist() == [[[0, 1]], [[0, 1]], [[0, 0]]]
    assert unit_range(maps, Scale.ALL).tolist() == [[[0, 0.25]], [[0.5, 1]], [[0.375, 0.375]]]


def test_signs_are_kept_and_zero_stays_zero():
    values = np.array([[1.0, -2.0], [0.0, 0.5], [0.0, 0.0]])
    assert signed_range(values, Scale.EACH).tolist() == [[0.5, -1], [0, 1], [0, 0]]
    assert signed_range(values, Scale.ALL).tolist() == [[0.5, -1], [0, 0.25], [0, 0]]
    blue, pale, orange = diverging(np.array([-1.0, 0.0, 1.0]))
    assert blue[2] > blue[0]
    assert orange[0] > orange[2]
    assert pale.min() > 230


def test_brightness_rises_with_the_value():
    lightness = sequential(np.linspace(0, 1, 33)).astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0).all()


def test_filters_are_grey_where_they_are_zero():
    weights = np.zeros((2, 3, 1, 2))
    weights[0, 0, 0, 1], weights[1, 2, 0, 0] = 2, -1
    assert filters_as_rgb(weights, Scale.ALL)[0].tolist() == [[[128, 128, 128], [255, 128, 128]]]
    assert filters_as_rgb(weights, Scale.EACH)[1].tolist() == [[[128, 128, 0], [128, 128, 128]]]


def test_tiles_lie_row_by_row():
    tiles = np.arange(5, dtype=np.uint8)[:, None, None, None] + np.zeros((5, 2, 3, 3), np.uint8)
    picture = sheet(tiles, 3)
    assert picture.shape == (4, 9, 3)
    assert picture[0, ::3, 0].tolist() == [0, 1, 2]
    assert picture[2, ::3, 0].tolist() == [3, 4, 0]


def test_a_matrix_has_clear_gaps_between_its_tiles_only():
    tiles = np.full((2, 3, 1, 1, 3), 7, np.uint8)
    picture = matrix_of_tiles(tiles, gap=1, zoom=2)
    assert picture.shape == (5, 8, 4)
    assert picture[0, :, 3].tolist() == [255, 255, 0, 255, 255, 0, 255, 255]
    assert picture[:, 0, 3].tolist() == [255, 255, 0, 255, 255]


def test_channels_are_ranked_and_equals_keep_their_order():
    mean, spread = np.array([1.0, 3.0, 1.0]), np.array([0.0, 1.0, 5.0])
    assert ranking(Order.CHANNEL, mean, spread).tolist() == [0, 1, 2]
    assert ranking(Order.MEAN, mean, spread).tolist() == [1, 0, 2]
    assert ranking(Order.SPREAD, mean, spread).tolist() == [2, 1, 0]


@pytest.mark.parametrize("largest", [0.0, 4.0])
def test_heat_is_clear_where_nothing_is(largest):
    shown = heat(np.array([[0.0, largest / 4, largest]], np.float32))
    assert shown[0, :, 3].tolist() == ([0, 128, 255] if largest else [0, 0, 0])
