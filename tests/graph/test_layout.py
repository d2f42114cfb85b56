"""Layouts: nothing overlaps, everything is inside of what holds it, and edges end where they should."""

from itertools import pairwise
from time import process_time

import pytest

from explorer.graph.layout import layout
from explorer.graph.layout_bus import OWN
from explorer.graph.layout_model import Layout
from explorer.graph.layout_size import frame_title
from explorer.graph.view import all_open, view
from explorer.graph.view_model import EdgeKind, Style, ViewFrame
from explorer.roles import Role
from tests.graph.view_cases import DLA, FAMILIES, graph_of

SLACK = 1.0


@pytest.fixture(
    params=[
        *((name, style, opened) for name in DLA for style in Style for opened in ("first", "none", "all")),
        *((name, Style.PAPER, opened) for name in FAMILIES for opened in ("first", "none", "all")),
        *((name, Style.MODULES, "first") for name in FAMILIES),
    ],
    ids="-".join,
)
def placed(request):
    name, style, opened = request.param
    graph = graph_of(name)
    groups = {"first": None, "none": (), "all": all_open(graph, style)}[opened]
    shown = view(graph, style, groups)
    return shown, layout(shown)


def test_frames_say_what_they_yield_where_there_is_room():
    shown = view(graph_of("dla34up"), Style.PAPER)
    level3 = shown.items["base.level3"]
    decoder = shown.items["dla_up"]
    assert isinstance(level3, ViewFrame)
    assert isinstance(decoder, ViewFrame)
    assert frame_title(level3, 300) == "level3 · 128×16×16"
    assert frame_title(level3, 80) == "level3"
    assert len(set(level3.outputs)) == 1
    assert frame_title(decoder, 300) == "dla_up · 32×64×64"


def overlap(a, b):
    return (
        a.x < b.right - SLACK and b.x < a.right - SLACK and a.y < b.bottom - SLACK and b.y < a.bottom - SLACK
    )


def test_everything_is_placed_in_the_views_order(placed):
    shown, found = placed
    assert [box.id for box in found.nodes] == [node.id for node in shown.nodes]
    assert [box.id for box in found.frames] == [frame.id for frame in shown.frames]
    assert [(c.source, c.target) for c in found.edges] == [(e.source, e.target) for e in shown.edges]


def test_siblings_do_not_overlap(placed):
    shown, found = placed
    siblings: dict = {}
    for item in (*shown.nodes, *shown.frames):
        siblings.setdefault(item.frame, []).append(found.boxes[item.id])
    for boxes in siblings.values():
        boxes.sort(key=lambda box: box.x)
        for index, box in enumerate(boxes):
            for other in boxes[index + 1 :]:
                if other.x > box.right:
                    break
                assert not overlap(box, other), (box, other)


def test_what_is_held_is_inside_its_frame_and_the_page(placed):
    shown, found = placed
    for item in (*shown.nodes, *shown.frames):
        box = found.boxes[item.id]
        assert box.x >= -SLACK
        assert box.y >= -SLACK
        assert box.right <= found.width + SLACK
        assert box.bottom <= found.height + SLACK
        if item.frame is not None:
            outer = found.boxes[item.frame]
            assert outer.x < box.x
            assert outer.y < box.y
            assert outer.right > box.right
            assert outer.bottom > box.bottom


def test_edges_run_from_node_to_node(placed):
    _, found = placed
    for curve in found.edges:
        assert len(curve.points) % 3 == 1
        for (x, y), box in ((curve.points[0], curve.source), (curve.points[-1], curve.target)):
            at = found.boxes[box]
            assert at.x - 3 <= x <= at.right + 3, curve
            assert at.y - 3 <= y <= at.bottom + 3, curve


def test_clear_captions_cover_no_node(placed):
    _, found = placed
    for curve in found.edges:
        if curve.clear:
            x, y = curve.label
            assert not any(box.x < x < box.right and box.y < y < box.bottom for box in found.nodes)


def test_paper_edges_cross_no_node():
    for name in ("dla34", "dla34up", "centernet_dla34", *FAMILIES):
        shown = view(graph_of(name), "paper")
        found = layout(shown)
        for curve in found.edges:
            for x, y in sampled(curve.points):
                for box in found.nodes:
                    inside = box.x + 2 < x < box.right - 2 and box.y + 2 < y < box.bottom - 2
                    assert not inside or box.id in (curve.source, curve.target), (curve, box)


