"""Views against a plain recomputation from the LayerGraph, and the DLA networks against their paper's figures."""

from collections import Counter
from functools import partial
from itertools import pairwise

import pytest

from explorer.graph import trace
from explorer.graph.layer_graph import LayerGraph, Operation, Scope, Tensor
from explorer.graph.view import all_open, default_open, openable, view
from explorer.graph.view_model import EdgeKind, NodeKind, Style
from explorer.networks.dla import BasicBlock, Root, Tree
from explorer.roles import CONTRACTED, Role
from tests.graph.view_cases import DLA, FAMILIES, PRESETS, graph_of, within


def openings(graph, style):
    """The first look, everything, nothing, and every other group."""
    possible = sorted(openable(graph, style))
    yield default_open(graph, style)
    yield frozenset(possible)
    yield frozenset()
    yield frozenset(possible[::2])


CASES = [(name, style, n) for name in DLA for style in Style for n in range(4)]
CASES += [(name, style, n) for name in FAMILIES for style in (Style.PAPER, Style.MODULES) for n in (0, 3)]
CASES += [(name, Style.PAPER, 1) for name in FAMILIES]


@pytest.fixture(params=CASES, ids=lambda case: "-".join(map(str, case)))
def folded(request):
    name, style, number = request.param
    graph = graph_of(name)
    return graph, view(graph, style, list(openings(graph, style))[number])


def holder(shown):
    """Which node holds each operation, by the nodes' own account."""
    return {operation: node.id for node in shown.nodes for operation in node.operations}


def tensor_edges(graph):
    """Every (producer, tensor, consumer) of a graph; inputs and outputs are their own ends."""
    for tensor in graph.tensors:
        starts = [tensor.producer] if tensor.producer is not None else []
        starts += [f"input:{i}" for i, t in enumerate(graph.inputs) if t == tensor.id]
        ends = [*tensor.consumers, *(f"output:{i}" for i, t in enumerate(graph.outputs) if t == tensor.id)]
        for start in starts:
            for end in ends:
                yield start, tensor.id, end


def test_every_operation_is_somewhere_and_only_once(folded):
    graph, shown = folded
    in_nodes = [operation for node in shown.nodes for operation in node.operations]
    on_edges = {operation for edge in shown.edges for operation in edge.operations}
    assert len(in_nodes) == len(set(in_nodes))
    assert not on_edges & set(in_nodes)
    everything = set(in_nodes) | on_edges | set(shown.drawn_away)
    assert everything == {operation.id for operation in graph.operations}
    assert not set(shown.drawn_away) & graph.live


def test_ids_are_unique_and_frames_nest(folded):
    _, shown = folded
    ids = [item.id for item in (*shown.nodes, *shown.frames)]
    assert len(ids) == len(set(ids))
    frames = {frame.id: frame for frame in shown.frames}
    for item in (*shown.nodes, *shown.frames):
        if item.frame is not None:
            outer = frames[item.frame]
            assert set(item.operations) <= set(outer.operations)
            assert any(within(item.path, path) for path in outer.members or (outer.path,))


def test_no_edge_is_lost_and_none_invented(folded):
    """Walk from each visible node through hidden operations only: what is met first is where its edges lead."""
    graph, shown = folded
    home = holder(shown)
    onward: dict = {}
    for start, tensor, end in tensor_edges(graph):
        onward.setdefault(start, []).append((tensor, end))
    expected: dict = {}
    for start in [*onward]:
        source = home.get(start, start if isinstance(start, str) else None)
        if source is None:
            continue
        waiting = [(tensor, tensor, end) for tensor, end in onward[start]]
        while waiting:
            first, _, end = waiting.pop()
            target = end if isinstance(end, str) else home.get(end)
            if target is None:
                waiting += [(first, tensor, beyond) for tensor, beyond in onward.get(end, [])]
            elif target != source:
                expected.setdefault((source, target), set()).add(first)
    assert {(edge.source, edge.target): set(edge.tensors) for edge in shown.edges} == expected


