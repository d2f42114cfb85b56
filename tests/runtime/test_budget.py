"""What a run needs against what there is."""

from pathlib import Path

import pytest

from explorer.errors import BudgetError
from explorer.graph import LayerGraph, trace
from explorer.graph.layer_graph import Operation, Scope, Tensor
from explorer.runtime import budget, device
from explorer.runtime.budget import Demand, demand, free_host_memory, peak_activations
from explorer.runtime.estimate import estimate


def chain() -> LayerGraph:
    """input 0 → conv 1 → relu 2 (in place) → conv 3 → add(3, 1) 4, each a 4 x 4 map of float32."""
    channels = {0: 1, 1: 8, 2: 8, 3: 8, 4: 8}
    wiring = [("conv2d", (0,), 1), ("relu", (1,), 2), ("conv2d", (2,), 3), ("add", (3, 1), 4)]
    operations = tuple(
        Operation(i, kind, "", i, inputs, (output,), {"inplace": True} if kind == "relu" else {}, 0, 0)
        for i, (kind, inputs, output) in enumerate(wiring)
    )
    tensors = tuple(
        Tensor(
            t,
            (1, channels[t], 4, 4),
            "float32",
            next((o.id for o in operations if t in o.outputs), None),
            tuple(o.id for o in operations if t in o.inputs),
        )
        for t in channels
    )
    scope = Scope("", "Chain", None, None, (), 100)
    return LayerGraph("chain", operations, tensors, (scope,), (0,), (4,), ("out",))


def test_peak_counts_what_is_alive_at_once() -> None:
    # At the addition 1 (shared with 2), 3 and 4 are alive, 8 channels of 16 pixels and 4 bytes each; 0 is gone.
    assert peak_activations(chain()) == 3 * 8 * 16 * 4


def test_demand_grows_with_the_picture() -> None:
    needed = demand(chain(), "cuda:0")
    assert needed.parameters == 400
    assert needed.at(16) == 400 + round(1536 * budget.CARD.activations)
    assert needed.at(32) - needed.parameters == 2 * (needed.at(16) - needed.parameters)
    assert needed.pixels_within(needed.at(64)) == 64


@pytest.mark.parametrize("device", ["cpu", "cuda:0"])
def test_an_engine_asks_for_what_the_build_page_predicts(device: str) -> None:
    graph = trace("dla34", (1, 3, 224, 224))
    assert demand(graph, device).at(224 * 224) == pytest.approx(estimate(graph, 1, device).memory, abs=1)


@pytest.mark.parametrize("name", ["dla34", "scenes_seg", "centernet_dla34"])
def test_the_peak_of_a_real_network_lies_between_its_largest_tensor_and_the_sum(name: str) -> None:
    graph = trace(name, (1, 3, 256, 256))
    largest = max(tensor.bytes for tensor in graph.tensors)
    assert 2 * largest <= peak_activations(graph)
    if name != "centernet_dla34":  # its deformable convolutions hold columns beside the activations
        assert peak_activations(graph) < graph.totals.activation_bytes


def test_what_does_not_fit_is_refused_with_both_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "free_memory", lambda device: 2 * budget.GIB)
    needed = Demand("dla34up", parameters=budget.GIB // 4, activations=budget.GIB, pixels=512 * 512)
    budget.require(needed, 512 * 512, "cpu")
    with pytest.raises(
        BudgetError, match=r"dla34up needs about 4\.25 GiB .* cpu has 1\.80 GiB to spare: .* 608×608"
    ):
        budget.require(needed, 1024 * 1024, "cpu")


def test_a_network_that_can_never_fit_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "free_memory", lambda device: budget.GIB)
    needed = Demand("giant", parameters=8 * budget.GIB, activations=1, pixels=1)
    with pytest.raises(BudgetError, match="fewer parameters, or another device"):
        budget.require(needed, 1, "cpu")


def meminfo(folder: Path, kilobytes: int) -> Path:
    file = folder / "meminfo"
    file.write_text(f"MemTotal:       99999999 kB\nMemFree:        1 kB\nMemAvailable:   {kilobytes} kB\n")
    return file


def test_the_containers_limit_counts_where_it_is_less(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("700000\n")
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 50000\nactive_file 9\n")
    assert free_host_memory(meminfo(tmp_path, 4096), tmp_path) == 350_000
    assert free_host_memory(meminfo(tmp_path, 100), tmp_path) == 102_400


def test_no_limit_leaves_what_the_kernel_says(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    assert free_host_memory(meminfo(tmp_path, 4096), tmp_path) == 4096 * 1024
    assert free_host_memory(meminfo(tmp_path, 4096), tmp_path / "absent") == 4096 * 1024


def test_old_containers_too(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory/memory.limit_in_bytes").write_text("5000")
    (tmp_path / "memory/memory.usage_in_bytes").write_text("2000")
    (tmp_path / "memory/memory.stat").write_text("inactive_file 100\n")
    assert free_host_memory(tmp_path / "absent", tmp_path) == 3100


def test_the_cpu_is_always_there_and_last() -> None:
    assert device.devices()[-1] == "cpu"
    assert device.resolve("auto") == device.devices()[0]
    assert device.threads() >= 1
    assert "thread" in device.title("cpu")
