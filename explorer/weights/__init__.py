"""Where weights come from, how they are checked, converted and loaded.

A source is a file, bytes that a visitor chose, a file that ships with the product, or a published one that lies in
the cache folder. Only ``explorer.weights.fetching`` reaches for the network, and only a person's explicit act calls it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from explorer.weights.checkpoints import CHECKPOINTS
from explorer.weights.info import RANDOM, WeightsInfo, WeightsKind
from explorer.weights.library import Library, library
from explorer.weights.published import Published, Registry
from explorer.weights.report import Difference, MismatchError, MismatchReport
from explorer.weights.shipping import shipped, shipped_by_name

if TYPE_CHECKING:
    from torch import nn

    from explorer.weights.reading import Source

__all__ = [
    "CHECKPOINTS",
    "RANDOM",
    "Difference",
    "Library",
    "MismatchError",
    "MismatchReport",
    "Published",
    "Registry",
    "WeightsInfo",
    "WeightsKind",
    "library",
    "load",
    "shipped",
    "shipped_by_name",
]


def load(
    network: nn.Module, source: Source, books: Library | None = None, item: Published | None = None
) -> WeightsInfo:
    """Load ``source`` into ``network``: all of it, or nothing.

    ``source`` is one of

    * a preset's name: its shipped weights, otherwise the published ones that lie in the cache folder;
    * ``published``: the published weights of this network in the cache folder;
    * the name of a published checkpoint (``python -m explorer fetch --list``) in the cache folder;
    * the path of a ``.pth``, ``.pt`` or ``.safetensors`` file, the bytes of one, or a binary file object.

    Every tensor is checked by name, shape and type before the first one is copied, so a refused file leaves the
    network as it was. ``books`` are the known checkpoints and their folder, the product's by default; ``item`` says
    that the file is a published one, whose size and checksum must then hold. Nothing is ever fetched. Raises
    WeightsError for a file that is not at hand or cannot be read safely, and its subclass MismatchError, with a
    report key by key, for one of another network.
    """
    # Imported here: pages name weights before torch has loaded.
    from explorer.weights.loading import load as load_checked

    return load_checked(network, source, books, item)
