"""An interactive explorer of vision networks that aggregate layers: DLA, DLA-up and CenterNet's DLASeg."""

from explorer.errors import ExplorerError

__version__ = "0.2.0"

__all__ = ["ExplorerError", "__version__"]
