"""A view as a list of simple shapes, drawn on white: what every picture that leaves the page is made from."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import atan2, cos, pi, sin

from explorer.graph.layout_model import Box, Curve, Layout, Point
from explorer.graph.layout_size import (
    FRAME_FONT,
    LABEL_FONT,
    SUBTITLE_FONT,
    TITLE_FONT,
    frame_title,
    text_width,
)
from explorer.graph.view_model import EdgeKind, NodeKind, Style, View, ViewEdge, ViewFrame, ViewNode
from explorer.graph.view_text import EDGE_COLOURS, EDGE_LABELS, edge_caption, shape_of
from explorer.roles import FRAMES, ROLE_STYLES, Role, Shape

INK = "#26241F"
MUTED = "#5C5850"
PAPER = "#FFFFFF"
NO_ROLE = "#9AA0A6"

HEAD = 7.5
"""Length of an arrowhead."""
LEGEND_ROW = 22.0
LEGEND_GAP = 22.0
SWATCH = 26.0


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
    """A chain of cubic curves with a head at its end."""

    points: tuple[Point, ...]
    stroke: str
    line: float
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text, vertically centred on ``y``; ``anchor`` is ``middle`` or ``start``; ``halo`` clears lines."""

    x: float
    y: float
    text: str
    size: float
    colour: str = INK
    bold: bool = False
    anchor: str = "middle"
    halo: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture: shapes in the order in which they are painted, on white. Units as in Layout."""

    title: str
    width: float
    height: float
    items: tuple[Outline | Arrow | Text, ...]


def scene(view: View, layout: Layout) -> Scene:
    """The picture of a view with its legend beneath."""
    width = max(layout.width, 420.0)
    legend, height = _legend(view, width, layout.height)
    items = (*_frames(view, layout), *_edges(view, layout), *_nodes(view, layout), *legend)
    return Scene(f"{view.name}, {view.style} view", width, height, items)


def mixed(colour: str, share: float, other: str = PAPER) -> str:
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


def _frames(view: View, layout: Layout) -> Iterator[Outline | Text]:
    bottom = view.style is Style.PAPER
    for frame in view.frames:
        box, colour = layout.boxes[frame.id], _colour(frame)
        loose = frame.role in (None, Role.BACKBONE, Role.STAGE)
        yield Outline(
            box.x, box.y, box.width, box.height, 10.0,
            fill=None if frame.role in (None, Role.BACKBONE) else mixed(colour, 0.05 + 0.03 * _depth(frame, view)),
            stroke=mixed(colour, 0.6), line=1.0, dash=(5.0, 4.0) if loose else (),
        )  # fmt: skip
        y = box.bottom - 10.0 if bottom else box.y + 11.0
        yield Text(
            box.x + 9.0,
            y,
            frame_title(frame, box.width),
            FRAME_FONT,
            mixed(colour, 0.55, INK),
            bold=True,
            anchor="start",
        )


def _depth(frame: ViewFrame, view: View) -> int:
    """How many frames enclose this one."""
    depth = 0
    while frame.frame is not None:
        depth, frame = depth + 1, next(outer for outer in view.frames if outer.id == frame.frame)
    return depth


def _edges(view: View, layout: Layout) -> Iterator[Arrow | Text]:
    for edge, curve in zip(view.edges, layout.edges, strict=True):
        yield Arrow(curve.points, EDGE_COLOURS[edge.kind], _line(edge.kind), _dash(edge))
    for edge, curve in zip(view.edges, layout.edges, strict=True):
        if curve.clear:
            yield _label(edge, curve)


def _label(edge: ViewEdge, curve: Curve) -> Text:
    return Text(*curve.label, edge_caption(edge), LABEL_FONT, MUTED, halo=True)


def _nodes(view: View, layout: Layout) -> Iterator[Outline | Text]:
    for node in view.nodes:
        box = layout.boxes[node.id]
        yield _body(node, box)
        x, y = box.centre
        yield Text(x, y - 7.0 if node.subtitle else y, node.title, TITLE_FONT, bold=True)
        if node.subtitle:
            yield Text(x, y + 9.5, node.subtitle, SUBTITLE_FONT, MUTED)


def _body(node: ViewNode, box: Box) -> Outline:
    outline, colour = shape_of(node), _colour(node)
    terminal = node.kind in (NodeKind.INPUT, NodeKind.OUTPUT)
    return Outline(
        box.x, box.y, box.width, box.height,
        radius=5.0 if outline is Shape.SQUARE else box.height / 2,
        fill=PAPER if terminal else mixed(colour, 0.5 if outline is Shape.ROUND else 0.3),
        stroke=MUTED if terminal else colour,
        line=1.4,
        dash=(3.0, 3.0) if node.dead else (),
    )  # fmt: skip


def _legend(view: View, width: float, top: float) -> tuple[list[Outline | Arrow | Text], float]:
    """Roles and edge kinds that are present, in rows; and where the picture ends."""
    items: list[Outline | Arrow | Text] = []
    x, y = 14.0, top + LEGEND_ROW / 2
    for role, kind, label in _entries(view):
        needed = SWATCH + 8.0 + text_width(label, SUBTITLE_FONT + 1)
        if x > 14.0 and x + needed > width - 14.0:
            x, y = 14.0, y + LEGEND_ROW
        if role is not None:
            items.append(_swatch(role, x, y))
        elif kind is not None:
            run = ((x, y), (x + 8.0, y), (x + 16.0, y), (x + SWATCH, y))
            items.append(
                Arrow(run, EDGE_COLOURS[kind], _line(kind), (6.0, 3.0) if kind is EdgeKind.RESIDUAL else ())
            )
        items.append(Text(x + SWATCH + 7.0, y, label, SUBTITLE_FONT + 1, INK, anchor="start"))
        x += needed + LEGEND_GAP
    return items, y + LEGEND_ROW


def _entries(view: View) -> Iterator[tuple[Role | None, EdgeKind | None, str]]:
    present = {item.role for item in view.everything}
    kinds = {edge.kind for edge in view.edges}
    for role in Role:
        if role in present:
            yield role, None, ROLE_STYLES[role].label
    for kind in EdgeKind:
        if kind in kinds:
            yield None, kind, EDGE_LABELS[kind]


def _swatch(role: Role, x: float, y: float) -> Outline:
    style = ROLE_STYLES[role]
    size = 14.0 if style.shape is Shape.ROUND else 22.0
    return Outline(
        x + (SWATCH - size) / 2, y - 7.0, size, 14.0,
        radius=3.0 if style.shape is Shape.SQUARE else 7.0,
        fill=mixed(style.colour, 0.08 if role in FRAMES else 0.5 if style.shape is Shape.ROUND else 0.3),
        stroke=style.colour,
    )  # fmt: skip


def _line(kind: EdgeKind) -> float:
    return 1.4 if kind in (EdgeKind.FLOW, EdgeKind.RESIDUAL) else 1.9


def _dash(edge: ViewEdge) -> tuple[float, ...]:
    if edge.dead:
        return (2.0, 4.0)
    return (6.0, 3.0) if edge.kind is EdgeKind.RESIDUAL else ()


def _colour(item: ViewNode | ViewFrame) -> str:
    return ROLE_STYLES[item.role].colour if item.role else NO_ROLE
