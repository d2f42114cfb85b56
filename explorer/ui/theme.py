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
