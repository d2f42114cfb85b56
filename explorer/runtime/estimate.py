"""What a network will need, from its traced graph alone, before anything is allocated. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.graph.layer_graph import LayerGraph
from explorer.runtime.budget import FLOAT_BYTES, RESERVE, WORKSPACE, peak_activations


@dataclass(frozen=True, slots=True)
class Estimate:
    """Counts of a network, and bytes and multiply-accumulates of one forward pass over ``batch`` images.

    ``activations`` is the peak of what is alive at once; ``memory`` adds the parameters, and what allocators and
    convolutions need beside the tensors (``Overhead``). ``outputs`` are shapes by name.
    """

    parameters: int
    live_parameters: int
    macs: int
    activations: int
    memory: int
    batch: int
    outputs: tuple[tuple[str, tuple[int, ...]], ...]

    def fits(self, free: int) -> bool:
        """Whether a run may take that much of ``free`` bytes."""
        return self.memory <= int(free * RESERVE)


@dataclass(frozen=True, slots=True)
class Overhead:
    """What a run takes for each byte of parameters and of peak activations, and beside them."""

    parameters: float
    activations: float
    fixed: int

    def of(self, parameters: int, activations: int) -> int:
        """Bytes of a run."""
        return round(self.parameters * parameters + self.activations * activations) + self.fixed


PROCESSOR = Overhead(1.6, 2.2, 40 * 2**20)
"""oneDNN keeps reordered weights beside the network's, and the C library does not give all freed memory back. Fitted
to eight runs of 0.2 to 60 M parameters, of which it predicts each to about a third; on the whole rather too much."""

CARD = Overhead(1.0, WORKSPACE, 0)
"""As ``budget.Demand`` has it: PyTorch's allocator on a card knows tensors alone."""


def estimate(graph: LayerGraph, batch: int = 1, device: str = "cpu") -> Estimate:
    """The estimate for ``batch`` images of the traced size: everything but the parameters grows with their number."""
    activations = peak_activations(graph) * batch
    overhead = PROCESSOR if device == "cpu" else CARD
    return Estimate(
        parameters=graph.totals.parameters,
        live_parameters=graph.totals.live_parameters,
        macs=graph.totals.macs * batch,
        activations=activations,
        memory=overhead.of(graph.totals.parameters * FLOAT_BYTES, activations),
        batch=batch,
        outputs=tuple(
            (name, (batch * graph.tensors[tensor].shape[0], *graph.tensors[tensor].shape[1:]))
            for name, tensor in zip(graph.output_names, graph.outputs, strict=True)
        ),
    )
