"""Connectivity of large networks from weights in memory: every aggregation of a traced network.

No other tool makes this table, so there is no peer; what is set against it is one forward pass of the same network.
"""

from __future__ import annotations

from functools import partial

import torch

from bench.timing import best, chosen, table
from explorer.analysis import connectivity
from explorer.config import presets
from explorer.graph import trace
from explorer.networks import build

NETWORKS = ("densenet201", "dla169", "vovnet57", "deeplabv3_resnet101_msc_os16")
LIMIT_MS = 500.0
REPEATS, REPEATS_OF_PASSES = 5, 1


def run() -> bool:
    """Print the table; whether every network stays under half a second."""
    torch.set_num_threads(1)
    rows, passed = [], True
    for name in chosen(NETWORKS):
        config = presets()[name]
        graph = trace(config, config.default_input)
        network = build(config)
        weights = network.state_dict()
        seconds = best({"ours": partial(connectivity, graph, weights)}, REPEATS)["ours"]
        folded = best({"ours": partial(connectivity, graph, weights, fold_norms=True)}, REPEATS)["ours"]
        with torch.inference_mode():
            inputs = torch.zeros(config.default_input)
            forward = best({"pass": partial(network, inputs)}, REPEATS_OF_PASSES, warm_up=0)["pass"]
        found = connectivity(graph, weights)
        good = max(seconds, folded) * 1000 <= LIMIT_MS
        passed = passed and good
        rows.append(
            (name, str(len(found)), str(sum(int(item.connected.sum()) for item in found)), f"{1000 * seconds:.0f}",
             f"{1000 * folded:.0f}", f"{1000 * forward:.0f}", f"{forward / seconds:.0f}×",
             f"≤ {LIMIT_MS:.0f} ms {'yes' if good else 'NO'}")
        )  # fmt: skip
    table(
        "Weights in memory → connectivity (ms of CPU time, one thread, best)",
        (
            "network",
            "aggregations",
            "connections",
            "connectivity",
            "norms folded",
            "one pass",
            "pass / ours",
            "required",
        ),
        rows,
    )
    return passed
