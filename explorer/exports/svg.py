"""A picture as SVG: one file with text as text, nothing fetched."""

from xml.sax.saxutils import escape, quoteattr

from explorer.exports.scene_model import Arrow, Outline, Scene, Text, arrowhead

FONTS = "'Source Sans 3','Source Sans Pro','Helvetica Neue',Arial,sans-serif"


def to_svg(scene: Scene) -> str:
    """A self-contained SVG document; its description is the caption."""
    ground = [] if scene.transparent else [f'<rect width="100%" height="100%" fill="{scene.palette.paper}"/>']
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{scene.width:g}" height="{scene.height:g}" '
        f'viewBox="0 0 {scene.width:g} {scene.height:g}" font-family={quoteattr(FONTS)} role="img">',
        f"<title>{escape(scene.title)}</title>",
        f"<desc>{escape(scene.caption)}</desc>",
        *ground,
        *(_item(item) for item in scene.items),
        "</svg>",
    ]
    return "\n".join(lines)


def _item(item: Outline | Arrow | Text) -> str:
    if isinstance(item, Outline):
        return (
            f'<rect x="{item.x:g}" y="{item.y:g}" width="{item.width:g}" height="{item.height:g}" rx="{item.radius:g}" '
            f'fill="{item.fill or "none"}" stroke="{item.stroke}" stroke-width="{item.line:g}"{_dashed(item.dash)}/>'
        )
    if isinstance(item, Arrow):
        (x, y), *rest = item.points
        run = " ".join(f"{px:g} {py:g}" for px, py in rest)
        path = (
            f'<path d="M{x:g} {y:g}C{run}" fill="none" stroke="{item.stroke}" stroke-width="{item.line:g}"'
            f"{_dashed(item.dash)}/>"
        )
        tip = " ".join(f"{px:.1f},{py:.1f}" for px, py in arrowhead(item.points))
        return path if item.headless else f'{path}<polygon points="{tip}" fill="{item.stroke}"/>'
    weight = ' font-weight="600"' if item.bold else ""
    # A baseline 0.35 em below the middle centres digits; dominant-baseline is not understood everywhere.
    return (
        f'<text x="{item.x:g}" y="{item.y + item.size * 0.35:.1f}" font-size="{item.size:g}" fill="{item.colour}" '
        f'text-anchor="{item.anchor}"{weight}>{escape(item.text)}</text>'
    )


def _dashed(lengths: tuple[float, ...]) -> str:
    return f' stroke-dasharray="{" ".join(f"{length:g}" for length in lengths)}"' if lengths else ""
