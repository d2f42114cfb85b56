"""Where weights come from, how they are checked, converted and loaded.

Nothing here downloads: a source is a file, bytes that a visitor chose, or a file that ships with the product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from explorer.weights.info import RANDOM, WeightsInfo, WeightsKind
from explorer.weights.report import Difference, MismatchError, MismatchReport
from explorer.weights.shipping import shipped, shipped_by_name

if TYPE_CHECKING:
    from torch import nn

    from explorer.weights.reading import Source

__all__ = [
    "RANDOM",
    "Difference",
    "MismatchError",
    "MismatchReport",
    "WeightsInfo",
    "WeightsKind",
    "load",
    "shipped",
    "shipped_by_name",
]


def load(network: nn.Module, source: Source) -> WeightsInfo:
    """Load ``source`` into ``network``: all of it, or nothing.

    ``source`` is a preset's name (its shipped weights), the path of a ``.pth``, ``.pt`` or ``.safetensors`` file,
    the bytes of one, or a binary file object. Every tensor is checked by name, shape and type before the first
    one is copied, so a refused file leaves the network as it was. Raises WeightsError for a file that cannot be
    read safely, and its subclass MismatchError, with a report key by key, for one of another network.
    """
    # Imported here: pages name weights before torch has loaded.
    from explorer.weights.loading import load as load_checked

    return load_checked(network, source)
