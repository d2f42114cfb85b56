"""A mismatch between a checkpoint and a network, key by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.errors import WeightsError

EXAMPLES = 3
"""How many keys of each sort the sentence names; the report has them all."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A key that both have, with a value that does not fit; ``found`` and ``expected`` are shapes or types."""

    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.key} is {self.found}, not {self.expected}"


@dataclass(frozen=True, slots=True)
class MismatchReport:
    """Everything that keeps a checkpoint from being loaded, each list in the order of its own source.

    ``missing`` are keys of the network that the file lacks, ``unexpected`` keys of the file that the network
    lacks, ``shapes`` and ``types`` keys of both whose tensors differ.
    """

    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    shapes: tuple[Difference, ...] = ()
    types: tuple[Difference, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.shapes or self.types)

    @property
    def sentence(self) -> str:
        """The report as one sentence that names the first keys of each sort."""
        parts = [
            _part(self.missing, "is missing", "are missing"),
            _part(self.unexpected, "is unexpected", "are unexpected"),
            _part(self.shapes, "has another shape", "have another shape"),
            _part(self.types, "has another type", "have another type"),
        ]
        return "; ".join(part for part in parts if part)

    @property
    def lines(self) -> list[str]:
        """The report in full, one key a line."""
        return [
            *(f"missing: {key}" for key in self.missing),
            *(f"unexpected: {key}" for key in self.unexpected),
            *(f"shape: {difference}" for difference in self.shapes),
            *(f"type: {difference}" for difference in self.types),
        ]


class MismatchError(WeightsError):
    """A readable checkpoint of another network; ``report`` has every key, and nothing was loaded.

    ``reason`` says what is behind it where that is known; otherwise the report's sentence names keys.
    """

    def __init__(self, source: str, report: MismatchReport, reason: str = "") -> None:
        super().__init__(
            f"{source} does not fit this network, and nothing was loaded: {reason or f'{report.sentence}.'}"
        )
        self.report = report


def _part(items: Sequence[str | Difference], one: str, many: str) -> str:
    if not items:
        return ""
    named = ", ".join(str(item) for item in items[:EXAMPLES])
    rest = f" and {len(items) - EXAMPLES:,} more" if len(items) > EXAMPLES else ""
    return f"{len(items):,} {'key' if len(items) == 1 else 'keys'} {one if len(items) == 1 else many} ({named}{rest})"
