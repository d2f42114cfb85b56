"""Measured times: one per operation, of real passes, that a reader can stop. Never how long anything takes."""

import threading

import pytest
import torch

from explorer.config import preset
from explorer.errors import BudgetError
from explorer.graph import trace
from explorer.measure import latency, measure_latency
from explorer.runtime.engine import build_engine


@pytest.fixture(scope="module")
def engine():
    return build_engine(preset("dla46_c"))


@pytest.fixture(scope="module")
def graph():
    return trace(preset("dla46_c"), (1, 3, 224, 256))


def test_every_operation_has_a_time_and_parts_add_up(engine, graph):
    found = measure_latency(engine, graph, repetitions=2)
    assert len(found.operations) == len(graph.operations)
    assert all(seconds > 0 for seconds in found.operations)
    assert found.size == (224, 256)
    assert found.repetitions == 2
    assert found.device == "cpu"
    everything = range(len(graph.operations))
    assert found.of(everything) == pytest.approx(found.of(everything[:50]) + found.of(everything[50:]))
    assert found.whole > 0


def test_times_are_medians_of_the_repetitions(engine, graph, monkeypatch):
    passes = iter([[3.0, 10.0], [1.0, 30.0], [2.0, 20.0]])
    monkeypatch.setattr(latency, "_watched_pass", lambda *_: next(passes))
    found = measure_latency(engine, graph, repetitions=3)
    assert found.operations == (2.0, 20.0)
    assert found.watched == 22.0


def test_progress_counts_up_and_what_it_raises_ends_the_measurement(engine, graph):
    seen = []
    measure_latency(engine, graph, on_step=lambda done, planned: seen.append((done, planned)), repetitions=1)
    assert [done for done, _ in seen] == list(range(seen[0][1]))

    class Stop(Exception):
        pass

    def stop(done, planned):
        if done == 3:
            raise Stop

    alone = threading.Lock()
    with pytest.raises(Stop):
        measure_latency(engine, graph, alone=alone, on_step=stop)
    assert not alone.locked()
    assert not engine.turn.locked()


def test_the_engine_is_free_between_passes_and_the_network_unchanged(engine, graph):
    before = {name: tensor.clone() for name, tensor in engine.network.state_dict().items()}
    measure_latency(
        engine, graph, on_step=lambda *_: pytest.fail("held") if engine.turn.locked() else None, repetitions=1
    )
    assert all(torch.equal(before[name], tensor) for name, tensor in engine.network.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in engine.network.modules())


def test_a_size_that_does_not_fit_is_refused(engine, monkeypatch):
    from explorer.runtime import budget

    monkeypatch.setattr(budget, "free_memory", lambda device: 2**20)
    with pytest.raises(BudgetError):
        measure_latency(engine, trace(preset("dla46_c"), (1, 3, 512, 512)))
