"""Networks that are not ours: any module traces, and theirs is left alone."""

import copy
import gc
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.analysis.cost import dead_scopes, scope_costs
from explorer.errors import ConfigError, TraceError
from explorer.graph import LayerGraph, trace
from explorer.graph.private import private_copy
from explorer.graph.proxy import ShapeProxy, TensorProxy
from explorer.graph.recorder import Recorder
from tests.graph.meta_trace import MetaTrace


def agrees(graph: LayerGraph, network: nn.Module, shape: tuple[int, ...]) -> None:
    """The graph has the calls, edges, shapes and counts that PyTorch's own meta tensors show."""
    reference = MetaTrace(copy.deepcopy(network).to("meta").eval(), shape)
    outputs = reference.run()
    ours = [
        (o.kind, o.path, o.call, list(o.inputs), list(o.outputs), [graph.tensors[t].shape for t in o.outputs],
         [graph.tensors[t].dtype for t in o.outputs], 2 * o.macs, bool(o.attributes.get("inplace")))
        for o in graph.operations
    ]  # fmt: skip
    theirs = [
        (c.kind, c.path, c.call, c.inputs, c.outputs, c.shapes, c.dtypes, c.flops, c.inplace)
        for c in reference.calls
    ]  # fmt: skip
    assert ours == theirs
    assert list(zip(graph.output_names, graph.outputs, strict=True)) == outputs


class Calls(nn.Module):
    """A network from a function."""

    def __init__(self, function: Any, **parts: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x: Tensor) -> Any:
        return self.function(self, x)


