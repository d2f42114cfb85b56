"""What a network will need, from its traced graph alone, before anything is allocated. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.graph.layer_graph import LayerGraph
from explorer.runtime.budget import FLOAT_BYTES, RESERVE, overhead, peak_activations


@dataclass(frozen=True, slots=True)
class Estimate:
    """Counts of a network, and bytes and multiply-accumulates of one forward pass over ``batch`` images.

    ``activations`` is the peak of what is alive at once; ``memory`` adds the parameters, and what allocators and
    convolutions need beside the tensors (``budget.Overhead``). ``outputs`` are shapes by name.
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


def estimate(graph: LayerGraph, batch: int = 1, device: str = "cpu") -> Estimate:
    """The estimate for ``batch`` images of the traced size: everything but the parameters grows with their number."""
    activations = peak_activations(graph) * batch
    return Estimate(
        parameters=graph.totals.parameters,
        live_parameters=graph.totals.live_parameters,
        macs=graph.totals.macs * batch,
        activations=activations,
        memory=overhead(device).of(graph.totals.parameters * FLOAT_BYTES, activations),
        batch=batch,
        outputs=tuple(
            (name, (batch * graph.tensors[tensor].shape[0], *graph.tensors[tensor].shape[1:]))
            for name, tensor in zip(graph.output_names, graph.outputs, strict=True)
        ),
    )
