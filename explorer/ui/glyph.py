"""A network in one small picture: blocks, the nodes that aggregate them, and the decoder's nodes.

Drawn as they are, not as an ornament: every block, layer, branch, concatenation and transition has its mark.

- A DLA tree of depth n has 2ⁿ blocks and 2ⁿ⁻¹ aggregation nodes, and a node stands as high as the outermost tree
  that it closes (arXiv 1707.06484, Fig. 1 and 3).
- An OSA module is a chain whose layers meet in one concatenation (arXiv 1904.09730, Fig. 1b).
- A dense block's layers stand under arcs, which show between a few places of the block what holds between all
  (arXiv 1608.06993, Fig. 1); PeleeNet's layers have a mark for each of their two ways.
- A ResNet's blocks are as high as their resolution; dilated ones, which keep it, are hollow.
- A network without a head ends in a mark for each feature that it returns.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from explorer.config import (
    Attention,
    CenterNetHead,
    DeepLabHead,
    Dense,
    DenseNetBackbone,
    DLABackbone,
    DLAUpHead,
    FeaturesHead,
    ModelConfig,
    PeleeNetBackbone,
    ResNetBackbone,
    Variant,
    VoVNetBackbone,
)
from explorer.roles import ROLE_STYLES, Role
from explorer.ui.theme import RULE

WIDTH, HEIGHT = 280, 66
_BASE = HEIGHT - 9
_RISE = 9.5
_STAGE_GAP = 0.9
_BLOCK = ROLE_STYLES[Role.BLOCK].colour
_ROOT = ROLE_STYLES[Role.ROOT].colour
_IDA = ROLE_STYLES[Role.IDA].colour
_ASPP = ROLE_STYLES[Role.ASPP].colour
_CONCAT = ROLE_STYLES[Role.CONCAT].colour
_TRANSITION = ROLE_STYLES[Role.TRANSITION].colour
_END = ROLE_STYLES[Role.HEAD].colour
_GATHER = 21.0
"""How far above the chain an OSA module's concatenation stands."""
_ARC_PLACES = 6
"""Places of a dense block between which arcs are drawn."""


Place = tuple[float, float]


@dataclass(slots=True)
class _Drawing:
    """SVG fragments in two layers, lines below marks; ``x`` runs to the right as the network runs deeper.

    ``ends`` are where the features end that a network without a head returns, fine to coarse.
    """

    pitch: float
    x: float = 4.0
    lines: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    ends: list[Place] = field(default_factory=list)

    def line(self, start: tuple[float, float], end: tuple[float, float], colour: str = RULE) -> None:
        path = f"M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}"
        self.lines.append(f'<path d="{path}" stroke="{colour}"/>')

    def arc(self, start: float, end: float, base: float, rise: float, colour: str) -> None:
        """A curve over two places of one height."""
        path = f"M{start:.1f} {base:.1f}Q{(start + end) / 2:.1f} {base - 2 * rise:.1f} {end:.1f} {base:.1f}"
        self.lines.append(f'<path d="{path}" stroke="{colour}" stroke-width="0.7"/>')

    def bar(self, x: float, y: float, width: float, height: float, colour: str, hollow: bool = False) -> None:
        corner = f'x="{x - width / 2:.2f}" y="{y - height / 2:.1f}" width="{width:.2f}" height="{height:.1f}"'
        look = f' fill-opacity="0.25" stroke="{colour}" stroke-width="0.9"' if hollow else ""
        self.marks.append(f'<rect {corner} rx="{min(1.0, width / 3):.1f}" fill="{colour}"{look}/>')

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
    drawing = _Drawing(pitch=0.0)
    stages, spaces = _stages(drawing, config)
    gaps = _STAGE_GAP * (len(stages) + 1)
    drawing.pitch = min(10.0, (WIDTH - 24 - _head_width(config)) / (spaces + gaps))
    drawing.pill(ROLE_STYLES[Role.STEM].colour)
    drawing.ends = [(drawing.x - 2, _BASE)] * _stem_ends(config)
    for stage in stages:
        drawing.x += drawing.pitch * _STAGE_GAP
        drawing.ends.append(stage())
    drawing.x += drawing.pitch * _STAGE_GAP
    if isinstance(config.head, FeaturesHead):
        _features(drawing)
    elif isinstance(config.head, DeepLabHead):
        _deeplab(drawing, config.head)
    else:
        _decoder(drawing, config)
    if not isinstance(config.head, FeaturesHead):
        drawing.pill(_END)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<g fill="none" stroke-width="1">{"".join(drawing.lines)}</g>{"".join(drawing.marks)}</svg>'
    )


