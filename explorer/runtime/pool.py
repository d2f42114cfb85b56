"""Engines that all visitors share: each built once, a bounded number kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from hashlib import sha256
from typing import TYPE_CHECKING

from explorer.config import ModelConfig
from explorer.runtime import device as device_module

if TYPE_CHECKING:
    from explorer.runtime.engine import Engine

Build = Callable[[ModelConfig, str, str, bytes | str | None], "Engine"]
Key = tuple[str, str, str]


def _build(config: ModelConfig, weights: str, device: str, source: bytes | str | None) -> Engine:
    # Imported here: a pool exists before torch has loaded.
    from explorer.runtime.engine import build_engine

    return build_engine(config, weights, device, source)


class EnginePool:
    """The ``size`` most recently used engines.

    However many threads ask at once, an engine is built by one of them and the others wait for it. An engine that
    is dropped stays alive for as long as somebody still runs it.
    """

    def __init__(self, size: int = 3, build: Build = _build) -> None:
        self._size = size
        self._build = build
        self._lock = threading.Lock()
        self._engines: OrderedDict[Key, Future[Engine]] = OrderedDict()

    def engine_for(
        self,
        config: ModelConfig,
        weights: str,
        device: str = device_module.AUTO,
        source: bytes | str | None = None,
    ) -> Engine:
        """The shared engine of a network, its weights and a device; see ``build_engine`` for the arguments.

        Raises what building it raised; the next call tries again.
        """
        where = device_module.resolve(device)
        key = (config.digest, _identity(weights, source), where)
        with self._lock:
            promised = self._engines.get(key)
            mine = promised is None
            if promised is None:
                promised = Future()
                self._engines[key] = promised
                while len(self._engines) > self._size:
                    self._engines.popitem(last=False)
            self._engines.move_to_end(key)
        if mine:
            try:
                promised.set_result(self._build(config, weights, where, source))
            except BaseException as error:
                # Whatever ended the building, a visitor's next click included, must also free those who wait.
                promised.set_exception(error)
                with self._lock:
                    if self._engines.get(key) is promised:
                        del self._engines[key]
                raise
        return promised.result()


def _identity(weights: str, source: bytes | str | None) -> str:
    """What tells one set of weights from another."""
    if isinstance(source, bytes):
        return sha256(source).hexdigest()
    return weights if source is None else f"{weights} {source}"
