"""ONNX models give what the torch networks give, at any batch and size, under the networks' own names."""

from __future__ import annotations

import io
import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from onnx import numpy_helper

from explorer.config import (
    ModelConfig,
    presets,
)
from explorer.errors import ExplorerError, ExportError
from explorer.exports import onnx_wire
from explorer.exports.onnx import onnx_model
from explorer.exports.onnx_operators import WRITERS
from explorer.exports.onnx_sizes import Sizes
from explorer.exports.onnx_wire import write
from explorer.graph import trace
from explorer.networks import build, construct
from explorer.weights import RANDOM
from tests.exports.cases import CASES, config_of, flat, stirred
from tests.graph.view_cases import graph_of
from tests.networks.families import RAW_CONFIGURATIONS

torch.set_num_threads(2)


def exported(config: ModelConfig, network: torch.nn.Module, size: tuple[int, int]) -> bytes:
    graph = trace(config, (1, config.backbone.input_channels, *size))
    file = io.BytesIO()
    write(onnx_model(config, graph, network.state_dict(), RANDOM), file)
    return file.getvalue()


def session(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def assert_equal(network: torch.nn.Module, running: onnxruntime.InferenceSession, *shape: int) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        wanted = flat(network(x))
    for want, got in zip(wanted, running.run(None, {"input": x.numpy()}), strict=True):
        assert got.shape == tuple(want.shape)
        assert np.abs(got - want.numpy()).max() <= 1e-4 * max(1e-3, float(want.abs().max()))


def sizes(config: ModelConfig) -> tuple[tuple[int, int], ...]:
    """The size of the export, and two others: the last is odd where the network takes odd ones."""
    if config.size_step > 1:
        step = config.size_step
        return (2 * step, 2 * step), (3 * step, 2 * step), (step, 4 * step)
    if config.backbone.kind in ("dla", "peleenet"):
        return (224, 224), (256, 224), (224, 320)
    return (64, 64), (96, 64), (71, 101)


@pytest.mark.parametrize("case", CASES)
def test_onnx_runtime_agrees_with_torch_at_every_batch_and_size(case: str) -> None:
    config = config_of(case)
    network = stirred(config)
    first, *others = sizes(config)
    content = exported(config, network, first)
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    running = session(content)
    for batch, size in ((1, first), (3, first), *((2, other) for other in others)):
        assert_equal(network, running, batch, 3, *size)


@pytest.mark.parametrize(
    "name", ["scenes_seg", "scenes_det", "vovnet27_slim", "densenet40_k12", "peleenet", "dla46x_c"]
)
def test_presets_agree_too(name: str) -> None:
    config = presets()[name]
    network = stirred(config)
    running = session(exported(config, network, config.default_input[2:]))
    assert_equal(network, running, 2, *config.default_input[1:2], *sizes(config)[0])


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(data=RAW_CONFIGURATIONS)
def test_random_networks_agree_or_are_refused_in_a_sentence(data: dict[str, object]) -> None:
    try:
        config = ModelConfig.from_plain(data)
        graph = trace(config, (1, config.backbone.input_channels, 64, 96))
    except ExplorerError:
        return
    network = stirred(config)
    file = io.BytesIO()
    write(onnx_model(config, graph, network.state_dict(), RANDOM), file)
    assert_equal(network, session(file.getvalue()), 2, config.backbone.input_channels, 64, 96)


@pytest.mark.parametrize("name", presets())
def test_every_preset_has_operators_and_its_own_names(name: str) -> None:
    config = presets()[name]
    state = construct(config).state_dict()
    model = onnx_model(config, trace(config, config.default_input), state, RANDOM)
    names = [node.name for node in model.nodes]
    assert len(set(names)) == len(names)
    values = [name for node in model.nodes for name in node.outputs] + [value.name for value in model.inputs]
    assert len(set(values)) == len(values)
    weights = {constant.name: constant.shape for constant in model.constants if ":" not in constant.name}
    assert weights.items() <= {key: tuple(value.shape) for key, value in state.items()}.items()
    # What is read is there: earlier results, weights, or nothing.
    known = {value.name for value in model.inputs} | {constant.name for constant in model.constants} | {""}
    for node in model.nodes:
        assert known.issuperset(node.inputs)
        known.update(node.outputs)
    assert known.issuperset(value.name for value in model.outputs)
    batches = {value.dimensions[0] for value in (*model.inputs, *model.outputs, *model.between)}
    assert batches == {"N"}


def test_names_shapes_and_metadata_are_readable() -> None:
    config = presets()["dla34"]
    model = onnx.load_from_string(exported(config, build(config), (224, 224)))
    nodes = {node.name: node for node in model.graph.node}
    assert nodes["level2.root.conv"].op_type == "Conv"
    assert nodes["level2.root/cat"].op_type == "Concat"
    assert list(nodes["level2.root.conv"].input) == ["level2.root/cat", "level2.root.conv.weight"]
    shapes = {
        value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.value_info)
    }
    assert shapes["input"] == ["N", 3, "H", "W"]
    assert shapes["level2.root.conv"] == ["N", 64, "H/4", "W/4"]
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert ModelConfig.from_yaml(properties["configuration"]) == config
    assert json.loads(properties["mean"]) == [0.485, 0.456, 0.406]
    assert len(json.loads(properties["labels"])) == 1000


def test_weights_are_the_networks_own() -> None:
    config = presets()["vovnet27_slim"]
    network = stirred(config)
    state = network.state_dict()
    model = onnx.load_from_string(exported(config, network, (224, 224)))
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    assert set(found) == {key for key in state if not key.endswith("num_batches_tracked")}
    assert all(np.array_equal(found[key], state[key].numpy()) for key in found)


def test_dead_projections_are_left_out() -> None:
    state = construct("dla34").state_dict()
    kept = {c.name for c in onnx_model(presets()["dla34"], graph_of("dla34"), state, RANDOM).constants}
    assert "level3.tree1.project.0.weight" in kept
    assert "level3.project.0.weight" in state
    assert "level3.project.0.weight" not in kept


def test_the_size_is_known_beforehand_and_progress_reaches_the_end() -> None:
    model = onnx_model(
        presets()["densenet40_k12"], graph_of("densenet40_k12"), build("densenet40_k12").state_dict(), RANDOM
    )
    file = io.BytesIO()
    shares: list[float] = []
    write(model, file, shares.append)
    assert file.tell() == model.bytes
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1, abs=0.01)


def test_a_model_too_large_for_the_format_is_refused_before_anything_is_written(monkeypatch) -> None:
    monkeypatch.setattr(onnx_wire, "MOST_BYTES", 1_000_000)
    file = io.BytesIO()
    with pytest.raises(ExportError, match="dla46x_c would be"):
        write(
            onnx_model(
                presets()["dla46x_c"], graph_of("dla46x_c"), construct("dla46x_c").state_dict(), RANDOM
            ),
            file,
        )
    assert file.tell() == 0


def test_an_operation_without_an_operator_is_named(monkeypatch) -> None:
    monkeypatch.delitem(WRITERS, "deform_conv2d")
    state = construct("centernet_dla34").state_dict()
    with pytest.raises(
        ExportError, match=r"At dla_up\.ida_0\.proj_1\.conv: deform_conv2d has no ONNX operator here"
    ):
        onnx_model(presets()["centernet_dla34"], graph_of("centernet_dla34"), state, RANDOM)


def test_a_network_that_computes_otherwise_at_another_size_is_refused() -> None:
    with pytest.raises(ExportError, match="computes something else at other sizes"):
        Sizes(graph_of("dla34"), [graph_of("dla46x_c")])
