"""The networks of the DLA paper's Fig. 2, as small as the figure: DLA's own blocks and roots, wired in each form.

All blocks have the same width and resolution, so that two forms differ in nothing but their wiring.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from explorer.concepts.forms import Form
from explorer.concepts.terms import ROOM
from explorer.graph import LayerGraph, trace
from explorer.networks.dla import BasicBlock, Root
from explorer.networks.layers import with_role
from explorer.roles import Role

CHANNELS = 16
SIDE = 56


def traced(form: Form, size: int) -> LayerGraph:
    """The graph of a form with ``size`` blocks (chains) or levels (trees), for an input of 16×56×56."""
    with torch.device("meta"):
        network = _Holder(_network(form, size), Role.TREE if form in _TREES else None)
    return trace(network, (1, CHANNELS, SIDE, SIDE))


class _Holder(nn.Module):
    """Gives the network a name, so that the whole of it can have a role like any of its parts."""

    def __init__(self, network: nn.Module, role: Role | None) -> None:
        super().__init__()
        self.add_module(ROOM, with_role(network, role))

    def forward(self, x: Tensor) -> Tensor:
        return self.get_submodule(ROOM)(x)


def _block() -> BasicBlock:
    return BasicBlock(CHANNELS, CHANNELS, 1)


def _node(children: int = 2) -> Root:
    return Root(children * CHANNELS, CHANNELS, 1, residual=False)


class _Chain(nn.Module):
    """Blocks in sequence (Fig. 2 a), and one node fewer for those forms that aggregate them."""

    def __init__(self, size: int, aggregated: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_block() for _ in range(size))
        self.nodes = nn.ModuleList(_node() for _ in range(size - 1 if aggregated else 0))

    def features(self, x: Tensor) -> list[Tensor]:
        """What each block puts out, in order."""
        found = []
        for block in self.blocks:
            x = block(x)
            found.append(x)
        return found

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)[-1]


class _Shallow(_Chain):
    """The deepest features first, then each shallower one (Fig. 2 b)."""

    def forward(self, x: Tensor) -> Tensor:
        *shallower, merged = self.features(x)
        for node, feature in zip(self.nodes, reversed(shallower), strict=True):
            merged = node(merged, feature)
        return merged


class _Iterative(_Chain):
    """The shallowest features first, then each deeper one (Fig. 2 c, equation 1)."""

    def forward(self, x: Tensor) -> Tensor:
        merged, *deeper = self.features(x)
        for node, feature in zip(self.nodes, deeper, strict=True):
            merged = node(merged, feature)
        return merged


class _Tree(nn.Module):
    """A binary tree over blocks in sequence (Fig. 2 d)."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.left, self.right = (_Tree(depth - 1) if depth > 1 else _block() for _ in range(2))
        self.node = _node()

    def both(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """What the last block puts out, and the aggregate."""
        last, left = self._half(self.left, x)
        last, right = self._half(self.right, last)
        return last, self.node(left, right)

    def _half(self, half: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
        if isinstance(half, _Tree):
            return half.both(x)
        y = half(x)
        return y, y

    def forward(self, x: Tensor) -> Tensor:
        return self.both(x)[1]


class _Reentrant(nn.Module):
    """The same, but the right half reads the left one's aggregate (Fig. 2 e)."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.left, self.right = (_Reentrant(depth - 1) if depth > 1 else _block() for _ in range(2))
        self.node = _node()

    def forward(self, x: Tensor) -> Tensor:
        left = self.left(x)
        return self.node(left, self.right(left))


class _Hierarchical(nn.Module):
    """T_n: inner trees of falling depth, two blocks and one node over all (Fig. 2 f, equations 2 and 3)."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        inner_depths = range(depth - 1, 0, -1)
        self.inner = tuple(f"R{inner}" for inner in inner_depths)
        for name, inner in zip(self.inner, inner_depths, strict=True):
            self.add_module(name, _Hierarchical(inner))
        self.L1, self.L2 = _block(), _block()
        self.N = _node(depth + 1)

    def forward(self, x: Tensor) -> Tensor:
        aggregates = []
        for name in self.inner:
            x = self.get_submodule(name)(x)
            aggregates.append(x)
        x1 = self.L1(x)
        return self.N(*aggregates, x1, self.L2(x1))


_TREES = {Form.TREE: _Tree, Form.REENTRANT: _Reentrant, Form.HIERARCHICAL: _Hierarchical}


def _network(form: Form, size: int) -> nn.Module:
    match form:
        case Form.NONE:
            return _Chain(size, aggregated=False)
        case Form.SHALLOW:
            return _Shallow(size, aggregated=True)
        case Form.ITERATIVE:
            return _Iterative(size, aggregated=True)
        case _:
            return _TREES[form](size)
