"""Files that leave the page open elsewhere and show what the page shows."""

import re
from io import BytesIO
from xml.etree import ElementTree

import pypdfium2
import pytest
from PIL import Image
from pygraphviz import AGraph

from explorer.exports.dot import to_dot
from explorer.exports.pdf import to_pdf, to_png
from explorer.exports.scene import mixed
from explorer.exports.svg import to_svg
from explorer.graph import LayerGraph
from explorer.graph.layout import layout
from explorer.graph.view import view
from tests.graph.view_cases import graph_of

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(params=[("dla34", "paper"), ("centernet_dla34", "paper"), ("dla34", "modules")], ids="-".join)
def placed(request):
    name, style = request.param
    shown = view(graph_of(name), style)
    return shown, layout(shown)


def test_svg_is_xml_with_every_node_edge_and_role(placed):
    shown, found = placed
    root = ElementTree.fromstring(to_svg(shown, found))
    assert root.tag == f"{SVG}svg"
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert all(node.title in words for node in shown.nodes)
    assert {"Block", "HDA tree", "HDA link"} <= set(words)
    # An arrowhead for each edge, and for each kind of edge in the legend.
    assert len(list(root.iter(f"{SVG}polygon"))) == len(shown.edges) + len(
        {edge.kind for edge in shown.edges}
    )


def test_svg_fetches_nothing(placed):
    text = to_svg(*placed)
    assert not re.search(r"href|url\(|<script|<image|@import", text)
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]


def test_labels_are_escaped():
    shown = view(graph_of("dla34"), "paper")
    named = type(shown)(**{**{f: getattr(shown, f) for f in shown.__dataclass_fields__}, "name": "<a & b>"})
    assert ElementTree.fromstring(to_svg(named, layout(named))).find(f"{SVG}title").text.startswith("<a & b>")


def test_pdf_is_one_page_with_its_fonts_and_searchable_text(placed):
    shown, found = placed
    content = to_pdf(shown, found)
    assert content.startswith(b"%PDF-")
    assert b"FontFile2" in content
    document = pypdfium2.PdfDocument(content)
    assert len(document) == 1
    assert document[0].get_size()[0] == pytest.approx(max(found.width, 420), abs=1)
    words = document[0].get_textpage().get_text_range()
    assert "level3" in words
    assert "\ufffd" not in words
    document.close()


def test_pdf_is_the_same_every_time(placed):
    assert to_pdf(*placed) == to_pdf(*placed)


def test_png_is_drawn_in_the_roles_colours(placed):
    shown, found = placed
    image = Image.open(BytesIO(to_png(shown, found, scale=1.0))).convert("RGB")
    assert image.width == pytest.approx(found.width, abs=2)
    node = next(node for node in shown.nodes if node.role == "block")
    box = found.boxes[node.id]
    expected = bytes.fromhex(mixed("#56B4E9", 0.3)[1:])
    assert image.getpixel((int(box.x + 6), int(box.y + 6))) == pytest.approx(tuple(expected), abs=2)
    assert image.getpixel((1, 1)) == (255, 255, 255)


def test_a_huge_picture_is_drawn_smaller(monkeypatch):
    monkeypatch.setattr("explorer.exports.pdf.MOST_PIXELS", 100_000)
    shown = view(graph_of("dla34"), "paper")
    image = Image.open(BytesIO(to_png(shown, layout(shown))))
    assert image.width * image.height <= 110_000


def test_dot_is_read_by_graphviz(placed):
    shown, _ = placed
    graph = AGraph(string=to_dot(shown))
    assert graph.number_of_nodes() == len(shown.nodes)
    assert graph.number_of_edges() == len(shown.edges)
    assert len([line for line in to_dot(shown).splitlines() if "subgraph" in line]) == len(shown.frames)


def test_layer_graph_survives_json():
    graph = graph_of("dla34")
    assert LayerGraph.from_json(graph.to_json()) == graph
