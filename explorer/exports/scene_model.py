"""A picture as a list of simple shapes, and the two palettes in which it is drawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import atan2, cos, pi, sin

from explorer.graph.layout_model import Point

HEAD = 7.5
"""Length of an arrowhead."""


class Paper(StrEnum):
    """What a picture is drawn on."""

    WHITE = "white"
    DARK = "dark"
    TRANSPARENT = "transparent"


@dataclass(frozen=True, slots=True)
class Palette:
    """``#rrggbb`` of the ground, of text and of what recedes; ``flow`` is the colour of edges without one."""

    paper: str
    ink: str
    muted: str
    flow: str


LIGHT = Palette("#FFFFFF", "#26241F", "#5C5850", "#5F6B7A")
DARK = Palette("#17181A", "#F2EFE8", "#CCC7BB", "#98A2AE")


@dataclass(frozen=True, slots=True)
class Outline:
    """A rectangle with rounded corners. ``dash`` is on–off lengths, empty for a solid line."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    fill: str | None
    stroke: str
    line: float = 1.2
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrow:
    """A chain of cubic curves, with a head at its end unless ``headless``."""

    points: tuple[Point, ...]
    stroke: str
    line: float
    dash: tuple[float, ...] = ()
    headless: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text, vertically centred on ``y``; ``anchor`` is ``middle`` or ``start``."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    bold: bool = False
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture: shapes in the order in which they are painted. Units as in Layout.

    ``caption`` says in a sentence what is shown. Where ``transparent``, nothing is painted under the shapes.
    """

    title: str
    caption: str
    width: float
    height: float
    items: tuple[Outline | Arrow | Text, ...]
    palette: Palette
    transparent: bool


def mixed(colour: str, share: float, other: str = LIGHT.paper) -> str:
    """``share`` of ``colour`` with the rest of ``other``, both ``#rrggbb``."""
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02X}" for a, b in pairs)


def arrowhead(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The four corners of the head at the end of a curve, tip first."""
    tip_x, tip_y = points[-1]
    before = next((point for point in reversed(points[:-1]) if point != points[-1]), points[0])
    angle = atan2(tip_y - before[1], tip_x - before[0])

    def at(along: float, across: float) -> Point:
        return (
            tip_x - along * cos(angle) + across * cos(angle + pi / 2),
            tip_y - along * sin(angle) + across * sin(angle + pi / 2),
        )

    return points[-1], at(HEAD, HEAD * 0.42), at(HEAD * 0.75, 0.0), at(HEAD, -HEAD * 0.42)


def curves(points: tuple[Point, ...]) -> Iterator[tuple[Point, Point, Point]]:
    """The cubic curves of a chain, each without its first point."""
    for first in range(1, len(points), 3):
        a, b, c = points[first : first + 3]
        yield a, b, c
