"""One door to all formats, and the weights beside them."""

from __future__ import annotations

import io
import json

import pytest
import safetensors.torch
import torch

from explorer.config import ModelConfig, presets
from explorer.exports.files import Exports, network_bytes, write_network
from explorer.exports.formats import ABOUT, Content, Format, of_content
from explorer.graph.layout import layout
from explorer.graph.view import view
from explorer.networks import build
from explorer.weights import RANDOM, WeightsKind, load
from tests.graph.view_cases import PRESETS, graph_of

STARTS = {
    Format.SVG: b"<?xml", Format.PDF: b"%PDF-", Format.PNG: b"\x89PNG", Format.DOT: b"digraph", Format.MERMAID: b"---",
    Format.JSON: b'{"format":"explorer.layer_graph"', Format.MODEL_EXPLORER: b'{"label":', Format.SCRIPT: b'"""',
    Format.YAML: b"name:",
}  # fmt: skip
WITH_WEIGHTS = (Format.ONNX, Format.WEIGHTS)


def test_every_format_is_described_and_belongs_to_one_kind_of_content() -> None:
    assert set(ABOUT) == set(Format) == {*STARTS, *WITH_WEIGHTS}
    assert sorted(form for content in Content for form in of_content(content)) == sorted(Format)
    assert len({about.ending for about in ABOUT.values()}) == len(Format)


@pytest.mark.parametrize("name", PRESETS)
def test_every_format_of_every_family_begins_as_it_should(name: str) -> None:
    graph = graph_of(name)
    shown = view(graph, "paper")
    exports = Exports(presets()[name], graph, shown, lambda: layout(shown))
    for form, start in STARTS.items():
        assert exports.content(form).startswith(start), form
    for form in WITH_WEIGHTS:
        with pytest.raises(ValueError, match="weights"):
            exports.content(form)


def test_a_view_is_placed_only_for_pictures() -> None:
    graph = graph_of("dla34")
    exports = Exports(presets()["dla34"], graph, view(graph, "paper"), lambda: pytest.fail("placed"))
    for form in STARTS:
        if ABOUT[form].content is not Content.PICTURE:
            exports.content(form)


def test_weights_are_read_back_by_safetensors_and_by_the_explorer() -> None:
    config = presets()["densenet40_k12"]
    network = build(config, seed=5)
    # As engines hold it: not in the order in which files hold it.
    for parameter in network.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    file = io.BytesIO()
    shares: list[float] = []
    write_network(
        Format.WEIGHTS, config, graph_of(config.title), network.state_dict(), RANDOM, file, shares.append
    )
    assert shares[-1] == 1
    found = safetensors.torch.load(file.getvalue())
    assert list(found) != []
    for key, value in network.state_dict().items():
        assert torch.equal(found[key], value)
        assert found[key].dtype == value.dtype
    other = build(config, seed=6)
    assert load(other, file.getvalue()).kind is WeightsKind.OWN
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in network.state_dict().items())
    length = int.from_bytes(file.getvalue()[:8], "little")
    metadata = json.loads(file.getvalue()[8 : 8 + length])["__metadata__"]
    assert ModelConfig.from_yaml(metadata["configuration"]) == config
    assert metadata["licence"] == RANDOM.licence


@pytest.mark.parametrize("form", WITH_WEIGHTS)
def test_the_size_of_a_file_with_weights_is_estimated_well(form: Format) -> None:
    config = presets()["vovnet27_slim"]
    file = io.BytesIO()
    from explorer.graph import trace

    graph = trace(config, config.default_input)
    write_network(form, config, graph, build(config).state_dict(), RANDOM, file)
    assert file.tell() == pytest.approx(network_bytes(form, graph), rel=0.02)


def test_a_format_without_weights_is_not_written_with_them() -> None:
    with pytest.raises(ValueError, match="svg holds no weights"):
        write_network(Format.SVG, presets()["dla34"], graph_of("dla34"), {}, RANDOM, io.BytesIO())
