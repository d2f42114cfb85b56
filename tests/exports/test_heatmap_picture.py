"""The heatmaps as a picture: every connection is in it, in its colour and at its place."""

from xml.etree import ElementTree

import pytest

from explorer.analysis import connectivity
from explorer.analysis.heatmaps import Scale, heatmaps
from explorer.config import resolve
from explorer.exports.heatmap_picture import picture
from explorer.exports.pdf import to_png
from explorer.exports.svg import to_svg
from explorer.graph import trace
from explorer.networks import build

COLOURS = ("#000000", "#808080", "#FFFFFF")


def _figure(name):
    config = resolve(name)
    graph = trace(config, config.default_input)
    return heatmaps(graph, connectivity(graph, build(config).state_dict()))


@pytest.mark.parametrize("paper", ["white", "dark", "transparent"])
def test_every_connection_is_drawn_inside_the_picture(paper):
    figure = _figure("centernet_dla34")
    scene = picture([("centernet_dla34", figure)], Scale.FIGURE, COLOURS, paper)
    root = ElementTree.fromstring(to_svg(scene))
    rects = [r for r in root.iter() if r.tag.endswith("rect") and r.get("x")]
    cells = sum(len(heatmap.cells) for heatmap in figure)
    assert len(rects) >= cells + len(figure)
    for rect in rects:
        x, y, width, height = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= scene.width - width
        assert 0 <= y <= scene.height - height
    words = {t.text or "" for t in root.iter() if t.tag.endswith("text")}
    assert {"x2", "bottom", "projected", "centernet_dla34"} <= words
    assert any("ida_up.node_2" in word for word in words)


def test_the_largest_is_the_last_colour_and_networks_stand_below_each_other():
    figure = _figure("densenet40_k12")
    scene = picture([("one", figure), ("two", figure)], Scale.BLOCK, COLOURS)
    ones = [item for item in scene.items if getattr(item, "fill", None) == "#FFFFFF" and item.width > 10]
    assert len(ones) >= 6  # one for each of three blocks and two networks, and what rounds to it
    assert len({item.y for item in ones}) >= 2
    assert to_png(scene, 1.0).startswith(b"\x89PNG")
