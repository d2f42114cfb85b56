"""Devices, engines and budgets. Imports torch only when an engine is built or a device is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explorer.runtime.pool import EnginePool

if TYPE_CHECKING:
    from explorer.config import ModelConfig
    from explorer.runtime.engine import Engine

__all__ = ["EnginePool", "engine_for"]


def engine_for(
    config: ModelConfig, weights: str = "random", device: str = "auto", source: bytes | str | None = None
) -> Engine:
    """An engine outside any pool, for a command or a script; see ``explorer.runtime.engine.build_engine``."""
    from explorer.runtime.engine import build_engine

    return build_engine(config, weights, device, source)