FUNCTIONS: dict[str, Any] = {
    "conv same": lambda m, x: F.conv2d(x, torch.empty(4, 8, 3, 3, device="meta"), padding="same", dilation=2),
    "conv pads unequal": lambda m, x: F.conv2d(
        x, torch.empty(4, 2, 3, 5, device="meta"), None, (2, 1), (1, 2), 1, 4
    ),
    "conv1d": lambda m, x: F.conv1d(x.flatten(2), torch.empty(6, 8, 7, device="meta"), stride=3),
    "deconv": lambda m, x: F.conv_transpose2d(x, torch.empty(8, 3, 4, 4, device="meta"), None, 2, 1, 1, 2),
    "linear on maps": lambda m, x: F.linear(
        x, torch.empty(5, 13, device="meta"), torch.empty(5, device="meta")
    ),
    "max pool ceil": lambda m, x: F.max_pool2d(x, 3, 2, ceil_mode=True),
    "max pool ceil padded": lambda m, x: F.max_pool2d(x, 2, 2, 1, ceil_mode=True),
    "max pool dilated": lambda m, x: F.max_pool2d(x, 3, 1, 1, 2),
    "max pool pair": lambda m, x: F.max_pool2d(x, (2, 3), (1, 2)),
    "avg pool ceil": lambda m, x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True),
    "adaptive": lambda m, x: F.adaptive_avg_pool2d(x, (1, None)),
    "global average": lambda m, x: F.adaptive_avg_pool2d(x, 1).flatten(1),
    "resize by size": lambda m, x: F.interpolate(x, size=(7, 9), mode="bilinear", align_corners=True),
    "resize by scale": lambda m, x: F.interpolate(x, scale_factor=0.75, mode="bilinear"),
    "resize by scales": lambda m, x: F.interpolate(x, scale_factor=(2, 1.5)),
    "scalars": lambda m, x: (1 - x * 2 + 0.5) / 3,
    "in place": lambda m, x: x.mul(2).add_(1).relu_().clamp_(0, 6) + x,
    "augmented": lambda m, x: _augmented(x),
    "broadcast": lambda m, x: x * x.mean((2, 3), keepdim=True) + x.amax(1, keepdim=True),
    "sigmoid gates": lambda m, x: x * torch.sigmoid(x) * F.hardsigmoid(x) * F.relu6(x + 3) * x.tanh(),
    "multi-scale maximum": lambda m, x: torch.max(x, F.interpolate(x[:, :, ::2, ::2], size=x.shape[2:])),
    "maximum of a stack": lambda m, x: torch.stack([x, x + 1]).amax(0),
    "no rule: largest along": lambda m, x: x.max(dim=1)[0],
    "cat": lambda m, x: torch.cat([x, x.neg(), x[:, :3]], dim=1),
    "stack": lambda m, x: torch.stack((x, x), -1),
    "chunk": lambda m, x: torch.cat(torch.chunk(x, 3, 1)[::-1], 1),
    "split": lambda m, x: torch.cat([part * 2 for part in x.split([1, 2, 5], 1)], 1),
    "split sizes": lambda m, x: torch.split(x, 3, 1),
    "slices": lambda m, x: x[:, 1:-1, ..., ::3] + x[0, 0, 0, 0],
    "new axis": lambda m, x: x[:, None].squeeze(1) + x.unsqueeze(0)[0],
    "shuffle": lambda m, x: x.view(2, 4, 2, 12, 13).transpose(1, 2).contiguous().view(2, -1, 12, 13),
    "permute": lambda m, x: x.permute(0, 2, 3, 1).reshape(x.size(0), -1, 8),
    "softmax": lambda m, x: F.log_softmax(x, 1) + F.softmax(x, dim=-1) + x.softmax(1),
    "no rule: unpack": lambda m, x: [a + b for a, b in [x]] if x.shape[0] == 1 else [row * 2 for row in x],
    "no rule: pixel shuffle": lambda m, x: F.pixel_shuffle(x, 2),
    "no rule: top k": lambda m, x: x.flatten(1).topk(3),
    "no rule: pad": lambda m, x: F.pad(x, (1, 2, 0, 1)),
    "no rule: einsum": lambda m, x: torch.einsum("nchw,ndhw->ncd", x, x),
    "no rule: matmul": lambda m, x: x @ x.transpose(2, 3),
    "no rule: attention": lambda m, x: F.scaled_dot_product_attention(x, x, x),
    "no rule: unfold": lambda m, x: F.unfold(x, 3, padding=1),
    "no rule: comparison": lambda m, x: torch.where(x > 0, x, x * 0.1),
    "no rule: masks": lambda m, x: (x > 0).to(torch.int64).sum(1),
    "no rule: half": lambda m, x: x.half() + 1,
    "no rule: outer": lambda m, x: x.new_zeros(1, 8, 1, 1) + x,
    "no rule: indices": lambda m, x: x[:, torch.tensor([0, 2])],
    "no rule: grid": lambda m, x: F.grid_sample(
        x, torch.zeros(2, 4, 4, 2, device=x.device), align_corners=False
    ),
    "no rule: unused result": lambda m, x: (x.argmax(1), x + 1)[1],
}


def _augmented(x: Tensor) -> Tensor:
    y = x * 1
    y += x
    y *= 2
    return y


