"""The worker process: answers, refuses, is stopped in time and starts again."""

import os
import subprocess
import sys
import time

import pytest

from explorer.errors import LayoutError
from explorer.graph.layout import layout
from explorer.graph.view import view
from explorer.runtime.worker import ROOT, JobFailed, JobTimeout, Worker
from tests.graph.view_cases import graph_of


@pytest.fixture
def worker():
    worker = Worker()
    yield worker
    worker.close()


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A child that ended and was not yet waited for still has a number.
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123  # procfs
        return stat.read().rpartition(")")[2].split()[0] != "Z"


def gone(pid, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_layout_in_the_worker_equals_layout_here(worker):
    for style in ("paper", "modules"):
        shown = view(graph_of("dla34"), style)
        assert worker.call("explorer.graph.layout:layout", shown, seconds=30) == layout(shown)


def test_one_process_serves_many_jobs(worker):
    first = worker.call("os:getpid", seconds=30)
    assert first == worker.call("os:getpid", seconds=30) == worker.pid
    assert first != os.getpid()


def test_the_child_imports_neither_torch_nor_streamlit(worker):
    worker.call("explorer.graph.layout:layout", view(graph_of("dla34"), "modules"), seconds=30)
    assert (
        worker.call("builtins:eval", "__import__('sys').modules.keys() & {'torch', 'streamlit'}", seconds=5)
        == set()
    )


def test_a_slow_job_is_stopped_and_the_next_one_runs(worker):
    first = worker.call("os:getpid", seconds=30)
    start = time.monotonic()
    with pytest.raises(JobTimeout, match=r"0\.3 s"):
        worker.call("time:sleep", 60, seconds=0.3)
    assert time.monotonic() - start < 5
    assert gone(first)
    assert worker.call("builtins:abs", -3, seconds=30) == 3


def test_errors_come_back(worker):
    with pytest.raises(JobFailed, match="ValueError"):
        worker.call("builtins:int", "many", seconds=30)
    with pytest.raises(LayoutError, match="too many"):
        worker.call("tests.runtime.test_worker:refuse", seconds=30)
    assert worker.call("builtins:abs", -3, seconds=30) == 3


def refuse():
    raise LayoutError("too many nodes")


def test_a_child_that_dies_is_replaced(worker):
    with pytest.raises(JobFailed, match="ended"):
        worker.call("os:_exit", 3, seconds=30)
    assert worker.call("builtins:abs", -3, seconds=30) == 3


def test_the_child_ends_with_its_parent():
    program = (
        "import os, time\n"
        "from explorer.runtime.worker import Worker\n"
        "worker = Worker()\n"
        "print(worker.call('os:getpid', seconds=30), flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
    assert gone(child)
