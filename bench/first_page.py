"""How long a visitor waits for the first page: from a healthy server to its first network, in Chromium."""

from __future__ import annotations

import time
from statistics import median

from playwright.sync_api import Page, sync_playwright

from bench.browser import chromium, served

RUNS = 5
START_SECONDS, PAINT_SECONDS = 3.0, 1.5
"""What is required of the median."""


def run() -> bool:
    """Print both times; True when each median is within its bound."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        times = [_once(page) for _ in range(RUNS)]
        browser.close()
    start, paint = (median(column) for column in zip(*times, strict=True))
    print(f"start to healthy server    {start:5.2f} s   (at most {START_SECONDS} s; median of {RUNS} starts)")
    print(f"healthy to first network   {paint:5.2f} s   (at most {PAINT_SECONDS} s)")
    return start <= START_SECONDS and paint <= PAINT_SECONDS


def _once(page: Page) -> tuple[float, float]:
    """Seconds to a healthy server, and from there to a painted network, on a server of its own."""
    began = time.perf_counter()
    with served() as url:
        healthy = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.locator(".card").first.wait_for()
        return healthy - began, time.perf_counter() - healthy
