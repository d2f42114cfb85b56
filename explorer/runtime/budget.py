"""What a run needs and what there is: a network that would not fit is refused before it is built. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt
from pathlib import Path

from explorer.errors import BudgetError
from explorer.graph.layer_graph import LayerGraph, Operation, writes_memory

FLOAT_BYTES = 4
RESERVE = 0.9
"""The share of free memory that one run may take."""
GIB = 2**30


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

CARD = Overhead(1.0, 1.5, 0)
"""PyTorch's allocator on a card knows tensors alone; it rounds up, and convolutions hold workspace."""


def overhead(device: str) -> Overhead:
    """What comes to the tensors of a run on a device."""
    return PROCESSOR if device == "cpu" else CARD


@dataclass(frozen=True, slots=True)
class Demand:
    """Memory of one picture's run in bytes, overhead included; ``activations`` grow with the picture.

    ``parameters`` are the weights and what does not grow; ``activations`` is the peak at an input of ``pixels``.
    """

    name: str
    parameters: int
    activations: int
    pixels: int

    def at(self, pixels: int) -> int:
        """Bytes for an input of another size: every feature map grows with it."""
        return self.parameters + round(self.activations * pixels / self.pixels)

    def pixels_within(self, free: int) -> int:
        """The largest input, in pixels, that stays within ``free`` bytes."""
        return max(0, int((free - self.parameters) * self.pixels / max(1, self.activations)))


def demand(graph: LayerGraph, device: str = "cpu", alive: int | None = None) -> Demand:
    """What a run of a traced network needs on a device: its parameters, and ``alive`` bytes of activations.

    Those are by default the most that are alive at once in a forward pass.
    """
    _, _, height, width = graph.tensors[graph.inputs[0]].shape
    beside = overhead(device)
    return Demand(
        name=graph.name,
        parameters=beside.of(graph.totals.parameters * FLOAT_BYTES, 0),
        activations=round((peak_activations(graph) if alive is None else alive) * beside.activations),
        pixels=height * width,
    )


def peak_activations(graph: LayerGraph) -> int:
    """The most bytes of tensors that are alive at once when operations run in order and free what nobody reads again.

    Outputs stay alive to the end. A view, or a result written in place, lives in its input's memory. A deformable
    convolution also holds its sampled columns.
    """
    home = list(range(len(graph.tensors)))
    last_use = [-1] * len(graph.tensors)
    for operation in graph.operations:
        for tensor in operation.outputs:
            if not writes_memory(operation) and operation.inputs:
                home[tensor] = home[operation.inputs[0]]
        for tensor in (*operation.inputs, *operation.outputs):
            last_use[home[tensor]] = max(last_use[home[tensor]], operation.id)
    for tensor in graph.outputs:
        last_use[home[tensor]] = len(graph.operations)

    freed: list[list[int]] = [[] for _ in range(len(graph.operations) + 1)]
    for tensor, operation_id in enumerate(last_use):
        if home[tensor] == tensor and operation_id >= 0:
            freed[operation_id].append(tensor)

    alive = sum(graph.tensors[tensor].bytes for tensor in graph.inputs)
    peak = alive
    for operation in graph.operations:
        alive += sum(graph.tensors[tensor].bytes for tensor in operation.outputs if home[tensor] == tensor)
        peak = max(peak, alive + _workspace(graph, operation))
        alive -= sum(graph.tensors[tensor].bytes for tensor in freed[operation.id])
    return peak


def _workspace(graph: LayerGraph, operation: Operation) -> int:
    if operation.kind != "deform_conv2d":
        return 0
    sources, result = graph.tensors[operation.inputs[0]], graph.tensors[operation.outputs[0]]
    kernel = operation.attributes.get("kernel")
    taps = prod(side for side in kernel if isinstance(side, int)) if isinstance(kernel, tuple) else 9
    batch, _, height, width = result.shape
    return taps * sources.shape[1] * batch * height * width * FLOAT_BYTES


def check(graph: LayerGraph, device: str) -> None:
    """Raise BudgetError where a network's parameters and activations do not fit into the device's free memory."""
    needed = demand(graph, device)
    require(needed, needed.pixels, device)


def require(needed: Demand, pixels: int, device: str) -> None:
    """Raise BudgetError where an input of ``pixels`` does not fit; the sentence says what would."""
    available = int(free_memory(device) * RESERVE)
    wanted = needed.at(pixels)
    if wanted <= available:
        return
    side = int(sqrt(needed.pixels_within(available)) // 32 * 32)
    advice = (
        f"a picture of about {side}×{side} pixels would fit"
        if side >= 32
        else "use a network with fewer parameters, or another device"
    )
    raise BudgetError(
        f"{needed.name} needs about {wanted / GIB:.2f} GiB for this input, but {device} has "
        f"{available / GIB:.2f} GiB to spare: {advice}."
    )


def free_memory(device: str) -> int:
    """Bytes that can still be allocated on a device without driving others out."""
    if device.startswith("cuda"):
        import torch

        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return free_host_memory(Path("/proc/meminfo"), Path("/sys/fs/cgroup"))


def free_host_memory(meminfo: Path, cgroup: Path) -> int:
    """Bytes the kernel calls available, or what the container's limit leaves, whichever is less."""
    amounts = [amount for amount in (_available(meminfo), _left_in(cgroup)) if amount is not None]
    return min(amounts) if amounts else 4 * GIB


def _available(meminfo: Path) -> int | None:
    try:
        lines = meminfo.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _left_in(cgroup: Path) -> int | None:
    """What a cgroup (version 2, else 1) may still allocate, its file cache counted as free; None for no limit."""
    for limit, usage in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            allowed = (cgroup / limit).read_text().strip()
            if allowed == "max":
                return None
            statistics = (cgroup / limit).with_name("memory.stat").read_text().splitlines()
            cache = sum(int(line.split()[1]) for line in statistics if line.startswith("inactive_file "))
            return max(0, int(allowed) - int((cgroup / usage).read_text()) + cache)
        except (OSError, ValueError):
            continue
    return None
