"""Publication pictures: PDF with embedded fonts, drawn by reportlab, and PNG, rendered from that PDF by PDFium.

Both come as wheels with all they need, fonts included (Bitstream Vera), so that a file looks the same everywhere.
"""

from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.exports.scene_model import Arrow, Outline, Scene, Text, arrowhead, curves

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

REGULAR, BOLD = "Vera", "VeraBd"
NARROWING = 0.88
"""Vera is wider than the typeface that sizes were estimated for."""
PLAIN = str.maketrans({"↓": "/", "↑": "×"})
"""Vera has no arrows: ``↓2`` is written ``/2`` and ``↑2`` as ``×2``."""
MOST_PIXELS = 64_000_000
"""Of a PNG: 256 MB while it is drawn."""
LONGEST_SIDE = 14_400.0
"""Points that PDF allows a page: 200 inches."""
MARGIN = 28.0
"""Points that printers leave white."""
DOTS_PER_INCH = 96
"""Of a picture at scale 1, where a unit is a CSS pixel."""


class Page(StrEnum):
    """The one page of a PDF."""

    OWN = "own"
    """As large as the picture, one point to a unit: for LaTeX and slides."""

    A4 = "a4"
    A3 = "a3"


_SHEETS = {Page.A4: (595.28, 841.89), Page.A3: (841.89, 1190.55)}
"""Short and long side in points."""


def to_pdf(scene: Scene, page: Page | str = Page.OWN) -> bytes:
    """One page of vector graphics whose text can be searched.

    On a sheet of paper the picture lies along the longer side where it is wide, no larger than its own size.
    """
    # Imported here: only a download needs it.
    from reportlab.pdfgen.canvas import Canvas

    page = Page(page)
    width, height, scale = _placed(scene, page)
    _register_fonts()
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(width, height), pageCompression=1, invariant=1)
    canvas.setTitle(scene.title)
    canvas.setSubject(scene.caption)
    canvas.setCreator("layer-aggregation-explorer")
    if not scene.transparent:
        canvas.setFillColor(scene.palette.paper)
        canvas.rect(0, 0, width, height, stroke=0, fill=1)
    canvas.translate((width - scene.width * scale) / 2, (height - scene.height * scale) / 2)
    canvas.scale(scale, scale)
    _draw(canvas, scene)
    canvas.save()
    return buffer.getvalue()


def _placed(scene: Scene, page: Page) -> tuple[float, float, float]:
    """Width and height of the page in points, and points to a unit."""
    if page is Page.OWN:
        scale = min(1.0, LONGEST_SIDE / max(scene.width, scene.height))
        return scene.width * scale, scene.height * scale, scale
    short, long = _SHEETS[page]
    width, height = (long, short) if scene.width > scene.height else (short, long)
    fitting = min((width - 2 * MARGIN) / scene.width, (height - 2 * MARGIN) / scene.height)
    return width, height, min(1.0, fitting)


def to_png(scene: Scene, scale: float = 2.0) -> bytes:
    """The picture with ``scale`` pixels to a unit, fewer where it would have more than ``MOST_PIXELS``."""
    import pypdfium2

    document = pypdfium2.PdfDocument(to_pdf(scene))
    try:
        page = document[0]
        scale = pixels_per_unit(scene, scale)
        drawn = page.render(
            scale=scale * scene.width / page.get_size()[0],
            fill_color=(255, 255, 255, 0 if scene.transparent else 255),
            maybe_alpha=scene.transparent,
        )
        image = drawn.to_pil()
    finally:
        document.close()
    buffer = BytesIO()
    image.save(buffer, "PNG", dpi=(scale * DOTS_PER_INCH,) * 2, optimize=False)
    return buffer.getvalue()


def pixels_per_unit(scene: Scene, scale: float) -> float:
    """The scale at which a PNG is drawn: what was asked for, or what ``MOST_PIXELS`` leave."""
    return float(min(scale, (MOST_PIXELS / (scene.width * scene.height)) ** 0.5))


def _register_fonts() -> None:
    import reportlab
    from reportlab.pdfbase.pdfmetrics import getRegisteredFontNames, registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(reportlab.__file__).parent / "fonts"
    for name in {REGULAR, BOLD}.difference(getRegisteredFontNames()):
        registerFont(TTFont(name, folder / f"{name}.ttf"))


def _draw(canvas: "Canvas", scene: Scene) -> None:
    canvas.setLineJoin(1)
    # From here on y grows downwards, as in a Scene; only text has to be turned back.
    canvas.transform(1, 0, 0, -1, 0, scene.height)
    for item in scene.items:
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
        item.x, item.y, item.width, item.height, item.radius, stroke=item.line > 0, fill=item.fill is not None
    )


def _arrow(canvas: "Canvas", item: Arrow) -> None:
    canvas.setLineWidth(item.line)
    canvas.setStrokeColor(item.stroke)
    canvas.setFillColor(item.stroke)
    canvas.setDash(*_pattern(item.dash))
    path = canvas.beginPath()
    path.moveTo(*item.points[0])
    for (ax, ay), (bx, by), (cx, cy) in curves(item.points):
        path.curveTo(ax, ay, bx, by, cx, cy)
    canvas.drawPath(path, stroke=1, fill=0)
    if item.headless:
        return
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
    canvas.saveState()
    canvas.translate(item.x - width / 2 if item.anchor == "middle" else item.x, item.y + size * 0.36)
    canvas.scale(1, -1)
    canvas.setFont(font, size)
    canvas.setFillColor(item.colour)
    canvas.drawString(0, 0, text)
    canvas.restoreState()


def _pattern(dash: tuple[float, ...]) -> tuple[list[float], int]:
    return list(dash), 0
