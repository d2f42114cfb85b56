"""What has arrived of a file so far: bytes on disk, their running checksums, and where they came from."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

_CHUNK = 2**20


class _Sink(Protocol):
    def write(self, chunk: bytes, /) -> object: ...


class Partial:
    """A file being fetched. One thread uses it, with the file's lock held.

    Beside the bytes lies a small JSON file with the address that they came from and the validator that the server
    gave them: another address, or another version at the same one, must not complete them.
    """

    def __init__(self, file: Path, algorithms: frozenset[str]) -> None:
        self._file = file
        self._origin = file.with_name(f"{file.name}.json")
        self._algorithms = algorithms
        self._hashes = {name: hashlib.new(name) for name in algorithms}
        self._hashed = 0
        self.validator = ""
        """ETag or date of the version that the bytes belong to; empty where the server gave none."""

    @property
    def size(self) -> int:
        """Bytes that have arrived."""
        return self._file.stat().st_size if self._file.is_file() else 0

    def resume(self, url: str, checked: bool) -> int:
        """From which byte to go on at this address: 0 where what is there cannot be trusted to be its beginning.

        ``checked`` says that a whole checksum decides at the end, so that a missing validator does no harm.
        """
        try:
            origin = json.loads(self._origin.read_text(encoding="utf-8"))
            same, self.validator = origin["url"] == url, str(origin["validator"])
        except (OSError, ValueError, KeyError, TypeError):
            same, self.validator = False, ""
        if not same or not (self.validator or checked):
            self.clear()
        return self.size

    def begin(self, url: str, validator: str) -> None:
        """Note where the bytes that follow come from."""
        self.validator = validator
        self._origin.write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")

    @contextmanager
    def open(self) -> Iterator[_Sink]:
        """Append to the bytes; checksums follow along."""
        self._catch_up()
        with self._file.open("ab") as out:
            yield _Hashing(out, self)

    def digests(self) -> dict[str, str]:
        """Hexadecimal checksums of all bytes, by algorithm."""
        self._catch_up()
        return {name: known.hexdigest() for name, known in self._hashes.items()}

    def head(self, count: int) -> bytes:
        """The first bytes."""
        with self._file.open("rb") as content:
            return content.read(count)

    def clear(self) -> None:
        """Throw everything away."""
        self._file.unlink(missing_ok=True)
        self._origin.unlink(missing_ok=True)
        self.validator = ""
        self._restart()

    def finish(self, target: Path) -> None:
        """Make the bytes, safely on the disk, appear under their name at once."""
        with self._file.open("rb+") as content:
            os.fsync(content.fileno())
        self._file.replace(target)
        self._origin.unlink(missing_ok=True)

    def _restart(self) -> None:
        self._hashes = {name: hashlib.new(name) for name in self._algorithms}
        self._hashed = 0

    def _catch_up(self) -> None:
        """Read what an earlier fetch left, so that the checksums cover it."""
        if self._hashed == self.size:
            return
        self._restart()
        with self._file.open("rb") as content:
            while chunk := content.read(_CHUNK):
                self.add(chunk)

    def add(self, chunk: bytes) -> None:
        """Let the checksums take in bytes that are on the disk."""
        for known in self._hashes.values():
            known.update(chunk)
        self._hashed += len(chunk)


class _Hashing:
    """A file whose bytes are hashed as they are written."""

    def __init__(self, out: BinaryIO, partial: Partial) -> None:
        self._out = out
        self._partial = partial

    def write(self, chunk: bytes, /) -> None:
        self._out.write(chunk)
        self._partial.add(chunk)
