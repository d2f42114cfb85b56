"""HTTP as fetching needs it: http and https alone, few redirects, nothing decoded. The standard library's client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.client import HTTPResponse
from typing import IO
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from explorer import __version__

MAX_REDIRECTS = 5
_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")


class Redirected(Exception):
    """A redirect that is not followed; ``str()`` says why."""


class _Redirects(HTTPRedirectHandler):
    """Follow few redirects, and none away from encryption."""

    max_redirections = MAX_REDIRECTS
    max_repeats = 2

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        old, new = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if new not in ("http", "https"):
            raise Redirected(f"redirects to {new or 'nowhere'}:, which is not followed")
        if old == "https" and new == "http":
            raise Redirected("redirects from https to plain http, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]  # the stubs want http.client's own subclass of Message


class Response:
    """An answer: what its header says, and its bytes."""

    def __init__(self, raw: HTTPResponse) -> None:
        self._raw = raw
        self.status = raw.status

    @property
    def length(self) -> int | None:
        """Bytes that this answer has, None where the server does not say or says no number."""
        text = self._raw.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None

    @property
    def range_start(self) -> int | None:
        """The file's byte with which a partial answer begins."""
        found = _RANGE.fullmatch(self._raw.headers.get("Content-Range", "").strip())
        return int(found[1]) if found else None

    @property
    def validator(self) -> str:
        """What tells this version of the file from others: a strong ETag, otherwise its date."""
        tag = self._raw.headers.get("ETag", "").strip()
        return tag if tag and not tag.startswith("W/") else self._raw.headers.get("Last-Modified", "").strip()

    @property
    def is_page(self) -> bool:
        """Whether it is a web page: a login, an apology."""
        return self._raw.headers.get_content_type() == "text/html"

    def read(self, most: int) -> bytes:
        """Bytes as they arrive, at most so many; none at the end, however early that is."""
        return self._raw.read1(most)


@contextmanager
def open_url(request: Request, patience: float) -> Iterator[Response]:
    """The answer to a request. Raises HTTPError, URLError, OSError, HTTPException and Redirected as they come."""
    opener = OpenerDirector()
    # The default opener also reads file:, ftp: and data:; a redirect must not lead there.
    for handler in (
        ProxyHandler(), HTTPHandler(), HTTPSHandler(), _Redirects(), HTTPDefaultErrorHandler(), HTTPErrorProcessor(),
    ):  # fmt: skip
        opener.add_handler(handler)
    request.add_header("User-Agent", f"layer-aggregation-explorer/{__version__}")
    request.add_header("Accept-Encoding", "identity")
    with opener.open(request, timeout=patience) as raw:
        if not isinstance(raw, HTTPResponse):
            raise Redirected("is at an address that is not http")
        yield Response(raw)
