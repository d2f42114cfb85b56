"""A network in one small picture: blocks, the nodes that aggregate them, and the decoder's nodes.

The trees are drawn as they are, not as an ornament: a tree of depth n has 2ⁿ blocks and 2ⁿ⁻¹ aggregation nodes, and
a node stands as high as the outermost tree that it closes (arXiv 1707.06484, Fig. 1 and 3).
"""

from dataclasses import dataclass, field

from explorer.config import CenterNetHead, ClassifyHead, DLAUpHead, ModelConfig
from explorer.roles import ROLE_STYLES, Role
from explorer.ui.theme import RULE

WIDTH, HEIGHT = 280, 66
_BASE = HEIGHT - 9
_RISE = 9.5
_STAGE_GAP = 0.9
_BLOCK = ROLE_STYLES[Role.BLOCK].colour
_ROOT = ROLE_STYLES[Role.ROOT].colour
_IDA = ROLE_STYLES[Role.IDA].colour
_END = ROLE_STYLES[Role.HEAD].colour


@dataclass(slots=True)
class _Drawing:
    """SVG fragments in two layers, lines below marks; ``x`` runs to the right as the network runs deeper."""

    pitch: float
    x: float = 4.0
    lines: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)

    def line(self, start: tuple[float, float], end: tuple[float, float], colour: str = RULE) -> None:
        path = f"M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}"
        self.lines.append(f'<path d="{path}" stroke="{colour}"/>')

    def square(self, x: float, y: float, side: float, colour: str) -> None:
        corner = f'x="{x - side / 2:.1f}" y="{y - side / 2:.1f}"'
        self.marks.append(f'<rect {corner} width="{side:.1f}" height="{side:.1f}" rx="1" fill="{colour}"/>')

    def dot(self, x: float, y: float, radius: float, colour: str) -> None:
        self.marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}"/>')

    def pill(self, colour: str) -> None:
        self.marks.append(
            f'<rect x="{self.x:.1f}" y="{_BASE - 6}" width="4" height="12" rx="2" fill="{colour}"/>'
        )
        self.x += 4


def glyph(config: ModelConfig) -> str:
    """A self-contained SVG of the network, 280×66, in colours that show on light and dark."""
    depths = config.backbone.levels[2:]
    blocks = sum(2**depth for depth in depths)
    decoder = _decoder_width(config)
    room = WIDTH - 24 - decoder
    drawing = _Drawing(pitch=min(10.0, room / (blocks + _STAGE_GAP * (len(depths) + 1))))
    drawing.pill(ROLE_STYLES[Role.STEM].colour)
    for depth in depths:
        drawing.x += drawing.pitch * _STAGE_GAP
        _tree(drawing, depth, 1)
    drawing.x += drawing.pitch * _STAGE_GAP
    _decoder(drawing, config)
    drawing.pill(_END)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<g fill="none" stroke-width="1">{"".join(drawing.lines)}</g>{"".join(drawing.marks)}</svg>'
    )


def _tree(drawing: _Drawing, depth: int, height: int) -> tuple[float, float]:
    """Draw a tree; ``height`` is how many trees its last node closes. Returns where that node stands."""
    if depth > 1:
        first = _tree(drawing, depth - 1, 1)
        root = _tree(drawing, depth - 1, height + 1)
        drawing.line(first, root)
        return root
    side = drawing.pitch * 0.78
    left, right = drawing.x + drawing.pitch / 2, drawing.x + drawing.pitch * 1.5
    root = (right, _BASE - 2 - height * _RISE)
    for x in (left, right):
        drawing.line((x, _BASE), root)
        drawing.square(x, _BASE, side, _BLOCK)
    drawing.dot(*root, max(1.5, min(3.2, drawing.pitch * 0.36)), _ROOT)
    drawing.x += 2 * drawing.pitch
    return root


def _merges(config: ModelConfig) -> list[int]:
    """How many nodes each IDA of the decoder has, in the order in which they run."""
    levels = len(config.backbone.levels)
    match config.head:
        case ClassifyHead():
            return []
        case DLAUpHead() as head:
            return list(range(1, levels - head.first_level))
        case CenterNetHead() as head:
            idas = list(range(1, levels - head.first_level))
            return [*idas, head.last_level - head.first_level - 1] if head.aggregation == "sum" else idas


def _decoder_width(config: ModelConfig) -> float:
    return len(_merges(config)) * 11 + 4 if _merges(config) else 0


def _decoder(drawing: _Drawing, config: ModelConfig) -> None:
    """The IDAs as columns of nodes that climb towards full resolution."""
    for nodes in _merges(config):
        bottom = (drawing.x + 4, _BASE)
        top = (drawing.x + 4, _BASE - nodes * 10)
        drawing.line(bottom, top, _IDA)
        for step in range(nodes + 1):
            y = _BASE - step * 10
            if step:
                drawing.dot(drawing.x + 4, y, 3, _ROOT)
            else:
                drawing.square(drawing.x + 4, y, 4, _IDA)
        drawing.x += 11
    if _merges(config):
        drawing.x += 4
