"""What would make a network fit: the largest of its kind that does."""

import pytest

from explorer.config import ModelConfig, preset, presets
from explorer.graph import LayerGraph, trace
from explorer.runtime.estimate import Estimate, estimate
from explorer.runtime.fitting import fitting, narrowed

MIB = 2**20


def traced(config: ModelConfig, size: tuple[int, int]) -> LayerGraph:
    return trace(config, (1, config.backbone.input_channels, *size))


def need(config: ModelConfig, size: tuple[int, int], batch: int = 1) -> int:
    return estimate(traced(config, size), batch).memory


@pytest.mark.parametrize("name", ["dla34up", "vovnet27_slim", "centernet_dla34"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_what_is_found_fits_and_the_next_larger_does_not(name: str, share: float) -> None:
    config, size, batch = preset(name), (256, 320), 6
    free = round(need(config, size, batch) * share)

    def allowed(wanted: Estimate) -> bool:
        return wanted.memory <= free

    found = fitting(config, size, batch, "cpu", allowed, traced)
    if found.batch:
        assert need(config, size, found.batch) <= free < need(config, size, found.batch + 1)
    else:
        assert need(config, size) > free
    if found.size:
        height, width = found.size
        assert height % 32 == width % 32 == 0
        assert need(config, found.size, batch) <= free
        assert height < 256
        assert abs(width / height - 320 / 256) < 0.35
        if height + 32 < 256:
            assert need(config, (height + 32, round((height + 32) * 1.25 / 32) * 32), batch) > free
    if found.narrower:
        assert need(found.narrower, size, batch) <= free
        assert found.share is not None
        assert found.share < 1


@pytest.mark.parametrize("name", list(presets()))
def test_every_network_can_be_halved_in_width(name: str) -> None:
    config = preset(name)
    half = narrowed(config, 0.5)
    assert half.backbone.kind == config.backbone.kind
    size = config.default_input[2:]
    assert traced(half, size).totals.parameters < 0.6 * traced(config, size).totals.parameters


def test_nothing_is_offered_where_nothing_fits() -> None:
    found = fitting(preset("dla34"), (224, 224), 2, "cpu", lambda wanted: False, traced)
    assert (found.size, found.batch, found.narrower, found.share) == (None, None, None, None)


def test_an_estimate_grows_with_the_batch_but_for_the_parameters() -> None:
    graph = traced(preset("dla34"), (224, 224))
    one, four = estimate(graph, 1), estimate(graph, 4)
    assert (four.parameters, four.macs, four.activations) == (
        one.parameters,
        4 * one.macs,
        4 * one.activations,
    )
    assert four.memory - one.memory == pytest.approx(3 * 2.2 * one.activations, abs=4)
    assert four.outputs == (("out", (4, 1000)),)
    assert four.memory == estimate(graph, 4, "cpu").memory > estimate(graph, 4, "cuda:0").memory
    assert one.fits(one.memory * 2)
    assert not one.fits(one.memory)
