"""Where a deformable convolution looks (Dai et al., arXiv 1703.06211, section 2.1; Zhu et al., 1811.11168, equation 1).

``y(p) = Σₖ wₖ · mₖ · x(p + pₖ + Δpₖ)``: each tap k of the kernel reads the input at its place pₖ in the regular grid,
moved by a learned offset Δpₖ, and scaled by a learned mask mₖ. Positions are (row, column) in cells, and a cell's own
position is the whole number of its row and column, as in the convolution. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explorer.graph.layer_graph import LayerGraph, Operation

DEFORMABLE = "deform_conv2d"
TRANSPARENT = frozenset({"add", "relu", "batch_norm", "conv_transpose2d"})
"""Kinds that keep a value at its place in the picture: through these a deformable layer reads an earlier one."""

Cell = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Sampling:
    """What one deformable convolution did to one picture.

    ``inputs`` (C, H, W), ``offsets`` (taps, 2, OH, OW) with (dy, dx) of each tap in cells of the input, ``mask``
    (taps, OH, OW) in [0, 1] and ``outputs`` (O, OH, OW), all float32; ``weight`` (O, C, kh, kw) and ``bias`` (O,).
    ``scale`` is the side of an input cell in pixels of the network's input.
    """

    path: str
    inputs: np.ndarray
    offsets: np.ndarray
    mask: np.ndarray
    outputs: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    stride: int
    padding: int
    dilation: int
    scale: float

    @property
    def size(self) -> Cell:
        """Rows and columns of the output."""
        return self.outputs.shape[1], self.outputs.shape[2]

    @property
    def output_scale(self) -> float:
        """The side of an output cell in pixels of the network's input."""
        return self.scale * self.stride

    @property
    def nbytes(self) -> int:
        """Memory that the arrays take."""
        arrays = (self.inputs, self.offsets, self.mask, self.outputs, self.weight, self.bias)
        return sum(array.nbytes for array in arrays)

    def grid(self, cell: Cell) -> np.ndarray:
        """Where a plain convolution reads for output ``cell``: (taps, 2) rows and columns of the input."""
        rows, columns = self.weight.shape[2:]
        steps = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), -1).reshape(-1, 2)
        return np.array(cell) * self.stride - self.padding + steps * self.dilation

    def points(self, cell: Cell, share: float = 1.0) -> np.ndarray:
        """Where it reads with ``share`` of the learned offsets: (taps, 2) fractional rows and columns of the input."""
        return self.grid(cell) + share * self.offsets[:, :, cell[0], cell[1]]


@dataclass(frozen=True, slots=True)
class Corner:
    """One of the four cells around a fractional position: its part in the sample, and the value that is read there.

    Outside the input the value is 0.
    """

    row: int
    column: int
    part: float
    value: float


@dataclass(frozen=True, slots=True)
class Tap:
    """One term of the sum for one output channel.

    ``grid`` is p + pₖ, ``offset`` Δpₖ times the share that is applied, ``position`` their sum, each (row, column) in
    cells; ``value`` is wₖ·x at that position, summed over the input's channels, and ``term`` that times the mask.
    """

    index: int
    grid: tuple[float, float]
    offset: tuple[float, float]
    position: tuple[float, float]
    mask: float
    corners: tuple[Corner, Corner, Corner, Corner]
    value: float

    @property
    def term(self) -> float:
        """What the tap adds to the output."""
        return self.mask * self.value


def terms(
    layer: Sampling, cell: Cell, channel: int, share: float = 1.0, masked: bool = True
) -> tuple[Tap, ...]:
    """The taps of output ``channel`` at ``cell``; their terms and the bias add up to the convolution's result.

    ``masked`` False takes every mask as 1: with ``share`` 0 that is a plain convolution.
    """
    weights = layer.weight[channel].reshape(layer.inputs.shape[0], -1).astype(np.float64)
    grid, points = layer.grid(cell), layer.points(cell, share)
    found = []
    for index, (start, position) in enumerate(zip(grid, points, strict=True)):
        corners = bilinear(layer.inputs, weights[:, index], float(position[0]), float(position[1]))
        found.append(
            Tap(
                index=index,
                grid=(float(start[0]), float(start[1])),
                offset=(float(position[0] - start[0]), float(position[1] - start[1])),
                position=(float(position[0]), float(position[1])),
                mask=float(layer.mask[index, cell[0], cell[1]]) if masked else 1.0,
                corners=corners,
                value=sum(corner.part * corner.value for corner in corners),
            )
        )
    return tuple(found)


