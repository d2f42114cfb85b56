"""The app on a free port, and the browser that looks at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent


def chromium() -> str | None:
    """Where Chromium is; None leaves it to Playwright."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


@contextmanager
def served(seconds: float = 60.0) -> Iterator[str]:
    """The address of a server that runs while the block does; TimeoutError where it does not come up."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "explorer.ui.serve", f"--server.port={port}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait(f"{url}/_stcore/health", seconds)
            yield url
        finally:
            server.terminate()


def _wait(url: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=1) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{url} was not healthy within {seconds:g} s.")
