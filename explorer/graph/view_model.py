"""What a view is: the nodes, frames and edges that stay visible when a LayerGraph is folded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import sha256

from explorer.roles import Role


class Style(StrEnum):
    """How much of a network a view shows."""

    PAPER = "paper"
    MODULES = "modules"
    OPERATIONS = "operations"


class EdgeKind(StrEnum):
    """Why a tensor goes where it goes. Listed by precedence: a bundled edge takes the first kind it holds."""

    IDA = "ida"
    HDA = "hda"
    UPSAMPLE = "upsample"
    DOWNSAMPLE = "downsample"
    FLOW = "flow"
    DENSE = "dense"
    RESIDUAL = "residual"


class NodeKind(StrEnum):
    """What a node stands for."""

    INPUT = "input"
    OUTPUT = "output"
    SCOPE = "scope"
    OPERATION = "operation"


@dataclass(frozen=True, slots=True)
class ViewNode:
    """A closed module, one operation, or an input or output of the network.

    ``operations`` are ids in the LayerGraph, in order. ``parameters`` counts elements once, even if a module is
    called twice; ``live_parameters`` those whose result reaches an output. ``inputs`` and ``outputs`` are the
    shapes (N, C, H, W) of the tensors that enter and leave, each tensor once. ``frame`` is the id of the
    enclosing frame. ``dead`` means that nothing inside reaches an output of the network. ``title`` and
    ``subtitle`` are the lines written on it; the second may be empty. A node "× n" has the paths of what it folds in
    ``members``, and ``path``, ``label``, ``type`` and ``role`` are those of the first.
    """

    id: str
    kind: NodeKind
    path: str
    label: str
    type: str
    role: Role | None
    stage: int | None
    frame: str | None
    operations: tuple[int, ...]
    parameters: int
    live_parameters: int
    macs: int
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]
    openable: bool
    dead: bool
    title: str = ""
    subtitle: str = ""
    members: tuple[str, ...] = ()

    @property
    def repeat(self) -> int:
        """How many modules this node stands for."""
        return max(len(self.members), 1)


@dataclass(frozen=True, slots=True)
class ViewFrame:
    """An open module or repetition, drawn around what it holds. Fields as in ViewNode; repetitions have no role."""

    id: str
    path: str
    label: str
    type: str
    role: Role | None
    stage: int | None
    frame: str | None
    operations: tuple[int, ...]
    parameters: int
    live_parameters: int
    macs: int
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewEdge:
    """Everything that flows from one visible node to another.

    ``tensors`` are the ids of the tensors that leave ``source`` for ``target``, so their number is what the edge
    bundles; ``shape`` is the first one's, ``arrival`` the shape in which it reaches ``target``. The two differ
    when the edge passes through modules that the view does not draw: ``through`` names those paths in order and
    ``operations`` their operations. ``dead`` means that no result of this edge reaches an output of the network.
    """

    source: str
    target: str
    kind: EdgeKind
    tensors: tuple[int, ...]
    shape: tuple[int, ...]
    arrival: tuple[int, ...]
    through: tuple[str, ...]
    operations: tuple[int, ...]
    dead: bool

    @property
    def id(self) -> str:
        """Unique in its view: there is at most one edge from one node to another."""
        return f"{self.source} → {self.target}"


@dataclass(frozen=True)
class View:
    """A LayerGraph folded for looking at. Frames are listed outermost first; nodes in order of execution.

    ``open`` holds the paths of the open modules. ``drawn_away`` are the ids of operations that no node holds and no
    edge passes through: in the paper view, dead projections.
    """

    name: str
    style: Style
    open: frozenset[str]
    nodes: tuple[ViewNode, ...]
    frames: tuple[ViewFrame, ...]
    edges: tuple[ViewEdge, ...]
    drawn_away: tuple[int, ...]

    @cached_property
    def digest(self) -> str:
        """A short hash of all that is drawn; equal views have equal digests."""
        content = repr((self.name, self.style, self.nodes, self.frames, self.edges))
        return sha256(content.encode()).hexdigest()[:16]

    @cached_property
    def items(self) -> dict[str, ViewNode | ViewFrame]:
        """Nodes and frames by id."""
        return {item.id: item for item in self.everything}

    @property
    def everything(self) -> tuple[ViewNode | ViewFrame, ...]:
        """Nodes, then frames."""
        found: list[ViewNode | ViewFrame] = [*self.nodes, *self.frames]
        return tuple(found)

    def into(self, node: str) -> tuple[ViewEdge, ...]:
        """Edges that end at ``node``."""
        return tuple(edge for edge in self.edges if edge.target == node)

    def out_of(self, node: str) -> tuple[ViewEdge, ...]:
        """Edges that start at ``node``."""
        return tuple(edge for edge in self.edges if edge.source == node)


def shape_text(shape: Iterable[int], batch: bool = False) -> str:
    """A shape as papers print it: (1, 64, 56, 56) as ``64×56×56``, or with the batch ``1×64×56×56``."""
    sizes = list(shape)
    if not batch and len(sizes) > 1:
        sizes = sizes[1:]
    return "×".join(str(size) for size in sizes)
