"""Configuration to traced graph with shapes and MACs, cold, against torchview's graph of the same network.

Both sides build their network anew each time, on the meta device and without initialising it: the peer is given
the project's own fast construction, so that the ratio is that of the tracing, not of the building.
"""

from __future__ import annotations

from functools import partial

import torch
from torchview import draw_graph

from bench.timing import medians, table
from explorer.config import ModelConfig, presets
from explorer.graph import trace
from explorer.networks import construct

NETWORKS = ("dla34", "dla169", "centernet_dla34")
REQUIRED = 8.0
REPEATS = 7


def peer(config: ModelConfig, shape: tuple[int, int, int, int]) -> object:
    """torchview's graph of the network, opened to the last operation."""
    return draw_graph(construct(config), input_size=shape, device="meta", expand_nested=True, depth=100)


def run() -> bool:
    """Print the table; whether every network reaches the required ratio."""
    torch.set_num_threads(1)
    rows = []
    passed = True
    for name in NETWORKS:
        config = presets()[name]
        shape = config.default_input
        seconds = medians(
            {
                "ours": partial(trace, config, shape),
                "construct": partial(construct, config),
                "torchview": partial(peer, config, shape),
            },
            REPEATS,
        )
        ratio = seconds["torchview"] / seconds["ours"]
        passed = passed and ratio >= REQUIRED
        operations = len(trace(config, shape).operations)
        rows.append(
            (name, str(operations), *(f"{1000 * seconds[k]:.1f}" for k in ("ours", "construct", "torchview")),
             f"{ratio:.1f}×", "yes" if ratio >= REQUIRED else "NO")
        )  # fmt: skip
    table(
        "Configuration → graph, cold (ms of CPU time, one thread)",
        ("network", "operations", "trace", "of it construct", "torchview", "ratio", f"≥ {REQUIRED:.0f}×"),
        rows,
        "torchview.draw_graph(device='meta', expand_nested=True, depth=100), building included",
    )
    return passed
