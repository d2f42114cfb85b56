"""What would make a network fit: the largest input, batch or width that does, found by search. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from explorer.config import ModelConfig
from explorer.config.fields import BACKBONES, HEADS, Control, FormField, fields_of
from explorer.errors import ConfigError, ExplorerError
from explorer.graph.layer_graph import LayerGraph
from explorer.runtime.estimate import Estimate, estimate

Tracer = Callable[[ModelConfig, tuple[int, int]], LayerGraph]
Allowed = Callable[[Estimate], bool]
"""Whether an estimate is within what there is."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """Ways to make it fit, each on its own; None where that way leads nowhere.

    ``size`` is (height, width) of the same proportions; ``batch`` the number of images; ``narrower`` the same
    network with ``share`` of the channels.
    """

    size: tuple[int, int] | None
    batch: int | None
    narrower: ModelConfig | None
    share: float | None


def fitting(
    config: ModelConfig,
    size: tuple[int, int],
    batch: int,
    device: str,
    allowed: Allowed,
    trace: Tracer,
) -> Fitting:
    """Search what would fit, by tracing: at most about a dozen networks."""

    def good(graph: LayerGraph, images: int) -> bool:
        return allowed(estimate(graph, images, device))

    graph = trace(config, size)
    narrower = next(
        (
            (share, other)
            for share, other in _narrower(config)
            if (g := _traced(trace, other, size)) is not None and good(g, batch)
        ),
        (None, None),
    )
    return Fitting(
        size=_smaller(config, size, lambda smaller: good(smaller, batch), trace),
        batch=_fewer(batch, lambda fewer: good(graph, fewer)),
        narrower=narrower[1],
        share=narrower[0],
    )


def _fewer(batch: int, good: Callable[[int], bool]) -> int | None:
    """The largest smaller batch that is allowed, by bisection."""
    low, high = 0, batch
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if good(middle) else (low, middle)
    return low or None


def _smaller(
    config: ModelConfig, size: tuple[int, int], good: Callable[[LayerGraph], bool], trace: Tracer
) -> tuple[int, int] | None:
    """The largest smaller size, in steps that the network takes, that is allowed, by bisection."""
    step = max(32, config.size_step)
    height, width = size
    low, high = 0, max(1, min(size) // step)

    def at(steps: int) -> tuple[int, int]:
        factor = steps * step / min(size)
        return max(step, round(height * factor / step) * step), max(step, round(width * factor / step) * step)

    if min(size) % step or at(high) != size:
        high += 1
    while high - low > 1:
        middle = (low + high) // 2
        graph = _traced(trace, config, at(middle))
        # Where a network refuses a size because it is small, a larger one is looked for.
        low, high = (middle, high) if graph is None or good(graph) else (low, middle)
    if not low or _traced(trace, config, at(low)) is None:
        return None
    return at(low)


def _traced(trace: Tracer, config: ModelConfig, size: tuple[int, int]) -> LayerGraph | None:
    try:
        return trace(config, size)
    except ExplorerError:
        return None


def _narrower(config: ModelConfig) -> Iterator[tuple[float, ModelConfig]]:
    """The network with fewer channels everywhere, the widest first."""
    for share in (0.75, 0.5, 0.375, 0.25, 0.125, 0.0625):
        try:
            yield share, narrowed(config, share)
        except ConfigError:
            continue


def narrowed(config: ModelConfig, share: float) -> ModelConfig:
    """The network with about that share of its channels, in multiples of 32 where there are that many.

    Raises ConfigError where its rules allow no such network.
    """
    plain = config.model_dump(mode="json", exclude={"name"})
    for part, kinds in (("backbone", BACKBONES), ("head", HEADS)):
        for field in fields_of(kinds[plain[part]["kind"]]):
            if field.wide:
                plain[part][field.name] = _scaled(field, plain[part][field.name], share)
    return ModelConfig.from_plain(plain)


def _scaled(field: FormField, value: Any, share: float) -> Any:
    if field.control is Control.LIST:
        return [_scaled_number(field, entry, share) for entry in value]
    return _scaled_number(field, value, share)


def _scaled_number(field: FormField, value: int, share: float) -> int:
    exact = value * share
    step = 32 if exact >= 32 and value % 32 == 0 else 4
    return max(int(field.low), min(value, max(step, round(exact / step) * step))) if value else 0
