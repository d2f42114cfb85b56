"""The effective receptive field of one position of a feature map: how much each input pixel matters. Imports torch.

Luo, Li, Urtasun, Zemel, *Understanding the Effective Receptive Field in Deep Convolutional Neural Networks*,
arXiv 1701.04128, section 3: a gradient of 1 at one position, in every channel, propagated to the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from explorer.graph.layer_graph import LayerGraph, writes_memory
from explorer.inference.inside import taken
from explorer.runtime import budget
from explorer.runtime.budget import Demand
from explorer.runtime.engine import Engine

EDGE = 1 - 0.9545
"""A pixel whose gradient is above this share of the largest belongs to the field: two sigmas of a Gaussian."""

OnStep = Callable[[int, int], object]


@dataclass(frozen=True, eq=False)
class EffectiveField:
    """``gradient`` (H, W) float32: the mean over ``images`` images of Σ over channels of |∂y/∂x|, y one position's sum.

    ``cell`` is that position, (row, column) of its map.
    """

    gradient: np.ndarray
    cell: tuple[int, int]
    images: int

    @property
    def nbytes(self) -> int:
        """Memory that the map takes."""
        return self.gradient.nbytes

    @property
    def reaches(self) -> bool:
        """Whether any pixel matters at all."""
        return bool(self.gradient.max() > 0)

    @property
    def side(self) -> float:
        """The root of the number of pixels that belong to the field, as the paper sizes it; 0 for none."""
        return sqrt(int((self.gradient > EDGE * self.gradient.max()).sum())) if self.reaches else 0.0

    def side_of(self, share: float, centre: tuple[float, float]) -> int:
        """Pixels on a side of the smallest square around ``centre`` = (y, x) that holds a share of all gradient."""
        if not self.reaches:
            return 0
        height, width = self.gradient.shape
        down = np.abs(np.arange(height) + 0.5 - centre[0])
        across = np.abs(np.arange(width) + 0.5 - centre[1])
        # A pixel is inside a square whose half side reaches its centre.
        ring = np.ceil(2 * np.maximum(down[:, None], across[None, :])).astype(np.int64)
        mass = np.cumsum(np.bincount(ring.ravel(), weights=self.gradient.ravel().astype(np.float64)))
        return max(1, int(np.searchsorted(mass, share * mass[-1])))


def gradient_demand(graph: LayerGraph, tensor: int, device: str) -> Demand:
    """Memory for differentiating ``tensor`` by the input: everything computed on the way to it is kept."""
    needed: set[int] = set()
    waiting = [tensor]
    while waiting:
        producer = graph.tensors[waiting.pop()].producer
        if producer is not None and producer not in needed:
            needed.add(producer)
            waiting.extend(graph.operations[producer].inputs)
    # A dead or later operation before the last needed one runs as well, but nothing of it is kept.
    kept = sum(
        graph.tensors[output].bytes
        for operation in graph.operations
        if operation.id in needed and (writes_memory(operation) or operation.kind == "deform_conv2d")
        for output in operation.outputs
    )
    columns = max(
        (
            9 * graph.tensors[o.inputs[0]].bytes
            for o in graph.operations
            if o.id in needed and o.kind == "deform_conv2d"
        ),
        default=0,
    )
    return budget.demand(graph, device, alive=kept + columns)


def effective_field(
    engine: Engine,
    graph: LayerGraph,
    images: Iterable[Tensor],
    count: int,
    tensor: int,
    cell: tuple[int, int],
    on_step: OnStep | None = None,
) -> EffectiveField:
    """The effective field of position ``cell`` = (row, column) of ``tensor``, an id in ``graph``.

    ``images`` yields ``count`` inputs (1, C, H, W) of the size at which the graph was traced. ``on_step`` is called
    before each with those done and ``count``, while nobody's turn is taken; what it raises ends the computation.
    Raises BudgetError where keeping what the gradient needs does not fit the memory.
    """
    needed = gradient_demand(graph, tensor, engine.device)
    total: Tensor | None = None
    for done, image in enumerate(images):
        if on_step is not None:
            on_step(done, count)
        budget.require(needed, needed.pixels, engine.device)
        with engine.held(), torch.enable_grad():
            inputs = engine.placed(image).requires_grad_()
            output = taken(engine, graph, inputs, {tensor: lambda value: value})[tensor]
            at = output[0, :, cell[0], cell[1]] if output.dim() == 4 else output[0]
            # The engine's parameters need no gradient, so that nothing of the network changes.
            (gradient,) = torch.autograd.grad(at.sum(), inputs, allow_unused=True)
        if gradient is None:
            gradient = torch.zeros_like(inputs)
        step = gradient[0].abs().sum(0).detach().double()
        total = step if total is None else total + step
    if total is None:
        raise ValueError("an effective field needs at least one image")
    return EffectiveField((total / count).float().cpu().numpy(), cell, count)


def noise(shape: tuple[int, ...], count: int, seed: int = 0) -> Iterable[Tensor]:
    """``count`` inputs (1, C, H, W) of independent standard normal numbers, with the spread of normalised pictures."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        yield torch.randn((1, *shape[1:]), generator=generator)
