"""The picture of a view: its frames, edges and nodes as placed, a legend, and a caption that names the network."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from explorer.exports.scene_model import DARK, LIGHT, Arrow, Outline, Palette, Paper, Scene, Text, mixed
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.layout_model import Box, Layout
from explorer.graph.layout_size import (
    FRAME_FONT,
    LABEL_FONT,
    SUBTITLE_FONT,
    TITLE_FONT,
    frame_title,
    text_width,
)
from explorer.graph.view_model import (
    EdgeKind,
    NodeKind,
    Style,
    View,
    ViewEdge,
    ViewFrame,
    ViewNode,
    shape_text,
)
from explorer.graph.view_text import EDGE_COLOURS, EDGE_LABELS, count, edge_caption, shape_of
from explorer.roles import FRAMES, ROLE_STYLES, Role, Shape

NO_ROLE = "#9AA0A6"
LEGEND_ROW = 22.0
LEGEND_GAP = 22.0
SWATCH = 26.0
MARGIN = 14.0
LEAST_WIDTH = 420.0
"""So that a legend has room under the smallest picture."""

Item = Outline | Arrow | Text


def picture(view: View, layout: Layout, graph: LayerGraph, paper: Paper | str = Paper.WHITE) -> Scene:
    """The picture of ``view``, a folding of ``graph``, with its legend and caption beneath."""
    paper = Paper(paper)
    palette = DARK if paper is Paper.DARK else LIGHT
    drawing = _Drawing(view, layout, palette, max(layout.width, LEAST_WIDTH))
    legend, top = drawing.legend(layout.height)
    caption, height = drawing.caption(f"{view.name}.", _facts(view, graph), top)
    return Scene(
        title=f"{view.name}, {view.style} view",
        caption=f"{view.name}. {_facts(view, graph)}",
        width=drawing.width,
        height=height,
        items=(*drawing.frames(), *drawing.edges(), *drawing.nodes(), *legend, *caption),
        palette=palette,
        transparent=paper is Paper.TRANSPARENT,
    )


def _facts(view: View, graph: LayerGraph) -> str:
    """What a figure's caption says of a network."""
    totals = graph.totals
    size = " and ".join(shape_text(graph.tensors[t].shape) for t in graph.inputs)
    live = "" if totals.live_parameters == totals.parameters else f" ({count(totals.live_parameters)} live)"
    return (
        f"{view.style.capitalize()} view at an input of {size}: {count(totals.parameters)} parameters{live}, "
        f"{count(totals.macs)} multiply-accumulates."
    )


