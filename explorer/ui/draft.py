"""A configuration being edited, as text and as fields at once; nothing that was typed is ever lost."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from explorer.config import ModelConfig, preset_name
from explorer.config.fields import BACKBONES, HEADS
from explorer.config.model import MAX_YAML_CHARACTERS
from explorer.config.refusal import Refusal, line_of
from explorer.config.starts import adapted, bare, head_on, network_on, rates_of, refusal_of
from explorer.errors import ConfigError


@dataclass(slots=True)
class Draft:
    """Text on one side, fields on the other.

    ``fields`` are the configuration as plain lists, dicts, numbers and words: the last that the text could be read
    as. ``problem`` is the refusal of what stands there now, None where it is valid. While text typed by hand is
    not valid, the fields are behind it (``behind``) and must not be edited: an edit would overwrite the text.
    """

    text: str
    fields: dict[str, Any]
    problem: Refusal | None = None
    behind: bool = False
    config: ModelConfig | None = field(default=None)

    @classmethod
    def of(cls, config: ModelConfig) -> Draft:
        """A draft that starts from a configuration; a preset's name is left out, as what is changed is another."""
        if preset_name(config) is not None:
            config = config.model_copy(update={"name": None})
        return cls(config.to_yaml(), _plain(config), config=config)

    def copied(self) -> Draft:
        """The same draft, which no later change touches."""
        return copy.deepcopy(self)

    def type(self, text: str) -> None:
        """Take text as it was typed; the fields follow if it is valid."""
        self.text = text[: MAX_YAML_CHARACTERS + 1]
        try:
            self.config = ModelConfig.from_yaml(self.text)
        except ConfigError as error:
            self.config, self.problem, self.behind = None, _refusal(error), True
            return
        self.fields, self.problem, self.behind = _plain(self.config), None, False

    def set(self, place: Sequence[str], value: Any) -> None:
        """Change one field, such as ``("backbone", "channels")``; the text follows. An unknown place is refused."""
        target = self.fields
        for step in place[:-1]:
            target = target[step]
        if place[-1] == "variant":
            stride = self.fields["backbone"].get("output_stride")
            self.fields["head"] |= {"variant": value, "rates": rates_of(value, stride)}
        elif place[-1] == "name" and not value:
            self.fields.pop("name", None)
        else:
            target[place[-1]] = value
        self._write()

    def begin(self, kind: str) -> None:
        """Start from nothing: the smallest backbone of a kind, which returns its features until a head is chosen."""
        if kind not in BACKBONES:
            return
        self._replace({"backbone": bare(kind).model_dump(mode="json"), "head": {"kind": "features"}})

    def choose_backbone(self, kind: str) -> None:
        """Put another kind of backbone in place, as its first preset has it, under the same head or one that fits."""
        if kind not in BACKBONES:
            return
        self._replace(network_on(kind, self.fields["head"], self.fields["backbone"].get("input_channels")))

    def choose_head(self, kind: str) -> None:
        """Put another kind of head in place, at defaults that fit but for the fields that both have."""
        if self.config is None or kind not in HEADS:
            return
        backbone = adapted(self.config.backbone, kind)
        head = head_on(backbone, kind, self.fields["head"])
        if head is not None:
            self._replace({"backbone": backbone.model_dump(mode="json"), "head": head})

    def heads(self) -> dict[str, str | None]:
        """Every kind of head, and why it cannot stand on the backbone, None where it can.

        While the configuration is not valid, only the kind that stands there is known to be possible.
        """
        if self.config is None:
            kept = self.fields["head"]["kind"]
            return {kind: None if kind == kept else "first put right what is refused" for kind in HEADS}
        return {kind: refusal_of(self.config.backbone, kind) for kind in HEADS}

    def _replace(self, parts: dict[str, Any]) -> None:
        self.fields = ({"name": self.fields["name"]} if "name" in self.fields else {}) | parts
        self._write()

    def _write(self) -> None:
        self.behind = False
        try:
            self.config = ModelConfig.from_plain(copy.deepcopy(self.fields))
        except ConfigError as error:
            self.config, self.problem = None, _refusal(error)
            self.text = yaml.safe_dump(
                self.fields, sort_keys=False, allow_unicode=True, default_flow_style=None
            )
            self.problem.line = line_of(self.text, self.problem.place)
        else:
            self.problem = None
            self.fields = _plain(self.config)
            self.text = self.config.to_yaml()


def _refusal(error: ConfigError) -> Refusal:
    return error if isinstance(error, Refusal) else Refusal(str(error))


def _plain(config: ModelConfig) -> dict[str, Any]:
    plain: dict[str, Any] = config.model_dump(mode="json", exclude_none=True)
    return plain
