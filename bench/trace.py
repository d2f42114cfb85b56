"""Configuration to traced graph with shapes and MACs, cold, against the graphs that others make of the same network.

Everyone builds the network anew each time, without initialising it: the peers are given the project's own fast
construction, so that the ratio is that of the tracing, not of the building.
"""

from __future__ import annotations

import gc
from functools import partial

import torch

from bench.peers import tracers
from bench.timing import best, chosen, table
from explorer.config import presets
from explorer.graph import trace
from explorer.networks import construct

REQUIRED = {"torchview": 10.0, "torch.export": 50.0, "torchlens": 50.0}
LIMIT_MS = {"dla34": 25.0}
MOST_MS = 120.0
REPEATS, REPEATS_OF_PEERS = 7, 1


def run() -> bool:
    """Print the table; whether every network reaches the required ratios and times."""
    torch.set_num_threads(1)
    peers = tracers()
    for name in (name for name, peer in peers.items() if peer is None):
        print(f"{name}: not installed")
    rows, passed = [], True
    gc.freeze()  # what is imported by now is no garbage: the server does the same when it is warm
    for name in chosen():
        config = presets()[name]
        shape = config.default_input
        seconds = best({"ours": partial(trace, config, shape), "build": partial(construct, config)}, REPEATS)
        ours, limit = 1000 * seconds["ours"], LIMIT_MS.get(name, MOST_MS)
        good = ours <= limit
        cells = []
        for peer, traced in peers.items():
            if traced is None:
                continue
            try:
                taken = 1000 * best({peer: partial(traced, config, shape)}, REPEATS_OF_PEERS)[peer]
            except Exception as error:  # noqa: BLE001 - a peer may refuse what it does not know, and that is its answer
                cells += [type(error).__name__, "–"]
                continue
            ratio = taken / ours
            good = good and ratio >= REQUIRED[peer]
            cells += [f"{taken:.0f}", f"{ratio:.0f}×"]
        passed = passed and good
        operations = len(trace(config, shape).operations)
        rows.append((name, str(operations), f"{ours:.1f}", f"{1000 * seconds['build']:.1f}", *cells,
                     f"≤ {limit:.0f} ms {'yes' if good else 'NO'}"))  # fmt: skip
    named = [cell for name, peer in peers.items() if peer for cell in (name, f"≥ {REQUIRED[name]:.0f}×")]
    table(
        "Configuration → graph, cold, building included (ms of CPU time, one thread, best)",
        ("network", "operations", "trace", "of it build", *named, "required"),
        rows,
    )
    return passed
