"""How long a visitor waits for the first page: from a healthy server to its first network, in Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
RUNS = 5
START_SECONDS, PAINT_SECONDS = 3.0, 1.5
"""What is required of the median."""


def run() -> bool:
    """Print both times; True when each median is within its bound."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        times = [_once(page) for _ in range(RUNS)]
        browser.close()
    start, paint = (median(column) for column in zip(*times, strict=True))
    print(f"start to healthy server    {start:5.2f} s   (at most {START_SECONDS} s; median of {RUNS} starts)")
    print(f"healthy to first network   {paint:5.2f} s   (at most {PAINT_SECONDS} s)")
    return start <= START_SECONDS and paint <= PAINT_SECONDS


def _once(page: Page) -> tuple[float, float]:
    """Seconds to a healthy server, and from there to a painted network, on a server of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "explorer.ui.serve", f"--server.port={port}"]
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_until_healthy(url, server)
            healthy = time.perf_counter()
            page.goto(url, wait_until="commit")
            page.locator(".card").first.wait_for()
            return healthy - began, time.perf_counter() - healthy
        finally:
            server.terminate()


def _wait_until_healthy(url: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            with urlopen(f"{url}/_stcore/health", timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.02)
    raise RuntimeError(f"The server ended with {server.returncode}.")
