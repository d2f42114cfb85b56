"""A configuration's refusal that knows its place: the field, the line of the text, the value that would do."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from explorer.errors import ConfigError

Place = tuple[str | int, ...]
"""A field's place among plain values: ``("backbone", "channels", 3)``."""

Plain = bool | int | float | str


class Refusal(ConfigError):
    """A ConfigError about one field.

    ``place`` is the field's, empty where the rule is about the whole; ``nearest`` a value that would keep the rule,
    None where the sentence names none; ``line`` the line of the text, from 1, where it is known.
    """

    def __init__(
        self, message: str, place: Place = (), nearest: Plain | None = None, line: int | None = None
    ) -> None:
        super().__init__(message)
        self.place = place
        self.nearest = nearest
        self.line = line


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """The line, from 1, on which a place of YAML text stands, or its nearest ancestor that is there; None for none.

    ``text`` is YAML that has been read before: bounded, and without aliases.
    """
    node = yaml.compose(text, yaml.SafeLoader)
    if node is None:
        return None
    line = None
    for step in place:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


def _child(node: yaml.Node, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(
            ((key.start_mark.line + 1, value) for key, value in node.value if key.value == str(step)), None
        )
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None
