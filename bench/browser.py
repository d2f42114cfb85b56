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

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent


def chromium() -> str | None:
    """Where Chromium is; None leaves it to Playwright."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


@contextmanager
def served(script: str | None = None, seconds: float = 60.0) -> Iterator[str]:
    """The address of a healthy server that runs while the block does: the app's own start, or Streamlit on a script.

    Raises RuntimeError where it ends by itself, TimeoutError where it does not come up.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    start = (
        ["explorer.ui.serve"] if script is None else ["streamlit", "run", script, "--server.headless=true"]
    )
    command = [sys.executable, "-m", *start, f"--server.port={port}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait(f"{url}/_stcore/health", server, seconds)
            yield url
        finally:
            server.terminate()


def settle(page: Page) -> None:
    """Wait until the page's script has run."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)


def _wait(url: str, server: subprocess.Popen[bytes], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"The server ended with {server.returncode}.")
        try:
            with urlopen(url, timeout=1) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"{url} was not healthy within {seconds:g} s.")
