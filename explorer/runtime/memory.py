"""How much memory work takes, measured while it runs: by the card's allocator, or by the process's own size."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
"""What Linux is told to forget the highest size so far (proc(5))."""


class Gauge(Protocol):
    """Reads memory in bytes, each against what was in use when the gauge was made."""

    @property
    def how(self) -> str: ...

    def now(self) -> int: ...

    def peak(self) -> int: ...


def gauge(device: str) -> Gauge:
    """A gauge for a device, at zero now."""
    return CudaGauge(device) if device.startswith("cuda") else ProcessGauge()


class CudaGauge:
    """What PyTorch has allocated on a card; other processes do not count."""

    how = "allocated on the card by PyTorch"

    def __init__(self, device: str) -> None:
        import torch

        self._cuda = torch.cuda
        self._device = device
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        self._start = torch.cuda.memory_allocated(device)

    def now(self) -> int:
        """Bytes more than at the start."""
        return int(self._cuda.memory_allocated(self._device)) - self._start

    def peak(self) -> int:
        """The most bytes more than at the start."""
        return int(self._cuda.max_memory_allocated(self._device)) - self._start


@dataclass
class _Resident:
    now: int
    peak: int


class ProcessGauge:
    """How much the process has grown. Whatever else it does meanwhile counts as well, so this is an upper bound."""

    how = "growth of the process, as Linux counts it"

    def __init__(self) -> None:
        _return_what_is_free()
        # Where the kernel does not let go of the old peak, only sizes sampled by now() count.
        try:
            _CLEAR.write_text(_RESET_PEAK)
            self._exact = True
        except OSError:
            self._exact = False
        self._start = _resident().now
        self._sampled = self._start

    def now(self) -> int:
        """Bytes more than at the start; not below zero, where others freed what they had."""
        current = _resident().now
        self._sampled = max(self._sampled, current)
        return max(0, current - self._start)

    def peak(self) -> int:
        """The most bytes more than at the start."""
        found = _resident()
        highest = found.peak if self._exact else max(self._sampled, found.now)
        return max(0, highest - self._start)


def _return_what_is_free() -> None:
    """Have the C library give freed memory back, or work would grow into it unseen; only glibc has this."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _resident() -> _Resident:
    """The process's resident size now and at its highest, in bytes; zeros where there is no /proc."""
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return _Resident(0, 0)
    sizes = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS:", "VmHWM:"))}
    return _Resident(int(sizes.get("VmRSS", 0)) * 1024, int(sizes.get("VmHWM", 0)) * 1024)
