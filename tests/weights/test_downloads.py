"""Fetches in the background: shared, bounded, stopped by the last one who leaves."""

import threading

import pytest

from explorer.weights import Library, Registry
from explorer.weights.downloads import AT_MOST, Downloads
from explorer.weights.fetching import FetchError, FetchState, FetchStopped, Progress
from tests.weights.servers import checkpoint


class Work:
    """Stands in for a fetch: goes on until it is let go or stopped."""

    def __init__(self):
        self.go, self.begun = threading.Event(), threading.Semaphore(0)
        self.calls = []
        self.most = self.now = 0
        self.lock = threading.Lock()

    def __call__(self, item, folder, urls, *, on_progress, stop):
        with self.lock:
            self.calls.append(item.name)
            self.now += 1
            self.most = max(self.most, self.now)
        on_progress(Progress(FetchState.RECEIVING, 5, 10))
        self.begun.release()
        while not self.go.wait(0.01):
            if stop.is_set():
                with self.lock:
                    self.now -= 1
                raise FetchStopped("Stopped.")
        with self.lock:
            self.now -= 1
        if item.name.startswith("bad"):
            raise FetchError("It went wrong.")
        return folder / item.file


def item(name):
    return checkpoint(b"x", "http://nowhere.invalid", name=name)


@pytest.fixture
def work():
    work = Work()
    yield work
    work.go.set()


def downloads(tmp_path, work, **changes):
    return Downloads(Library(Registry(()), tmp_path, **changes), retrieve=work)


def wait(download):
    for _ in range(2000):
        if download.finished:
            return
        threading.Event().wait(0.005)
    pytest.fail("is still running")


def test_two_visitors_share_one_fetch_and_see_its_progress(tmp_path, work):
    shared = downloads(tmp_path, work)
    first, second = shared.start(item("a"), "ann"), shared.start(item("a"), "bob")
    assert first is second
    assert work.begun.acquire(timeout=10)
    assert first.progress.share == 0.5
    assert shared.watched("ann") == shared.watched("bob") == [first]
    work.go.set()
    wait(first)
    assert (work.calls, first.problem) == (["a"], "")


def test_only_the_last_who_leaves_stops_it(tmp_path, work):
    shared = downloads(tmp_path, work)
    download = shared.start(item("a"), "ann")
    shared.start(item("a"), "bob")
    assert work.begun.acquire(timeout=10)
    shared.leave(item("a"), "ann")
    assert not download.stop.is_set()
    assert shared.watched("ann") == []
    shared.leave(item("a"), "bob")
    wait(download)
    assert download.stop.is_set()
    again = shared.start(item("a"), "ann")
    assert again is not download
    assert again.running


def test_a_bounded_number_runs_and_a_bounded_number_waits(tmp_path, work):
    shared = downloads(tmp_path, work)
    started = [shared.start(item(f"n{i}"), "ann") for i in range(AT_MOST)]
    with pytest.raises(FetchError, match="being fetched already"):
        shared.start(item("one too many"), "bob")
    assert shared.start(item("n0"), "bob") is started[0]
    work.go.set()
    for download in started:
        wait(download)
    assert work.most <= 2
    assert shared.start(item("one too many"), "bob")


def test_a_problem_is_kept_for_those_who_asked(tmp_path, work):
    shared = downloads(tmp_path, work)
    download = shared.start(item("bad"), "ann")
    work.go.set()
    wait(download)
    assert (download.problem, shared.watched("ann")) == ("It went wrong.", [download])


def test_a_deployment_can_switch_fetching_off(tmp_path, work):
    with pytest.raises(FetchError, match="switched off"):
        downloads(tmp_path, work, web=False).start(item("a"), "ann")
    assert work.calls == []


def test_a_fault_ends_the_wait_and_is_in_the_log(tmp_path, caplog):
    def broken(*_, **__):
        raise RuntimeError("unforeseen")

    download = Downloads(Library(Registry(()), tmp_path), retrieve=broken).start(item("a"), "ann")
    wait(download)
    assert "log says why" in download.problem
    assert "unforeseen" in caplog.text
