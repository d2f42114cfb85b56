"""How long each export takes and how large it is: ``python -m bench.exports [NETWORK …]``.

The network is built and traced before; a view is laid out before. Best of three, files in memory.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import BytesIO
from time import perf_counter

from explorer.config import presets
from explorer.exports.files import Exports, write_network
from explorer.exports.formats import Format
from explorer.graph import layout, trace, view
from explorer.networks import build
from explorer.ui import numbers
from explorer.weights import RANDOM

NETWORKS = ("dla34", "dla169", "densenet201", "deeplabv3plus_resnet101_msc_os16")
WITH_WEIGHTS = (Format.ONNX, Format.WEIGHTS)
REPETITIONS = 3


def best(make: Callable[[], bytes]) -> tuple[float, int]:
    """Seconds of the fastest of a few runs, and the file's bytes."""
    seconds, size = [], 0
    for _ in range(REPETITIONS):
        began = perf_counter()
        size = len(make())
        seconds.append(perf_counter() - began)
    return min(seconds), size


def table(name: str) -> list[str]:
    """One row per format, as Markdown."""
    config = presets()[name]
    graph = trace(config, config.default_input)
    shown = view(graph, "paper")
    placed = layout(shown)
    state = build(config).state_dict()

    def with_weights(form: Format) -> bytes:
        file = BytesIO()
        write_network(form, config, graph, state, RANDOM, file)
        return file.getvalue()

    def without(form: Format) -> bytes:
        # Anew each time: a picture's shapes are kept.
        return Exports(config, graph, shown, lambda: placed).content(form)

    rows = []
    for form in Format:
        made = with_weights if form in WITH_WEIGHTS else without
        seconds, size = best(lambda made=made, form=form: made(form))  # type: ignore[misc]  # defaults bind now
        rows.append(f"| {name} | {form.value} | {numbers.duration(seconds)} | {numbers.memory(size)} |")
    return rows


if __name__ == "__main__":
    print("| network | format | time | size |\n|---|---|---|---|")
    for wanted in sys.argv[1:] or NETWORKS:
        print("\n".join(table(wanted)), flush=True)