def test_reachability_is_preserved(folded):
    graph, shown = folded
    home = holder(shown)
    after: dict = {}
    for edge in shown.edges:
        after.setdefault(edge.source, set()).add(edge.target)
    reached, waiting = set(), [node.id for node in shown.nodes if node.kind is NodeKind.INPUT]
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting += after.get(node, ())
    assert {f"output:{index}" for index in range(len(graph.outputs))} <= reached
    assert {home[operation] for operation in graph.live if operation in home} <= reached


def test_costs_add_up(folded):
    graph, shown = folded
    on_edges = {operation for edge in shown.edges for operation in edge.operations}
    beside = on_edges | set(shown.drawn_away)
    macs = sum(node.macs for node in shown.nodes) + sum(graph.operations[i].macs for i in beside)
    parameters = sum(node.parameters for node in shown.nodes) + sum(
        graph.operations[i].parameters for i in beside
    )
    assert macs == graph.totals.macs
    assert parameters == sum(operation.parameters for operation in graph.operations)
    for node in shown.nodes:
        assert node.live_parameters == sum(
            graph.operations[i].parameters for i in node.operations if i in graph.live
        )


def test_shapes_are_those_of_the_tensors(folded):
    graph, shown = folded
    for edge in shown.edges:
        assert edge.shape == graph.tensors[edge.tensors[0]].shape
    for node in shown.nodes:
        if node.kind is not NodeKind.SCOPE:
            continue
        inside = set(node.operations)
        outward = {
            tensor for start, tensor, end in tensor_edges(graph) if start in inside and end not in inside
        }
        assert set(node.outputs) >= {graph.tensors[tensor].shape for tensor in outward}


def test_digest_tells_views_apart():
    graph = graph_of("dla34")
    digests = {view(graph, style, opened).digest for style in Style for opened in openings(graph, style)}
    assert len(digests) > 6
    assert view(graph, "paper").digest == view(graph, "paper").digest


@pytest.mark.parametrize("name", PRESETS)
def test_the_first_look_is_small(name):
    assert len(view(graph_of(name), "paper").nodes) <= 60
    assert len(view(graph_of(name), "modules").nodes) <= 64


def test_unknown_style_is_refused_and_unknown_groups_ignored():
    graph = graph_of("dla34")
    with pytest.raises(ValueError, match="sketch"):
        view(graph, "sketch")
    assert view(graph, "paper", {"level3", "no.such", "level3.tree1.tree1.conv1"}).open == {"level3"}


# --- the paper's figures


def ends(shown, kind):
    return {(edge.source, edge.target) for edge in shown.edges if edge.kind is kind}


def test_dla34_is_the_papers_figure_3():
    shown = view(graph_of("dla34"), "paper")
    roles = Counter(node.role for node in shown.nodes)
    # Levels [1, 1, 1, 2, 2, 1]: stages 2 to 5 have 1 + 2 + 2 + 1 trees of two blocks and a root.
    assert (roles[Role.BLOCK], roles[Role.ROOT]) == (12, 6)
    assert {frame.id for frame in shown.frames} == {
        "level2", "level3", "level3.tree1", "level3.tree2", "level4", "level4.tree1", "level4.tree2", "level5",
    }  # fmt: skip
    assert ends(shown, EdgeKind.IDA) == {
        ("level2.root", "level3.tree2.root"),
        ("level3.tree2.root", "level4.tree2.root"),
        ("level4.tree2.root", "level5.root"),
    }
    leaves = ("level2", "level3.tree1", "level3.tree2", "level4.tree1", "level4.tree2", "level5")
    own = {(f"{leaf}.tree{i}", f"{leaf}.root") for leaf in leaves for i in (1, 2)}
    outer = {(f"{level}.tree1.root", f"{level}.tree2.root") for level in ("level3", "level4")}
    assert ends(shown, EdgeKind.HDA) == own | outer
    assert {("level1", "level2.tree1"), ("level2.root", "level3.tree1.tree1")} <= ends(
        shown, EdgeKind.DOWNSAMPLE
    )


