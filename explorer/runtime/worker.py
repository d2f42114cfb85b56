"""A process of its own for work that holds the GIL or never ends: one job at a time, each with a time limit.

The child is started fresh rather than forked (Streamlit is full of threads) and imports only what its jobs need,
not the program that started it. A job that takes too long is ended together with the child; the next job
starts a new one. The child ends when its parent does: on the closed pipe between jobs, by an alarm during one.
"""

import os
import signal
import subprocess
import sys
import threading
from importlib import import_module
from math import ceil
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from explorer.errors import ExplorerError

ROOT = Path(__file__).parents[2]

_CHILD = "import sys; from explorer.runtime.worker import serve; serve(int(sys.argv[1]))"


class JobTimeout(ExplorerError):
    """A job did not finish within its time limit."""


class JobFailed(ExplorerError):
    """A job raised an exception that is no ExplorerError, or its process died."""


class Worker:
    """One child process, started when first needed, shared by all threads in turn."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    def call(self, job: str, *arguments: Any, seconds: float) -> Any:
        """Run the function named ``"package.module:function"`` on picklable ``arguments``; return its picklable result.

        Raises JobTimeout after ``seconds`` of running (waiting for other callers not counted), the job's own error
        if that is an ExplorerError, and JobFailed for any other.
        """
        with self._turn:
            pipe = self._running()
            try:
                pipe.send((job, arguments, seconds))
                answered = pipe.poll(seconds)
                ok, result = pipe.recv() if answered else (False, None)
            except (EOFError, OSError) as error:
                self._end()
                raise JobFailed(f"The worker process ended while it ran {job}.") from error
            if not answered:
                self._end()
                raise JobTimeout(f"{job} did not finish within {seconds:g} s.")
        if ok:
            return result
        if isinstance(result, ExplorerError):
            raise result
        raise JobFailed(f"{job} failed: {result}")

    def warm(self, *jobs: str) -> None:
        """Start the child and let it ``prepare`` for ``jobs``, without waiting for it."""
        threading.Thread(target=self._warm, args=(jobs,), name="warm-worker", daemon=True).start()

    def close(self) -> None:
        """End the child. A later call starts a new one."""
        with self._turn:
            self._end()

    @property
    def pid(self) -> int | None:
        """The child's process id while there is one."""
        return None if self._process is None else self._process.pid

    def _warm(self, jobs: tuple[str, ...]) -> None:
        try:
            self.call("explorer.runtime.worker:prepare", *jobs, seconds=30)
        except ExplorerError:
            # Warming up is a courtesy: the first real job reports what is wrong.
            return

    def _running(self) -> Connection:
        if self._pipe is None or self._process is None or self._process.poll() is not None:
            self._end()
            ours, theirs = Pipe()
            path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
            self._process = subprocess.Popen(
                [sys.executable, "-c", _CHILD, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            theirs.close()
            self._pipe = ours
        return self._pipe

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._pipe = None


def serve(handle: int) -> None:
    """The child's whole life: answer jobs from the pipe ``handle`` until it is closed."""
    pipe = Connection(handle)
    while True:
        try:
            job, arguments, seconds = pipe.recv()
        except EOFError:
            return
        # Ends this process even inside C code, should the parent be gone and unable to.
        signal.alarm(ceil(seconds) + 1)
        try:
            answer = True, _function(job)(*arguments)
        except ExplorerError as error:
            answer = False, error
        except Exception as error:  # noqa: BLE001  # whatever it was, the parent has to hear of it
            answer = False, f"{type(error).__name__}: {error}"
        signal.alarm(0)
        pipe.send(answer)


def prepare(*jobs: str) -> None:
    """Import the module of the first job, which calls will name, and run the others, which take no arguments."""
    first, *others = jobs
    _function(first)
    for job in others:
        _function(job)()


def _function(job: str) -> Any:
    module, _, name = job.partition(":")
    return getattr(import_module(module), name)
