"""Turn pydantic's findings into one sentence: the field, the value, the rule, the nearest allowed value."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from explorer.config.refusal import Place, Plain, Refusal

_KINDS = frozenset(
    {
        "dla",
        "vovnet",
        "densenet",
        "peleenet",
        "resnet",
        "classify",
        "dla_up",
        "centernet",
        "deeplab",
        "features",
    }
)
"""Discriminator values: pydantic puts them into an error's location, a reader's YAML has no such level."""

_MAX_SHOWN = 60


def refusal(error: ValidationError, fields: Sequence[str]) -> Refusal:
    """What is wrong with a configuration; ``fields`` are known field names, to suggest for a misspelt one."""
    findings = error.errors(include_url=False)
    first = _finding(findings[0], fields)
    more = len(findings) - 1
    text = (
        first
        if not more
        else f"{first} ({more} more {'problem' if more == 1 else 'problems'} after this one.)"
    )
    return Refusal(text, _place(findings[0], fields), _remedy(findings[0]))


_NAMED_FIRST = re.compile(r"(?:(backbone|head)\.)?([a-z_]+)(?:\[(\d+)\])?")
_REMEDY = re.compile(r"(?:use|such as|set it to) (\d+(?:\.\d+)?|true|false)\b")


def _place(detail: ErrorDetails, fields: Sequence[str]) -> Place:
    """Where a finding belongs; a rule about several fields begins with the name of the one to change."""
    steps = list(detail["loc"])
    if len(steps) > 1 and steps[0] in ("backbone", "head") and steps[1] in _KINDS:
        del steps[1]
    if steps and steps[-1] == "[key]":
        del steps[-1]
    if detail["type"] == "value_error":
        found = _NAMED_FIRST.match(str(detail.get("ctx", {}).get("error", "")))
        if found and found[2] in fields:
            steps += [step for step in found.group(1, 2) if step]
            steps += [int(found[3])] if found[3] else []
    if detail["type"].startswith("union_tag"):
        steps.append("kind")
    return tuple(steps)


def _remedy(detail: ErrorDetails) -> Plain | None:
    """A value that would keep the rule, where there is one for this very field."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "greater_than_equal":
            return _as_plain(context["ge"])
        case "less_than_equal":
            return _as_plain(context["le"])
        case "literal_error" | "enum":
            near = _nearest(detail["input"], str(context.get("expected")))
            return _as_plain(near.removeprefix("; the nearest is ").strip("'")) if near else None
        case "value_error":
            found = _REMEDY.search(str(context["error"]))
            return _as_plain(found[1]) if found else None
        case _:
            return None


def _as_plain(value: object) -> Plain:
    if isinstance(value, bool | int | float):
        return value
    text = str(value)
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"\d+\.\d+", text) else text


def _finding(detail: ErrorDetails, fields: Sequence[str]) -> str:
    where = _path(detail["loc"])
    value = _shown(detail["input"])
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return f"{where} is missing: give it a value."
        case "extra_forbidden":
            near = get_close_matches(str(detail["loc"][-1]), fields, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "remove it."
            return f"{where} is not a field of this configuration: {hint}"
        case "greater_than_equal":
            return f"{where} is {value}, but must be at least {context['ge']}: use {context['ge']}."
        case "less_than_equal":
            return f"{where} is {value}, but must be at most {context['le']}: use {context['le']}."
        case "literal_error" | "enum" | "union_tag_invalid":
            allowed = str(context.get("expected") or context.get("expected_tags"))
            given = context.get("tag", detail["input"])
            where = f"{where}.kind" if "tag" in context else where
            return f"{where} is {_shown(given)}, but must be one of {allowed}{_nearest(given, allowed)}."
        case "union_tag_not_found":
            return f"{where}.kind is missing: say which kind it is."
        case "too_long" | "too_short":
            rule = "at most" if detail["type"] == "too_long" else "at least"
            bound = context.get("max_length") if rule == "at most" else context.get("min_length")
            return f"{where} has {context['actual_length']} entries, but must have {rule} {bound}."
        case "string_pattern_mismatch":
            return f"{where} is {value}, but must match {context['pattern']}."
        case "value_error":
            return f"{where}: {context['error']}." if where else f"{context['error']}."
        case _:
            rule = detail["msg"].removeprefix("Input should be ").replace("a valid integer", "a whole number")
            return f"{where or 'The configuration'} is {value}, but must be {rule}."


def _nearest(given: object, allowed: str) -> str:
    """A hint for a misspelt word or a number between the allowed ones."""
    words = re.findall(r"'([^']+)'", allowed)
    near = get_close_matches(str(given), words, n=1)
    if near:
        return f"; the nearest is {near[0]!r}"
    numbers = [int(word) for word in re.findall(r"-?\d+", allowed)]
    if numbers and not words and isinstance(given, int):
        return f"; the nearest is {min(numbers, key=lambda number: abs(number - given))}"
    return ""


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part == "[key]":
            text += " (a name)"
        elif part not in _KINDS or not text or "." in text or "[" in text:
            text += f".{part}" if text else str(part)
    return text


def _shown(value: object) -> str:
    text = "empty" if value is None else repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
