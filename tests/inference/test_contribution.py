"""What sources contribute, against passes written out by hand in which a source is replaced by zeros."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.analysis import Kind, connectivity
from explorer.config import resolve
from explorer.graph import trace
from explorer.inference.contribution import ablation, gradient_times_activation
from explorer.runtime import budget
from explorer.runtime.engine import Engine, build_engine
from explorer.weights import RANDOM


class _Dense(nn.Module):
    """Two layers that read all before them through a norm and an activation in place, and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.norm_1, self.conv_1 = nn.BatchNorm2d(4), nn.Conv2d(4, 3, 3, padding=1)
        self.norm_2, self.conv_2 = nn.BatchNorm2d(7), nn.Conv2d(7, 2, 3, padding=1)
        self.norm_3, self.fc = nn.BatchNorm2d(9), nn.Linear(9, 5)

    def forward(self, x: Tensor, zeroed: tuple[int, slice] | None = None) -> Tensor:
        features = [self.stem(x)]
        for at, (norm, layer) in enumerate(((self.norm_1, self.conv_1), (self.norm_2, self.conv_2))):
            features.append(layer(_without(torch.relu_(norm(torch.cat(features, 1))), at, zeroed)))
        pooled = F.adaptive_avg_pool2d(torch.relu_(self.norm_3(torch.cat(features, 1))), 1)
        return self.fc(_without(torch.flatten(pooled, 1), 2, zeroed))


def _without(value: Tensor, at: int, zeroed: tuple[int, slice] | None) -> Tensor:
    if zeroed is None or zeroed[0] != at:
        return value
    mask = torch.ones(value.shape[1])
    mask[zeroed[1]] = 0
    return value * mask.view(1, -1, *(1,) * (value.dim() - 2))


@pytest.fixture(scope="module")
def dense():
    """A small dense network as an engine, its graph, an input and its aggregation."""
    torch.manual_seed(0)
    network = _Dense().eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.uniform_(0.5, 2)
            module.bias.normal_()
    inputs = torch.randn(1, 3, 8, 8)
    graph = trace(network, (1, 3, 8, 8))
    engine = Engine(network, "cpu", resolve("dla34"), RANDOM, budget.demand(graph))
    (item,) = connectivity(graph, network.state_dict())
    return engine, graph, inputs, item


EDGES = (slice(0, 4), slice(4, 7), slice(7, 9))


def test_ablation_is_what_a_pass_with_zeros_changes(dense):
    engine, graph, inputs, item = dense
    before = {key: value.clone() for key, value in engine.network.state_dict().items()}
    found = ablation(engine, graph, inputs, item)
    with torch.inference_mode():
        whole = engine.network(inputs)
        assert [target.path for target in item.targets] == ["conv_1", "conv_2", "fc"]
        for target in range(3):
            for source in range(3):
                if source > target:
                    assert np.isnan(found[source, target])
                    continue
                changed = engine.network(inputs, (target, EDGES[source]))
                naive = float((changed - whole).norm() / whole.norm())
                assert found[source, target] == pytest.approx(naive, rel=1e-4)
    assert all(torch.equal(value, before[key]) for key, value in engine.network.state_dict().items())


def test_gradient_times_activation_is_the_derivative_along_zeroing(dense):
    engine, graph, inputs, item = dense
    (found,) = gradient_times_activation(engine, graph, inputs, [item])
    network = engine.network
    chosen = int(network(inputs).argmax())
    step = 1e-3
    for target in range(3):
        for source in range(target + 1):
            scaled = []
            for factor in (1 - step, 1 + step):
                copy = _Scaled(network, target, EDGES[source], factor)
                scaled.append(float(copy(inputs.double())[0, chosen]))
            naive = abs(scaled[1] - scaled[0]) / (2 * step)
            assert found[source, target] == pytest.approx(naive, rel=2e-3, abs=1e-6)


class _Scaled:
    """The network in double precision with one source scaled where one target reads it."""

    def __init__(self, network: nn.Module, target: int, channels: slice, factor: float) -> None:
        self.network = _Dense().double().eval()
        self.network.load_state_dict(network.state_dict())
        reader = (self.network.conv_1, self.network.conv_2, self.network.fc)[target]
        with torch.no_grad():
            # The reader is linear in what it reads: scaling its filters there is scaling the source.
            reader.weight[:, channels] *= factor

    def __call__(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            return self.network(x)


def test_progress_is_told_and_can_end_it(dense):
    engine, graph, inputs, item = dense
    seen = []

    def step(done: int, count: int, so_far: np.ndarray) -> None:
        seen.append((done, count, int(np.isfinite(so_far).sum())))
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ablation(engine, graph, inputs, item, step)
    assert seen == [(0, 6, 0), (1, 6, 1), (2, 6, 2)]
    assert not engine.turn.locked()


def test_branches_of_a_sum_are_zeroed_where_they_are_added():
    engine = build_engine(resolve("scenes_det"), "random", "cpu")
    shape = (1, 3, 64, 64)
    graph = trace(engine.config, shape)
    items = connectivity(graph, engine.network.state_dict())
    item = next(one for one in items if one.kind is Kind.SUM and one.path.endswith("ida_0.node_1"))
    inputs = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    found = ablation(engine, graph, inputs, item)
    projected = engine.network.get_submodule(f"{item.path.rpartition('.')[0]}.proj_1")
    with torch.inference_mode():
        whole = _vector(engine.network(inputs))
        handle = projected.register_forward_hook(lambda module, given, output: torch.zeros_like(output))
        changed = _vector(engine.network(inputs))
        handle.remove()
    row = next(i for i, source in enumerate(item.sources) if source.path.endswith("proj_1"))
    assert found[row, 0] == pytest.approx(float((changed - whole).norm() / whole.norm()), rel=1e-3)
    matrices = gradient_times_activation(engine, graph, inputs, items)
    assert all(np.isfinite(m[one.connected]).all() for m, one in zip(matrices, items, strict=True))


def _vector(outputs: list[dict[str, Tensor]]) -> Tensor:
    return torch.cat([value.reshape(-1) for value in outputs[0].values()])
