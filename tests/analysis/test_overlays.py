"""Overlays against sums made operation by operation, at every state of folding."""

import math

import pytest

from explorer.analysis.memory_access import memory_access_cost
from explorer.analysis.overlays import (
    MEANINGS,
    Amount,
    Gathering,
    Quantity,
    Scale,
    Spacing,
    gather,
    norm_per_operation,
    of_results,
    per_operation,
    per_tensor,
)
from explorer.analysis.weight_statistics import weight_norms
from explorer.graph import view
from explorer.graph.view import all_open
from explorer.networks import build
from tests.graph.view_cases import PRESETS, graph_of

SUMS = [Quantity.PARAMETERS, Quantity.MACS, Quantity.ACTIVATIONS, Quantity.ACCESS]


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("style", ["paper", "modules", "operations"])
def test_nodes_edges_and_the_rest_add_up_to_the_network(name, style):
    graph = graph_of(name)
    totals = {
        Quantity.PARAMETERS: graph.totals.parameters,
        Quantity.MACS: graph.totals.macs,
        Quantity.ACTIVATIONS: graph.totals.activation_bytes,
        Quantity.ACCESS: sum(memory_access_cost(operation, graph) for operation in graph.operations),
    }
    for opened in (frozenset(), None, all_open(graph, style)):
        shown = view(graph, style, opened)
        for quantity in SUMS:
            found = gather(shown, graph, quantity, per_operation(graph, quantity))
            parts = [amount.value for amount in found.nodes.values()]
            rest = (found.in_edges or 0) + (found.undrawn or 0)
            assert sum(parts) + rest == totals[quantity] == found.total


def test_a_node_has_what_its_operations_have():
    graph = graph_of("dla34")
    shown = view(graph, "paper")
    found = gather(shown, graph, Quantity.MACS, per_operation(graph, Quantity.MACS))
    for node in shown.nodes:
        macs = sum(graph.operations[o].macs for o in node.operations)
        assert (found.nodes[node.id].value if node.id in found.nodes else 0) == macs
    for frame in shown.frames:
        assert found.frames[frame.id].value == frame.macs


def test_norms_gather_by_squares():
    graph = graph_of("dla34")
    shown = view(graph, "modules", frozenset())
    numbers = [float(operation.id % 7) for operation in graph.operations]
    found = gather(shown, graph, Quantity.NORM, numbers)
    for node in shown.nodes:
        expected = math.sqrt(sum(numbers[o] ** 2 for o in node.operations))
        assert (found.nodes[node.id].value if node.id in found.nodes else 0) == pytest.approx(expected)
    assert found.total == pytest.approx(math.sqrt(sum(number**2 for number in numbers)))
    assert found.in_edges is None


@pytest.mark.parametrize("name", ["dla34", "vovnet19_slim_ese", "centernet_dla34"])
def test_weight_norms_are_those_of_the_parameters_inside(name):
    graph = graph_of(name)
    network = build(name)
    numbers = norm_per_operation(graph, weight_norms(network.state_dict()))
    shown = view(graph, "modules", frozenset())
    found = gather(shown, graph, Quantity.NORM, numbers)
    for node in shown.nodes:
        if node.operations and node.path:
            squares = sum(
                float(p.detach().double().square().sum())
                for p in network.get_submodule(node.path).parameters()
            )
            assert found.nodes.get(node.id, Amount(0)).value == pytest.approx(math.sqrt(squares), rel=1e-5)


@pytest.mark.parametrize("name", ["dla34", "centernet_dla34", "deeplabv3plus_resnet101_msc_os16"])
def test_the_output_stride_is_the_ratio_of_heights(name):
    graph = graph_of(name)
    rows = graph.tensors[graph.inputs[0]].shape[2]
    shown = view(graph, "paper")
    found = of_results(shown, graph, Quantity.STRIDE, per_tensor(graph, Quantity.STRIDE))
    assert found.total is None
    for node in shown.nodes:
        strides = [rows / shape[2] for shape in node.outputs if len(shape) == 4]
        if node.kind == "output" or not strides:
            continue
        amount = found.nodes[node.id]
        assert amount.value == max(strides)
        assert amount.low == (min(strides) if min(strides) < max(strides) else None)


def test_a_pyramid_states_the_range_of_its_strides():
    graph = graph_of("centernet_dla34")
    shown = view(graph, "modules", frozenset())
    found = of_results(shown, graph, Quantity.STRIDE, per_tensor(graph, Quantity.STRIDE))
    base = found.nodes["base"]
    assert (base.low, base.value) == (4, 32)


def test_receptive_fields_never_shrink_along_the_stages():
    graph = graph_of("dla34")
    shown = view(graph, "paper")
    found = of_results(shown, graph, Quantity.FIELD, per_tensor(graph, Quantity.FIELD))
    stages = [found.frames[f"level{stage}"].value for stage in (2, 3, 4, 5)]
    assert stages == sorted(stages)
    assert found.nodes["base_layer"].value == 7


@pytest.mark.parametrize("spacing", Spacing)
def test_a_scale_runs_from_end_to_end(spacing):
    scale = Scale(1.0, 1000.0, spacing)
    assert (scale.position(1.0), scale.position(1000.0)) == (0.0, 1.0)
    assert [scale.position(tick) for tick in scale.ticks()] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert scale.position(0) == 0.0
    assert Scale(5.0, 5.0, spacing).position(5.0) == 1.0


def test_every_quantity_says_what_it_is():
    assert set(MEANINGS) == set(Quantity)
    assert {MEANINGS[quantity].gathering for quantity in SUMS} == {Gathering.SUM}
