"""Small web servers on localhost that behave well, or badly in one way each."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from explorer.config import Task
from explorer.weights.layouts import Layout
from explorer.weights.published import Checksum, Fit, Licence, Published, Source, Training

CUT = 4096
"""Bytes after which a cutting server hangs up."""


@dataclass
class Behaviour:
    """How the server answers; the defaults are a good one's."""

    content: bytes
    ranges: bool = True
    etag: str = '"one"'
    cuts: int = 0
    """Answers that end after ``CUT`` bytes."""
    announced: int | None = None
    """A Content-Length that is not the content's."""
    says_length: bool = True
    status: int = 200
    failures: int = 0
    """Answers with 503 before the first good one."""
    location: str = ""
    kind: str = "application/octet-stream"
    hold: threading.Event = field(default_factory=threading.Event)
    slow: bool = False
    """Stop after ``CUT`` bytes until ``hold`` is set."""
    requests: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[str]:
    """Serve on a free port; yields the address, without a slash at its end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self, behaviour)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            behaviour.hold.set()
            server.shutdown()
            thread.join()


def answer(handler: BaseHTTPRequestHandler, how: Behaviour) -> None:
    how.requests.append({"path": handler.path, **dict(handler.headers)})
    if how.failures:
        how.failures -= 1
        handler.send_error(503)
        return
    if how.location:
        handler.send_response(302)
        handler.send_header("Location", how.location)
        handler.end_headers()
        return
    if how.status >= 400:
        handler.send_error(how.status)
        return
    start = 0
    wanted = handler.headers.get("Range", "")
    fresh = handler.headers.get("If-Range", how.etag) == how.etag
    if wanted and how.ranges and fresh:
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(how.content):
            handler.send_error(416)
            return
    body = how.content[start:]
    handler.send_response(206 if start else 200)
    handler.send_header("Content-Type", how.kind)
    if how.etag:
        handler.send_header("ETag", how.etag)
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{len(how.content) - 1}/{len(how.content)}")
    if how.says_length:
        handler.send_header("Content-Length", str(len(body) if how.announced is None else how.announced))
    handler.end_headers()
    if how.cuts:
        how.cuts -= 1
        handler.wfile.write(body[:CUT])
        handler.close_connection = True
        return
    if how.slow:
        handler.wfile.write(body[:CUT])
        handler.wfile.flush()
        how.hold.wait(30)
        return
    try:
        handler.wfile.write(body)
    except (BrokenPipeError, ConnectionResetError):
        return  # the client has seen enough
    if not how.says_length:
        handler.close_connection = True


def checkpoint(content: bytes, url: str, **changes: object) -> Published:
    """A published file with this content, at this address."""
    known = dict(
        name="test-file", title="A test file", file="test.pth", fits=(Fit("dla34"),),
        page=Source("a test", "https://example.org/page"), licence=Licence("MIT", "For tests."),
        layout=Layout.ORIGINAL, training=Training(Task.CLASSIFICATION, "nothing", "ImageNet", 1000),
        size=len(content), exact=True, urls=(f"{url}/test.pth",),
        checksums=(Checksum("sha256", hashlib.sha256(content).hexdigest()),),
    )  # fmt: skip
    return Published(**{**known, **changes})  # type: ignore[arg-type]  # the test chooses the fields
