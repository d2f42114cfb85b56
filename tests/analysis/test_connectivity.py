"""Connectivity against channel arithmetic written out by hand on the raw weights."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from explorer.analysis import connectivity, normalize_together
from explorer.analysis.aggregation import Kind
from explorer.config import presets, resolve
from explorer.errors import ExplorerError
from explorer.graph import trace
from explorer.networks import build


def _of(name, **options):
    config = resolve(name)
    network = build(config, seed=3)
    return connectivity(trace(config, config.default_input), network.state_dict(), **options), network


def _mean(weight, start, stop):
    return float(weight[:, start:stop].double().abs().mean())


@pytest.mark.parametrize("name", ["densenet40_k12", "densenet40_k12_init24"])
def test_densenet_40(name):
    found, network = _of(name)
    weights = network.state_dict()
    first = {"densenet40_k12": 16, "densenet40_k12_init24": 24}[name]
    assert [item.path for item in found] == ["blocks.0", "blocks.1", "blocks.2"]
    for block, item in enumerate(found):
        start = first + block * 144
        edges = [0, *range(start, start + 145, 12)]
        readers = [f"blocks.{block}.{layer}.conv" for layer in range(12)]
        readers.append(f"trans.{block}.conv" if block < 2 else "fc")
        assert item.kind is Kind.DENSE
        assert [target.path for target in item.targets] == readers
        assert [source.channels for source in item.sources] == [start, *[12] * 12]
        naive = np.zeros((13, 13))
        for column, path in enumerate(readers):
            for row in range(column + 1):
                naive[row, column] = _mean(weights[f"{path}.weight"], edges[row], edges[row + 1])
        np.testing.assert_allclose(item.strength, naive, rtol=1e-6)
        assert np.array_equal(item.connected, np.triu(np.ones((13, 13), bool)))
        assert item.normalized.max() == 1
        assert (item.normalized_by_target.max(axis=0) == 1).all()


def test_osa_reads_the_chain_and_then_everything():
    found, network = _of("vovnet39")
    weights = network.state_dict()
    assert [item.path for item in found] == [
        f"stage{stage}.OSA{stage}_{block}"
        for stage, block in ((2, 1), (3, 1), (4, 1), (4, 2), (5, 1), (5, 2))
    ]
    for item, start, width in zip(
        found, (128, 256, 512, 768, 768, 1024), (128, 160, 192, 192, 224, 224), strict=True
    ):
        name = item.path.rpartition(".")[2]
        edges = np.cumsum([0, start, *[width] * 5])
        gather = weights[f"{item.path}.concat.{name}_concat/conv.weight"]
        naive = np.zeros((6, 6))
        for layer in range(5):
            naive[layer, layer] = _mean(
                weights[f"{item.path}.layers.{layer}.{name}_{layer}/conv.weight"], 0, 10**6
            )
        naive[:, 5] = [_mean(gather, a, b) for a, b in pairwise(edges)]
        np.testing.assert_allclose(item.strength, naive, rtol=1e-6)
        assert item.kind is Kind.OSA
        assert np.array_equal(item.connected, naive > 0)


@pytest.mark.parametrize("name", ["dla34", "dla60x_c", "dla102", "dla169"])
def test_every_dla_root_by_what_it_is_called_with(name):
    found, network = _of(name)
    widths = {}
    paths = {id(module): path for path, module in network.named_modules()}

    def note(module, inputs):
        widths[paths[id(module)]] = [tensor.shape[1] for tensor in inputs]

    hooks = [
        module.register_forward_pre_hook(note)
        for module in network.modules()
        if type(module).__name__ == "Root"
    ]
    assert hooks
    with torch.inference_mode():
        network(torch.zeros(1, 3, 224, 224))
    assert {item.path for item in found} == set(widths)
    for item in found:
        edges = np.cumsum([0, *widths[item.path]])
        weight = network.state_dict()[f"{item.path}.conv.weight"]
        naive = [_mean(weight, a, b) for a, b in pairwise(edges)]
        assert item.kind is Kind.HDA
        np.testing.assert_allclose(item.strength[:, 0], naive, rtol=1e-6)


def test_dla_up_nodes_read_the_running_one_and_the_projected_one():
    found, network = _of("dla34up")
    nodes = [item for item in found if item.kind is Kind.IDA]
    assert len(nodes) == 1 + 2 + 3 + 4
    for item in nodes:
        weight = network.state_dict()[f"{item.path}.0.weight"]
        half = weight.shape[1] // 2
        np.testing.assert_allclose(
            item.strength[:, 0], [_mean(weight, 0, half), _mean(weight, half, 2 * half)], rtol=1e-6
        )


def test_sums_are_shown_by_the_weights_of_each_branch_and_marked():
    found, network = _of("centernet_dla34")
    sums = {item.path: item for item in found if item.kind is Kind.SUM}
    assert len(sums) == 1 + 2 + 3 + 2
    item = sums["ida_up.node_2"]
    assert [source.path for source in item.sources] == ["ida_up.proj_2", "ida_up.node_1"]
    weights = network.state_dict()
    naive = [
        float(weights[f"ida_up.{part}.conv.weight"].double().abs().mean()) for part in ("proj_2", "node_1")
    ]
    np.testing.assert_allclose(item.strength[:, 0], naive, rtol=1e-6)
    assert not any(item.kind is Kind.SUM for item in _of("centernet_dla34", sums=False)[0])


def test_aspp_by_concatenation_and_by_sum():
    (fused,), network = _of("deeplabv3_resnet101_msc_os16")
    weight = network.state_dict()["base.fc1.conv.weight"]
    assert fused.kind is Kind.ASPP
    assert [source.path.rpartition(".")[2] for source in fused.sources][:4] == ["c0", "c1", "c2", "c3"]
    np.testing.assert_allclose(
        fused.strength[:, 0], [_mean(weight, n * 256, (n + 1) * 256) for n in range(5)], rtol=1e-6
    )
    (added,), network = _of("deeplabv2_resnet101_msc")
    naive = [float(network.state_dict()[f"base.aspp.c{n}.weight"].double().abs().mean()) for n in range(4)]
    assert added.kind is Kind.SUM
    np.testing.assert_allclose(added.strength[:, 0], naive, rtol=1e-6)


def test_peleenet_reads_both_ways():
    found, network = _of("peleenet")
    blocks = [item for item in found if item.kind is Kind.DENSE]
    item = blocks[0]
    assert item.strength.shape == (1 + 2 * 3, 2 * 3 + 1)
    weights = network.state_dict()
    for column, target in enumerate(item.targets):
        layer = column // 2
        edges = [0, 32, *range(48, 48 + 32 * layer, 16)] if layer else [0, 32]
        naive = [_mean(weights[f"{target.path}.weight"], a, b) for a, b in pairwise(edges)]
        np.testing.assert_allclose(item.strength[: len(naive), column], naive, rtol=1e-6)
        assert item.connected[:, column].sum() == len(naive) == 1 + 2 * layer


class _Odd(nn.Module):
    """A concatenation through a norm, a pooling and a flattening, read by a grouped convolution and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 2, 1)
        self.norm, self.pool = nn.BatchNorm2d(6), nn.MaxPool2d(2)
        self.grouped, self.linear = nn.Conv2d(6, 4, 3, groups=2, padding=1), nn.Linear(6 * 16, 5)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y = self.pool(self.norm(torch.cat([self.a(x), self.b(x)], 1)))
        return self.grouped(y), self.linear(torch.flatten(y, 1))


