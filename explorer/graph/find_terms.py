"""The small language of the search field: words, sizes and comparisons, of which all must hold.

    query      = term { term }
    term       = word | size | comparison
    size       = number "x" number { "x" number }          64x64, 128×28×28, 3x3
    comparison = field sign value | sign value field | field value | value field
    sign       = ">" | "<" | ">=" | "<=" | "="
    value      = number [ "k" | "M" | "G" | "T" | "KiB" | "MiB" | "GiB" ] | size

Words match a part's own name, class, operation or role, and with a dot in it its full path. ``concat > 3 inputs`` is
a word and a comparison; ``conv k=3``, ``params > 1M`` and ``stride 2`` need no more than that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import eq, ge, gt, le, lt

from explorer.errors import ExplorerError

MAX_CHARACTERS = 200


class FindError(ExplorerError):
    """A search that cannot be read; the sentence says where and what would do."""


class Field(StrEnum):
    """What a comparison can be about."""

    PARAMETERS = "params"
    MACS = "macs"
    MEMORY = "memory"
    INPUTS = "inputs"
    CHANNELS = "channels"
    KERNEL = "kernel"
    STRIDE = "stride"
    DILATION = "dilation"
    GROUPS = "groups"
    STAGE = "stage"


SYNONYMS: Mapping[str, Field] = {
    **{field.value: field for field in Field},
    "parameters": Field.PARAMETERS, "parameter": Field.PARAMETERS, "param": Field.PARAMETERS, "mac": Field.MACS,
    "bytes": Field.MEMORY, "activations": Field.MEMORY, "input": Field.INPUTS, "in": Field.INPUTS,
    "c": Field.CHANNELS, "ch": Field.CHANNELS, "channel": Field.CHANNELS, "k": Field.KERNEL, "s": Field.STRIDE,
    "d": Field.DILATION, "g": Field.GROUPS, "group": Field.GROUPS,
}  # fmt: skip

_SIGNS: Mapping[str, Callable[[float, float], bool]] = {">": gt, "<": lt, ">=": ge, "<=": le, "=": eq}
_UNITS: Mapping[str, float] = {
    "": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "b": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30,
    "kb": 1e3, "mb": 1e6, "gb": 1e9,
}  # fmt: skip
_TOKEN = re.compile(r">=|<=|[><=]|≥|≤|[^\s><=≥≤]+")
_NUMBER = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)([a-z]{0,3})")
_SIZE = re.compile(r"\d{1,6}(?:[x×*]\d{1,6})+")


@dataclass(frozen=True, slots=True)
class Word:
    """Text that some name of a part contains; lower case."""

    text: str


@dataclass(frozen=True, slots=True)
class Size:
    """A shape's last sizes, (H, W) or (C, H, W), or a kernel's."""

    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field held against a number, or each of the field's numbers against one of several."""

    field: Field
    sign: str
    values: tuple[float, ...]

    def holds(self, found: tuple[float, ...]) -> bool:
        """Whether every one of the numbers found compares as asked; never for a part that has none."""
        wanted = self.values * len(found) if len(self.values) == 1 else self.values
        return (
            bool(found)
            and len(found) == len(wanted)
            and all(_SIGNS[self.sign](*pair) for pair in zip(found, wanted, strict=True))
        )


Term = Word | Size | Comparison


def parse(text: str) -> tuple[Term, ...]:
    """Read a search; raises FindError, in a sentence, for one that cannot be read."""
    if len(text) > MAX_CHARACTERS:
        raise FindError(f"A search has at most {MAX_CHARACTERS} characters, not {len(text):,}.")
    tokens = [token.replace("≥", ">=").replace("≤", "<=") for token in _TOKEN.findall(text.lower())]
    terms: list[Term] = []
    while tokens:
        terms.append(_take(tokens))
    return tuple(terms)


def _take(tokens: list[str]) -> Term:
    """The first term of ``tokens``, which it is taken from."""
    first = tokens.pop(0)
    following = tokens[0] if tokens else ""
    if first in _SIGNS:
        return _after_sign(first, tokens)
    # In "concat > 3 inputs" the comparison starts at its sign.
    starts_later = first not in SYNONYMS and len(tokens) > 2 and tokens[2] in SYNONYMS
    if following in _SIGNS and not starts_later:
        sign = tokens.pop(0)
        return Comparison(_field(first), sign, _value(first, tokens))
    if first in SYNONYMS and _values(following):
        return Comparison(SYNONYMS[first], "=", _value(first, tokens))
    if _NUMBER.fullmatch(first) and following in SYNONYMS:
        return Comparison(SYNONYMS[tokens.pop(0)], "=", _value(first, [first]))
    if _SIZE.fullmatch(first):
        return Size(_sizes(first))
    return Word(first.strip("\"'"))


def _after_sign(sign: str, tokens: list[str]) -> Comparison:
    """``> 3 inputs``: the field comes last."""
    values = _value(sign, tokens)
    if not tokens or tokens[0] not in SYNONYMS:
        raise FindError(f"Say what is {sign} {values[0]:g}, such as {sign} {values[0]:g} inputs.")
    return Comparison(SYNONYMS[tokens.pop(0)], sign, values)


def _field(name: str) -> Field:
    if name not in SYNONYMS:
        raise FindError(f"{name[:40]} cannot be compared: use one of {', '.join(Field)}.")
    return SYNONYMS[name]


def _value(after: str, tokens: list[str]) -> tuple[float, ...]:
    found = _values(tokens.pop(0)) if tokens else ()
    if not found:
        raise FindError(f"A number is missing after {after[:40]}, such as 3, 1.5M or 4MiB.")
    return found


def _values(token: str) -> tuple[float, ...]:
    if _SIZE.fullmatch(token):
        return tuple(map(float, _sizes(token)))
    found = _NUMBER.fullmatch(token)
    return (float(found[1]) * _UNITS[found[2]],) if found and found[2] in _UNITS else ()


def _sizes(token: str) -> tuple[int, ...]:
    return tuple(int(size) for size in re.split(r"[x×*]", token))
