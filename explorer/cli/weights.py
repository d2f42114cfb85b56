"""The weights that a command is told to use."""

from __future__ import annotations

from pathlib import Path

from explorer.config import ModelConfig
from explorer.errors import WeightsError
from explorer.weights import WeightsKind, library


def weights_source(config: ModelConfig, weights: str) -> tuple[str, bytes | str | None]:
    """The kind of weights, and a file's bytes or a published checkpoint's name. Raises WeightsError."""
    if weights in (WeightsKind.SHIPPED, WeightsKind.RANDOM):
        return str(weights), None
    books = library()
    if weights == WeightsKind.PUBLISHED or books.registry.has(weights):
        item = books.choose(config, None if weights == WeightsKind.PUBLISHED else weights)
        books.required(item)
        return WeightsKind.PUBLISHED.value, item.name
    return WeightsKind.OWN.value, _checkpoint(Path(weights))


def _checkpoint(path: Path) -> bytes:
    """The file's bytes, bounded. Raises WeightsError."""
    from explorer.weights.reading import LIMIT

    if not path.is_file():
        raise WeightsError(
            f"There is no weights file {path}; other choices are shipped, published and random."
        )
    if path.stat().st_size > LIMIT:
        raise WeightsError(f"{path} has more than {LIMIT // 2**20} MiB.")
    return path.read_bytes()