Stage = Callable[[], Place]
"""Draws a stage and returns where its features end."""


def _stages(drawing: _Drawing, config: ModelConfig) -> tuple[list[Stage], float]:
    """What draws each stage, and how many pitches all of them take."""
    match config.backbone:
        case DLABackbone() as backbone:
            depths = backbone.levels[2:]
            return [partial(_tree, drawing, depth, 1) for depth in depths], sum(2**depth for depth in depths)
        case VoVNetBackbone() as backbone:
            modules = sum(backbone.modules)
            spaces = modules * (backbone.layers + 1) + (modules - 4) * _MODULE_GAP
            return [partial(_osa_stage, drawing, backbone, stage) for stage in range(4)], spaces
        case DenseNetBackbone(layers=layers) as backbone:
            draw = _osa if backbone.block is Dense.OSA else _dense
            between = [True] * (len(layers) - 1) + [False]
            return [
                partial(_block, drawing, draw, count, transition=transition)
                for count, transition in zip(layers, between, strict=True)
            ], sum(layers) + len(layers) + sum(between) * _TRANSITION_ROOM
        case PeleeNetBackbone(layers=four):
            return [partial(_two_way_stage, drawing, n) for n in four], sum(four) + 4 * (1 + _TRANSITION_ROOM)
        case ResNetBackbone() as backbone:
            return [partial(_residual, drawing, backbone, stage) for stage in range(4)], sum(backbone.blocks)


_MODULE_GAP = 0.6
_TRANSITION_ROOM = 1.6


def _stem_ends(config: ModelConfig) -> int:
    """How many features a network without a head returns from before its first stage."""
    match config.backbone:
        case DLABackbone():
            return 2
        case VoVNetBackbone() | ResNetBackbone():
            return 1
        case DenseNetBackbone() | PeleeNetBackbone():
            return 0


def _tree(drawing: _Drawing, depth: int, height: int) -> Place:
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


def _layers(drawing: _Drawing, count: int) -> list[float]:
    """A chain of layers on the base line: squares, or bars where there is no room for squares."""
    width = drawing.pitch * 0.74
    places = [drawing.x + drawing.pitch * (index + 0.5) for index in range(count)]
    for x in places:
        drawing.bar(x, _BASE, width, max(width, 8.0), _BLOCK)
    return places


def _osa(drawing: _Drawing, count: int) -> Place:
    """Layers in a chain, all of them and the chain's input gathered once. Returns where the concatenation stands."""
    entry = drawing.x - drawing.pitch * 0.3
    gather = (drawing.x + drawing.pitch * (count + 0.5), _BASE - _GATHER)
    drawing.line((entry, _BASE), (gather[0], _BASE))
    for x in (entry, *_layers(drawing, count)):
        drawing.line((x, _BASE), gather, _CONCAT)
    drawing.dot(*gather, max(1.7, min(3.2, drawing.pitch * 0.5)), _CONCAT)
    drawing.x += drawing.pitch * (count + 1)
    return gather


def _osa_stage(drawing: _Drawing, backbone: VoVNetBackbone, stage: int) -> Place:
    """A stage's OSA modules; a mark above the concatenation is its channel attention."""
    last = backbone.modules[stage] - 1
    place: Place = (drawing.x, _BASE)
    for index in range(last + 1):
        place = x, y = _osa(drawing, backbone.layers)
        drawing.line((x, y), (x, _BASE))
        if backbone.attention is Attention.EVERY or (backbone.attention is Attention.LAST and index == last):
            drawing.bar(x, y - 8, max(2.2, min(4.0, drawing.pitch * 0.6)), 6, _END)
        if index < last:
            drawing.x += drawing.pitch * _MODULE_GAP
    return place


def _block(
    drawing: _Drawing, draw: Callable[[_Drawing, int], Place], count: int, *, transition: bool
) -> Place:
    """A block and what leads from its concatenation on. Returns where that stands."""
    x, y = draw(drawing, count)
    drawing.line((x, y), (x, _BASE))
    if transition:
        drawing.x += drawing.pitch * _TRANSITION_ROOM
        width = max(2.0, min(3.4, drawing.pitch * 0.6))
        drawing.bar(drawing.x - drawing.pitch * 0.6, _BASE, width, 14, _TRANSITION)
    return x, y


def _two_way_stage(drawing: _Drawing, count: int) -> Place:
    """A block of PeleeNet; its features end after the transition."""
    _block(drawing, _two_way, count, transition=True)
    return drawing.x - drawing.pitch * 0.6, _BASE


