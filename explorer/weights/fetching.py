"""One published file from its address into a folder: checked, atomic, resumable. Imports no torch.

Nothing calls this but a person's explicit act: the command ``fetch`` or the button in the strip.
"""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request

from filelock import FileLock, Timeout

from explorer.errors import WeightsError
from explorer.weights.container import HEAD, container_of
from explorer.weights.library import by_hand
from explorer.weights.partial import Partial
from explorer.weights.published import Published
from explorer.weights.transport import Redirected, Response, open_url

CHUNK = 2**18
LOCK_PAUSE = 0.2
"""Seconds between two looks at a file that somebody else is fetching."""
MAX_CONNECTIONS = 40
"""For one address, however many of them bring a little more of the file."""


class FetchError(WeightsError):
    """A file that could not be fetched, or that is not what was published."""


class FetchStopped(FetchError):
    """A fetch that was stopped; what had arrived is kept, and the next one goes on from there."""


class _CutError(Exception):
    """A connection that ended early: worth another try."""


class _UselessError(Exception):
    """An address that will not do; ``str()`` says why."""


class FetchState(StrEnum):
    """What a fetch is doing."""

    WAITING = "waiting"
    CONNECTING = "connecting"
    RECEIVING = "receiving"
    CHECKING = "checking"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch is, in bytes; ``total`` is None until the server has said it."""

    state: FetchState
    received: int = 0
    total: int | None = None

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return min(1.0, self.received / self.total) if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Terms:
    """How patient a fetch is.

    ``patience`` are the seconds without a byte after which a connection counts as cut; ``attempts`` the failures in
    a row after which an address is given up, ``pause`` the seconds before the first further try, doubled each time;
    ``spare`` the bytes that stay free on the disk.
    """

    patience: float = 15.0
    attempts: int = 4
    pause: float = 0.5
    spare: int = 256 * 2**20


def fetch(
    item: Published,
    folder: Path,
    urls: tuple[str, ...] | None = None,
    *,
    on_progress: Callable[[Progress], None] = lambda _: None,
    stop: threading.Event | None = None,
    terms: Terms | None = None,
) -> Path:
    """Bring ``item`` into ``folder`` and return its path; what is there already is not fetched again.

    ``urls`` (the item's own by default) are tried in order. Of several callers, processes too, one fetches and the
    others wait for it. A file appears under its name only when it is whole and its published checksums hold.
    Setting ``stop`` ends the fetch within ``terms.patience`` seconds. Raises FetchStopped then, and FetchError with
    one sentence for everything that can go wrong.
    """
    stopped = stop or threading.Event()
    addresses = item.urls if urls is None else urls
    if not addresses:
        raise FetchError(f"{item.file} cannot be fetched from here. {by_hand(item, folder)}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder / f"{item.file}.lock", stopped, on_progress):
            target = folder / item.file
            if not target.is_file():
                _Fetch(item, folder, on_progress, stopped, terms or Terms()).run(addresses)
            size = target.stat().st_size
    except OSError as error:
        raise FetchError(
            f"{item.file} cannot be written to {folder.name}: {error.strerror or error}."
        ) from error
    on_progress(Progress(FetchState.DONE, size, size))
    return target


class _alone:  # noqa: N801  # reads as what it is: with _alone(...)
    """Hold a lock that other processes see, and wait for it where somebody has it."""

    def __init__(self, file: Path, stop: threading.Event, on_progress: Callable[[Progress], None]) -> None:
        self._lock = FileLock(file)
        self._stop = stop
        self._on_progress = on_progress

    def __enter__(self) -> None:
        while True:
            try:
                self._lock.acquire(timeout=LOCK_PAUSE)
                return
            except Timeout:
                self._on_progress(Progress(FetchState.WAITING))
                if self._stop.is_set():
                    raise FetchStopped("Stopped: somebody else goes on fetching the file.") from None

    def __exit__(self, *_: object) -> None:
        self._lock.release()


@dataclass(frozen=True)
class _Fetch:
    """One fetch, with its lock held."""

    item: Published
    folder: Path
    on_progress: Callable[[Progress], None]
    stop: threading.Event
    terms: Terms

    def run(self, urls: tuple[str, ...]) -> None:
        partial = Partial(
            self.folder / f"{self.item.file}.part", frozenset(c.algorithm for c in self.item.checksums)
        )
        reasons: list[str] = []
        for url in urls:
            try:
                self._receive(url, partial)
                self._check(partial)
            except _UselessError as error:
                reasons.append(f"{urlsplit(url).hostname} {error}")
                continue
            partial.finish(self.folder / self.item.file)
            return
        kept = f" {partial.size / 1e6:.0f} MB are kept for the next try." if partial.size >= 10**6 else ""
        raise FetchError(
            f"{self.item.file} could not be fetched: {'; '.join(reasons)}.{kept} {by_hand(self.item, self.folder)}"
        )

    def _receive(self, url: str, partial: Partial) -> None:
        """All of the file, in as many connections as it takes."""
        failures = 0
        for _ in range(MAX_CONNECTIONS):
            self._heed()
            before = partial.size
            try:
                self._connect(url, partial)
                return
            except _CutError as cut:
                failures = 1 if partial.size > before else failures + 1
                if failures >= self.terms.attempts:
                    raise _UselessError(f"{cut}, {failures} times in a row") from cut
                self.stop.wait(self.terms.pause * 2 ** (failures - 1))
        raise _UselessError(f"cut the connection {MAX_CONNECTIONS} times")

    def _connect(self, url: str, partial: Partial) -> None:
        """One connection: from where the last one ended, if the server can."""
        self.on_progress(Progress(FetchState.CONNECTING, partial.size))
        start = partial.resume(url, checked=any(c.whole for c in self.item.checksums))
        headers = {"Range": f"bytes={start}-"} if start else {}
        if start and partial.validator:
            headers["If-Range"] = partial.validator
        try:
            with open_url(Request(url, headers=headers), self.terms.patience) as response:
                self._take(url, response, partial, start)
        except HTTPError as error:
            error.close()
            if error.code == 416:  # the part is no beginning of what is there now
                partial.clear()
                raise _CutError("has another file now") from error
            if error.code in (408, 425, 429) or error.code >= 500:
                raise _CutError(f"answered {error.code} {error.reason}") from error
            if 300 <= error.code < 400:
                raise _UselessError("redirects in a circle, or to what is not followed") from error
            raise _UselessError(f"answered {error.code} {error.reason}") from error
        except Redirected as error:
            raise _UselessError(str(error)) from error
        except URLError as error:
            raise _unreachable(error.reason) from error
        except (http.client.HTTPException, TimeoutError, ConnectionError, ssl.SSLError) as error:
            raise _unreachable(error) from error

    def _take(self, url: str, response: Response, partial: Partial, start: int) -> None:
        if response.status == 206 and response.range_start != start:
            partial.clear()
            raise _CutError("sent another part of the file than was asked for")
        if response.status != 206:
            partial.clear()
            start = 0
        if response.is_page:
            raise _UselessError("answered with a web page instead of the file")
        total = None if response.length is None else start + response.length
        self._require(total, start)
        partial.begin(url, response.validator)
        received = start
        with partial.open() as out:
            while chunk := response.read(CHUNK):
                received += len(chunk)
                if received > self.item.limit:
                    partial.clear()
                    raise _UselessError(f"sent more than the {self.item.size_text} that were published")
                out.write(chunk)
                self.on_progress(Progress(FetchState.RECEIVING, received, total or self.item.size))
                self._heed()
        if total is not None and received < total:
            raise _CutError(f"cut the connection after {received / 1e6:,.1f} of {total / 1e6:,.1f} MB")

    def _require(self, total: int | None, start: int) -> None:
        """Refuse a size that cannot be right, or that the disk has no room for, before it is received."""
        item = self.item
        if total is not None and (total > item.limit or (item.exact and total != item.size)):
            raise _UselessError(f"announced {total / 1e6:,.1f} MB, but {item.size_text} were published")
        needed = (total or item.limit) - start + self.terms.spare
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise FetchError(
                f"{item.file} needs {needed / 1e6:,.0f} MB of free disk space, of which "
                f"{self.terms.spare / 1e6:,.0f} MB stay free; there are {free / 1e6:,.0f} MB."
            )

    def _check(self, partial: Partial) -> None:
        """Whether what arrived is what was published; if not, it is thrown away."""
        self.on_progress(Progress(FetchState.CHECKING, partial.size, partial.size))
        reason = ""
        digests = partial.digests()
        wrong = next((c for c in self.item.checksums if not c.admits(digests[c.algorithm])), None)
        if self.item.exact and partial.size != self.item.size:
            reason = f"sent {partial.size:,} bytes, but {self.item.size:,} were published"
        elif wrong is not None:
            found = digests[wrong.algorithm][: len(wrong.digest)]
            reason = (
                f"sent a file whose {wrong.algorithm.upper()} begins {found[:8]}, not {wrong.digest[:8]} as published: "
                "it was thrown away"
            )
        elif container_of(partial.head(HEAD)) is None:
            reason = "sent something that is neither a safetensors file nor a PyTorch checkpoint"
        if reason:
            partial.clear()
            raise _UselessError(reason)

    def _heed(self) -> None:
        if self.stop.is_set():
            raise FetchStopped("Stopped. What has arrived is kept, and the next fetch goes on from there.")


def _unreachable(reason: object) -> _CutError | _UselessError:
    """A failure of the connection: nothing at that address, or something that may pass."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return _UselessError("showed no valid certificate")
    if isinstance(reason, socket.gaierror):
        return _UselessError("was not found: this machine may be offline")
    if isinstance(reason, ConnectionRefusedError):
        return _UselessError("refused the connection")
    if isinstance(reason, TimeoutError):
        return _CutError("did not answer in time")
    if isinstance(reason, OSError) and not isinstance(reason, ConnectionError | ssl.SSLError):
        return _UselessError("cannot be reached: this machine may be offline")
    if isinstance(reason, http.client.HTTPException | ConnectionError | ssl.SSLError):
        return _CutError("cut the connection")
    return _UselessError(f"cannot be reached ({reason})")
