"""Opening and closing a group on the Graph page, in the browser: from the click until the new graph is painted."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from statistics import median, quantiles
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

from bench.timing import table

ROOT = Path(__file__).resolve().parent.parent
CASES = (
    ("dla34", "paper", "level3.tree1"),
    ("dla34", "modules", "level4.tree1"),
    ("dla169", "paper", "level3.tree1"),
    ("dla169", "paper", "level4.tree1"),
    ("centernet_dla34", "paper", "dla_up"),
)
ROUNDS = 10
REQUIRED_MS = 400.0

CLICK_TO_PAINT = """
([label, id, frame]) => new Promise((done) => {
  const root = [...document.querySelectorAll('*')].map((e) => e.shadowRoot).find((s) => s && s.querySelector('.canvas'))
  const start = performance.now()
  const look = () => {
    const found = root.querySelector(`[data-id="${id}"]`)
    if (found && found.classList.contains('frame') === frame) {
      requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)))
    } else requestAnimationFrame(look)
  }
  const button = root.querySelector(`[aria-label="${label} ${id}"]`)
  button.dispatchEvent(new MouseEvent('click', { bubbles: true, composed: true }))
  look()
})
"""


def run() -> bool:
    """Print the table; whether half of the clicks, on a machine that may be busy, are answered in time."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health")
            rows, passed = _measure(f"http://127.0.0.1:{port}/graph")
        finally:
            server.terminate()
    head = ("network, view, group", "nodes", "first", "median", "90 %", f"≤ {REQUIRED_MS:.0f}")
    table("Open or close a group, click to paint in Chromium (ms of wall time)", head, rows,
          "first: layout not yet in the cache; median and 90 %: alternately opened and closed")  # fmt: skip
    return passed


def _measure(url: str) -> tuple[list[tuple[str, ...]], bool]:
    rows: list[tuple[str, ...]] = []
    passed = True
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium")
        )
        for network, style, group in CASES:
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.goto(f"{url}?model={network}&view={style}")
            page.locator(f'.canvas [data-id="{group}"]').wait_for(timeout=60_000)
            page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)
            taken = []
            for _ in range(ROUNDS):
                is_open = "frame" in (
                    page.locator(f'.canvas [data-id="{group}"]').get_attribute("class") or ""
                )
                label = "Close" if is_open else "Open"
                taken.append(page.evaluate(CLICK_TO_PAINT, [label, group, not is_open]))
                page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
                page.wait_for_timeout(250)
            high = quantiles(taken, n=10)[-1]
            nodes = page.locator(".canvas .node").count()
            good = median(taken) <= REQUIRED_MS
            passed = passed and good
            rows.append((f"{network}, {style}, {group}", str(nodes), f"{taken[0]:.0f}", f"{median(taken):.0f}",
                         f"{high:.0f}", "yes" if good else "NO"))  # fmt: skip
            page.close()
        browser.close()
    return rows, passed


def _wait(url: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=1) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{url} was not healthy within {seconds} s.")