@pytest.mark.parametrize("proxy", [ShapeProxy, TensorProxy])
@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_functions_equal_what_meta_tensors_do(name: str, proxy: type[ShapeProxy] | type[TensorProxy]) -> None:
    network = Calls(FUNCTIONS[name])
    graph = Recorder(private_copy(network), "Calls", proxy).run(torch.Size((2, 8, 12, 13)))
    agrees(graph, network, (2, 8, 12, 13))


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if not name.startswith("no rule")])
def test_what_networks_use_has_rules(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(function: Any, *arguments: Any) -> None:
        raise AssertionError(f"{function} was run on meta tensors")

    monkeypatch.setattr("explorer.graph.fallback.run", run)
    trace(Calls(FUNCTIONS[name]), (2, 8, 12, 13))


LAYERS: dict[str, nn.Module] = {
    "sequence": nn.Sequential(
        nn.Conv2d(8, 6, 3, bias=True), nn.BatchNorm2d(6), nn.LeakyReLU(0.1, inplace=True)
    ),
    "activations": nn.Sequential(
        nn.SiLU(), nn.GELU(), nn.Hardswish(), nn.ELU(), nn.Softplus(), nn.Hardtanh()
    ),
    "norms": nn.Sequential(nn.GroupNorm(2, 8), nn.InstanceNorm2d(8, affine=True), nn.LayerNorm(13)),
    "dropout": nn.Sequential(nn.Conv2d(8, 8, 1), nn.Dropout(0.5), nn.Dropout2d(0.2), nn.Conv2d(8, 8, 1)),
    "upsample": nn.Sequential(nn.Upsample(scale_factor=2), nn.ConvTranspose2d(8, 8, 4, 2, 1, groups=8)),
    "reflection": nn.Conv2d(8, 4, 3, padding=1, padding_mode="reflect"),
    "prelu": nn.PReLU(8),
}


@pytest.mark.parametrize("name", list(LAYERS))
def test_layers_equal_what_meta_tensors_do(name: str) -> None:
    network = LAYERS[name].eval()
    graph = trace(network, (2, 8, 12, 13))
    if (
        name != "dropout"
    ):  # in evaluation mode PyTorch hands its input back: one tensor, where we draw an edge
        agrees(graph, network, (2, 8, 12, 13))
    assert (
        graph.totals.parameters
        == graph.totals.live_parameters
        == sum(p.numel() for p in network.parameters())
    )


def test_dropout_is_an_operation_that_writes_nothing() -> None:
    graph = trace(LAYERS["dropout"], (2, 8, 4, 4))
    assert [o.kind for o in graph.operations] == ["conv2d", "dropout", "dropout2d", "conv2d"]
    assert graph.totals.activation_bytes == 2 * (2 * 8 * 4 * 4 * 4)


def test_a_reused_module_appears_once_per_call_and_its_parameters_once() -> None:
    network = Calls(lambda m, x: m.twice(m.twice(x)) + m.other(x), twice=nn.Conv2d(8, 8, 3, padding=1))
    network.other = network.twice
    graph = trace(network, (1, 8, 6, 6))
    convolutions = [o for o in graph.operations if o.kind == "conv2d"]
    assert [(o.path, o.call) for o in convolutions] == [("twice", 0), ("twice", 1), ("twice", 2)]
    assert graph.tensors[convolutions[0].outputs[0]].consumers == (convolutions[1].id,)
    count = 8 * 8 * 9 + 8
    assert (
        graph.totals.parameters
        == graph.totals.live_parameters
        == sum(o.parameters for o in convolutions)
        == count
    )
    assert [s.path for s in graph.scopes] == ["", "twice"]
    assert graph.totals.macs == 3 * 36 * 8 * 8 * 9


def test_shared_parameters_count_once() -> None:
    network = nn.Sequential(nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1))
    network[1].weight = network[0].weight
    graph = trace(network, (1, 8, 4, 4))
    assert (
        graph.totals.parameters
        == graph.totals.live_parameters
        == sum(p.numel() for p in network.parameters())
    )


def test_dead_parameters_are_those_whose_use_reaches_no_output() -> None:
    network = Calls(
        lambda m, x: (m.unused(x), m.used(x))[1],
        never=nn.Conv2d(8, 8, 1),
        unused=nn.Sequential(nn.Conv2d(8, 8, 1), nn.ReLU()),
        used=nn.Conv2d(8, 8, 1),
    )
    graph = trace(network, (1, 8, 4, 4))
    assert set(dead_scopes(graph)) == {"never", "unused"}
    assert graph.totals.live_parameters == 72


@pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated")
@pytest.mark.parametrize("normalised", [nn.utils.parametrizations.weight_norm, nn.utils.weight_norm])
def test_weights_computed_from_parameters_are_live(normalised: Callable[[nn.Module], nn.Module]) -> None:
    network = nn.Sequential(normalised(nn.Conv2d(8, 4, 3)))
    for parameter in network.parameters():
        parameter.requires_grad = False
    graph = trace(network, (1, 8, 6, 6))
    assert graph.totals.parameters == graph.totals.live_parameters == 4 * 8 * 9 + 4 + 4
    assert [o.kind for o in graph.operations] == ["conv2d"]
    assert not dead_scopes(graph)


