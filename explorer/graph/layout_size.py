"""How large things are drawn, from the text on them. CSS pixels."""

from explorer.graph.view_model import NodeKind, Style, ViewFrame, ViewNode, shape_text
from explorer.graph.view_text import shape_of
from explorer.roles import Shape

TITLE_FONT = 15.0
SUBTITLE_FONT = 12.0
LABEL_FONT = 12.0
FRAME_FONT = 12.5

FRAME_TITLE = 20.0
"""Height of the line above a frame's contents that holds its title."""

_MEAN_WIDTH = 0.53
"""Mean width of a digit or lower-case letter of a sans-serif typeface, in units of its size."""


def text_width(text: str, font: float) -> float:
    """About how wide ``text`` will be; a little too wide rather than too narrow."""
    return len(text) * font * _MEAN_WIDTH


def frame_title(frame: ViewFrame, width: float) -> str:
    """The line in a frame's corner: its name, and the shape that it yields where ``width`` has room for both."""
    shapes = set(frame.outputs)
    both = f"{frame.label} · {shape_text(shapes.pop())}" if len(shapes) == 1 else frame.label
    return both if 0.9 * text_width(both, FRAME_FONT) + 26.0 <= width else frame.label


def size_of(node: ViewNode, style: Style) -> tuple[float, float]:
    """Width and height of a node."""
    outline = shape_of(node)
    title, subtitle = text_width(node.title, TITLE_FONT), text_width(node.subtitle, SUBTITLE_FONT)
    if outline is Shape.ROUND:
        side = max(42.0, title + 12.0)
        return side, side
    if style is Style.PAPER and outline is Shape.SQUARE and not node.subtitle:
        return max(44.0, title + 12.0), 36.0
    least = 42.0 if node.kind is NodeKind.OPERATION else 52.0
    rounding = 20.0 if outline is Shape.PILL else 14.0
    return max(least, title + rounding, subtitle + rounding), 40.0 if node.subtitle else 28.0
