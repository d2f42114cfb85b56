"""A network on a device, and the lock that whoever runs it must hold. Imports torch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from explorer.config import ModelConfig
from explorer.errors import WeightsError
from explorer.graph import trace
from explorer.networks import build
from explorer.runtime import budget
from explorer.runtime import device as device_module
from explorer.runtime.budget import Demand
from explorer.weights import RANDOM, WeightsInfo, WeightsKind, library, load, shipped


@dataclass(frozen=True, slots=True)
class Turn:
    """Seconds that a run waited for the engine, and seconds that the network then took."""

    waited: float
    computed: float


@dataclass(slots=True)
class Tally:
    """How often an engine has run; counted under its lock."""

    runs: int = 0


@dataclass(frozen=True, eq=False)
class Engine:
    """A network ready to run, shared by all visitors.

    Nobody changes ``network``: whatever hooks, moves or trains works on a copy of its own. ``turn`` is held by the
    one thread that runs it.
    """

    network: nn.Module
    device: str
    config: ModelConfig
    weights: WeightsInfo
    demand: Demand
    turn: threading.Lock = field(default_factory=threading.Lock)
    tally: Tally = field(default_factory=Tally)

    def require(self, size: tuple[int, int]) -> None:
        """Raise BudgetError where an input of ``size`` = (width, height) does not fit the free memory."""
        budget.require(self.demand, size[0] * size[1], self.device)

    def run(self, inputs: Tensor, on_turn: Callable[[], None] | None = None) -> tuple[Any, Turn]:
        """The network's own outputs for ``inputs`` (N, C, H, W) float32, on the engine's device.

        ``on_turn`` is called once the engine is free and before anything is computed: a run that has been
        overtaken meanwhile raises there, and costs nothing.
        """
        asked = perf_counter()
        with self.held(on_turn):
            began = perf_counter()
            # Inference mode belongs to a thread, and every run of a page is a thread of its own.
            with torch.inference_mode():
                outputs = self.network(self.placed(inputs))
                if self.device.startswith("cuda"):
                    torch.cuda.synchronize(self.device)
            self.tally.runs += 1
            return outputs, Turn(began - asked, perf_counter() - began)

    @contextmanager
    def held(self, on_turn: Callable[[], None] | None = None) -> Iterator[None]:
        """This thread's turn on the network, for a pass that is watched or differentiated; see ``run``."""
        with self.turn:
            if on_turn is not None:
                on_turn()
            with device_module.memory_in_words(self.device, "a smaller picture, or another device"):
                yield

    def placed(self, inputs: Tensor) -> Tensor:
        """``inputs`` (N, C, H, W) on the engine's device, in the layout in which its network runs fastest."""
        return inputs.to(self.device, memory_format=_memory_format(self.device))


def build_engine(
    config: ModelConfig,
    weights: str = WeightsKind.RANDOM,
    device: str = device_module.AUTO,
    source: bytes | str | None = None,
) -> Engine:
    """An engine of one's own; pages share theirs through an ``EnginePool``.

    ``weights`` is a WeightsKind's value. Own weights are read from ``source``, a checkpoint's bytes; published ones
    from the cache folder, ``source`` being the checkpoint's name or, left out, whichever is at hand.
    Raises BudgetError before anything is allocated, WeightsError for weights that are not there or do not fit.
    """
    where = device_module.resolve(device)
    graph = trace(config, config.default_input)
    budget.check(graph, where)
    if where == "cpu":
        torch.set_num_threads(device_module.threads())
    network = build(config)
    info = _loaded(network, config, weights, source)
    # Channels last is the faster layout of convolutions on every device that is supported.
    network = network.to(where, memory_format=_memory_format(where))  # type: ignore[call-overload]  # the stubs know one keyword at a time
    return Engine(network.requires_grad_(False), where, config, info, budget.demand(graph, where))


def _loaded(network: nn.Module, config: ModelConfig, weights: str, source: bytes | str | None) -> WeightsInfo:
    if isinstance(source, bytes):
        return load(network, source)
    if weights == WeightsKind.PUBLISHED:
        books = library()
        item = books.choose(config, source)
        return load(network, books.required(item), books, item)
    if weights == WeightsKind.RANDOM:
        return RANDOM
    if weights == WeightsKind.SHIPPED:
        file = shipped(config)
        if file is None:
            raise WeightsError(f"No weights are shipped for {config.title}; it can run with random ones.")
        return load(network, file)
    raise WeightsError(f"The {weights} weights of {config.title} are not loaded: choose their file first.")


def _memory_format(device: str) -> torch.memory_format:
    return torch.contiguous_format if device == "mps" else torch.channels_last
