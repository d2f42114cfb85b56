"""What a trial does: predict, construct, allocate, draw values, run once with zeros. Imports torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from explorer.errors import BudgetError
from explorer.graph import LayerGraph, trace
from explorer.networks import build
from explorer.networks.build import initialise
from explorer.runtime import budget
from explorer.runtime import device as device_module
from explorer.runtime.estimate import Estimate, estimate
from explorer.runtime.memory import gauge
from explorer.runtime.trial import Found, Trial, timed

MAX_CPU_MACS = 5 * 10**12
MAX_CARD_MACS = 5 * 10**14
"""What one forward pass may cost: about a minute of a processor, seconds to a minute of a card."""


def run(trial: Trial) -> Found:
    """Build a trial's network on its device and run it once; raises ExplorerError where it is refused."""
    where = device_module.resolve(trial.device)
    if where == "cpu":
        torch.set_num_threads(device_module.threads())
    with timed(trial, "Warm-up", lambda: 0):
        _warm_up(where)
    measured = gauge(where)
    step = partial(timed, trial, memory=measured.now)
    batch, channels, height, width = trial.shape
    with step("Memory estimate"):
        graph = trace(trial.config, (1, channels, height, width))
        expected = estimate(graph, batch, where)
        require(expected, where)
    with step("Modules"):
        network = build(trial.config, device="meta")
    with step("Allocation"):
        network = network.to_empty(device="cpu")
    with step("Initial values"):
        initialise(network, seed=0, on_module=trial.advance)
    if where != "cpu":
        with step(f"Copy to {where}"):
            network = network.to(where)
    with step("Forward pass"):
        outputs = _forward(trial, network, graph, where)
    return Found(
        device=where,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        predicted=expected.memory,
        peak=measured.peak(),
        how=measured.how,
        outputs=tuple((name, tuple(tensor.shape)) for name, tensor in named(outputs)),
    )


def _warm_up(device: str) -> None:
    """Have torch load what it loads at a device's first convolution: that is not the network's time or memory."""
    layer = nn.Conv2d(8, 8, 3, device="meta").to_empty(device="cpu").to(device)
    with torch.inference_mode():
        layer.to(memory_format=_layout(device))(torch.zeros((1, 8, 8, 8), device=device))  # type: ignore[call-overload]  # the stubs know one keyword at a time


def _layout(device: str) -> torch.memory_format:
    return torch.contiguous_format if device == "mps" else torch.channels_last


def require(expected: Estimate, device: str) -> None:
    """Raise BudgetError with both numbers where a run would not fit into memory, or would take too long."""
    free = budget.free_memory(device)
    if not expected.fits(free):
        raise BudgetError(
            f"This run needs about {expected.memory / budget.GIB:.2f} GiB, but {device} has "
            f"{free * budget.RESERVE / budget.GIB:.2f} GiB to spare: "
            "use a smaller input, fewer images or fewer channels."
        )
    allowed = max_macs(device)
    if expected.macs > allowed:
        raise BudgetError(
            f"This run takes {expected.macs / 1e12:,.1f} TMACs, but at most {allowed / 1e12:,.0f} are run on "
            f"{device} at once: use a smaller input, fewer images or fewer channels."
        )


def max_macs(device: str) -> int:
    """The multiply-accumulates that one trial may take on a device."""
    return MAX_CPU_MACS if device == "cpu" else MAX_CARD_MACS


def _forward(trial: Trial, network: nn.Module, graph: LayerGraph, device: str) -> Any:
    batch, channels, height, width = trial.shape
    layout = _layout(device)
    # Inference mode belongs to a thread, and every trial has its own.
    in_words = device_module.memory_in_words(device, "a smaller input or fewer images")
    with torch.inference_mode(), _watched(trial, network, graph), in_words:
        placed = torch.zeros((batch, channels, height, width), device=device).to(memory_format=layout)
        outputs = network.to(memory_format=layout)(placed)  # type: ignore[call-overload]  # the stubs know one keyword at a time
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)
        return outputs


@contextmanager
def _watched(trial: Trial, network: nn.Module, graph: LayerGraph) -> Iterator[None]:
    """Advance a trial with every call of its own network's modules that computes something itself."""
    costs: Counter[tuple[str, int]] = Counter()
    for operation in graph.operations:
        costs[operation.path, operation.call] += operation.macs + 1
    total = sum(costs.values())
    calls: Counter[str] = Counter()
    done = 0

    def before(path: str) -> Callable[..., None]:
        def advance(*_: object) -> None:
            nonlocal done
            trial.advance(done / total)
            done += costs[path, calls[path]]
            calls[path] += 1

        return advance

    paths = {path for path, _ in costs}
    hooks = [
        module.register_forward_pre_hook(before(path))
        for path, module in network.named_modules()
        if path in paths
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def named(outputs: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """The tensors in what a network returns, each by its place: ``0``, ``1.hm``, or ``out`` for the only one."""
    match outputs:
        case Mapping():
            for key, value in outputs.items():
                yield from named(value, f"{name}.{key}" if name else str(key))
        case list() | tuple():
            for place, value in enumerate(outputs):
                yield from named(value, f"{name}.{place}" if name else str(place))
        case _:
            yield name or "out", outputs
