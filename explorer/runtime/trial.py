"""A network built and run once, in steps that can be watched and stopped: what it takes in time and memory.

Trials run one after the other in threads of their own: two that each fit into memory may not fit together.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from time import monotonic, perf_counter

from explorer.config import ModelConfig
from explorer.errors import BudgetError, ExplorerError

PATIENCE = 30.0
"""Seconds after which a trial that nobody looks at any more is given up."""
MAX_WAITING = 8


class State(StrEnum):
    """Where a trial stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Step:
    """A finished step: its name, its seconds, and the bytes of memory in use at its end."""

    name: str
    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a trial measured; ``predicted`` and ``peak`` are bytes, ``how`` says how the peak was measured."""

    device: str
    parameters: int
    predicted: int
    peak: int
    how: str
    outputs: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What can be said of a trial at one moment.

    ``ahead`` counts the trials that run or wait before it, ``step`` names what is running and ``share`` is how far
    it is, 0 to 1. ``problem`` is the sentence of a refusal.
    """

    state: State = State.WAITING
    ahead: int = 0
    step: str = ""
    share: float = 0.0
    steps: tuple[Step, ...] = ()
    found: Found | None = None
    problem: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in (State.WAITING, State.RUNNING)


class Stopped(Exception):
    """The trial was stopped, or nobody watches it any more."""


@dataclass(eq=False)
class Trial:
    """One trial; ``shape`` is (N, C, H, W). Read it with ``look``, end it with ``stop``."""

    config: ModelConfig
    shape: tuple[int, int, int, int]
    device: str
    _report: Report = field(default_factory=Report)
    _stop: threading.Event = field(default_factory=threading.Event)
    _seen: float = field(default_factory=monotonic)

    def look(self) -> Report:
        """How it stands; a trial is given up once nobody has looked for ``PATIENCE`` seconds."""
        self._seen = monotonic()
        return self._report

    @property
    def report(self) -> Report:
        """How it stands, without counting as somebody who looks."""
        return self._report

    def stop(self) -> None:
        """End it at the next module; what it holds is freed."""
        self._stop.set()

    @property
    def abandoned(self) -> bool:
        """Whether it is to end."""
        return self._stop.is_set() or monotonic() - self._seen > PATIENCE

    def say(self, **changes: object) -> None:
        """Change what can be seen of it; called by its own thread alone."""
        self._report = replace(self._report, **changes)  # type: ignore[arg-type]  # fields of Report by name

    def advance(self, share: float) -> None:
        """Say how far the step is; raises Stopped where the trial is to end."""
        if self.abandoned:
            raise Stopped
        self.say(share=min(1.0, share))


Work = Callable[[Trial], Found]


class Workshop:
    """Where trials run, one at a time, in the order in which they were begun."""

    def __init__(self, work: Work | None = None) -> None:
        self._work = work
        self._changed = threading.Condition()
        self._queue: deque[Trial] = deque()

    def begin(self, config: ModelConfig, shape: tuple[int, int, int, int], device: str) -> Trial:
        """Start a trial, or have it wait for those before it. Raises BudgetError where too many wait already."""
        trial = Trial(config, shape, device)
        with self._changed:
            if len(self._queue) > MAX_WAITING:
                raise BudgetError(
                    f"{len(self._queue)} networks are being built or wait already, and at most {MAX_WAITING} may wait: "
                    "try again in a minute."
                )
            self._queue.append(trial)
            trial.say(ahead=len(self._queue) - 1)
        threading.Thread(target=self._run, args=(trial,), daemon=True, name="trial").start()
        return trial

    def wait(self, seconds: float = 60.0) -> bool:
        """Wait until nothing is built any more; False where that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue, seconds)

    def _run(self, trial: Trial) -> None:
        try:
            self._wait(trial)
            trial.say(state=State.RUNNING, ahead=0)
            found = (self._work or _work)(trial)
            trial.say(state=State.DONE, found=found, step="", share=1.0)
        except Stopped:
            trial.say(state=State.STOPPED)
        except ExplorerError as error:
            trial.say(state=State.REFUSED, problem=str(error))
        finally:
            if not trial.report.over:
                # A fault of ours: the log has it, the visitor a sentence, and the next trial its turn.
                trial.say(
                    state=State.REFUSED, problem="Building failed for a reason that is in the server's log."
                )
            with self._changed:
                self._queue.remove(trial)
                self._changed.notify_all()

    def _wait(self, trial: Trial) -> None:
        with self._changed:
            while self._queue[0] is not trial:
                if trial.abandoned:
                    raise Stopped
                trial.say(ahead=self._queue.index(trial))
                self._changed.wait(timeout=0.5)


def _work(trial: Trial) -> Found:
    # Imported here: a workshop exists before torch has loaded.
    from explorer.runtime.trial_run import run

    return run(trial)


@contextmanager
def timed(trial: Trial, name: str, memory: Callable[[], int]) -> Iterator[None]:
    """Say that a step runs, and afterwards what it took; a step that fails is not counted."""
    trial.advance(0.0)
    trial.say(step=name)
    began = perf_counter()
    yield
    done = Step(name, perf_counter() - began, memory())
    trial.say(steps=(*trial.report.steps, done), step="", share=0.0)
