"""The members of a union of parts that is told apart by ``kind``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, get_args

from explorer.config.part import Part


def members(union: Any) -> Mapping[str, type[Part]]:
    """The parts of ``Annotated[A | B | …, Field(discriminator="kind")]``, by their kind."""
    return MappingProxyType(
        {part.model_fields["kind"].default: part for part in get_args(get_args(union)[0])}
    )
