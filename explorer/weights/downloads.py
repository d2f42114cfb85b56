"""Fetches that go on while nobody looks: a bounded number at a time, shared by all who want the same file."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from explorer.weights.fetching import FetchError, FetchState, FetchStopped, Progress, fetch
from explorer.weights.library import Library
from explorer.weights.published import Published

_LOG = logging.getLogger(__name__)

AT_A_TIME = 2
"""Fetches that run at once; the others wait their turn."""

AT_MOST = 8
"""Fetches that run or wait: one visitor must not order everything there is."""


@dataclass
class Download:
    """One file on its way. Its thread alone writes ``progress`` and ``problem``, each in one step.

    ``watchers`` are those who asked for it: when the last one leaves, it stops.
    """

    item: Published
    progress: Progress = field(default_factory=lambda: Progress(FetchState.WAITING))
    problem: str = ""
    finished: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    watchers: set[str] = field(default_factory=set)

    @property
    def running(self) -> bool:
        """Whether it still fetches, or waits for its turn."""
        return not self.finished


class Downloads:
    """The fetches of this process. ``retrieve`` does the work; it is ``fetching.fetch`` but for tests."""

    def __init__(
        self, books: Library, at_a_time: int = AT_A_TIME, retrieve: Callable[..., Path] = fetch
    ) -> None:
        self._books = books
        self._retrieve = retrieve
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(at_a_time, thread_name_prefix="fetch")
        self._downloads: dict[str, Download] = {}

    def start(self, item: Published, watcher: str) -> Download:
        """Fetch a file, or join those who already do. Raises FetchError where pages may not fetch."""
        if not self._books.web:
            raise FetchError(
                "Fetching is switched off on this server: upload the file as a checkpoint of your own."
            )
        with self._lock:
            download = self._downloads.get(item.name)
            if download is None or download.finished or download.stop.is_set():
                if sum(other.running for other in self._downloads.values()) >= AT_MOST:
                    raise FetchError(
                        f"{AT_MOST} files are being fetched already: wait until one has arrived."
                    )
                download = Download(item)
                self._downloads[item.name] = download
                self._pool.submit(self._run, download)
            download.watchers.add(watcher)
        return download

    def find(self, item: Published) -> Download | None:
        """The latest fetch of a file, running or finished."""
        with self._lock:
            return self._downloads.get(item.name)

    def leave(self, item: Published, watcher: str) -> None:
        """No longer want a file, or to hear of it; the last one who leaves stops its fetch."""
        with self._lock:
            download = self._downloads.get(item.name)
            if download is not None:
                download.watchers.discard(watcher)
                if not download.watchers:
                    download.stop.set()

    def watched(self, watcher: str) -> list[Download]:
        """The fetches that somebody asked for, running or finished, oldest first."""
        with self._lock:
            return [download for download in self._downloads.values() if watcher in download.watchers]

    def _run(self, download: Download) -> None:
        def note(progress: Progress) -> None:
            download.progress = progress

        try:
            if not download.stop.is_set():
                self._retrieve(
                    download.item,
                    self._books.folder,
                    self._books.urls(download.item),
                    on_progress=note,
                    stop=download.stop,
                )
        except FetchStopped:
            download.problem = ""
        except FetchError as error:
            download.problem = str(error)
        except BaseException:
            # The pool would keep it to itself; those who wait are told that it is over.
            _LOG.exception("Fetching %s failed.", download.item.file)
            download.problem = f"{download.item.file} could not be fetched: the server's log says why."
            raise
        finally:
            download.finished = True
