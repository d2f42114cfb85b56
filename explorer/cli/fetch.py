"""Fetch published weights, after showing their size and licence."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from explorer.cli import arguments
from explorer.config import presets
from explorer.errors import WeightsError
from explorer.ui import numbers
from explorer.weights import Library, Published, library
from explorer.weights.fetching import FetchState, Progress, fetch


def add_arguments(command: argparse.ArgumentParser) -> None:
    """``fetch`` takes a checkpoint's or a preset's name."""
    command.add_argument("name", metavar="NAME", nargs="?", help="a checkpoint (see --list) or a preset")
    command.add_argument("--list", action="store_true", help="list what is published, with size and licence")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command.add_argument("--to", metavar="DIR", type=Path, help="another folder than the cache folder")
    arguments.add_json(command)


def run(options: argparse.Namespace) -> None:
    """List, or show, ask and fetch."""
    books = library()
    if options.to is not None:
        books = replace(books, folder=options.to)
    if options.name is None or options.list:
        _list(books, options.name, options.json)
        return
    item = _item(books, options.name)
    if not item.usable:
        raise WeightsError(f"{item.title}: {item.unfit} Its page: {item.page.url}")
    if not books.has(item):
        print(_terms(books, item), file=sys.stderr)
        _ask(options.yes)
    path = fetch(item, books.folder, books.urls(item), on_progress=_Meter())
    if options.json:
        print(arguments.as_json(_plain(books, item)))
    else:
        print(path)


def _item(books: Library, name: str) -> Published:
    """The checkpoint of that name, or the likeliest one of the preset of that name. Raises WeightsError."""
    if books.registry.has(name):
        return books.registry.named(name)
    if name in presets():
        return books.choose(presets()[name])
    raise WeightsError(
        f"{name[:60]!r} is neither a published checkpoint nor a preset: fetch --list names them."
    )


def _ask(agreed: bool) -> None:
    """Go on only if a person says so. Raises WeightsError otherwise."""
    if agreed:
        return
    if not sys.stdin.isatty():
        raise WeightsError("Nobody can be asked here: say --yes to fetch.")
    print("Fetch it? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise WeightsError("Nothing was fetched.")


def _terms(books: Library, item: Published) -> str:
    """What a person should know first."""
    addresses = books.urls(item)
    accuracy = [f"accuracy  {item.accuracy.text} ({item.accuracy.source.title})"] if item.accuracy else []
    return "\n".join(
        (
            item.title,
            f"size      {item.size_text}",
            f"licence   {item.licence.name}. {item.licence.note}",
            *accuracy,
            f"from      {addresses[0] if addresses else item.page.url}",
            f"checked   {item.verified}",
            f"into      {books.path(item)}",
        )
    )


def _list(books: Library, name: str | None, as_json: bool) -> None:
    items = list(books.registry) if name is None else [_item(books, name)]
    if as_json:
        print(arguments.as_json([_plain(books, item) for item in items]))
        return
    rows = [
        (item.name, item.size_text, item.licence.name, item.training.pictures, _state(books, item))
        for item in items
    ]
    header = ("name", "size", "licence", "trained on", "state")
    print(arguments.as_table(header, rows, right=(False, True, False, False, False)))
    print(f"Folder: {books.folder}", file=sys.stderr)


def _state(books: Library, item: Published) -> str:
    if books.has(item):
        return "at hand"
    if not item.usable:
        return "fits no network here"
    return "" if books.urls(item) else "by hand"


def _plain(books: Library, item: Published) -> dict[str, object]:
    """A checkpoint as JSON takes it; sizes in bytes."""
    return {
        "name": item.name,
        "title": item.title,
        "presets": [fit.preset for fit in item.fits if fit.is_preset],
        "file": item.file,
        "size": item.size,
        "size_is_exact": item.exact,
        "licence": item.licence.name,
        "licence_note": item.licence.note,
        "commercial_use": item.licence.commercial if item.licence.stated else None,
        "layout": item.layout.value if item.layout else None,
        "task": item.training.task.value,
        "trained_on": item.training.pictures,
        "classes": item.training.classes,
        "accuracy": item.accuracy.text if item.accuracy else None,
        "accuracy_source": item.accuracy.source.url if item.accuracy else None,
        "page": item.page.url,
        "urls": list(books.urls(item)),
        "checksums": {checksum.algorithm: checksum.digest for checksum in item.checksums},
        "unfit": item.unfit or None,
        "path": str(books.path(item)) if books.has(item) else None,
    }


class _Meter:
    """Progress in one line of a terminal, or a line for every tenth of a file elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._shown = ""

    def __call__(self, progress: Progress) -> None:
        done = progress.state is FetchState.DONE
        step = 1 if self._live else 10
        percent = int(progress.share * 100) // step * step
        text = progress.state.value
        if progress.state is FetchState.RECEIVING:
            text = f"{text} {percent} % of {numbers.memory(progress.total or 0)}"
        if text != self._shown:
            self._shown = text
            end = "\n" if done or not self._live else ""
            print(f"\r\033[K{text}" if self._live else text, end=end, file=sys.stderr, flush=True)
