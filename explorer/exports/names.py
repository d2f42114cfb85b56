"""What a file calls the tensors and operations of a LayerGraph."""

from __future__ import annotations

from collections import Counter, defaultdict

from explorer.graph.layer_graph import LayerGraph

INPUT = "input"


class Names:
    """Unique names: of operations by id (``nodes``), of tensors by id (``tensors``), and of the outputs in order.

    An operation is called as the module that runs it, or, where that module runs several, ``module/kind``; later
    calls end in ``#1``, ``#2``, …. A tensor is called as the operation that yields it; outputs have the names of the
    keys under which the network returns them.
    """

    def __init__(self, graph: LayerGraph) -> None:
        self.graph = graph
        self.nodes = self._operations()
        self.outputs = self._outputs()
        self.repeated: dict[str, str] = {}
        """Further names of an output that is returned twice → its first name."""
        found: dict[int, str] = {}
        for name, tensor in zip(self.outputs, graph.outputs, strict=True):
            if tensor in found:
                self.repeated[name] = found[tensor]
            else:
                found[tensor] = name
        taken = {*self.outputs, INPUT}
        for tensor in graph.inputs:
            found[tensor] = INPUT
        for operation in graph.operations:
            for index, tensor in enumerate(operation.outputs):
                if tensor not in found:
                    name = self.nodes[operation.id] + (f":{index}" if len(operation.outputs) > 1 else "")
                    found[tensor] = _free(name, taken)
                    taken.add(found[tensor])
        self.tensors = found

    def _operations(self) -> list[str]:
        kinds: dict[str, set[str]] = defaultdict(set)
        for operation in self.graph.operations:
            kinds[operation.path].add(operation.kind)
        seen: Counter[str] = Counter()
        found = []
        for operation in self.graph.operations:
            path, kind = operation.path, operation.kind
            alone = len(kinds[path]) == 1 and not self.graph.scope(path).children
            name = path if path and alone else f"{path}/{kind}" if path else kind
            found.append(f"{name}#{seen[name]}" if seen[name] else name)
            seen[name] += 1
        return found

    def _outputs(self) -> tuple[str, ...]:
        short = [name.rpartition(".")[2] for name in self.graph.output_names]
        chosen = short if len(set(short)) == len(short) else list(self.graph.output_names)
        return tuple(f"output_{name}" if name.isdigit() else name for name in chosen)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "'"
    return name
