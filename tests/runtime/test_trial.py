"""Trials: one at a time, watched, stopped, refused in a sentence."""

import threading
import time

import pytest

from explorer.config import preset
from explorer.errors import BudgetError
from explorer.runtime import trial_run
from explorer.runtime.estimate import estimate
from explorer.runtime.memory import ProcessGauge
from explorer.runtime.trial import MAX_WAITING, Found, State, Trial, Workshop, timed

CONFIG = preset("scenes_seg")
SHAPE = (2, 3, 64, 96)
FOUND = Found("cpu", 1, 2, 3, "counting", ())


def test_a_trial_measures_what_it_builds():
    workshop = Workshop()
    trial = workshop.begin(CONFIG, SHAPE, "cpu")
    assert workshop.wait()
    report = trial.look()
    assert report.state is State.DONE, report.problem
    assert [step.name for step in report.steps] == [
        "Warm-up", "Memory estimate", "Modules", "Allocation", "Initial values", "Forward pass",
    ]  # fmt: skip
    assert all(step.seconds > 0 for step in report.steps)
    from explorer.graph import trace

    graph = trace(CONFIG, SHAPE)
    assert dict(report.found.outputs) == {
        name: graph.tensors[tensor].shape
        for name, tensor in zip(graph.output_names, graph.outputs, strict=True)
    }
    assert report.found.parameters == graph.totals.parameters
    assert report.found.predicted == estimate(trace(CONFIG, (1, *SHAPE[1:])), 2).memory


def test_trials_run_one_after_the_other_and_say_how_many_are_ahead():
    go, running, most = threading.Event(), [], []

    def work(trial: Trial) -> Found:
        running.append(trial)
        most.append(len(running))
        go.wait(10)
        running.remove(trial)
        return FOUND

    workshop = Workshop(work)
    trials = [workshop.begin(CONFIG, SHAPE, "cpu") for _ in range(3)]
    assert [trial.report.ahead for trial in trials[1:]] == [1, 2]
    go.set()
    assert workshop.wait()
    assert max(most) == 1
    assert all(trial.look().state is State.DONE for trial in trials)


def test_a_stopped_trial_ends_and_the_next_has_its_turn():
    started = threading.Event()

    def work(trial: Trial) -> Found:
        started.set()
        while True:
            trial.advance(0.5)
            time.sleep(0.001)

    workshop = Workshop(work)
    first, second = (workshop.begin(CONFIG, SHAPE, "cpu") for _ in range(2))
    assert started.wait(10)
    second.stop()
    first.stop()
    assert workshop.wait()
    assert (first.look().state, second.look().state) == (State.STOPPED, State.STOPPED)


def test_a_trial_that_nobody_watches_is_given_up(monkeypatch):
    monkeypatch.setattr("explorer.runtime.trial.PATIENCE", 0.0)

    def work(trial: Trial) -> Found:
        time.sleep(0.01)
        trial.advance(0.1)
        return FOUND

    workshop = Workshop(work)
    trial = workshop.begin(CONFIG, SHAPE, "cpu")
    assert workshop.wait()
    assert trial.report.state is State.STOPPED


def test_a_real_forward_pass_can_be_stopped_between_modules(monkeypatch):
    def stop_in_the_middle(self: Trial, share: float) -> None:
        if self.report.step == "Forward pass" and share > 0.4:
            self.stop()
        original(self, share)

    original = Trial.advance
    monkeypatch.setattr(Trial, "advance", stop_in_the_middle)
    workshop = Workshop()
    trial = workshop.begin(CONFIG, SHAPE, "cpu")
    assert workshop.wait()
    report = trial.look()
    assert report.state is State.STOPPED
    assert 0.3 < report.share < 1
    assert report.steps[-1].name == "Initial values"


def test_what_does_not_fit_is_refused_with_both_numbers(monkeypatch):
    monkeypatch.setattr("explorer.runtime.budget.free_memory", lambda device: 10 * 2**20)
    workshop = Workshop()
    trial = workshop.begin(preset("dla34"), (1, 3, 224, 224), "cpu")
    assert workshop.wait()
    report = trial.look()
    assert report.state is State.REFUSED
    assert "needs about 0.1" in report.problem
    assert "0.01 GiB to spare" in report.problem


def test_what_would_take_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(trial_run, "MAX_CPU_MACS", 10**9)
    workshop = Workshop()
    trial = workshop.begin(preset("dla34"), (1, 3, 224, 224), "cpu")
    assert workshop.wait()
    assert "TMACs" in trial.look().problem


def test_a_fault_of_ours_frees_the_next_trial_and_is_a_sentence(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda arguments: None)

    def work(trial: Trial) -> Found:
        raise ZeroDivisionError

    workshop = Workshop(work)
    trial = workshop.begin(CONFIG, SHAPE, "cpu")
    assert workshop.wait()
    assert trial.look().state is State.REFUSED
    assert "log" in trial.look().problem


def test_only_so_many_may_wait():
    go = threading.Event()

    def work(trial: Trial) -> Found:
        go.wait(10)
        return FOUND

    workshop = Workshop(work)
    for _ in range(MAX_WAITING + 1):
        workshop.begin(CONFIG, SHAPE, "cpu")
    with pytest.raises(BudgetError, match=f"at most {MAX_WAITING} may wait"):
        workshop.begin(CONFIG, SHAPE, "cpu")
    go.set()
    assert workshop.wait()


def test_a_step_that_fails_is_not_counted():
    trial = Trial(CONFIG, SHAPE, "cpu")
    with timed(trial, "good", lambda: 7):
        pass
    with pytest.raises(ZeroDivisionError), timed(trial, "bad", lambda: 8):
        raise ZeroDivisionError
    assert [(step.name, step.memory) for step in trial.report.steps] == [("good", 7)]


def test_a_gauge_sees_what_is_taken_and_its_peak():
    gauge = ProcessGauge()
    taken = bytearray(64 * 2**20)
    taken[::4096] = b"x" * len(taken[::4096])
    assert gauge.now() >= 48 * 2**20
    del taken
    assert gauge.peak() >= 48 * 2**20
