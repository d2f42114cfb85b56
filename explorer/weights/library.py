"""The checkpoints that are known, and the folder in which those that were fetched lie. Imports no torch.

The folder is the one that ``EXPLORER_WEIGHTS_DIR`` names, otherwise the user's cache folder.
``EXPLORER_WEIGHTS_MIRROR`` is an address under which an institution keeps files by their names; it is asked first.
``EXPLORER_WEB_FETCH=off`` takes fetching away from the pages.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from explorer.config import ModelConfig
from explorer.errors import WeightsError
from explorer.weights.checkpoints import CHECKPOINTS
from explorer.weights.published import Published, Registry

FOLDER_VARIABLE = "EXPLORER_WEIGHTS_DIR"
MIRROR_VARIABLE = "EXPLORER_WEIGHTS_MIRROR"
WEB_VARIABLE = "EXPLORER_WEB_FETCH"
_OFF = ("0", "off", "no", "false")


@dataclass(frozen=True)
class Library:
    """Known checkpoints and the folder of those that are at hand.

    ``mirror`` is asked before a checkpoint's own addresses; ``web`` says whether pages may fetch.
    """

    registry: Registry
    folder: Path
    mirror: str = ""
    web: bool = True

    def path(self, item: Published) -> Path:
        """Where the file lies once it is at hand."""
        return self.folder / item.file

    def has(self, item: Published) -> bool:
        """Whether the file is at hand, and no larger than it can be."""
        try:
            return 0 < self.path(item).stat().st_size <= item.limit
        except OSError:
            return False

    def urls(self, item: Published) -> tuple[str, ...]:
        """The addresses that are tried, in order; none where only a person with a browser gets the file."""
        return (*((f"{self.mirror.rstrip('/')}/{quote(item.file)}",) if self.mirror else ()), *item.urls)

    def choose(self, config: ModelConfig, name: str | None = None) -> Published:
        """The checkpoint of that name for a network, or the first one at hand, or the first one.

        Raises WeightsError where none is published for the network, or that one is for another.
        """
        fitting = self.registry.for_config(config)
        if name is not None:
            item = self.registry.named(name)
            if item not in fitting:
                meant = ", ".join(fit.preset for fit in item.fits) or "no network here"
                raise WeightsError(f"{item.name} does not belong to {config.title}: it is for {meant}.")
            return item
        if not fitting:
            raise WeightsError(f"No weights are published for {config.title}; it can run with random ones.")
        return next((item for item in fitting if self.has(item)), fitting[0])

    def required(self, item: Published) -> Path:
        """The file at hand; raises WeightsError that says how to get it."""
        if not self.has(item):
            way = (
                f"fetch it in the weights menu, or with: python -m explorer fetch {item.name}."
                if self.urls(item)
                else by_hand(item, self.folder)
            )
            raise WeightsError(f"{item.file} ({item.size_text}) is not at hand: {way}")
        return self.path(item)


def library(environment: Mapping[str, str] | None = None) -> Library:
    """The product's library, as the environment (this process's) sets it up. Raises WeightsError for a bad mirror."""
    variables = os.environ if environment is None else environment
    mirror = variables.get(MIRROR_VARIABLE, "")
    if mirror and urlsplit(mirror).scheme not in ("http", "https"):
        raise WeightsError(
            f"{MIRROR_VARIABLE} is {mirror!r}: an address that starts with http:// or https:// is needed."
        )
    web = variables.get(WEB_VARIABLE, "on").strip().lower() not in _OFF
    return Library(CHECKPOINTS, folder(variables), mirror, web)


def folder(variables: Mapping[str, str]) -> Path:
    """Where fetched files are kept; it need not exist."""
    if variables.get(FOLDER_VARIABLE):
        return Path(variables[FOLDER_VARIABLE]).expanduser()
    match sys.platform:
        case "win32":
            base = Path(variables.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        case "darwin":
            base = Path.home() / "Library" / "Caches"
        case _:
            base = Path(variables.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "layer-aggregation-explorer" / "weights"


def shown(path: Path) -> str:
    """A folder as visitors may see it: below ``~``, or by the variable that names it."""
    if os.environ.get(FOLDER_VARIABLE) and path == Path(os.environ[FOLDER_VARIABLE]).expanduser():
        return f"the folder that {FOLDER_VARIABLE} names"
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)


def by_hand(item: Published, into: Path) -> str:
    """How a person brings a file, in a sentence."""
    address = item.page.url if item.by_hand else item.urls[0]
    return (
        f"Open {address} in a browser, save the file as {item.file} in {shown(into)}, "
        "or upload it as a checkpoint of your own."
    )
