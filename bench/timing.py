"""Timing that other processes on the machine disturb little: CPU time, one thread, interleaved repeats."""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from explorer.config import presets

REPRESENTATIVE = (
    "dla34",
    "dla169",
    "vovnet57",
    "densenet201",
    "deeplabv3plus_resnet101_msc_os8",
    "centernet_dla34",
)


def chosen(representative: Sequence[str] = REPRESENTATIVE) -> tuple[str, ...]:
    """The presets to measure: those of the variable PRESETS, ``all``, or a representative few."""
    names = os.environ.get("PRESETS", "").split() or representative
    return tuple(presets()) if list(names) == ["all"] else tuple(names)


def medians(cases: Mapping[str, Callable[[], object]], repeats: int, warm_up: int = 1) -> dict[str, float]:
    """Median process CPU seconds of each case; the cases take turns, so that a slow minute hits them alike."""
    taken = _taken(cases, repeats, warm_up)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def best(cases: Mapping[str, Callable[[], object]], repeats: int, warm_up: int = 1) -> dict[str, float]:
    """Least process CPU seconds of each case: what it takes when nothing disturbs it. Cases take turns."""
    return {name: min(seconds) for name, seconds in _taken(cases, repeats, warm_up).items()}


def _taken(cases: Mapping[str, Callable[[], object]], repeats: int, warm_up: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for repeat in range(warm_up + repeats):
        for name, run in cases.items():
            gc.collect()  # nobody pays for what the case before left behind
            start = time.process_time()
            run()
            if repeat >= warm_up:
                taken[name].append(time.process_time() - start)
    return taken


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> None:
    """Print rows under a title, the first column to the left and the others to the right."""
    widths = [max(len(str(row[i])) for row in (head, *rows)) for i in range(len(head))]
    print(f"\n{title}")
    for row in (head, *rows):
        cells = [cell.ljust(width) if i == 0 else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(row, widths, strict=True))]  # fmt: skip
        print("  " + "  ".join(cells))
    if note:
        print(f"  {note}")
