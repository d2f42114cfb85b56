"""Loading into the real networks: what may be absent is what the trace finds dead, and outputs stay the same."""

import pytest
import torch

from explorer.analysis.cost import dead_scopes
from explorer.config import presets
from explorer.graph import trace
from explorer.networks import build, construct
from explorer.weights import WeightsKind, load, shipped
from explorer.weights.layouts import dead_projections
from tests.weights.fakes import saved


@pytest.mark.parametrize("name", list(presets()))
def test_what_timm_may_lack_reaches_no_output(name: str) -> None:
    config = presets()[name]
    keys = list(construct(config).state_dict())
    by_rule = {key.rsplit(".", 2)[0] for key in dead_projections(keys)}
    by_trace = set(dead_scopes(trace(config, config.default_input)))
    assert by_rule == {path for path in by_trace if path.endswith(".project")}


def test_a_file_without_dead_projections_gives_the_same_outputs() -> None:
    original, empty = build("dla46_c", seed=1), build("dla46_c", seed=2)
    state = original.state_dict()
    dead = set(dead_projections(list(state)))
    load(empty, saved({key: value for key, value in state.items() if key not in dead}))
    image = torch.rand(1, 3, 224, 224)
    with torch.inference_mode():
        assert torch.equal(original(image), empty(image))


@pytest.mark.parametrize("name", [name for name, config in presets().items() if shipped(config)])
def test_weights_that_ship_fit_their_preset(name: str) -> None:
    network = build(name)
    info = load(network, name)
    assert info.kind is WeightsKind.SHIPPED
    assert info.licence
    assert all(value.isfinite().all() for value in network.state_dict().values())
