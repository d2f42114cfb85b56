"""Pictures that leave the page open elsewhere and show what the page shows, with what it is written beneath."""

import re
from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree

import pypdfium2
import pytest
from PIL import Image
from pygraphviz import AGraph

from explorer.exports import pdf
from explorer.exports.dot import to_dot
from explorer.exports.pdf import Page, to_pdf, to_png
from explorer.exports.scene import picture
from explorer.exports.scene_model import Outline, Paper, Text, mixed
from explorer.exports.svg import to_svg
from explorer.graph import LayerGraph
from explorer.graph.layout import layout
from explorer.graph.view import view
from tests.graph.view_cases import PRESETS, graph_of

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(params=[("dla34", "paper"), ("centernet_dla34", "paper"), ("dla34", "modules")], ids="-".join)
def placed(request):
    name, style = request.param
    shown = view(graph_of(name), style)
    return shown, layout(shown), graph_of(name)


def words_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    assert len(document) == 1
    words = document[0].get_textpage().get_text_range()
    document.close()
    return words


def size_of(content: bytes) -> tuple[float, float]:
    document = pypdfium2.PdfDocument(content)
    size = document[0].get_size()
    document.close()
    return size


@pytest.mark.parametrize("name", PRESETS)
def test_every_family_has_an_svg_with_all_nodes_and_a_pdf_with_all_words(name):
    shown = view(graph_of(name), "paper")
    scene = picture(shown, layout(shown), graph_of(name))
    root = ElementTree.fromstring(to_svg(scene))
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert all(node.title in words for node in shown.nodes)
    drawn = words_of(to_pdf(scene))
    assert all(node.title in drawn for node in shown.nodes)
    assert "\ufffd" not in drawn


def test_svg_has_an_arrowhead_for_each_edge_and_each_kind(placed):
    shown, _, _ = placed
    root = ElementTree.fromstring(to_svg(picture(*placed)))
    assert root.tag == f"{SVG}svg"
    assert {"Block", "HDA tree", "HDA link"} <= {text.text for text in root.iter(f"{SVG}text")}
    kinds = {edge.kind for edge in shown.edges}
    assert len(list(root.iter(f"{SVG}polygon"))) == len(shown.edges) + len(kinds)


def test_svg_fetches_nothing(placed):
    text = to_svg(picture(*placed))
    assert not re.search(r"href|url\(|<script|<image|@import", text)
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]


def test_labels_are_escaped():
    shown = replace(view(graph_of("dla34"), "paper"), name="<a & b>")
    root = ElementTree.fromstring(to_svg(picture(shown, layout(shown), graph_of("dla34"))))
    assert root.find(f"{SVG}title").text.startswith("<a & b>")


@pytest.mark.parametrize("style", ["paper", "modules"])
def test_the_caption_names_the_network_its_size_and_its_cost(style):
    shown = view(graph_of("dla34"), style)
    scene = picture(shown, layout(shown), graph_of("dla34"))
    facts = (
        f"dla34. {style.capitalize()} view at an input of 3×224×224: "
        "15.78 M parameters (15.74 M live), 3.07 G multiply-accumulates."
    )
    assert scene.caption == facts
    assert ElementTree.fromstring(to_svg(scene)).find(f"{SVG}desc").text == facts
    words = " ".join(words_of(to_pdf(scene)).split())
    assert "15.78 M parameters (15.74 M live), 3.07 G multiply-accumulates." in words


@pytest.mark.parametrize("name", PRESETS)
def test_everything_lies_inside_the_picture(name):
    shown = view(graph_of(name), "paper")
    scene = picture(shown, layout(shown), graph_of(name))
    for item in scene.items:
        if isinstance(item, Outline):
            assert -1 <= item.x <= item.x + item.width <= scene.width + 1
            assert -1 <= item.y <= item.y + item.height <= scene.height + 1
        elif isinstance(item, Text):
            assert 0 <= item.y <= scene.height


def test_pdf_embeds_its_fonts_and_is_as_large_as_the_picture(placed):
    scene = picture(*placed)
    content = to_pdf(scene)
    assert content.startswith(b"%PDF-")
    assert b"FontFile2" in content
    assert size_of(content) == pytest.approx((scene.width, scene.height), abs=1)
    assert "level3" in words_of(content)


