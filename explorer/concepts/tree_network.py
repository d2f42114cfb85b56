"""DLA's own Tree, alone: what the code makes of hierarchical deep aggregation. Imports torch."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from explorer.graph import LayerGraph, trace
from explorer.networks.dla import BasicBlock, Root, Tree

CHANNELS = (64, 128)
"""Channels that enter and leave: those of DLA-34's third level."""
SIDE = 56


def traced(depth: int, level_root: bool, root_residual: bool) -> LayerGraph:
    """The graph of one Tree with stride 2 for an input of 64×56×56; every path in it begins with ``tree``."""
    with torch.device("meta"):
        tree = Tree(
            depth, *CHANNELS, 2, block=BasicBlock, level_root=level_root,
            root=partial(Root, kernel_size=1, residual=root_residual),
        )  # fmt: skip
        network = _Holder(tree)
    return replace(trace(network, (1, CHANNELS[0], SIDE, SIDE)), name=f"Tree of {depth}")


class _Holder(nn.Module):
    """Gives the tree a path of its own, so that it is a frame like the trees inside of it."""

    def __init__(self, tree: Tree) -> None:
        super().__init__()
        self.tree = tree

    def forward(self, x: Tensor) -> Tensor:
        return self.tree(x)
