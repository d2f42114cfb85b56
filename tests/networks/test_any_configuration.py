"""Whatever is configured: refused in a sentence, or built, traced, and run with the shapes that were traced."""

from typing import Any

import torch
from hypothesis import HealthCheck, given, settings

from explorer.config import ModelConfig
from explorer.errors import ConfigError, ExplorerError
from explorer.graph import trace
from explorer.networks import build, construct
from explorer.runtime.estimate import estimate
from explorer.runtime.fitting import narrowed
from explorer.ui.glyph import glyph
from tests.networks.any_configuration import ANY_CONFIGURATION, SIZES
from tests.networks.reference import named_outputs

SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
RUN_MACS, RUN_BYTES = 2 * 10**9, 2**28


def read(data: object) -> ModelConfig | None:
    """The configuration, or None for one that is refused as it should be."""
    try:
        return ModelConfig.from_plain(data)
    except ConfigError as error:
        is_sentence(error)
        return None


def is_sentence(error: ExplorerError) -> None:
    text = str(error)
    assert text.endswith((".", "?", ")"))
    assert "\n" not in text
    assert len(text) < 600


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(data=ANY_CONFIGURATION, size=SIZES)
def test_any_configuration_is_refused_in_a_sentence_or_built_traced_and_drawn(
    data: dict[str, Any], size: tuple[int, int]
) -> None:
    config = read(data)
    if config is None:
        return
    assert ModelConfig.from_yaml(config.to_yaml()) == config
    network = construct(config)
    usual = trace(config, config.default_input)  # the size at which it is quoted is never refused
    assert usual.totals.parameters == sum(p.numel() for p in network.parameters())
    assert estimate(usual).memory > 0
    assert glyph(config).startswith("<svg")
    try:
        trace(config, (1, config.backbone.input_channels, *size))
    except ExplorerError as error:
        is_sentence(error)
    try:
        assert narrowed(config, 0.5).backbone.kind == config.backbone.kind
    except ConfigError as error:
        is_sentence(error)


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(data=ANY_CONFIGURATION, size=SIZES)
def test_any_small_network_runs_as_it_was_traced(data: dict[str, Any], size: tuple[int, int]) -> None:
    config = read(data)
    if config is None:
        return
    shape = (2, config.backbone.input_channels, *size)
    try:
        graph = trace(config, shape)
    except ExplorerError:
        return
    if graph.totals.macs > RUN_MACS or estimate(graph).memory > RUN_BYTES:
        return
    with torch.inference_mode():
        outputs = dict(named_outputs(build(config)(torch.randn(shape))))
    expected = {n: graph.tensors[t].shape for n, t in zip(graph.output_names, graph.outputs, strict=True)}
    assert {name: tuple(tensor.shape) for name, tensor in outputs.items()} == expected
