"""Publication pictures: PDF with embedded fonts, drawn by reportlab, and PNG, rendered from that PDF by PDFium.

Both come as wheels with all they need, fonts included (Bitstream Vera), so that a file looks the same everywhere.
"""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.exports.scene import PAPER, Arrow, Outline, Scene, Text, arrowhead, scene
from explorer.graph.layout_model import Layout
from explorer.graph.view_model import View

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

REGULAR, BOLD = "Vera", "VeraBd"
NARROWING = 0.88
"""Vera is wider than the typeface that sizes were estimated for."""
PLAIN = str.maketrans({"↓": "/", "↑": "×"})
"""Vera has no arrows: ``↓2`` is written ``/2`` and ``↑2`` as ``×2``."""
MOST_PIXELS = 64_000_000
"""Of a PNG: 256 MB while it is drawn."""


def to_pdf(view: View, layout: Layout) -> bytes:
    """One page as large as the picture, one point to a unit; vector graphics, text that can be searched."""
    # Imported here: only a download needs it.
    from reportlab.pdfgen.canvas import Canvas

    picture = scene(view, layout)
    _register_fonts()
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(picture.width, picture.height), pageCompression=1, invariant=1)
    canvas.setTitle(picture.title)
    _draw(canvas, picture)
    canvas.save()
    return buffer.getvalue()


def to_png(view: View, layout: Layout, scale: float = 2.0) -> bytes:
    """The picture with ``scale`` pixels to a unit, fewer where it would have more than ``MOST_PIXELS``."""
    import pypdfium2

    document = pypdfium2.PdfDocument(to_pdf(view, layout))
    try:
        page = document[0]
        width, height = page.get_size()
        image = page.render(scale=min(scale, (MOST_PIXELS / (width * height)) ** 0.5)).to_pil()
    finally:
        document.close()
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _register_fonts() -> None:
    import reportlab
    from reportlab.pdfbase.pdfmetrics import getRegisteredFontNames, registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(reportlab.__file__).parent / "fonts"
    for name in {REGULAR, BOLD}.difference(getRegisteredFontNames()):
        registerFont(TTFont(name, folder / f"{name}.ttf"))


def _draw(canvas: "Canvas", picture: Scene) -> None:
    canvas.setFillColor(PAPER)
    canvas.rect(0, 0, picture.width, picture.height, stroke=0, fill=1)
    canvas.setLineJoin(1)
    # From here on y grows downwards, as in a Scene; only text has to be turned back.
    canvas.transform(1, 0, 0, -1, 0, picture.height)
    for item in picture.items:
        if isinstance(item, Outline):
            _outline(canvas, item)
        elif isinstance(item, Arrow):
            _arrow(canvas, item)
        else:
            _text(canvas, item)


def _outline(canvas: "Canvas", item: Outline) -> None:
    canvas.setLineWidth(item.line)
    canvas.setStrokeColor(item.stroke)
    canvas.setDash(*_pattern(item.dash))
    if item.fill is not None:
        canvas.setFillColor(item.fill)
    canvas.roundRect(
        item.x, item.y, item.width, item.height, item.radius, stroke=1, fill=item.fill is not None
    )


def _arrow(canvas: "Canvas", item: Arrow) -> None:
    canvas.setLineWidth(item.line)
    canvas.setStrokeColor(item.stroke)
    canvas.setFillColor(item.stroke)
    canvas.setDash(*_pattern(item.dash))
    path = canvas.beginPath()
    path.moveTo(*item.points[0])
    for first in range(1, len(item.points), 3):
        (ax, ay), (bx, by), (cx, cy) = item.points[first : first + 3]
        path.curveTo(ax, ay, bx, by, cx, cy)
    canvas.drawPath(path, stroke=1, fill=0)
    head = canvas.beginPath()
    tip, *rest = arrowhead(item.points)
    head.moveTo(*tip)
    for point in rest:
        head.lineTo(*point)
    head.close()
    canvas.drawPath(head, stroke=0, fill=1)


def _text(canvas: "Canvas", item: Text) -> None:
    text = item.text.translate(PLAIN)
    font, size = BOLD if item.bold else REGULAR, item.size * NARROWING
    width = canvas.stringWidth(text, font, size)
    left = item.x - width / 2 if item.anchor == "middle" else item.x
    for halo in (True, False) if item.halo else (False,):
        canvas.saveState()
        canvas.translate(left, item.y + size * 0.36)
        canvas.scale(1, -1)
        canvas.setDash()
        line = canvas.beginText(0, 0)
        line.setFont(font, size)
        canvas.setLineWidth(3.4)
        canvas.setStrokeColor(PAPER)
        canvas.setFillColor(PAPER if halo else item.colour)
        line.setTextRenderMode(2 if halo else 0)
        line.textOut(text)
        canvas.drawText(line)
        canvas.restoreState()


def _pattern(dash: tuple[float, ...]) -> tuple[list[float], int]:
    return list(dash), 0
