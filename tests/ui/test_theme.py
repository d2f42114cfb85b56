"""Colours that are written on can be read."""

import pytest

from explorer.roles import Role
from explorer.ui.theme import contrast_to_white, pill_colour


def test_contrast_of_known_pairs():
    assert contrast_to_white(255, 255, 255) == pytest.approx(1)
    assert contrast_to_white(0, 0, 0) == pytest.approx(21)
    assert contrast_to_white(0x76, 0x76, 0x76) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("role", [None, *Role])
def test_white_text_is_readable_on_every_pill(role):
    colour = pill_colour(role)
    assert contrast_to_white(*(int(colour[start : start + 2], 16) for start in (1, 3, 5))) >= 4.5