@dataclass(frozen=True)
class _Drawing:
    """The parts of one picture."""

    view: View
    layout: Layout
    palette: Palette
    width: float

    def frames(self) -> Iterator[Item]:
        bottom = self.view.style is Style.PAPER
        for frame in self.view.frames:
            box, colour = self.layout.boxes[frame.id], _colour(frame)
            loose = frame.role in (None, Role.BACKBONE, Role.STAGE)
            yield Outline(
                box.x, box.y, box.width, box.height, 10.0,
                fill=self._ground(frame),
                stroke=self._mixed(colour, 0.6), line=1.0, dash=(5.0, 4.0) if loose else (),
            )  # fmt: skip
            y = box.bottom - 10.0 if bottom else box.y + 11.0
            title = frame_title(frame, box.width)
            yield Text(
                box.x + 9.0,
                y,
                title,
                FRAME_FONT,
                mixed(colour, 0.55, self.palette.ink),
                bold=True,
                anchor="start",
            )

    @cached_property
    def _depths(self) -> dict[str, int]:
        """How many frames enclose each frame; frames are listed outermost first."""
        found: dict[str, int] = {}
        for frame in self.view.frames:
            found[frame.id] = 0 if frame.frame is None else found[frame.frame] + 1
        return found

    def edges(self) -> Iterator[Item]:
        for edge, curve in zip(self.view.edges, self.layout.edges, strict=True):
            for stroke in curve.strokes:
                ends = stroke[-1] == curve.points[-1]
                yield Arrow(
                    stroke, self._edge_colour(edge.kind), _line(edge.kind), _dash(edge), headless=not ends
                )
        for edge, curve in zip(self.view.edges, self.layout.edges, strict=True):
            if curve.clear:
                yield from self._label(edge_caption(edge), *curve.label)

    def _label(self, text: str, x: float, y: float) -> Iterator[Item]:
        """A caption on a plate that hides the line beneath it, in the colour of the ground there."""
        width, height = text_width(text, LABEL_FONT) + 7.0, LABEL_FONT + 2.0
        ground = self.palette.paper
        for frame in self.view.frames:
            box, fill = self.layout.boxes[frame.id], self._ground(frame)
            if fill is not None and box.x <= x <= box.right and box.y <= y <= box.bottom:
                ground = fill
        yield Outline(x - width / 2, y - height / 2, width, height, 2.0, fill=ground, stroke=ground, line=0.0)
        yield Text(x, y, text, LABEL_FONT, self.palette.muted)

    def _ground(self, frame: ViewFrame) -> str | None:
        if frame.role in (None, Role.BACKBONE):
            return None
        return self._mixed(_colour(frame), 0.05 + 0.03 * self._depths[frame.id])

    def nodes(self) -> Iterator[Item]:
        for node in self.view.nodes:
            box = self.layout.boxes[node.id]
            yield self._body(node, box)
            x, y = box.centre
            yield Text(
                x, y - 7.0 if node.subtitle else y, node.title, TITLE_FONT, self.palette.ink, bold=True
            )
            if node.subtitle:
                yield Text(x, y + 9.5, node.subtitle, SUBTITLE_FONT, self.palette.muted)

    def _body(self, node: ViewNode, box: Box) -> Outline:
        outline, colour = shape_of(node), _colour(node)
        terminal = node.kind in (NodeKind.INPUT, NodeKind.OUTPUT)
        fill = self._mixed(colour, 0.5 if outline is Shape.ROUND else 0.3)
        return Outline(
            box.x, box.y, box.width, box.height,
            radius=5.0 if outline is Shape.SQUARE else box.height / 2,
            fill=self.palette.paper if terminal else fill,
            stroke=self.palette.muted if terminal else colour,
            line=1.4,
            dash=(3.0, 3.0) if node.dead else (),
        )  # fmt: skip

    def legend(self, top: float) -> tuple[list[Item], float]:
        """Roles and edge kinds that are present, in rows; and where they end."""
        items: list[Item] = []
        x, y = MARGIN, top + LEGEND_ROW / 2
        for role, kind, label in _entries(self.view):
            needed = SWATCH + 8.0 + text_width(label, SUBTITLE_FONT + 1)
            if x > MARGIN and x + needed > self.width - MARGIN:
                x, y = MARGIN, y + LEGEND_ROW
            if role is not None:
                items.append(self._swatch(role, x, y))
            elif kind is not None:
                run = ((x, y), (x + 8.0, y), (x + 16.0, y), (x + SWATCH, y))
                dash = (6.0, 3.0) if kind is EdgeKind.RESIDUAL else ()
                items.append(Arrow(run, self._edge_colour(kind), _line(kind), dash))
            items.append(
                Text(x + SWATCH + 7.0, y, label, SUBTITLE_FONT + 1, self.palette.ink, anchor="start")
            )
            x += needed + LEGEND_GAP
        return items, y + LEGEND_ROW / 2

    def caption(self, name: str, facts: str, top: float) -> tuple[list[Item], float]:
        """The network's name and what is known of it, in lines as wide as the picture; and where they end."""
        size = SUBTITLE_FONT + 1
        y = top + LEGEND_ROW * 0.75
        items: list[Item] = [Text(MARGIN, y, name, size, self.palette.ink, bold=True, anchor="start")]
        x = MARGIN + text_width(name, size) * 1.12 + 6.0
        line: list[str] = []
        for word in facts.split(" "):
            if line and x + text_width(" ".join((*line, word)), size) > self.width - MARGIN:
                items.append(Text(x, y, " ".join(line), size, self.palette.muted, anchor="start"))
                x, y, line = MARGIN, y + LEGEND_ROW * 0.8, []
            line.append(word)
        items.append(Text(x, y, " ".join(line), size, self.palette.muted, anchor="start"))
        return items, y + LEGEND_ROW * 0.75

    def _swatch(self, role: Role, x: float, y: float) -> Outline:
        style = ROLE_STYLES[role]
        size = 14.0 if style.shape is Shape.ROUND else 22.0
        share = 0.08 if role in FRAMES else 0.5 if style.shape is Shape.ROUND else 0.3
        return Outline(
            x + (SWATCH - size) / 2, y - 7.0, size, 14.0,
            radius=3.0 if style.shape is Shape.SQUARE else 7.0,
            fill=self._mixed(style.colour, share),
            stroke=style.colour,
        )  # fmt: skip

    def _mixed(self, colour: str, share: float) -> str:
        return mixed(colour, share, self.palette.paper)

    def _edge_colour(self, kind: EdgeKind) -> str:
        return self.palette.flow if kind in (EdgeKind.FLOW, EdgeKind.RESIDUAL) else EDGE_COLOURS[kind]


def _entries(view: View) -> Iterator[tuple[Role | None, EdgeKind | None, str]]:
    present = {item.role for item in view.everything}
    kinds = {edge.kind for edge in view.edges}
    for role in Role:
        if role in present:
            yield role, None, ROLE_STYLES[role].label
    for kind in EdgeKind:
        if kind in kinds:
            yield None, kind, EDGE_LABELS[kind]


def _line(kind: EdgeKind) -> float:
    return 1.4 if kind in (EdgeKind.FLOW, EdgeKind.RESIDUAL) else 1.9


def _dash(edge: ViewEdge) -> tuple[float, ...]:
    if edge.dead:
        return (2.0, 4.0)
    return (6.0, 3.0) if edge.kind is EdgeKind.RESIDUAL else ()


def _colour(item: ViewNode | ViewFrame) -> str:
    return ROLE_STYLES[item.role].colour if item.role else NO_ROLE
