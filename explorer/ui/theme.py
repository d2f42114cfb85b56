"""Colours that charts share with the theme: Okabe and Ito's, which colour-blind readers can tell apart."""

from explorer.roles import ROLE_STYLES, Role

BLUE, AMBER, GREEN, PINK, SKY, VERMILION = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"

SERIES = (BLUE, AMBER, GREEN, PINK, SKY, VERMILION)
"""For the series of a chart, in the order in which they are taken."""

RULE = "#8A8578"
"""Thin lines and outlines that have to show on paper and on slate."""


def role_colour(role: Role | None) -> str:
    """A role's colour; grey for a module that has none."""
    return RULE if role is None else ROLE_STYLES[role].colour


def pill_colour(role: Role | None) -> str:
    """A role's colour, darkened as far as white text on it needs: a contrast of 4.5 (WCAG 2, AA)."""
    red, green, blue = (int(role_colour(role)[start : start + 2], 16) for start in (1, 3, 5))
    while contrast_to_white(red, green, blue) < 4.5:
        red, green, blue = (round(0.96 * channel) for channel in (red, green, blue))
    return f"#{red:02X}{green:02X}{blue:02X}"


def contrast_to_white(red: int, green: int, blue: int) -> float:
    """The contrast of white with a colour whose channels are from 0 to 255, from 1 to 21 (WCAG 2)."""
    linear = [
        channel / 255 / 12.92 if channel <= 10 else ((channel / 255 + 0.055) / 1.055) ** 2.4
        for channel in (red, green, blue)
    ]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