def test_pooling_and_projection_are_drawn_into_the_edge():
    graph = graph_of("dla34")
    shown = view(graph, "paper")
    assert not any(node.role in CONTRACTED for node in shown.nodes)
    edge = next(edge for edge in shown.edges if edge.target == "level2.tree1")
    assert edge.source == "level1"
    assert set(edge.through) == {"level2.downsample", "level2.project"}
    assert edge.shape == (1, 32, 112, 112)
    pooled = next(
        edge for edge in shown.edges if (edge.source, edge.target) == ("level2.root", "level3.tree2.root")
    )
    assert (pooled.shape, pooled.arrival) == ((1, 64, 56, 56), (1, 64, 28, 28))
    # Projections whose result nobody reads are on no edge.
    dead = {graph.operations[i].path for i in shown.drawn_away}
    assert dead == {"level3.project.0", "level3.project.1", "level4.project.0", "level4.project.1"}


def test_a_pooling_that_is_a_node_still_carries_the_iterative_link():
    shown = view(graph_of("dla34"), Style.MODULES, {f"level{i}" for i in range(2, 6)})
    assert ends(shown, EdgeKind.IDA) == {
        ("level3.downsample", "level3.tree2"),
        ("level4.downsample", "level4.tree2"),
        ("level5.downsample", "level5.root"),
    }
    assert ("level2.tree1", "level2.root") in ends(shown, EdgeKind.HDA)


def test_a_closed_tree_keeps_its_skips():
    shown = view(graph_of("dla34"), "paper", {"level4"})
    assert shown.items["level3"].openable
    assert {("level2", "level3"), ("level3", "level4.tree1"), ("level3", "level4.tree2")} <= {
        (edge.source, edge.target) for edge in shown.edges
    }
    assert ("level3", "level4.tree2") in ends(shown, EdgeKind.IDA)
    assert ("level4.tree1", "level4.tree2") in ends(shown, EdgeKind.HDA)


def test_the_decoder_is_the_interpolating_triangle():
    shown = view(graph_of("centernet_dla34"), "paper", all_open(graph_of("centernet_dla34"), "paper"))
    nodes = {node.id for node in shown.nodes if node.role is Role.NODE}
    assert nodes == {f"dla_up.ida_{i}.node_{j + 1}" for i in range(3) for j in range(i + 1)} | {
        "ida_up.node_1", "ida_up.node_2",
    }  # fmt: skip
    deep = {
        edge.source
        for edge in shown.edges
        if edge.target == "dla_up.ida_1.node_2" and edge.kind is EdgeKind.IDA
    }
    assert deep == {"dla_up.ida_0.node_1"}
    into_last = next(
        edge for edge in shown.edges if edge.target == "ida_up.node_2" and edge.kind is EdgeKind.IDA
    )
    assert into_last.source == "dla_up.ida_0.node_1"
    assert set(into_last.through) == {"ida_up.proj_2", "ida_up.up_2"}
    assert into_last.arrival[-1] == 4 * into_last.shape[-1]
    assert {node.label for node in shown.nodes if node.kind is NodeKind.OUTPUT} == {"hm", "wh", "reg"}


def test_a_block_opens_in_the_paper_view():
    shown = view(graph_of("dla34"), "paper", default_open(graph_of("dla34"), "paper") | {"level2.tree2"})
    inside = [node for node in shown.nodes if node.frame == "level2.tree2"]
    assert {"level2.tree2.conv1", "level2.tree2.bn1", "level2.tree2.conv2"} <= {node.id for node in inside}
    assert any(edge.kind is EdgeKind.RESIDUAL and edge.source == "level2.tree1" for edge in shown.edges)


def test_a_dense_layer_reads_every_layer_before_it():
    graph = graph_of("peleenet")
    shown = view(graph, "paper", all_open(graph, "paper"))
    block = "features.denseblock2"
    layers = [node.id for node in shown.nodes if node.role is Role.DENSE_LAYER and node.frame == block]
    gather = [node.id for node in shown.nodes if node.role is Role.CONCAT and node.frame == block]
    assert len(layers) == 4
    assert len(gather) == 1
    wanted = {(a, b) for i, a in enumerate(layers) for b in [*layers[i + 1 :], *gather]}
    inside = {pair for pair in ends(shown, EdgeKind.DENSE) if pair[0] in layers}
    assert inside == wanted


