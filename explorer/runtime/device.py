"""The devices of this machine, and how many threads may work on it. Imports torch only when asked."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path

from explorer.errors import BudgetError

AUTO = "auto"


def devices() -> list[str]:
    """Names of the devices that networks can run on, the best one first; the CPU is always last."""
    import torch

    found = (
        [f"cuda:{index}" for index in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    )
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def resolve(device: str) -> str:
    """The device of that name; ``auto`` is the best one there is. Raises BudgetError for one that is not here."""
    present = devices()
    if device == AUTO:
        return present[0]
    name = "cuda:0" if device == "cuda" else device
    if name not in present:
        raise BudgetError(f"There is no device {device!r} on this machine; it has {', '.join(present)}.")
    return name


def title(device: str) -> str:
    """What a reader calls a device: the card's or the processor's own name."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    if device == "mps":
        return "Apple GPU"
    return f"{_processor()}, {threads()} {'thread' if threads() == 1 else 'threads'}"


def threads() -> int:
    """Cores that this process may keep busy: its CPU affinity, bounded by the container's quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, _quota(Path("/sys/fs/cgroup/cpu.max")) or cores))


def _quota(file: Path) -> int | None:
    """Whole cores that cgroup v2 grants, None for no limit."""
    try:
        granted, period = file.read_text().split()
        return None if granted == "max" else max(1, ceil(int(granted) / int(period)))
    except (OSError, ValueError):
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


@contextmanager
def memory_in_words(device: str, instead: str) -> Iterator[None]:
    """Raise BudgetError where a card runs out of memory in spite of the estimate: a visitor's matter, not a fault.

    ``instead`` says what to use.
    """
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise BudgetError(f"{device} ran out of memory in spite of the estimate: use {instead}.") from error
