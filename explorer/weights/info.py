"""What is said about the weights that a network runs with."""

from dataclasses import dataclass
from enum import StrEnum


class WeightsKind(StrEnum):
    """Where weights come from."""

    RANDOM = "random"
    SHIPPED = "shipped"
    PUBLISHED = "published"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class WeightsInfo:
    """The weights of a network, in words.

    ``title`` names them, ``source`` says where they come from (a file's name, never its folder), ``licence`` is
    their licence or a sentence that none is known, and ``note`` lists every allowance made while loading.
    ``commercial`` is False where the licence excludes commercial use.
    """

    kind: WeightsKind
    title: str
    source: str
    licence: str
    note: str = ""
    commercial: bool = True


RANDOM = WeightsInfo(
    kind=WeightsKind.RANDOM,
    title="Random weights",
    source="initialisation",
    licence="none needed",
    note="The network has learned nothing: its outputs show shapes and cost, not answers.",
)
"""A network as it is built, before anything is loaded."""