def test_one_shot_aggregation_concatenates_once():
    shown = view(graph_of("vovnet39"), "paper")
    module = "stage3.OSA3_1"
    layers = [node.id for node in shown.nodes if node.role is Role.LAYER and node.frame == module]
    (gather,) = [node.id for node in shown.nodes if node.role is Role.CONCAT and node.frame == module]
    assert {pair for pair in ends(shown, EdgeKind.DENSE) if pair[1] == gather} >= {
        (layer, gather) for layer in layers
    }
    # From one layer to the next nothing is concatenated.
    assert set(pairwise(layers)) <= set(ends(shown, EdgeKind.FLOW))


@pytest.mark.parametrize("name", DLA)
def test_no_dla_concatenates_densely(name):
    graph = graph_of(name)
    for style in Style:
        assert not list(ends(view(graph, style, openable(graph, style)), EdgeKind.DENSE))


def test_dead_modules_are_marked():
    shown = view(graph_of("dla34"), "modules", openable(graph_of("dla34"), "modules"))
    dead = {node.path for node in shown.nodes if node.dead}
    assert dead == {f"level{level}.project.{part}" for level in (3, 4) for part in (0, 1)}
    assert {edge.source for edge in shown.edges if edge.dead} >= {"level3.downsample", "level4.downsample"}


def reused():
    """A module called twice, with a relu inside that runs twice in each call."""
    kinds = ["conv2d", "relu", "relu"] * 2
    paths = ["twice.conv", "twice.act", "twice.act"] * 2
    calls = [0, 0, 1, 1, 2, 3]
    operations = tuple(
        Operation(
            i,
            kind,
            path,
            call,
            (i,),
            (i + 1,),
            {},
            9 if kind == "conv2d" else 0,
            9 if kind == "conv2d" else 0,
        )
        for i, (kind, path, call) in enumerate(zip(kinds, paths, calls, strict=True))
    )
    tensors = tuple(
        Tensor(i, (1, 1, 4, 4), "float32", i - 1 if i else None, (i,) if i < 6 else ()) for i in range(7)
    )
    scopes = (
        Scope("", "Net", None, None, ("twice",), 9),
        Scope("twice", "Twice", None, None, ("twice.conv", "twice.act"), 9),
        Scope("twice.conv", "Conv2d", None, None, (), 9),
        Scope("twice.act", "ReLU", None, None, (), 0),
    )
    return LayerGraph("reused", operations, tensors, scopes, (0,), (6,), ("out",))


def test_each_call_of_a_module_is_a_node_of_its_own():
    closed = view(reused(), "modules", ())
    assert [node.id for node in closed.nodes] == ["input:0", "twice", "twice#1", "output:0"]
    assert [(edge.source, edge.target) for edge in closed.edges] == [
        ("input:0", "twice"), ("twice", "twice#1"), ("twice#1", "output:0"),
    ]  # fmt: skip
    opened = view(reused(), "modules", {"twice"})
    assert [frame.id for frame in opened.frames] == ["twice", "twice#1"]
    assert [node.id for node in opened.nodes][1:-1] == [
        "twice.conv", "twice.act", "twice.act#1", "twice.conv#1", "twice.act#2", "twice.act#3",
    ]  # fmt: skip
    assert {node.frame for node in opened.nodes if node.id.endswith(("#2", "#3"))} == {"twice#1"}


def test_a_network_that_is_itself_a_tree_can_be_seen():
    """The walk to the outermost tree must end at the network."""
    tree = Tree(2, 8, 16, 2, block=BasicBlock, root=partial(Root, kernel_size=1, residual=False))
    graph = trace(tree, (1, 8, 16, 16))
    shown = view(graph, Style.PAPER, all_open(graph, Style.PAPER))
    assert sum(node.role is Role.ROOT for node in shown.nodes) == 2
    assert sum(edge.kind is EdgeKind.HDA for edge in shown.edges) == 2 + 3