def bilinear(
    image: np.ndarray, weights: np.ndarray, row: float, column: float
) -> tuple[Corner, Corner, Corner, Corner]:
    """The four cells around a position in ``image`` (C, H, W), each with ``weights`` · its channels as its value.

    In the order top left, top right, bottom left, bottom right. Interpolating that sum is summing what is interpolated.
    """
    top, left = int(np.floor(row)), int(np.floor(column))
    down, right = row - top, column - left

    def corner(y: int, x: int, part: float) -> Corner:
        inside = 0 <= y < image.shape[1] and 0 <= x < image.shape[2]
        return Corner(y, x, part, float(weights @ image[:, y, x].astype(np.float64)) if inside else 0.0)

    return (
        corner(top, left, (1 - down) * (1 - right)),
        corner(top, left + 1, (1 - down) * right),
        corner(top + 1, left, down * (1 - right)),
        corner(top + 1, left + 1, down * right),
    )


def loudest(layer: Sampling, cell: Cell) -> int:
    """The output channel that answers most strongly at ``cell``."""
    return int(np.abs(layer.outputs[:, cell[0], cell[1]]).argmax())


def spread(
    layers: Sequence[Sampling], cell: Cell, share: float = 1.0, masked: bool = True
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Points of points: where each layer reads for what the layer after it reads, the last layer first.

    ``layers`` from the one that is asked back to earlier ones, each reading what the next of the sequence puts out.
    Per layer the positions, (n, 2) in cells of its input, and (n,) the product of the masks on the way. A position
    is followed on from the cell that it falls into; one that falls outside reads zeros and ends there.
    """
    cells, shares = [cell], [1.0]
    found = []
    for number, layer in enumerate(layers):
        points = np.concatenate([np.zeros((0, 2)), *(layer.points(at, share) for at in cells)])
        masks = [layer.mask[:, at[0], at[1]] if masked else np.ones(len(layer.mask)) for at in cells]
        parts = np.concatenate(
            [np.zeros(0), *(part * mask for part, mask in zip(shares, masks, strict=True))]
        )
        found.append((points, parts))
        if number + 1 == len(layers):
            break
        below = layers[number + 1]
        cells, shares = [], []
        for at, part in zip(cell_under(points, layer.scale, below.output_scale), parts, strict=True):
            if 0 <= at[0] < below.size[0] and 0 <= at[1] < below.size[1]:
                cells.append((int(at[0]), int(at[1])))
                shares.append(float(part))
    return tuple(found)


def cell_under(points: np.ndarray, scale: float, other: float) -> np.ndarray:
    """The cells of side ``other`` that positions (n, 2) in cells of side ``scale`` fall into, as integers."""
    return np.floor((points + 0.5) * (scale / other)).astype(np.int64)


def lineages(graph: LayerGraph) -> Mapping[str, tuple[str, ...]]:
    """For every deformable layer of a network, by path: itself and those before it on the way of its input.

    The way leads back through sums, activations and upsampling to the next deformable convolution; where a sum offers
    several, to the one at the finest resolution, which was computed last. Any other convolution ends it.
    """
    deformable = [operation for operation in graph.operations if operation.kind == DEFORMABLE]
    before = {operation.path: _source(graph, operation) for operation in deformable}
    found: dict[str, tuple[str, ...]] = {}
    for operation in deformable:
        source = before[operation.path]
        found[operation.path] = (operation.path, *(found[source.path] if source else ()))
    return found


def _source(graph: LayerGraph, operation: Operation) -> Operation | None:
    waiting, seen = [operation.inputs[0]], set()
    candidates: list[Operation] = []
    while waiting:
        tensor = waiting.pop()
        producer = graph.tensors[tensor].producer
        if producer is None or tensor in seen:
            continue
        seen.add(tensor)
        earlier = graph.operations[producer]
        if earlier.kind == DEFORMABLE:
            candidates.append(earlier)
        elif earlier.kind in TRANSPARENT:
            waiting.extend(earlier.inputs)

    def rank(earlier: Operation) -> tuple[int, int]:
        return graph.tensors[earlier.outputs[0]].shape[-1], earlier.id

    return max(candidates, key=rank, default=None)