def sampled(points):
    for first in range(0, len(points) - 1, 3):
        a, b, c, d = points[first : first + 4]
        for step in range(41):
            t = step / 40
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            yield tuple(
                sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) for axis in (0, 1)
            )


def test_position_carries_meaning_in_the_paper_view():
    shown = view(graph_of("dla34"), "paper")
    boxes = layout(shown).boxes
    blocks = [boxes[node.id] for node in shown.nodes if node.role is Role.BLOCK]
    assert len({box.centre[1] for box in blocks}) == 1
    # A root stands above the last block of its tree; the root that closes a tree of trees stands higher.
    assert boxes["level3.tree1.root"].centre[0] == pytest.approx(boxes["level3.tree1.tree2"].centre[0], abs=1)
    assert boxes["level3.tree2.root"].y < boxes["level3.tree1.root"].y < blocks[0].y
    stages = [boxes[f"level{level}"] for level in (2, 3, 4, 5)]
    assert all(left.right < right.x for left, right in pairwise(stages))


def test_what_a_dense_layer_hands_on_runs_along_one_lane():
    graph = graph_of("densenet40_k12")
    shown = view(graph, "paper", all_open(graph, "paper"))
    found = layout(shown)
    lanes: dict = {}
    for edge, curve in zip(shown.edges, found.edges, strict=True):
        if edge.kind is EdgeKind.DENSE and len(curve.points) > 4:
            lanes.setdefault(edge.source, set()).add(min(y for _, y in curve.points))
    # Twelve layers in each of three blocks, and what enters the block; the last layer's way is short.
    assert len(lanes) == 3 * 12
    assert all(len(heights) == 1 for heights in lanes.values())


@pytest.mark.parametrize("name", ["densenet40_k12", "densenet201", "peleenet"])
def test_a_dense_block_is_drawn_with_as_many_lines_as_layers(name):
    graph = graph_of(name)
    shown = view(graph, "paper", all_open(graph, "paper"))
    found = layout(shown)
    gathering = (Role.DENSE_LAYER, Role.CONCAT, Role.TRANSITION, Role.STEM)
    layers = sum(node.role in gathering for node in shown.nodes)
    blocks = sum(frame.role is Role.DENSE_BLOCK for frame in shown.frames)
    strokes = sum(len(curve.strokes) for curve in found.edges)
    # Each layer: one line from the layer before, one along its lane, one down into it. The first few are drawn singly.
    assert strokes <= 3 * layers + blocks * sum(range(OWN + 1))
    # What an edge does not draw itself, others draw: its lane, and its end.
    lanes = {(curve.source, min(y for _, y in stroke)) for curve in found.edges for stroke in curve.strokes}
    ends = {stroke[-1] for curve in found.edges for stroke in curve.strokes}
    for curve in found.edges:
        if curve.strokes != (curve.points,):
            assert (curve.source, min(y for _, y in curve.points)) in lanes
            assert curve.points[-1] in ends


def test_a_large_dense_network_is_placed_in_time():
    graph = graph_of("densenet201")
    shown = view(graph, "paper", all_open(graph, "paper"))
    started = process_time()
    found = layout(shown)
    assert process_time() - started < 5
    # Its blocks have 98 layers: as many lanes, not one for each of the two thousand pairs.
    assert found.height < 1600


def test_scales_of_one_network_keep_their_edges_apart():
    graph = graph_of("deeplabv3plus_resnet101_msc_os16")
    shown = view(graph, "paper", {"base", "base~calls"})
    found = layout(shown)
    ways = {(curve.source, curve.target): curve.points for curve in found.edges}
    for call in ("", "#1", "#2"):
        frame = found.boxes[f"base{call}"]
        points = ways[f"base.layer2{call}", f"base.fc2{call}"]
        assert all(frame.y - 20 < y < frame.bottom for _, y in points), call


def test_a_decoder_has_a_row_for_each_resolution():
    shown = view(graph_of("dla34up"), "paper")
    boxes = layout(shown).boxes
    rows: dict = {}
    for node in shown.nodes:
        if node.role is Role.NODE:
            rows.setdefault(node.outputs[0][-1], set()).add(boxes[node.id].centre[1])
    assert all(len(heights) == 1 for heights in rows.values())
    fine_to_coarse = [rows[size].pop() for size in sorted(rows, reverse=True)]
    assert fine_to_coarse == sorted(fine_to_coarse)


def test_layouts_are_the_same_every_time_and_survive_json():
    shown = view(graph_of("dla34"), "modules")
    assert layout(shown) == layout(shown)
    assert Layout.from_json(layout(shown).to_json()) == layout(shown)