def test_parameters_used_by_another_module_are_live() -> None:
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    network = Calls(lambda m, x: m.attention(*[x.flatten(2).transpose(1, 2)] * 3)[0], attention=attention)
    graph = trace(network, (1, 8, 4, 4))
    assert graph.totals.live_parameters == graph.totals.parameters
    assert not dead_scopes(graph)
    assert scope_costs(graph)["attention"].macs > 0


def test_names_of_outputs_are_paths_into_the_result() -> None:
    network = Calls(lambda m, x: {"maps": [x + 1, (x + 2, None)], "same": x, "count": 3})
    graph = trace(network, (1, 8, 4, 4))
    assert graph.output_names == ("maps.0", "maps.1.0", "same")
    assert graph.outputs[2] == graph.inputs[0]


def test_code_that_asks_whether_it_has_a_tensor() -> None:
    def joined(module: nn.Module, x: Tensor | list[Tensor]) -> Tensor:
        features = [x] if isinstance(x, Tensor) else x
        return torch.cat([*features, torch.zeros(1, 2, *features[0].shape[2:])], 1)

    graph = trace(Calls(joined), (1, 8, 4, 4))
    assert [o.kind for o in graph.operations] == ["cat"]
    assert graph.tensors[graph.outputs[0]].shape == (1, 10, 4, 4)


def test_the_module_is_left_alone() -> None:
    heard: list[object] = []
    network = nn.Sequential(nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8), nn.ReLU(inplace=True)).train()
    network[0].register_forward_hook(lambda *args: heard.append(args))
    network[1].lock = threading.Lock  # type: ignore[assignment]
    before = copy.deepcopy(network.state_dict())
    attributes = {name: set(vars(module)) for name, module in network.named_modules()}
    first = trace(network, (1, 8, 4, 4))
    assert trace(network, (1, 8, 4, 4)) == first
    assert not heard
    assert network.training
    assert all(parameter.device.type == "cpu" for parameter in network.parameters())
    assert {name: set(vars(module)) for name, module in network.named_modules()} == attributes
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert nn.Module.__call__.__module__ == "torch.nn.modules.module"
    assert not torch.nn.modules.module._global_forward_hooks


def test_the_private_copy_is_gone_with_the_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    copies: list[weakref.ref[nn.Module]] = []

    def copied(module: nn.Module) -> nn.Module:
        twin = private_copy(module)
        copies.append(weakref.ref(twin))
        return twin

    monkeypatch.setattr("explorer.graph.tracing.private_copy", copied)
    gc.disable()
    try:
        trace(nn.Sequential(nn.Conv2d(8, 8, 1), nn.ReLU(inplace=True)), (1, 8, 4, 4))
        assert [reference() for reference in copies] == [None]
    finally:
        gc.enable()


def test_one_module_traced_by_many_threads() -> None:
    network = nn.Sequential(*(nn.Conv2d(8, 8, 3, padding=1) for _ in range(20)))
    sizes = [(1, 8, side, side) for side in range(4, 20)]
    expected = [trace(network, size) for size in sizes]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda size: trace(network, size), sizes)) == expected


class Residual(nn.Module):
    """x + self(x, depth - 1), which never stops for a negative depth."""

    def forward(self, x: Tensor, depth: int = -1) -> Tensor:
        return x if depth == 0 else x + self(x, depth - 1)


