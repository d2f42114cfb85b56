"""The fields of a part of a configuration as a form needs them, read from the part's own types and documentation.

Nothing here knows a field by its name: a new field of a part appears in every form, table and comparison by itself.
Imports no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from explorer.config.backbones import Backbone
from explorer.config.heads import Head
from explorer.config.part import Part
from explorer.config.shown import Group, Shown
from explorer.config.unions import members

BACKBONES: Mapping[str, type[Part]] = members(Backbone)
"""The kinds of backbone."""

HEADS: Mapping[str, type[Part]] = members(Head)
"""The kinds of head."""


class Control(StrEnum):
    """What a field is edited with."""

    LIST = "list"
    NUMBER = "number"
    CHOICE = "choice"
    SWITCH = "switch"
    MAPPING = "mapping"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a part.

    ``low`` and ``high`` bound a number, a list's entries or a mapping's values; ``above`` is whether ``low`` itself
    is excluded. ``least`` and ``most`` bound how many entries there are. ``options`` are a choice's.
    """

    name: str
    control: Control
    label: str
    symbol: str
    group: Group
    sentence: str
    default: Any = None
    required: bool = False
    low: float = 0
    high: float = 0
    above: bool = False
    whole: bool = True
    options: tuple[str | int, ...] = ()
    least: int = 0
    most: int = 0
    entry: str = "{n}"
    first: int = 1
    wide: bool = False

    def entry_name(self, index: int) -> str:
        """What the entry at a place of the list is called: ``level 3``."""
        return self.entry.format(n=index + self.first)


@lru_cache(maxsize=32)
def fields_of(part: type[Part]) -> tuple[FormField, ...]:
    """A part's fields but its kind, group by group and in each as they stand in the class."""
    schema = part.model_json_schema()
    definitions = schema.get("$defs", {})
    found = [
        _field(part, name, _resolved(facts, definitions))
        for name, facts in schema["properties"].items()
        if name != "kind"
    ]
    order = list(Group)
    return tuple(sorted(found, key=lambda field: order.index(field.group)))


def _resolved(facts: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A field's schema with that of its type in place of the reference, under the field's own description."""
    reference = facts.get("$ref", "").removeprefix("#/$defs/")
    return {**definitions.get(reference, {}), **facts}


def _field(part: type[Part], name: str, facts: Mapping[str, Any]) -> FormField:
    info = part.model_fields[name]
    shown = next((mark for mark in info.metadata if isinstance(mark, Shown)), Shown())
    common: dict[str, Any] = {
        "name": name,
        "label": shown.label or name.replace("_", " ").capitalize(),
        "symbol": shown.symbol,
        "group": shown.group,
        "sentence": " ".join(facts.get("description", "").split()),
        "required": info.is_required(),
        "default": facts.get("default"),
        "entry": shown.entry,
        "first": shown.first,
        "wide": shown.wide,
    }
    if "enum" in facts:
        return FormField(control=Control.CHOICE, options=tuple(facts["enum"]), **common)
    match facts["type"]:
        case "boolean":
            return FormField(control=Control.SWITCH, **common)
        case "array":
            items = facts["prefixItems"][0] if "prefixItems" in facts else facts["items"]
            least, most = facts.get("minItems", 0), facts["maxItems"]
            return FormField(control=Control.LIST, least=least, most=most, **common, **_bounds(items))
        case "object":
            least, most = facts.get("minProperties", 0), facts["maxProperties"]
            values = next(
                iter(facts.get("patternProperties", {"": facts.get("additionalProperties")}).values())
            )
            return FormField(control=Control.MAPPING, least=least, most=most, **common, **_bounds(values))
        case _:
            return FormField(control=Control.NUMBER, **common, **_bounds(facts))


def _bounds(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "low": facts.get("minimum", facts.get("exclusiveMinimum", 0)),
        "high": facts["maximum"],
        "above": "exclusiveMinimum" in facts,
        "whole": facts["type"] == "integer",
    }
