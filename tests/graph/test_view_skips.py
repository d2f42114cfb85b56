"""Skips stay: whatever is folded, each view has exactly the edges that follow from the LayerGraph, for every preset."""

import random
from collections import defaultdict

import pytest

from explorer.config import presets
from explorer.graph import trace
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.view import all_open, around, default_open, openable, view
from explorer.graph.view_model import Style, View

DRAWS = 2


def graph_of(name: str) -> LayerGraph:
    return trace(presets()[name], presets()[name].default_input)


def expected(graph: LayerGraph, shown: View) -> dict[tuple[str, str], set[int]]:
    """Naively: from each tensor, through operations that no node shows, to the first ones that are shown."""
    home = {operation: node.id for node in shown.nodes for operation in node.operations}
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    for tensor in graph.tensors:
        starts = [f"input:{i}" for i, each in enumerate(graph.inputs) if each == tensor.id]
        if tensor.producer is not None and tensor.producer in home:
            starts.append(home[tensor.producer])
        ends: set[str] = set()
        waiting, seen = [tensor.id], set()
        while waiting and starts:
            at = waiting.pop()
            if at in seen:
                continue
            seen.add(at)
            ends |= {f"output:{i}" for i, each in enumerate(graph.outputs) if each == at}
            for reader in graph.tensors[at].consumers:
                if reader in home:
                    ends.add(home[reader])
                else:
                    waiting += graph.operations[reader].outputs
        for start in starts:
            for end in ends - {start}:
                found[start, end].add(tensor.id)
    return found


@pytest.mark.parametrize("name", sorted(presets()))
def test_every_folded_view_has_the_edges_of_the_network(name):
    graph = graph_of(name)
    draw = random.Random(name)
    for style in Style:
        possible = sorted(openable(graph, style))
        sets = [
            default_open(graph, style),
            *(draw.sample(possible, draw.randint(0, len(possible))) for _ in range(DRAWS)),
        ]
        for opened in sets:
            shown = view(graph, style, opened)
            edges = {(edge.source, edge.target): set(edge.tensors) for edge in shown.edges}
            assert edges == expected(graph, shown)
            for edge in shown.edges:
                assert edge.shape == graph.tensors[edge.tensors[0]].shape


@pytest.mark.parametrize("name", ["vovnet57", "densenet121", "deeplab_resnet101", "deeplabv2_resnet101_msc"])
def test_what_repeats_folds_and_opens(name):
    graph = graph_of(name)
    for style in (Style.PAPER, Style.MODULES):
        everything = all_open(graph, style)
        runs = {path for path in everything if not graph.has_scope(path)}
        assert runs
        closed = view(graph, style, everything - runs)
        folded = {node.id.partition("#")[0]: node for node in closed.nodes if node.members}
        for run in runs & set(folded):
            node = folded[run]
            assert node.repeat == len(node.members) >= 2
            opened = view(graph, style, (everything - runs) | {run})
            frame = next(frame for frame in opened.frames if frame.id.partition("#")[0] == run)
            assert frame.members == node.members
            assert frame.operations == node.operations
            parts = [item for item in opened.everything if item.frame == frame.id]
            assert len(parts) == node.repeat


def test_repetition_is_of_equals():
    """By the figures of the papers: VoVNet-57's stages, ResNet-101's 23 blocks, DenseNet-121's 24 layers."""
    vovnet = view(graph_of("vovnet57"), "modules", {"stage4"})
    assert {node.id: node.repeat for node in vovnet.nodes if node.members} == {"stage4.OSA4_2~OSA4_4": 3}
    resnet = view(graph_of("deeplab_resnet101"), "paper", {"layer4"})
    assert {node.id: (node.repeat, node.title, node.subtitle) for node in resnet.nodes if node.members} == {
        "layer4.block2~block23": (22, "1024", "× 22")
    }
    # The first layers and the last of a dense block stay, so that its pattern can be seen.
    dense = view(graph_of("densenet121"), "paper", {"features", "features.denseblock3"})
    assert [node.repeat for node in dense.nodes if node.frame == "features.denseblock3"] == [1, 1, 21, 1, 1]


def test_a_module_in_a_repetition_says_what_must_be_open():
    graph = graph_of("deeplab_resnet101")
    needed = around(graph, "paper", "layer4.block7")
    assert needed == {"layer4", "layer4.block2~block23"}
    assert "layer4.block7" in view(graph, "paper", needed).items