def _dense(drawing: _Drawing, count: int) -> Place:
    """Layers under arcs, and their concatenation. Returns where it stands."""
    return _arcs(drawing, _layers(drawing, count), _BASE - 4)


def _two_way(drawing: _Drawing, count: int) -> Place:
    """Layers of two ways, one above the other, under arcs."""
    side = min(6.0, drawing.pitch * 0.74)
    places = [drawing.x + drawing.pitch * (index + 0.5) for index in range(count)]
    for x in places:
        for y in (_BASE - side * 0.65, _BASE + side * 0.65):
            drawing.bar(x, y, side, side, _BLOCK)
    return _arcs(drawing, places, _BASE - side * 1.15)


def _arcs(drawing: _Drawing, layers: list[float], base: float) -> Place:
    """Arcs between the block's input, some of its layers and its concatenation."""
    concat = drawing.x + drawing.pitch * (len(layers) + 0.5)
    ends = [drawing.x - drawing.pitch * 0.3, *layers, concat]
    steps = min(_ARC_PLACES, len(ends)) - 1
    places = [ends[round(step * (len(ends) - 1) / steps)] for step in range(steps + 1)]
    unit = min(1.0, (base - 6) / (ends[-1] - ends[0])) * 0.5
    for index, start in enumerate(places):
        for end in places[index + 1 :]:
            drawing.arc(start, end, base, (end - start) * unit, _CONCAT)
    drawing.dot(concat, base, max(1.7, min(3.2, drawing.pitch * 0.5)), _CONCAT)
    drawing.x += drawing.pitch * (len(layers) + 1)
    return concat, base


def _residual(drawing: _Drawing, backbone: ResNetBackbone, stage: int) -> Place:
    """A stage's blocks, as high as the resolution; hollow where it is kept by dilation."""
    stride = 4 * 2**stage
    height = 4 + 92 / min(stride, backbone.output_stride)
    drawing.line((drawing.x, _BASE), (drawing.x + backbone.blocks[stage] * drawing.pitch, _BASE))
    for index in range(backbone.blocks[stage]):
        x = drawing.x + drawing.pitch * (index + 0.5)
        hollow = stride > backbone.output_stride
        drawing.bar(x, _BASE + 4 - height / 2, drawing.pitch * 0.7, height, _BLOCK, hollow)
    drawing.x += backbone.blocks[stage] * drawing.pitch
    return drawing.x - drawing.pitch / 2, _BASE


def _merges(config: ModelConfig) -> list[int]:
    """How many nodes each IDA of the decoder has, in the order in which they run."""
    levels = max(config.backbone.pyramid) + 1
    match config.head:
        case DLAUpHead() as head:
            return list(range(1, levels - head.first_level))
        case CenterNetHead() as head:
            idas = list(range(1, levels - head.first_level))
            return [*idas, head.last_level - head.first_level - 1] if head.aggregation == "sum" else idas
        case _:
            return []


def _head_width(config: ModelConfig) -> float:
    match config.head:
        case FeaturesHead():
            return 6
        case DeepLabHead() as head:
            return 0 if head.variant is Variant.V1 else 34
        case _:
            return len(_merges(config)) * 11 + 4 if _merges(config) else 0


def _features(drawing: _Drawing) -> None:
    """A mark at the top for each feature that is returned, over where it ends."""
    for index, end in enumerate(drawing.ends):
        x = end[0] + 6 * drawing.ends[:index].count(end)
        drawing.line(end, (x, 5))
        drawing.dot(x, 5, 2.6, _END)


def _deeplab(drawing: _Drawing, head: DeepLabHead) -> None:
    """The branches of atrous spatial pyramid pooling, and the way on from stride 4 in v3+."""
    if head.variant is Variant.V1:
        return
    branches = len(head.rates) + (0 if head.variant is Variant.V2 else 2)
    start, end = (drawing.x - 4, _BASE), (drawing.x + 30, _BASE)
    pitch = min(10.0, (HEIGHT - 16) / branches)
    for index in range(branches):
        y = _BASE - index * pitch
        drawing.line(start, (drawing.x + 13, y), _ASPP)
        drawing.line((drawing.x + 13, y), end, _ASPP)
        drawing.square(drawing.x + 13, y, min(6.0, pitch * 0.72), _BLOCK)
    if head.variant is Variant.V3PLUS:
        fine, _ = drawing.ends[1]
        drawing.line((fine, _BASE), (fine, 3), _IDA)
        drawing.line((fine, 3), (drawing.x + 32, 3), _IDA)
        drawing.line((drawing.x + 32, 3), (drawing.x + 32, _BASE), _IDA)
    drawing.x += 30


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
