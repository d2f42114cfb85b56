"""A configuration being edited, as text and as a form at once; nothing that was typed is ever lost."""

import copy
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from explorer.config import CenterNetHead, ClassifyHead, DLAUpHead, ModelConfig
from explorer.errors import ConfigError

HEADS = {head.model_fields["kind"].default: head for head in (ClassifyHead, DLAUpHead, CenterNetHead)}
"""The heads by their ``kind``."""

# Bounded: Python refuses to read thousands of digits, and no field takes ten.
_NUMBER = re.compile(r"[+-]?\d{1,9}")


@dataclass(slots=True)
class Draft:
    """Text on one side, fields on the other.

    ``fields`` are the configuration as plain lists, dicts, numbers and words: the last that the text could be read
    as. ``problem`` is the sentence about the text as it stands, None where it is valid. While text typed by hand is
    not valid, the fields are behind it (``behind``) and must not be edited: an edit would overwrite the text.
    ``revision`` grows when either side changes the other, so that widgets know to start over.
    """

    text: str
    fields: dict[str, Any]
    problem: str | None = None
    behind: bool = False
    revision: int = 0
    config: ModelConfig | None = field(default=None)

    @classmethod
    def of(cls, config: ModelConfig) -> "Draft":
        """A draft that starts from a configuration, its name left out: what is changed needs another one."""
        unnamed = config.model_copy(update={"name": None})
        return cls(unnamed.to_yaml(), _plain(unnamed), config=unnamed)

    def type(self, text: str) -> None:
        """Take text as it was typed; the fields follow if it is valid."""
        self.text = text
        try:
            self.config = ModelConfig.from_yaml(text)
        except ConfigError as error:
            self.config, self.problem, self.behind = None, str(error), True
            return
        self.fields, self.problem, self.behind = _plain(self.config), None, False
        self.revision += 1

    def set(self, part: str, name: str, value: Any) -> None:
        """Change one field of a part, ``backbone``, ``head`` or ``head.heads``; the text follows."""
        place = self.fields
        for step in part.split("."):
            place = place[step]
        place[name] = value
        self._write()

    def choose_head(self, kind: str) -> None:
        """Put another kind of head in place, at its defaults but for the fields that both have."""
        before = self.fields["head"]
        after = HEADS[kind]().model_dump(mode="json")
        shared = {"classes", "base_classes"} & before.keys() & after.keys()
        self.fields["head"] = after | {name: before[name] for name in shared}
        self._write()

    def _write(self) -> None:
        try:
            self.config = ModelConfig.from_plain(copy.deepcopy(self.fields))
        except ConfigError as error:
            self.config, self.problem = None, str(error)
            self.text = yaml.safe_dump(
                self.fields, sort_keys=False, allow_unicode=True, default_flow_style=None
            )
        else:
            self.problem = None
            self.text = self.config.to_yaml()
        self.revision += 1


def numbers_in(text: str) -> list[int | str]:
    """Whole numbers separated by commas or spaces; what is not one, or is far too long, stays as it was typed."""
    return [int(word) if _NUMBER.fullmatch(word) else word for word in text.replace(",", " ").split()]


def _plain(config: ModelConfig) -> dict[str, Any]:
    plain: dict[str, Any] = config.model_dump(mode="json", exclude_none=True)
    return plain
