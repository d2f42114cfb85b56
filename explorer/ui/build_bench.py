"""The workbench of one visitor: the draft, what it was before, and the preset that it is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from explorer.config import ModelConfig, preset, preset_name, presets
from explorer.config.differences import nearest_preset
from explorer.config.fields import BACKBONES, HEADS
from explorer.ui import state
from explorer.ui.draft import Draft

_BENCH = "build.bench"
FROM = "from"
"""The query parameter that names the preset a network was made from."""
_MAX_MOMENTS = 200
_MAX_EDITS = 300
_MAX_ENTRIES = 64
_MAX_WORD = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """A draft as it was, and the preset that it was compared with."""

    draft: Draft
    base: str


@dataclass(slots=True)
class Bench:
    """A draft with its history.

    ``base`` is a preset's name, ``shown`` the configuration in the address, ``valid`` the last that was one.
    ``taken`` is the number of the last edit that has been taken from the browser; ``finished`` whether the visitor
    has finished an edit that the address does not show yet. ``topic`` is what the last edit was about: keystrokes
    about the same thing are one step of the history. ``stale`` asks for the rest of the page to be drawn anew.
    """

    draft: Draft
    base: str
    shown: ModelConfig
    past: list[Moment] = field(default_factory=list)
    future: list[Moment] = field(default_factory=list)
    taken: int = 0
    finished: bool = False
    topic: str | None = None
    stale: bool = False
    valid: ModelConfig = field(init=False)

    def __post_init__(self) -> None:
        self.valid = self.draft.config or self.shown

    @property
    def changed(self) -> bool:
        """Whether the draft is not the preset."""
        config = self.draft.config
        return config is None or config.digest != preset(self.base).digest

    def put(self, config: ModelConfig) -> None:
        """Put a whole configuration in place of the draft."""
        self._remember(None)
        self.draft, self.finished = Draft.of(config), True
        self._note_valid()

    def follow(self, config: ModelConfig, base: str | None) -> None:
        """Take the network from the address where that has changed: a link, the back button, another page."""
        if config == self.shown:
            return
        self.shown = config
        if self.draft.config is not None and self.draft.config.digest == config.digest:
            return
        self._remember(None)
        self.draft, self.base = Draft.of(config), base_of(config, base)
        self._note_valid()

    def take(self, sent: object) -> None:
        """Apply the edits that a browser sent and that have not been applied yet; what is none is passed over."""
        for number, edit in _edits(sent):
            if number > self.taken:
                self.taken = number
                self._apply(edit)
        self._note_valid()

    def undo(self) -> None:
        """Go back by one step."""
        self._swap(self.past, self.future)

    def redo(self) -> None:
        """Take the last undo back."""
        self._swap(self.future, self.past)

    def start(self, name: str) -> None:
        """Start from a preset."""
        if name in presets():
            self._remember(None)
            self.draft, self.base, self.finished = Draft.of(preset(name)), name, True

    def _apply(self, edit: Mapping[str, Any]) -> None:
        value = edit.get("value")
        match edit.get("do"):
            case "type" if isinstance(value, str) and value != self.draft.text:
                self._remember("text")
                self.draft.type(value)
            case "set" if (place := self._place(edit.get("place"))) and _is_plain(value):
                self._remember(".".join(place))
                self.draft.set(place, value)
            case "begin" if isinstance(value, str):
                self._remember(None)
                self.draft.begin(value)
                if self.draft.config is not None:
                    self.base = nearest_preset(self.draft.config)
            case "backbone" if isinstance(value, str):
                self._remember(None)
                self.draft.choose_backbone(value)
            case "head" if isinstance(value, str):
                self._remember(None)
                self.draft.choose_head(value)
            case "start" if isinstance(value, str):
                self.start(value)
            case "undo":
                self.undo()
            case "redo":
                self.redo()
            case "reset":
                self.start(self.base)
            case "settle":
                self.topic = None
        self.finished = edit.get("do") not in ("type", "set")

    def _note_valid(self) -> None:
        self.valid = self.draft.config or self.valid

    def _place(self, sent: object) -> tuple[str, ...] | None:
        """A place of the form: the name, or a field of backbone or head that this kind has."""
        match sent:
            case ["name"]:
                return ("name",)
            case [("backbone" | "head") as part, str() as name]:
                kinds = BACKBONES if part == "backbone" else HEADS
                model = kinds[self.draft.fields[part]["kind"]]
                return (part, name) if name in model.model_fields and name != "kind" else None
            case _:
                return None

    def _remember(self, topic: str | None) -> None:
        if topic is None or topic != self.topic:
            self.past.append(Moment(self.draft.copied(), self.base))
            del self.past[:-_MAX_MOMENTS]
        self.future.clear()
        self.topic = topic

    def _swap(self, source: list[Moment], target: list[Moment]) -> None:
        if source:
            target.append(Moment(self.draft.copied(), self.base))
            moment = source.pop()
            self.draft, self.base = moment.draft.copied(), moment.base
        self.topic, self.finished = None, True


def of_session(here: state.Current) -> Bench:
    """This visitor's workbench, on the network that the address names."""
    asked = st.query_params.get(FROM)
    bench: Bench | None = st.session_state.get(_BENCH)
    if bench is None:
        bench = Bench(Draft.of(here.config), base_of(here.config, asked), here.config)
        st.session_state[_BENCH] = bench
    bench.follow(here.config, asked)
    return bench


def base_of(config: ModelConfig, asked: str | None) -> str:
    """The preset to compare a network with: itself, the one that was asked for, or the one that is most like it."""
    return preset_name(config) or (asked if asked in presets() else None) or nearest_preset(config)


def _edits(sent: object) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if not isinstance(sent, Sequence) or isinstance(sent, str):
        return
    for edit in sent[-_MAX_EDITS:]:
        if isinstance(edit, Mapping) and isinstance(edit.get("n"), int):
            yield edit["n"], edit


def _is_plain(value: object) -> bool:
    """Whether a value is one that a field may hold: bounded, and no deeper than a list or a mapping of numbers."""
    match value:
        case None | bool() | int() | float():
            return True
        case str():
            return len(value) <= _MAX_WORD
        case list():
            return len(value) <= _MAX_ENTRIES and all(
                not isinstance(entry, list | dict) and _is_plain(entry) for entry in value
            )
        case dict():
            return _is_plain(list(value)) and _is_plain(list(value.values()))
        case _:
            return False
