"""The picture of a view as SVG: one file, nothing fetched."""

from xml.sax.saxutils import escape, quoteattr

from explorer.exports.scene import PAPER, Arrow, Outline, Text, arrowhead, scene
from explorer.graph.layout_model import Layout
from explorer.graph.view_model import View

FONTS = "'Source Sans 3','Source Sans Pro','Helvetica Neue',Arial,sans-serif"


def to_svg(view: View, layout: Layout) -> str:
    """A self-contained SVG document of the view with its legend."""
    picture = scene(view, layout)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{picture.width:g}" height="{picture.height:g}" '
        f'viewBox="0 0 {picture.width:g} {picture.height:g}" font-family={quoteattr(FONTS)} role="img">',
        f"<title>{escape(picture.title)}</title>",
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        *(_svg_item(item) for item in picture.items),
        "</svg>",
    ]
    return "\n".join(lines)


def _svg_item(item: Outline | Arrow | Text) -> str:
    if isinstance(item, Outline):
        dash = f' stroke-dasharray="{_list(item.dash)}"' if item.dash else ""
        return (
            f'<rect x="{item.x:g}" y="{item.y:g}" width="{item.width:g}" height="{item.height:g}" rx="{item.radius:g}" '
            f'fill="{item.fill or "none"}" stroke="{item.stroke}" stroke-width="{item.line:g}"{dash}/>'
        )
    if isinstance(item, Arrow):
        (x, y), *rest = item.points
        dash = f' stroke-dasharray="{_list(item.dash)}"' if item.dash else ""
        run = " ".join(f"{px:g} {py:g}" for px, py in rest)
        tip = " ".join(f"{px:.1f},{py:.1f}" for px, py in arrowhead(item.points))
        return (
            f'<path d="M{x:g} {y:g}C{run}" fill="none" stroke="{item.stroke}" stroke-width="{item.line:g}"{dash}/>'
            f'<polygon points="{tip}" fill="{item.stroke}"/>'
        )
    weight = ' font-weight="600"' if item.bold else ""
    halo = (
        f' paint-order="stroke" stroke="{PAPER}" stroke-width="3" stroke-linejoin="round"'
        if item.halo
        else ""
    )
    # A baseline 0.35 em below the middle centres digits; dominant-baseline is not understood everywhere.
    return (
        f'<text x="{item.x:g}" y="{item.y + item.size * 0.35:.1f}" font-size="{item.size:g}" fill="{item.colour}" '
        f'text-anchor="{item.anchor}"{weight}{halo}>{escape(item.text)}</text>'
    )


def _list(lengths: tuple[float, ...]) -> str:
    return " ".join(f"{length:g}" for length in lengths)
