"""Controls for a part of a configuration, made from the part's own fields, bounds and documentation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import streamlit as st

from explorer.config.part import MAX_CLASSES, Part
from explorer.ui.draft import Draft, numbers_in

_LEFT_TO_TEXT = frozenset(
    {"kind", "heads", "input_channels", "base_classes", "root_kernel", "final_kernel", "last_level"}
)
"""Fields that the YAML alone has: what everyone leaves as it is, or what chooses the part itself."""

_LABELS = {
    "dla.levels": "Depth of each level",
    "dla.channels": "Channels of each level",
    "dla.root_residual": "Roots add their last child (residual)",
    "vovnet.stem": "Channels of the stem",
    "vovnet.widths": "Channels in the modules",
    "vovnet.channels": "Channels of each stage",
    "vovnet.modules": "Modules in each stage",
    "vovnet.layers": "Layers in each module",
    "vovnet.residual": "Later modules add their input (residual)",
    "vovnet.attention": "Channel attention (eSE)",
    "vovnet.depthwise": "Depthwise convolutions",
    "densenet.layers": "Layers in each block",
    "peleenet.layers": "Layers in each block",
    "peleenet.bottleneck_widths": "Width of the 1×1 convolutions",
    "resnet.blocks": "Blocks in each stage",
    "resnet.channels": "Channels of each stage",
    "resnet.multi_grid": "Multi-grid",
    "resnet.ceil_pool": "The stem's pooling rounds up",
    "classify.pool": "Pooling",
    "centernet.aggregation": "Nodes",
    "centernet.head_conv": "Channels of each output head",
    "centernet.deformable": "Deformable convolutions",
    "deeplab.multi_scale": "Several scales of the input",
    "deeplab.scales": "The other scales",
    "deeplab.width": "Channels of each branch",
    "deeplab.low_level_channels": "Channels kept at stride 4",
}
"""Where a field's name alone is not a good label."""

_SHORT_LIST = 4
"""Lists of so many numbers share a row."""


class Control(StrEnum):
    """What a field is edited with."""

    LIST = "list"
    NUMBER = "number"
    CHOICE = "choice"
    SWITCH = "switch"


_RANK = {Control.LIST: 0, Control.NUMBER: 1, Control.CHOICE: 1, Control.SWITCH: 2}


@dataclass(frozen=True, slots=True)
class Field:
    """A field as its control needs it; ``low`` and ``high`` bound a number, ``options`` are a choice's.

    ``wide`` is whether it takes a row of its own; ``whole`` whether a number has no fraction.
    """

    name: str
    label: str
    note: str
    control: Control
    low: float = 0
    high: float = 0
    whole: bool = True
    options: tuple[str | int, ...] = ()
    wide: bool = False


@lru_cache(maxsize=16)
def fields_of(part: type[Part]) -> tuple[Field, ...]:
    """The fields of a part that have a control: lists, then numbers and choices, then switches, as they stand there."""
    schema = part.model_json_schema()
    kind = schema["properties"]["kind"]["default"]
    found = [
        _field(kind, name, _resolved(facts, schema.get("$defs", {})))
        for name, facts in schema["properties"].items()
        if name not in _LEFT_TO_TEXT
    ]
    return tuple(sorted(found, key=lambda field: _RANK[field.control]))


def show(draft: Draft, part: str, values: Mapping[str, Any], model: type[Part]) -> None:
    """Draw the controls of a part, ``backbone`` or ``head``, of a draft."""
    waiting: list[Callable[[], None]] = []
    if "hm" in values.get("heads", {}):
        classes = Field("hm", "Classes", "Maps of the head `hm`.", Control.NUMBER, 1, MAX_CLASSES)
        waiting.append(lambda: _draw(draft, "head.heads", classes, values["heads"]))
    for field in fields_of(model):
        if not _applies(field, draft.fields):
            continue
        if field.wide:
            _pairs(waiting)
            waiting = []
            _draw(draft, part, field, values)
        else:
            waiting.append(lambda field=field: _draw(draft, part, field, values))  # type: ignore[misc]
    _pairs(waiting)


def _applies(field: Field, fields: Mapping[str, Any]) -> bool:
    """Whether a field has anything to choose: only a DLA classifier's pooling has."""
    return field.name != "pool" or fields["backbone"]["kind"] == "dla"


def _pairs(controls: Sequence[Callable[[], None]]) -> None:
    for start in range(0, len(controls), 2):
        for column, control in zip(st.columns(2), controls[start : start + 2], strict=False):
            with column:
                control()


def _resolved(facts: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A field's schema with that of its type in place of the reference, under the field's own description."""
    reference = facts.get("$ref", "").removeprefix("#/$defs/")
    return {**definitions.get(reference, {}), **facts}


def _field(kind: str, name: str, facts: Mapping[str, Any]) -> Field:
    label = _LABELS.get(f"{kind}.{name}", name.replace("_", " ").capitalize())
    note = " ".join(facts.get("description", "").split())
    if "enum" in facts:
        return Field(name, label, note, Control.CHOICE, options=tuple(facts["enum"]))
    match facts["type"]:
        case "boolean":
            return Field(name, label, note, Control.SWITCH, wide=True)
        case "array":
            return Field(name, label, note, Control.LIST, wide=facts.get("maxItems", 0) > _SHORT_LIST)
        case number:
            low, high = facts.get("minimum", facts.get("exclusiveMinimum")), facts["maximum"]
            return Field(name, label, note, Control.NUMBER, low, high, whole=number == "integer")


def _draw(draft: Draft, part: str, field: Field, values: Mapping[str, Any]) -> None:
    value, key = values.get(field.name), f"configure.{part}.{field.name}.{draft.revision}"

    def change() -> None:
        chosen = st.session_state[key]
        if field.name == "variant":
            draft.choose_variant(chosen)
        else:
            draft.set(part, field.name, numbers_in(chosen) if field.control is Control.LIST else chosen)

    common: dict[str, Any] = {
        "key": key,
        "help": field.note or None,
        "disabled": draft.behind,
        "on_change": change,
    }
    match field.control:
        case Control.LIST:
            text = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
            st.text_input(field.label, text, **common)
        case Control.NUMBER:
            number = int if field.whole else float
            low, high = number(field.low), number(field.high)
            shown = min(max(number(value), low), high) if isinstance(value, int | float) else low
            st.number_input(field.label, low, high, shown, format="%d" if field.whole else "%g", **common)
        case Control.CHOICE:
            index = field.options.index(value) if value in field.options else 0
            st.selectbox(field.label, field.options, index=index, **common)
        case Control.SWITCH:
            st.toggle(field.label, bool(value), **common)
