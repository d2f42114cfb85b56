"""Configurations of every family and head, drawn from the parts' own fields: a new field is drawn by itself."""

from typing import Any

from hypothesis import strategies as st

from explorer.config.fields import BACKBONES, HEADS, Control, FormField, fields_of

SIZES = st.tuples(st.integers(1, 160), st.integers(1, 160)) | st.tuples(
    st.sampled_from([32, 64, 96, 224]), st.sampled_from([32, 64, 128])
)
"""Heights and widths, of which some suit decoders."""

_WIDTHS = st.sampled_from([1, 2, 3, 4, 8, 12, 31, 32, 64])


def _number(field: FormField) -> st.SearchStrategy[Any]:
    if not field.whole:
        return st.floats(field.low, min(field.high, 2.0)) | st.sampled_from([field.low, field.high])
    high = min(int(field.high), 4 if field.high <= 64 else 8)
    inside = st.integers(int(field.low), max(int(field.low) + 1, high))
    return inside | _WIDTHS.filter(lambda value: value >= field.low) if field.high > 64 else inside


def values(field: FormField) -> st.SearchStrategy[Any]:
    """Values of a field, nearly all within its bounds; together they may contradict each other all the same."""
    match field.control:
        case Control.SWITCH:
            return st.booleans()
        case Control.CHOICE:
            return st.sampled_from(field.options)
        case Control.NUMBER:
            return _number(field)
        case Control.LIST:
            return st.lists(
                _number(field), min_size=field.least, max_size=min(field.most, max(field.least, 4))
            )
        case Control.MAPPING:
            names = st.sampled_from(["hm", "wh", "reg", "ids", "forward", "heads", "weight", "a_1", "Hm", ""])
            return st.dictionaries(names, st.integers(0, 5), max_size=4)


def part(kind: str, model: Any) -> st.SearchStrategy[dict[str, Any]]:
    """A part of a kind; fields that have defaults may be left out."""
    fields = fields_of(model)
    return st.fixed_dictionaries(
        {"kind": st.just(kind), **{field.name: values(field) for field in fields if field.required}},
        optional={field.name: values(field) for field in fields if not field.required},
    )


def parts(kinds: Any) -> st.SearchStrategy[dict[str, Any]]:
    """A part of any kind."""
    return st.one_of(*(part(kind, model) for kind, model in kinds.items()))


_RESNET = part("resnet", BACKBONES["resnet"])
ANY_CONFIGURATION = st.fixed_dictionaries({"backbone": parts(BACKBONES), "head": parts(HEADS)}) | (
    st.fixed_dictionaries({"backbone": _RESNET, "head": part("deeplab", HEADS["deeplab"])})
)
"""Every kind of backbone under every kind of head, and DeepLab more often than chance would have it."""
