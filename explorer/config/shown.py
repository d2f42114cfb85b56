"""How a field of a configuration is shown to people: its name, its paper's symbol, and the group it stands in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """What a field is about; the value is the heading, the order that of a form."""

    STAGES = "Stages"
    BLOCK = "Block"
    AGGREGATION = "Aggregation"
    STEM = "Stem"
    HEAD = "Head"
    INPUT = "Input"
    PROTOCOL = "Published files"
    OTHER = "Further fields"


@dataclass(frozen=True)
class Shown:
    """Stands in a field's annotation; a field without one is shown under its own name, in the last group.

    ``entry`` names the entries of a list, with ``{n}`` for their number, which begins at ``first``: a level's, a
    stage's. ``wide`` marks numbers of channels that make a network wider or narrower as a whole.
    """

    group: Group = Group.OTHER
    label: str = ""
    symbol: str = ""
    entry: str = "{n}"
    first: int = 1
    wide: bool = False
