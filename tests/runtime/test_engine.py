"""One engine for everyone: built once, run by one at a time, and not at all for a click that was overtaken."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn

from explorer.config import ModelConfig, preset
from explorer.errors import BudgetError, WeightsError
from explorer.runtime import EnginePool, engine_for
from explorer.runtime.budget import Demand
from explorer.runtime.engine import Engine
from explorer.weights import RANDOM


class Slow(nn.Module):
    """Counts its runs, and how many of them ever overlapped."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.runs = self.running = self.most_at_once = 0
        self.started = threading.Event()

    def forward(self, inputs: Tensor) -> Tensor:
        self.runs += 1
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        self.started.set()
        time.sleep(self.seconds)
        self.running -= 1
        return inputs + 1


def engine_of(network: nn.Module) -> Engine:
    return Engine(network, "cpu", preset("scenes_seg"), RANDOM, Demand("slow", 0, 0, 1))


class Overtaken(Exception):
    """What a page's next Streamlit call raises once the visitor has clicked again."""


def test_six_fast_clicks_run_the_network_at_most_twice() -> None:
    network = Slow(0.2)
    engine = engine_of(network)
    newest = 0
    answered = []

    def click(number: int) -> None:
        nonlocal newest
        newest = number

        def overtaken() -> None:
            if number != newest:
                raise Overtaken

        try:
            engine.run(torch.zeros(1, 3, 4, 4), overtaken)
        except Overtaken:
            return
        answered.append(number)

    threads = [threading.Thread(target=click, args=(number,)) for number in range(1, 7)]
    threads[0].start()
    network.started.wait()
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join()
    assert network.runs == engine.tally.runs == 2
    assert network.most_at_once == 1
    assert answered == [1, 6]


def test_runs_take_turns_and_say_how_long_they_waited() -> None:
    network = Slow(0.1)
    engine = engine_of(network)
    with ThreadPoolExecutor(3) as pool:
        turns = [turn for _, turn in pool.map(lambda _: engine.run(torch.zeros(1, 3, 4, 4)), range(3))]
    assert network.most_at_once == 1
    assert sorted(round(turn.waited, 1) for turn in turns) == pytest.approx([0.0, 0.1, 0.2], abs=0.15)
    assert all(turn.computed >= 0.1 for turn in turns)


def test_a_failure_frees_the_engine() -> None:
    engine = engine_of(Slow(0))

    def fail() -> None:
        raise Overtaken

    with pytest.raises(Overtaken):
        engine.run(torch.zeros(1, 3, 4, 4), fail)
    assert not engine.turn.locked()
    outputs, _ = engine.run(torch.zeros(1, 3, 4, 4))
    assert outputs.sum() == 48


def test_nothing_is_recorded_for_gradients() -> None:
    layer = nn.Conv2d(3, 2, 1)
    outputs, _ = engine_of(layer).run(torch.zeros(1, 3, 4, 4))
    assert not outputs.requires_grad
    assert torch.is_grad_enabled()


class Builder:
    """Stands in for building: slow, countable, and refusing at will."""

    def __init__(self) -> None:
        self.built: list[str] = []
        self.refuse = False

    def __call__(self, config: ModelConfig, weights: str, device: str, source: bytes | str | None) -> Engine:
        self.built.append(f"{config.name} {weights} {device}")
        time.sleep(0.05)
        if self.refuse:
            raise BudgetError("There is not enough memory.")
        return Engine(nn.Identity(), device, config, RANDOM, Demand("", 0, 0, 1))


def test_many_visitors_at_once_build_one_engine() -> None:
    build = Builder()
    pool = EnginePool(2, build)
    with ThreadPoolExecutor(8) as visitors:
        engines = list(visitors.map(lambda _: pool.engine_for(preset("dla34"), "random", "cpu"), range(8)))
    assert build.built == ["dla34 random cpu"]
    assert len({id(engine) for engine in engines}) == 1


def test_weights_and_uploaded_files_make_engines_of_their_own() -> None:
    build = Builder()
    pool = EnginePool(6, build)
    config = preset("dla34")
    engines = {
        id(pool.engine_for(config, weights, "cpu", source))
        for weights, source in (
            ("random", None), ("own", b"a"), ("own", b"b"), ("own", b"a"),
            ("published", "dla34-timm"), ("published", "dla34-original"), ("published", "dla34-timm"),
        )
    }  # fmt: skip
    assert len(engines) == len(build.built) == 5


def test_the_least_recently_used_engine_goes() -> None:
    build = Builder()
    pool = EnginePool(2, build)
    for name in ("dla34", "dla60", "dla34", "dla102", "dla34", "dla60"):
        pool.engine_for(preset(name), "random", "cpu")
    assert [line.split()[0] for line in build.built] == ["dla34", "dla60", "dla102", "dla60"]


def test_a_refusal_reaches_all_who_wait_and_is_not_remembered() -> None:
    build = Builder()
    build.refuse = True
    pool = EnginePool(2, build)

    def ask(_: int) -> str:
        with pytest.raises(BudgetError) as refusal:
            pool.engine_for(preset("dla34"), "random", "cpu")
        return str(refusal.value)

    with ThreadPoolExecutor(3) as visitors:
        assert set(visitors.map(ask, range(3))) == {"There is not enough memory."}
    build.refuse = False
    assert pool.engine_for(preset("dla34"), "random", "cpu").config.name == "dla34"


def test_a_real_engine_answers() -> None:
    engine = engine_for(preset("scenes_seg"), "random", "cpu")
    outputs, _ = engine.run(torch.zeros(1, 3, 64, 96))
    assert outputs[0].shape == (1, 9, 64, 96)
    assert not any(parameter.requires_grad for parameter in engine.network.parameters())


def test_weights_that_are_not_there_are_refused_in_a_sentence() -> None:
    with pytest.raises(WeightsError, match="No weights are shipped for dla34"):
        engine_for(preset("dla34"), "shipped", "cpu")
    with pytest.raises(WeightsError, match="choose their file first"):
        engine_for(preset("scenes_seg"), "own", "cpu")


def test_an_absent_device_is_refused_in_a_sentence() -> None:
    with pytest.raises(BudgetError, match=r"no device 'cuda:63' on this machine; it has .*cpu"):
        engine_for(preset("scenes_seg"), "random", "cuda:63")
