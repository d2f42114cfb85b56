"""The app in a real browser: servers on free ports, and a page that tolerates no fault."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect

ROOT = Path(__file__).parents[2]
CHROMIUM = next(
    (
        path
        for path in (
            os.environ.get("CHROMIUM"),
            *map(shutil.which, ("chromium", "chromium-browser", "google-chrome")),
        )
        if path
    ),
    None,
)
PATIENCE = 30_000
"""Milliseconds; two cores that also run other tests are slow."""

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": CHROMIUM}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "viewport": {"width": 1440, "height": 1000}}


@pytest.fixture(scope="session")
def base_url(tmp_path_factory) -> Iterator[str]:
    """The server that tests share; relative URLs in ``page.goto`` lead to it."""
    with serve(tmp_path_factory.mktemp("server") / "log.txt") as url:
        yield url


@pytest.fixture
def fresh_server(tmp_path) -> Iterator[str]:
    """A server of the test's own, which nobody has visited yet."""
    with serve(tmp_path / "log.txt") as url:
        yield url


@pytest.fixture
def app(page: Page, base_url: str) -> Iterator[Page]:
    """A page of the shared server; errors in its console and requests that leave the machine fail the test."""
    with without_faults(page):
        yield page


@pytest.fixture
def fresh_app(page: Page, fresh_server: str) -> Iterator[Page]:
    """A page for the fresh server, not yet opened, as strict as ``app``."""
    with without_faults(page):
        yield page


@pytest.fixture
def settled() -> Callable[[Page], None]:
    """Wait until the script has run and nothing is being drawn any more."""

    def settled(page: Page) -> None:
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=PATIENCE)
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
        expect(page.get_by_test_id("stException")).to_have_count(0)

    return settled


@contextmanager
def without_faults(page: Page) -> Iterator[None]:
    """Collect what must not happen on a page, and fail at the end if any of it did."""
    faults: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        # Streamlit asks for its health below a deep link's path before it asks at the root: that 404 is its way.
        asked = urlsplit(message.location.get("url", "")).path
        if message.type == "error" and not asked.endswith(("/_stcore/health", "/_stcore/host-config")):
            faults.append(f"console: {message.text} {asked}")

    def on_request(request: Request) -> None:
        host = urlsplit(request.url).hostname
        if host not in {None, "", "127.0.0.1"}:
            faults.append(f"left the machine: {request.url}")

    page.on("pageerror", lambda error: faults.append(f"page: {error}"))
    page.on("console", on_console)
    page.on("request", on_request)
    yield
    assert not faults, "\n".join(faults)


@contextmanager
def serve(log: Path) -> Iterator[str]:
    """Start the app on a free port, wait until it is healthy, and end it afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "explorer.ui.serve", f"--server.port={port}"]
    with log.open("w") as output, subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as server:
        try:
            wait_until_healthy(url, server, log)
            yield url
        finally:
            server.terminate()


def wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"The server ended with {server.returncode}: {log.read_text()[-2000:]}")
        try:
            with urlopen(f"{url}/_stcore/health", timeout=1) as answer:
                if answer.read() == b"ok":
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(f"{url} was not healthy within {seconds} s.")
