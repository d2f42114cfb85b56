"""What a trace has recorded, and the LayerGraph that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from explorer.graph.layer_graph import Json, LayerGraph, Operation, Scope, Tensor
from explorer.roles import Role

Called = tuple[str, str, int, list[int], list[int], Mapping[str, Json], int]
"""Kind, path, call, inputs, outputs, attributes, MACs."""


@dataclass
class Recording:
    """Lists that grow while a network runs.

    ``tensors`` are shape, dtype and producer; ``reads`` the parameters that each operation reads; ``modules`` path,
    module and the paths of its children, in the order of ``named_modules``.
    """

    name: str
    tensors: list[tuple[torch.Size, torch.dtype, int | None]] = field(default_factory=list)
    operations: list[Called] = field(default_factory=list)
    reads: list[list[nn.Parameter]] = field(default_factory=list)
    modules: list[tuple[str, nn.Module, list[str]]] = field(default_factory=list)

    def graph(self, inputs: list[int], outputs: list[tuple[str, int]]) -> LayerGraph:
        """The graph whose inputs and (named) outputs are these tensors."""
        consumers: list[list[int]] = [[] for _ in self.tensors]
        for number, operation in enumerate(self.operations):
            for tensor in operation[3]:
                if number not in consumers[tensor][-1:]:
                    consumers[tensor].append(number)
        names = {dtype: str(dtype).removeprefix("torch.") for dtype in {t[1] for t in self.tensors}}
        results = [tensor for _, tensor in outputs]
        counts, live_parameters = self._parameter_counts(results)
        return LayerGraph(
            name=self.name,
            operations=tuple(
                Operation(i, kind, path, call, tuple(ins), tuple(outs), attributes, counts[i], macs)
                for i, (kind, path, call, ins, outs, attributes, macs) in enumerate(self.operations)
            ),
            tensors=tuple(
                Tensor(i, tuple(shape), names[dtype], producer, tuple(consumers[i]))
                for i, (shape, dtype, producer) in enumerate(self.tensors)
            ),
            scopes=self._scopes(live_parameters),
            inputs=tuple(inputs),
            outputs=tuple(results),
            output_names=tuple(name for name, _ in outputs),
        )

    def _parameter_counts(self, results: list[int]) -> tuple[list[int], set[int]]:
        """Elements of the parameters that each operation reads, and which parameters reach an output.

        A parameter that several operations share counts once, at the first that reaches an output, so that sums
        over operations are sums over parameters. Parameters are known by their ids, which is safe because the
        network keeps them alive, and faster than hashing them.
        """
        counts = [0] * len(self.operations)
        live = self._live(results)
        counted: set[int] = set()
        live_parameters: set[int] = set()
        for wanted in (True, False):
            for number, reads in enumerate(self.reads):
                if reads and (number in live) is wanted:
                    for parameter in reads:
                        if id(parameter) not in counted:
                            counted.add(id(parameter))
                            counts[number] += parameter.numel()
            if wanted:
                live_parameters = set(counted)
        return counts, live_parameters

    def _live(self, results: list[int]) -> set[int]:
        """Operations that reach an output."""
        found: set[int] = set()
        waiting = list(results)
        while waiting:
            producer = self.tensors[waiting.pop()][2]
            if producer is not None and producer not in found:
                found.add(producer)
                waiting.extend(self.operations[producer][3])
        return found

    def _scopes(self, live_parameters: set[int]) -> tuple[Scope, ...]:
        """Every module. A parameter that several modules hold counts at the first, so that sums are exact."""
        counted: set[int] = set()
        totals: dict[str, int] = {}
        live: dict[str, int] = {}
        for path, module, _ in self.modules:
            own = own_live = 0
            for parameter in module._parameters.values():
                if parameter is not None and id(parameter) not in counted:
                    counted.add(id(parameter))
                    own += parameter.numel()
                    own_live += parameter.numel() if id(parameter) in live_parameters else 0
            totals[path], live[path] = own, own_live
        for path, _, children in reversed(self.modules):
            for child in children:
                totals[path] += totals[child]
                live[path] += live[child]
        return tuple(
            Scope(
                path,
                type(module).__name__,
                role if isinstance(role := _said(module, "role"), Role) else None,
                stage if type(stage := _said(module, "stage")) is int else None,
                tuple(children),
                totals[path],
                {
                    "class": f"{type(module).__module__}.{type(module).__qualname__}",
                    "live_parameters": live[path],
                },
            )
            for path, module, children in self.modules
        )


def _said(module: nn.Module, name: str) -> object:
    """An attribute that a module or its class has set; without nn.Module's costly search for what it has not."""
    return module.__dict__.get(name, getattr(type(module), name, None))
