"""The time of each operation of a network, from real passes on its device.

Each pass runs in step with the network's graph; on a CUDA device an event is recorded before and after each
operation and read when the pass has ended, elsewhere a clock is read (on MPS with a synchronisation). What an
operation is charged includes PyTorch's own overhead for calling it, but nothing of the watching. Passes that nobody
watches are timed between the others: their median is what the network takes as a whole.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from explorer.graph.layer_graph import LayerGraph, Operation
from explorer.runtime import device as device_module

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.runtime.engine import Engine

WARM_UP = 2
REPETITIONS = 9
FEWEST = 3
PATIENCE = 20.0
"""Seconds after which no further repetition begins, once there are ``FEWEST``."""

OnStep = Callable[[int, int], object]
"""Called before each pass with the passes done and those planned; what it raises ends the measurement."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Medians in seconds for one image of ``size`` = (height, width).

    ``operations`` has one time per operation of the graph, by id; ``whole`` is that of a pass which nobody watches,
    ``watched`` of the sum over a watched pass's operations. ``device`` is the torch name, ``title`` the reader's.
    """

    device: str
    title: str
    size: tuple[int, int]
    repetitions: int
    operations: tuple[float, ...]
    whole: float
    watched: float

    def of(self, operations: Iterable[int]) -> float:
        """Seconds of some operations together, by id."""
        return sum(self.operations[operation] for operation in operations)


def measure_latency(
    engine: Engine,
    graph: LayerGraph,
    alone: threading.Lock | None = None,
    on_step: OnStep | None = None,
    repetitions: int = REPETITIONS,
) -> Latency:
    """Time every operation of ``graph``, which must be that of the engine's network, for one image of its size.

    ``alone`` is held throughout, so that measurements of different engines do not disturb each other; the engine
    itself is free between passes. The image is noise. Raises BudgetError where the size does not fit.
    """
    import torch

    shape = graph.tensors[graph.inputs[0]].shape
    engine.require((shape[3], shape[2]))
    noise = torch.randn((1, *shape[1:]), generator=torch.Generator().manual_seed(0))
    plain: list[float] = []
    watched: list[list[float]] = []
    done, planned = 0, WARM_UP + 2 * repetitions

    def step() -> None:
        nonlocal done
        if on_step is not None:
            on_step(done, planned)
        done += 1

    with alone or threading.Lock():
        inputs = engine.placed(noise)
        for _ in range(WARM_UP):
            step()
            _plain_pass(engine, inputs)
        began = perf_counter()
        while len(watched) < repetitions:
            if len(watched) >= FEWEST and perf_counter() - began > PATIENCE:
                break
            step()
            plain.append(_plain_pass(engine, inputs))
            step()
            watched.append(_watched_pass(engine, graph, inputs))
    return Latency(
        device=engine.device,
        title=device_module.title(engine.device),
        size=(shape[2], shape[3]),
        repetitions=len(watched),
        operations=tuple(map(median, zip(*watched, strict=True))),
        whole=median(plain),
        watched=median(map(sum, watched)),
    )


def _plain_pass(engine: Engine, inputs: Tensor) -> float:
    import torch

    with engine.held(), torch.inference_mode():
        _synchronise(engine.device)
        began = perf_counter()
        engine.network(inputs)
        _synchronise(engine.device)
        return perf_counter() - began


def _watched_pass(engine: Engine, graph: LayerGraph, inputs: Tensor) -> list[float]:
    import torch

    from explorer.runtime.replay import replay

    clock = _Events() if engine.device.startswith("cuda") else _Clock(engine.device)
    with engine.held(), torch.inference_mode():
        _synchronise(engine.device)
        replay(engine.network, graph, inputs, clock.time)
        return clock.seconds()


class _Clock:
    """Reads the host's clock around each operation."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.times: list[float] = []

    def time(self, operation: Operation, call: Callable[[], Any]) -> Any:
        began = perf_counter()
        result = call()
        _synchronise(self.device)
        self.times.append(perf_counter() - began)
        return result

    def seconds(self) -> list[float]:
        return self.times


class _Events:
    """Has the card itself note when each operation begins and ends."""

    def __init__(self) -> None:
        self.pairs: list[tuple[Any, Any]] = []

    def time(self, operation: Operation, call: Callable[[], Any]) -> Any:
        import torch

        before, after = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        before.record()
        result = call()
        after.record()
        self.pairs.append((before, after))
        return result

    def seconds(self) -> list[float]:
        import torch

        torch.cuda.synchronize()
        return [before.elapsed_time(after) / 1e3 for before, after in self.pairs]


def _synchronise(device: str) -> None:
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    elif device == "mps":
        torch.mps.synchronize()