@pytest.mark.parametrize("fold", [False, True])
def test_groups_flattening_and_folded_norms(fold):
    torch.manual_seed(0)
    network = _Odd().eval()
    assert isinstance(network.norm.running_var, torch.Tensor)
    with torch.no_grad():
        network.norm.weight.normal_()
        network.norm.running_var.uniform_(0.5, 2)
    (item,) = connectivity(trace(network, (1, 3, 8, 8)), network.state_dict(), fold_norms=fold)
    scale = network.norm.weight.abs() / (network.norm.running_var + network.norm.eps).sqrt()
    scale = scale.detach() if fold else torch.ones(6)
    whole = torch.zeros(4, 6, 3, 3)
    whole[:2, :3], whole[2:, 3:] = network.grouped.weight.detach()[:2], network.grouped.weight.detach()[2:]
    grouped = (whole.abs() * scale[:, None, None]).sum((0, 2, 3)) / (2 * 9)
    linear = (network.linear.weight.detach().abs().view(5, 6, 16) * scale[:, None]).mean((0, 2))
    naive = [
        [float(column[rows].mean()) for column in (grouped, linear)] for rows in (slice(0, 4), slice(4, 6))
    ]
    np.testing.assert_allclose(item.strength, naive, rtol=1e-5)
    assert [source.path for source in item.sources] == ["a", "b"]


@pytest.mark.parametrize("name", sorted(presets()))
def test_every_preset_has_aggregations_that_can_be_normalised(name):
    config = resolve(name)
    graph = trace(config, config.default_input)
    rng = np.random.default_rng(0)
    shapes = {key: tuple(value.shape) for key, value in build(config, device="meta").state_dict().items()}
    weights = {key: rng.random(shape, np.float32) for key, shape in shapes.items() if len(shape) > 1}
    found = connectivity(graph, weights)
    plain = {"resnet", "deeplab"} & {config.backbone.kind, config.head.kind} and "v3" not in name
    assert found or plain, name
    for item in found:
        assert item.strength.shape == item.connected.shape == (len(item.sources), len(item.targets))
        assert item.connected.any(axis=0).all()
        assert (item.strength[~item.connected] == 0).all()
        assert len({source.path for source in item.sources}) == len(item.sources), item.path
        assert all(graph.has_scope(source.path) for source in item.sources)
        assert 0.4 < item.strength[item.connected].mean() < 0.6
    together = normalize_together(found)
    assert not found or max(matrix.max() for matrix in together) == 1


def test_weights_of_another_network_are_refused():
    config = resolve("dla34")
    graph = trace(config, config.default_input)
    with pytest.raises(ExplorerError, match=r"no level2\.root\.conv\.weight"):
        connectivity(graph, {})
    weights = dict(build("dla34").state_dict())
    weights["level2.root.conv.weight"] = torch.zeros(64, 5, 1, 1)
    with pytest.raises(ExplorerError, match="reads 5 channels, but the graph says 128"):
        connectivity(graph, weights)