MISFITS: dict[str, tuple[Any, str]] = {
    "cat": (lambda m, x: torch.cat([x, x[:, :, 1:]], 1), "cat joins .* 1×8×6×6 does not fit 1×8×5×6"),
    "stack": (lambda m, x: torch.stack([x, x[:, 1:]]), "1×8×6×6 is not 1×7×6×6"),
    "add": (
        lambda m, x: x + x[:, :3],
        "add needs sizes that are equal or 1, and 1×8×6×6 does not fit 1×3×6×6",
    ),
    "in place": (lambda m, x: x[:, :1].add_(x), "in-place result of 1×8×6×6 does not fit into 1×1×6×6"),
    "view": (lambda m, x: x.view(5, -1), "view keeps the number of elements, and 1×8×6×6 does not fit 5×-1"),
    "channels": (
        lambda m, x: F.conv2d(x, torch.empty(4, 3, 1, 1)),
        "filters 4×3×1×1 needs 3 channels, not 1×8×6×6",
    ),
    "small": (lambda m, x: F.avg_pool2d(x, 7), "1×8×6×6 is too small for a window of 7×7"),
    "small for a filter": (lambda m, x: F.conv2d(x, torch.empty(4, 8, 3, 3), dilation=3), "window of 7×7"),
    "features": (lambda m, x: F.linear(x, torch.empty(4, 7)), "needs 7 features, not 1×8×6×6"),
    "index": (lambda m, x: x[:, 9], "index 9 is outside dimension 1 of 1×8×6×6"),
    "dimension": (lambda m, x: x.flatten(4), "dimension between -4 and 3, not 4"),
    "no rule": (lambda m, x: F.pixel_shuffle(x, 3), "pixel_shuffle does not accept 1×8×6×6"),
    "value": (lambda m, x: x if x.sum() > 0 else -x, "asks for the value of a tensor"),
    "item": (lambda m, x: x * x.mean().item(), "asks for the value of a tensor"),
    "own error": (lambda m, x: x.no_such_thing, "AttributeError"),
    "no output": (lambda m, x: x.shape, "returned no tensor"),
}


@pytest.mark.parametrize("name", list(MISFITS))
def test_misfits_are_told_in_a_sentence_with_the_place(name: str) -> None:
    function, message = MISFITS[name]
    network = nn.Sequential(nn.Identity(), nn.Sequential(Calls(function)))
    with pytest.raises(TraceError, match=message) as caught:
        trace(network, (1, 8, 6, 6))
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    if name != "no output":
        assert sentence.startswith("At 1.0: ")


def test_endless_networks_are_refused() -> None:
    with pytest.raises(TraceError, match="calls itself without end"):
        trace(Residual(), (1, 8, 6, 6))


def test_too_many_operations_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.graph.recorder.MAX_OPERATIONS", 10)
    with pytest.raises(TraceError, match="more than 10 operations"):
        trace(nn.Sequential(*(nn.ReLU() for _ in range(11))), (1, 8, 6, 6))


@pytest.mark.parametrize(
    "shape",
    [
        (),
        (1, 3, 64),
        (1, 3, 0, 8),
        (1, 3, 8, -1),
        (1, 3, 8.0, 8),
        (True, 3, 8, 8),
        (1, 3, 10**6, 8),
        "1388",
        7,
    ],
)
def test_shapes_that_are_none_are_refused(shape: Any) -> None:
    with pytest.raises(TraceError, match=r"four whole numbers|must be between 1 and"):
        trace(nn.Identity(), shape)


def test_presets_too_small_and_unknown() -> None:
    with pytest.raises(TraceError, match=r"At avgpool: avg_pool2d needs .* 1×512×2×2 .* 7×7"):
        trace("dla34", (1, 3, 64, 64))
    with pytest.raises(TraceError, match=r"At base_layer.0: conv2d .* needs 3 channels, not 1×1×224×224"):
        trace("dla34", (1, 1, 224, 224))
    with pytest.raises(TraceError, match=r"At base.level2.tree1: add .* 1×64×63×63 does not fit 1×64×62×62"):
        trace("dla34up", (1, 3, 250, 250))
    with pytest.raises(ConfigError):
        trace("dla35", (1, 3, 224, 224))
