"""The trace of every preset, node by node against real meta tensors, and against published counts."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from explorer.analysis.cost import Cost, dead_scopes, scope_costs, stage_costs
from explorer.config import presets
from explorer.graph import LayerGraph, trace
from explorer.graph.layer_graph import writes_memory
from explorer.networks import construct
from tests.graph.meta_trace import MetaTrace

PRESETS = presets()
PUBLISHED = json.loads((Path(__file__).parent.parent / "data" / "published_counts.json").read_text())


@pytest.fixture(scope="module", params=list(PRESETS))
def traced(request: pytest.FixtureRequest) -> tuple[str, LayerGraph]:
    config = PRESETS[request.param]
    return request.param, trace(config, config.default_input)


def test_every_operation_equals_what_meta_tensors_do(traced: tuple[str, LayerGraph]) -> None:
    name, graph = traced
    config = PRESETS[name]
    network = construct(config)
    reference = MetaTrace(network, config.default_input)
    outputs = reference.run()

    assert len(graph.operations) == len(reference.calls)
    modules = dict(network.named_modules())
    for operation, call in zip(graph.operations, reference.calls, strict=True):
        tensors = [graph.tensors[t] for t in operation.outputs]
        assert (operation.kind, operation.path, operation.call) == (call.kind, call.path, call.call)
        assert list(operation.inputs) == call.inputs
        assert list(operation.outputs) == call.outputs
        assert [tensor.shape for tensor in tensors] == call.shapes
        assert [tensor.dtype for tensor in tensors] == call.dtypes
        # DeepLab runs its network at three scales: parameters count at the first.
        assert operation.parameters == (0 if call.call else call.parameters)
        assert 2 * operation.macs == call.flops
        assert bool(operation.attributes.get("inplace")) == call.inplace
        assert bool(operation.attributes.get("view")) == call.view
        assert writes_memory(operation) == (not call.inplace and not call.view)
        for key, value in settings(modules[operation.path], operation.kind).items():
            assert operation.attributes[key] == value, (operation.path, key)

    assert list(zip(graph.output_names, graph.outputs, strict=True)) == outputs
    assert graph.totals.macs * 2 == reference.counter.get_total_flops()
    assert graph.totals.parameters == sum(p.numel() for p in network.parameters())
    assert [(s.path, s.type) for s in graph.scopes] == [(p, type(m).__name__) for p, m in modules.items()]
    for scope in graph.scopes:
        module = modules[scope.path]
        assert scope.parameters == sum(p.numel() for p in module.parameters())
        assert (scope.role, scope.stage) == (getattr(module, "role", None), getattr(module, "stage", None))
        assert [c.rpartition(".")[2] for c in scope.children] == [n for n, _ in module.named_children()]


def settings(module: nn.Module, kind: str) -> dict[str, Any]:
    """The attributes that an operation must have, read from the module that called it."""
    match module, kind:
        case (nn.Conv2d(), "conv2d") | (nn.ConvTranspose2d(), "conv_transpose2d"):
            return {
                "kernel": module.kernel_size, "stride": module.stride, "padding": module.padding,
                "dilation": module.dilation, "groups": module.groups, "bias": module.bias is not None,
                "in_channels": module.in_channels, "out_channels": module.out_channels,
            }  # fmt: skip
        case nn.BatchNorm2d(), "batch_norm":
            return {"channels": module.num_features, "eps": module.eps, "momentum": module.momentum}
        case nn.MaxPool2d(), "max_pool2d":
            return {
                "kernel": (module.kernel_size,) * 2,
                "stride": (module.stride,) * 2,
                "ceil_mode": module.ceil_mode,
            }
        case nn.AvgPool2d(), "avg_pool2d":
            return {"kernel": (module.kernel_size,) * 2, "stride": (module.stride,) * 2}
        case nn.LogSoftmax(), "log_softmax":
            return {"dim": module.dim}
    return {}


def test_edges_run_both_ways(traced: tuple[str, LayerGraph]) -> None:
    _, graph = traced
    for tensor in graph.tensors:
        assert tensor.consumers == tuple(o.id for o in graph.operations if tensor.id in o.inputs)
        producers = [o.id for o in graph.operations if tensor.id in o.outputs]
        assert producers == ([] if tensor.producer is None else [tensor.producer])
    assert graph.inputs == (0,)
    assert [t.id for t in graph.tensors] == list(range(len(graph.tensors)))
    assert [o.id for o in graph.operations] == list(range(len(graph.operations)))


def test_json_brings_the_same_graph_back(traced: tuple[str, LayerGraph]) -> None:
    _, graph = traced
    assert LayerGraph.from_json(graph.to_json()) == graph


def test_costs_of_parts_add_up(traced: tuple[str, LayerGraph]) -> None:
    _, graph = traced
    totals = graph.totals
    whole = Cost(totals.parameters, totals.live_parameters, totals.macs, totals.activation_bytes)
    costs = scope_costs(graph)
    assert costs[""] == whole
    assert sum(stage_costs(graph).values(), Cost()) == whole
    for scope in graph.scopes:
        inside = [
            o for o in graph.operations if f"{o.path}.".startswith(f"{scope.path}." if scope.path else "")
        ]
        assert costs[scope.path].macs == sum(o.macs for o in inside)
        live = sum(o.parameters for o in inside if o.id in graph.live)
        assert costs[scope.path].live_parameters == live


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_counts_are_the_published_ones(name: str) -> None:
    published = PUBLISHED[name]
    graph = trace(name, tuple(published["input"]))
    assert graph.totals.parameters == published["params"]
    assert graph.totals.macs == published["macs"]
    assert round(graph.totals.macs / 1e9, 4) == published["gmacs"]
    for level, shape in enumerate(published.get("levels", [])):
        last = [
            o for o in graph.operations if f"{o.path}.".startswith(f"level{level}.") and o.id in graph.live
        ][-1]
        assert list(graph.tensors[last.outputs[-1]].shape) == shape


PROJECTS: Mapping[str, set[str]] = {
    "dla34": {"level3", "level4"},
    "dla46_c": {"level4"},
    "dla46x_c": {"level4"},
    "dla60x_c": {"level4", "level4.tree1"},
    "dla60": {"level3", "level4", "level4.tree1"},
    "dla60x": {"level3", "level4", "level4.tree1"},
    "dla102": {"level3", "level3.tree1", "level4", "level4.tree1", "level4.tree1.tree1"},
    "dla102x": {"level3", "level3.tree1", "level4", "level4.tree1", "level4.tree1.tree1"},
    "dla102x2": {"level3", "level3.tree1", "level4", "level4.tree1", "level4.tree1.tree1"},
    "dla169": {"level2", "level3", "level3.tree1", "level4", "level4.tree1", "level4.tree1.tree1",
               "level4.tree1.tree1.tree1"},
}  # fmt: skip
"""Trees whose projection the published code computes and never uses (its gradient is None)."""

LIVE = {
    "dla34": 15_742_104, "dla46_c": 1_301_400, "dla46x_c": 1_068_440, "dla60x_c": 1_319_832, "dla60": 22_036_632,
    "dla60x": 17_352_344, "dla102": 33_268_888, "dla102x": 26_309_272, "dla102x2": 41_282_200, "dla169": 53_389_720,
}  # fmt: skip
"""Parameters of the same networks in timm, which leaves the dead projections out."""


@pytest.mark.parametrize("name", list(PROJECTS))
def test_dead_projections_are_found(name: str) -> None:
    graph = trace(name, (1, 3, 224, 224))
    assert set(dead_scopes(graph)) == {f"{tree}.project" for tree in PROJECTS[name]}
    assert graph.totals.live_parameters == LIVE[name]
    assert scope_costs(graph)[""].dead_parameters == graph.totals.parameters - LIVE[name]


def test_leftover_classifier_is_dead() -> None:
    graph = trace("centernet_dla34_with_fc", (1, 3, 512, 512))
    assert set(dead_scopes(graph)) == {"base.level3.project", "base.level4.project", "base.fc"}


def test_threads_do_not_mix() -> None:
    jobs = [(name, PRESETS[name].default_input) for name in PRESETS][:8] * 2
    expected = {name: trace(name, shape) for name, shape in jobs[:8]}
    with ThreadPoolExecutor(8) as pool:
        for (name, _), graph in zip(jobs, pool.map(lambda job: trace(*job), jobs), strict=True):
            assert graph == expected[name]
