"""What a drawing's wiring amounts to: how many blocks and nodes, and how far the input is from the output."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from explorer.graph.view_model import NodeKind, View
from explorer.roles import AGGREGATIONS


@dataclass(frozen=True, slots=True)
class Measures:
    """Counts over the blocks and nodes of a view.

    ``shortest`` and ``longest`` are ids of the blocks and nodes on a path from input to output. Gradients flow back
    along the same paths, so ``shortest`` is the most direct way by which a loss reaches the first block. ``mean`` is
    the mean, over all blocks, of how many blocks and nodes the shortest path from there to the output still passes.
    """

    blocks: int
    nodes: int
    shortest: tuple[str, ...]
    longest: tuple[str, ...]
    mean: float


def measures(shown: View) -> Measures:
    """Measure a view of one input, one output and nothing that is dead."""
    onward: dict[str, list[str]] = defaultdict(list)
    for edge in shown.edges:
        onward[edge.source].append(edge.target)
    inner = [node for node in shown.nodes if node.kind not in (NodeKind.INPUT, NodeKind.OUTPUT)]
    nodes = [node.id for node in inner if node.role in AGGREGATIONS]
    blocks = [node.id for node in inner if node.role not in AGGREGATIONS]

    def best(choose: Callable[..., tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """From each node the path onward that ``choose`` takes, without the output. Nodes are listed as they run."""
        found: dict[str, tuple[str, ...]] = {}
        for node in reversed(shown.nodes):
            ahead = [found[target] for target in onward[node.id]]
            rest = choose(ahead, key=len) if ahead else ()
            found[node.id] = rest if node.kind is NodeKind.OUTPUT else (node.id, *rest)
        return found

    shortest, longest = best(min), best(max)
    start = f"{NodeKind.INPUT}:0"
    return Measures(
        blocks=len(blocks),
        nodes=len(nodes),
        shortest=shortest[start][1:],
        longest=longest[start][1:],
        mean=sum(len(shortest[block]) - 1 for block in blocks) / len(blocks),
    )
