"""Paths to an output, against listing every path one by one."""

import random

import pytest

from explorer.graph import view
from explorer.graph.layer_graph import LayerGraph, Operation, Scope, Tensor
from explorer.graph.paths import edges_along, is_layer, leaving, paths
from tests.graph.view_cases import graph_of


def random_graph(seed: int) -> LayerGraph:
    """Up to nine operations that read one to three earlier tensors; some have two results, some are layers."""
    chance = random.Random(seed)
    operations: list[Operation] = []
    consumers: dict[int, list[int]] = {0: []}
    producers: dict[int, int | None] = {0: None}
    for number in range(chance.randint(1, 9)):
        read = tuple(chance.sample(sorted(producers), min(len(producers), chance.randint(1, 3))))
        for tensor in read:
            consumers[tensor].append(number)
        written = tuple(range(len(producers), len(producers) + chance.choice([1, 1, 1, 2])))
        producers.update((tensor, number) for tensor in written)
        consumers |= {tensor: [] for tensor in written}
        macs = chance.choice([0, 5])
        operations.append(
            Operation(number, "conv2d" if macs else "add", f"m{number}", 0, read, written, {}, 0, macs)
        )
    tensors = tuple(
        Tensor(t, (1, 4, 4, 4), "float32", producers[t], tuple(consumers[t])) for t in range(len(producers))
    )
    scopes = (
        Scope("", "Net", None, None, tuple(f"m{o.id}" for o in operations), 0),
        *(Scope(f"m{o.id}", "Layer", None, None, (), 0) for o in operations),
    )
    outputs = (len(tensors) - 1,)
    return LayerGraph("random", tuple(operations), tensors, scopes, (0,), outputs, ("0",))


Way = tuple[tuple[int, ...], tuple[int, ...]]


def every_path(graph: LayerGraph, tensor: int, output: int) -> list[Way]:
    """(operations, tensors) of each path, by trying every way."""
    found: list[Way] = [((), (output,))] if tensor == output else []
    for consumer in graph.tensors[tensor].consumers:
        for result in graph.operations[consumer].outputs:
            for operations, tensors in every_path(graph, result, output):
                found.append(((consumer, *operations), (tensor, *tensors)))
    return found


@pytest.mark.parametrize("seed", range(60))
def test_every_path_is_counted_and_the_extremes_are_among_them(seed):
    graph = random_graph(seed)
    output = graph.outputs[0]
    starts = random.Random(seed).sample(range(len(graph.tensors)), min(2, len(graph.tensors)))
    listed = [path for start in starts for path in every_path(graph, start, output)]
    found = paths(graph, starts, output)
    if not listed:
        assert found is None
        return
    lengths = [(sum(is_layer(graph.operations[o]) for o in way), len(way)) for way, _ in listed]
    assert found.count == len(listed)
    for route, extreme in ((found.shortest, min(lengths)), (found.longest, max(lengths))):
        assert (route.operations, route.tensors) in listed
        assert (route.layers, len(route.operations)) == extreme
    assert found.operations == {operation for way, _ in listed for operation in way}
    assert found.tensors == {tensor for _, passed in listed for tensor in passed}


@pytest.mark.parametrize("name", ["dla34", "densenet40_k12", "vovnet39", "centernet_dla34"])
@pytest.mark.parametrize("style", ["paper", "modules", "operations"])
def test_a_route_is_drawn_as_a_chain_of_edges(name, style):
    graph = graph_of(name)
    shown = view(graph, style)
    found = paths(graph, graph.inputs, graph.outputs[0])
    for route in (found.shortest, found.longest):
        lit = edges_along(shown, graph, route.tensors, route.operations)
        chain = {edge.source: edge.target for edge in shown.edges if edge.id in lit}
        reached = {"input:0"}
        place = "input:0"
        while place in chain and chain[place] not in reached:
            place = chain[place]
            reached.add(place)
        assert place == "output:0", place
    lit = edges_along(shown, graph, found.tensors, found.operations)
    assert edges_along(shown, graph, found.shortest.tensors, found.shortest.operations) <= lit


def test_all_paths_of_an_open_view_run_along_exactly_its_live_edges():
    graph = graph_of("dla34")
    shown = view(graph, "operations", frozenset(s.path for s in graph.scopes))
    found = paths(graph, graph.inputs, graph.outputs[0])
    lit = edges_along(shown, graph, found.tensors, found.operations)
    assert lit == {edge.id for edge in shown.edges if not edge.dead}


@pytest.mark.parametrize(("name", "depth"), [("dla34", 34), ("densenet40_k12", 40), ("dla102", 102)])
def test_the_longest_path_has_the_depth_in_the_networks_name(name, depth):
    graph = graph_of(name)
    assert paths(graph, graph.inputs, graph.outputs[0]).longest.layers == depth


def test_paths_from_a_group_start_where_its_results_leave():
    graph = graph_of("dla34")
    shown = view(graph, "paper")
    frame = shown.items["level3.tree1"]
    starts = leaving(graph, frame)
    assert {o.path for t in starts for o in graph.operations if t in o.outputs} == {"level3.tree1.root.relu"}
    assert leaving(graph, shown.items["input:0"]) == graph.inputs


def test_what_leads_nowhere_has_no_path():
    graph = graph_of("dla34")
    dead = next(o for o in graph.operations if o.id not in graph.live)
    assert paths(graph, dead.outputs, graph.outputs[0]) is None