@pytest.mark.parametrize(("page", "short", "long"), [(Page.A4, 595, 842), (Page.A3, 842, 1191)])
def test_pdf_fits_a_sheet_in_the_direction_of_the_picture(placed, page, short, long):
    scene = picture(*placed)
    content = to_pdf(scene, page)
    wide = scene.width > scene.height
    assert size_of(content) == pytest.approx((long, short) if wide else (short, long), abs=1)
    assert "level3" in words_of(content)
    # Within the margins: what is drawn leaves the border of the sheet white.
    document = pypdfium2.PdfDocument(content)
    image = document[0].render(scale=1).to_pil().convert("L")
    document.close()
    inner = image.point(lambda value: 255 * (value < 250)).getbbox()
    assert inner[0] >= pdf.MARGIN - 2
    assert inner[1] >= pdf.MARGIN - 2
    assert inner[2] <= image.width - pdf.MARGIN + 2
    assert inner[3] <= image.height - pdf.MARGIN + 2


def test_a_picture_larger_than_a_page_may_be_is_scaled_down(placed):
    scene = replace(picture(*placed), width=30_000.0)
    assert size_of(to_pdf(scene))[0] == pytest.approx(pdf.LONGEST_SIDE, abs=1)


def test_pdf_is_the_same_every_time(placed):
    assert to_pdf(picture(*placed)) == to_pdf(picture(*placed))


@pytest.mark.parametrize(
    ("paper", "corner", "ground"),
    [(Paper.WHITE, (255, 255, 255, 255), "#FFFFFF"), (Paper.DARK, (23, 24, 26, 255), "#17181A"),
     (Paper.TRANSPARENT, (255, 255, 255, 0), "#FFFFFF")],
)  # fmt: skip
def test_png_is_drawn_in_the_roles_colours_on_each_paper(paper, corner, ground):
    shown = view(graph_of("dla34"), "paper")
    found = layout(shown)
    scene = picture(shown, found, graph_of("dla34"), paper)
    image = Image.open(BytesIO(to_png(scene, scale=1.0))).convert("RGBA")
    assert image.size == pytest.approx((scene.width, scene.height), abs=2)
    assert image.getpixel((1, 1)) == corner
    node = next(node for node in shown.nodes if node.role == "block")
    box = found.boxes[node.id]
    expected = bytes.fromhex(mixed("#56B4E9", 0.3, ground)[1:])
    *colour, alpha = image.crop((int(box.x + 6), int(box.y + 6), int(box.x + 7), int(box.y + 7))).tobytes()
    assert colour == pytest.approx(list(expected), abs=2)
    assert alpha == 255


def test_png_says_its_resolution(placed):
    image = Image.open(BytesIO(to_png(picture(*placed), scale=2.0)))
    assert image.info["dpi"] == pytest.approx((192, 192), abs=1)


def test_a_huge_picture_is_drawn_smaller(monkeypatch, placed):
    monkeypatch.setattr(pdf, "MOST_PIXELS", 100_000)
    image = Image.open(BytesIO(to_png(picture(*placed))))
    assert image.width * image.height <= 110_000


@pytest.mark.parametrize("name", ["dla34up", "densenet40_k12", "vovnet19_slim_ese", "peleenet"])
def test_text_is_readable_on_its_ground(name):
    """Contrast of at least 4.5 (WCAG AA) for all words, on white and on dark paper."""

    def luminance(colour: str) -> float:
        shares = [part / 255 for part in bytes.fromhex(colour[1:])]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    shown = view(graph_of(name), "paper")
    for paper in (Paper.WHITE, Paper.DARK):
        scene = picture(shown, layout(shown), graph_of(name), paper)
        grounds = [item for item in scene.items if isinstance(item, Outline) and item.fill]
        for text in (item for item in scene.items if isinstance(item, Text)):
            under = scene.palette.paper
            for box in grounds:
                if box.x <= text.x <= box.x + box.width and box.y <= text.y <= box.y + box.height:
                    under = box.fill or under
            high, low = sorted((luminance(under), luminance(text.colour)), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (text, under)


def test_dot_is_read_by_graphviz(placed):
    shown, _, _ = placed
    graph = AGraph(string=to_dot(shown))
    assert graph.number_of_nodes() == len(shown.nodes)
    assert graph.number_of_edges() == len(shown.edges)
    assert len([line for line in to_dot(shown).splitlines() if "subgraph" in line]) == len(shown.frames)


def test_layer_graph_survives_json():
    graph = graph_of("dla34")
    assert LayerGraph.from_json(graph.to_json()) == graph
