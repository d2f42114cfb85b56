"""Published checkpoints: what is known of each file, and which networks it belongs to. Imports no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from explorer.config import ModelConfig, Task, preset, preset_name
from explorer.errors import WeightsError
from explorer.weights.info import WeightsInfo, WeightsKind
from explorer.weights.layouts import Layout


@dataclass(frozen=True, slots=True)
class Licence:
    """Terms of a file: ``name`` in short, ``note`` in a sentence.

    ``stated`` is False where the authors publish weights without terms; ``commercial`` is False where commercial
    use is excluded.
    """

    name: str
    note: str
    commercial: bool = True
    stated: bool = True


@dataclass(frozen=True, slots=True)
class Checksum:
    """A hexadecimal checksum, or its beginning where no more was published."""

    algorithm: str
    digest: str

    @property
    def whole(self) -> bool:
        """Whether all of it is known."""
        return len(self.digest) == 2 * hashlib.new(self.algorithm).digest_size

    def admits(self, digest: str) -> bool:
        """Whether a whole checksum begins as this one."""
        return digest.startswith(self.digest)


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was published."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Training:
    """What a network was trained for: its task, the pictures, the name of their protocol, its number of classes."""

    task: Task
    pictures: str
    protocol: str
    classes: int


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A published accuracy in words, with its unit, and who published it."""

    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class Fit:
    """A network that a checkpoint belongs to: a preset, or what is left after changing it.

    ``backbone`` changes fields of the backbone, ``head`` fields of the head; with a ``kind`` it replaces the head.
    """

    preset: str
    backbone: Mapping[str, Any] | None = None
    head: Mapping[str, Any] | None = None

    @property
    def is_preset(self) -> bool:
        """Whether nothing is changed."""
        return not (self.backbone or self.head)

    @property
    def changes(self) -> str:
        """What is changed, in words: ``classes: 182``."""
        changed = [
            f"{field}: {value}"
            for field, value in chain((self.backbone or {}).items(), (self.head or {}).items())
            if field != "kind"
        ]
        kind = (self.head or {}).get("kind")
        return " and ".join((*changed, *([f"a {kind} head"] if kind else [])))

    def config(self) -> ModelConfig:
        """The network's configuration."""
        config = preset(self.preset)
        if self.is_preset:
            return config
        plain = config.model_dump(mode="json", exclude={"name"})
        plain["backbone"] |= dict(self.backbone or {})
        head = dict(self.head or {})
        plain["head"] = head if "kind" in head else plain["head"] | head
        return ModelConfig.from_plain(plain)


@dataclass(frozen=True, slots=True)
class Published:
    """A published file.

    ``name`` identifies it and ``file`` is what it is called in the cache. ``urls`` lead to its bytes, the likeliest
    first; where there are none, ``page`` is where a person gets it by hand. ``size`` is in bytes, ``exact`` says
    whether it was published or computed from the tensors. ``checksums`` must all hold; ``twins`` are checksums of
    the same weights in other files. ``unfit`` is empty, or says why no network here takes the file.
    """

    name: str
    title: str
    file: str
    fits: tuple[Fit, ...]
    page: Source
    licence: Licence
    layout: Layout | None
    training: Training
    size: int
    exact: bool = False
    urls: tuple[str, ...] = ()
    checksums: tuple[Checksum, ...] = ()
    twins: tuple[Checksum, ...] = ()
    accuracy: Accuracy | None = None
    note: str = ""
    unfit: str = ""

    @property
    def by_hand(self) -> bool:
        """Whether only a person with a browser can get it."""
        return not self.urls

    @property
    def usable(self) -> bool:
        """Whether some network here takes it."""
        return not self.unfit

    @property
    def limit(self) -> int:
        """The most bytes that are accepted: exactly the published size, or a quarter more than the computed one.

        A detector's file may also hold its optimizer's two numbers for every weight.
        """
        if self.exact:
            return self.size
        copies = 3 if self.layout is Layout.CENTERNET else 1
        return copies * self.size * 5 // 4 + 2**20

    @property
    def size_text(self) -> str:
        """``63 MB``, ``about 101 MB``; decimal, as file managers write it."""
        megabytes = self.size / 1e6
        return (
            f"{'' if self.exact else 'about '}{megabytes:.0f} MB"
            if megabytes >= 10
            else f"about {megabytes:.1f} MB"
        )

    @property
    def verified(self) -> str:
        """How the file's identity is checked, in words."""
        if any(checksum.whole for checksum in self.checksums):
            return "whole checksum"
        return "beginning of the checksum" if self.checksums else "no checksum was published"

    def matches(self, digests: Mapping[str, str]) -> bool:
        """Whether every published checksum, and at least one, is that of these digests (hexadecimal, by algorithm)."""
        return bool(self.checksums) and all(
            checksum.admits(digests[checksum.algorithm]) for checksum in self.checksums
        )

    def info(self, note: str = "") -> WeightsInfo:
        """What is said about a network that runs with it."""
        return WeightsInfo(
            WeightsKind.PUBLISHED,
            self.title,
            self.page.title,
            self.licence.name,
            note,
            self.licence.commercial,
        )


@dataclass(frozen=True)
class Registry:
    """The checkpoints that are known, in the order in which they are offered."""

    items: tuple[Published, ...]

    def __iter__(self) -> Iterator[Published]:
        return iter(self.items)

    def named(self, name: str) -> Published:
        """The checkpoint of that name; raises WeightsError for an unknown one."""
        found = next((item for item in self.items if item.name == name), None)
        if found is None:
            raise WeightsError(
                f"No published checkpoint is called {name[:60]!r}: python -m explorer fetch --list names them."
            )
        return found

    def has(self, name: str) -> bool:
        """Whether a checkpoint has that name."""
        return any(item.name == name for item in self.items)

    def for_config(self, config: ModelConfig) -> tuple[Published, ...]:
        """The checkpoints that fit a network as it is, likeliest first."""
        name = preset_name(config)
        return tuple(
            item
            for item in self.items
            if item.usable
            and any(
                fit.preset == name
                if fit.is_preset
                else _same_kind(fit, config) and fit.config().digest == config.digest
                for fit in item.fits
            )
        )

    def for_neighbours(self, config: ModelConfig) -> tuple[tuple[Published, Fit], ...]:
        """Checkpoints for networks that are this preset with something changed, such as the number of classes."""
        name = preset_name(config)
        return tuple(
            (item, fit)
            for item in self.items
            if item.usable
            for fit in item.fits
            if fit.preset == name and not fit.is_preset
        )

    def with_digests(self, digests: Mapping[str, str]) -> Published | None:
        """The checkpoint whose bytes, or whose weights' bytes in another file, have these checksums."""
        for item in self.items:
            if item.matches(digests) or any(twin.admits(digests[twin.algorithm]) for twin in item.twins):
                return item
        return None


def _same_kind(fit: Fit, config: ModelConfig) -> bool:
    """Rules most networks out before anything is computed."""
    kind = (fit.head or {}).get("kind", preset(fit.preset).head.kind)
    return preset(fit.preset).backbone.kind == config.backbone.kind and kind == config.head.kind
