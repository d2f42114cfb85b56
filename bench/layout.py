"""Folding and placing views: what a visitor waits for when a graph is first shown, and when all of it is opened.

Layout by our own rules is compared with Graphviz on the same view in the same run.
"""

from __future__ import annotations

import time
from functools import partial
from statistics import median

from bench.timing import medians, table
from explorer.config import presets
from explorer.graph import trace
from explorer.graph.layout_dot import place, ready
from explorer.graph.layout_paper import place_paper
from explorer.graph.view import all_open, view
from explorer.runtime.worker import Worker

NETWORKS = ("dla34", "dla169", "dla169up", "centernet_dla34")
REPEATS = 7
FIRST_LOOK_MS = 60.0
START_SECONDS = 1.5


def run() -> bool:
    """Print the tables; whether a first look is folded and placed quickly enough everywhere."""
    ready()
    passed = True
    rows = []
    for name in NETWORKS:
        config = presets()[name]
        graph = trace(config, config.default_input)
        for opened in ("first look", "all open"):
            groups = None if opened == "first look" else all_open(graph, "paper")
            shown = view(graph, "paper", groups)
            seconds = medians(
                {
                    "view": partial(view, graph, "paper", groups),
                    "ours": partial(place_paper, shown),
                    "dot": partial(place, shown),
                },
                REPEATS,
            )
            ours = 1000 * (seconds["view"] + seconds["ours"])
            good = ours <= FIRST_LOOK_MS or opened == "all open"
            passed = passed and good
            times = (f"{1000 * seconds[case]:.1f}" for case in ("view", "ours", "dot"))
            ratio = f"{seconds['dot'] / seconds['ours']:.1f}×"
            rows.append((f"{name}, {opened}", str(len(shown.nodes)), *times, ratio, "yes" if good else "NO"))
    head = ("paper view", "nodes", "fold", "our layout", "Graphviz", "ratio", f"≤ {FIRST_LOOK_MS:.0f}")
    table("Fold and place the paper view (ms of CPU time)", head, rows)

    rows = []
    for name in NETWORKS:
        config = presets()[name]
        graph = trace(config, config.default_input)
        shown = view(graph, "operations", all_open(graph, "operations"))
        seconds = medians(
            {"view": partial(view, graph, "operations", shown.open), "dot": partial(place, shown)}, 3
        )
        times = (f"{1000 * seconds[case]:.0f}" for case in ("view", "dot"))
        rows.append((name, str(len(shown.nodes)), str(len(shown.edges)), *times))
    table(
        "Every operation, all groups open (ms of CPU time)",
        ("network", "nodes", "edges", "fold", "Graphviz"),
        rows,
    )
    return _worker() and passed


def _worker() -> bool:
    """Wall time until a fresh worker process has answered, and of a round trip afterwards."""
    config = presets()["dla169"]
    shown = view(trace(config, config.default_input), "paper")
    starts, trips = [], []
    for _ in range(5):
        worker = Worker()
        began = time.perf_counter()
        worker.call("explorer.graph.layout:layout", shown, seconds=30)
        starts.append(time.perf_counter() - began)
        for _ in range(5):
            began = time.perf_counter()
            worker.call("explorer.graph.layout:layout", shown, seconds=30)
            trips.append(time.perf_counter() - began)
        worker.close()
    start, trip = median(starts), median(trips)
    good = start <= START_SECONDS
    head = ("worker process", "start and first layout", "layout", f"start ≤ {START_SECONDS:g} s")
    table("dla169, first look, in the worker (ms of wall time)", head,
          [("median", f"{1000 * start:.0f}", f"{1000 * trip:.0f}", "yes" if good else "NO")])  # fmt: skip
    return good
