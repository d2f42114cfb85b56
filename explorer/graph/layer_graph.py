"""LayerGraph: what a network computes at one input size, as plain data.

Traced once and read by every page. No torch objects inside; JSON both ways.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from math import prod

from explorer.roles import Role

type_sizes: Mapping[str, int] = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "complex64": 8, "complex128": 16,
    "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip

Json = None | bool | int | float | str | list["Json"] | tuple["Json", ...] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value on an edge. ``shape`` is (N, C, H, W) for feature maps; ``producer`` is None for inputs."""

    id: int
    shape: tuple[int, ...]
    dtype: str
    producer: int | None
    consumers: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Size in memory: elements × bytes per element."""
        return prod(self.shape) * type_sizes[self.dtype]


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of a torch function.

    ``kind`` is the function's name; ``path`` the qualified name of the module that called it and ``call`` which
    of that module's calls this was, from 0. ``parameters`` counts the elements of the parameters it reads;
    ``macs`` the multiply-accumulates of convolutions and linear layers, batch included, and 0 for the rest.
    """

    id: int
    kind: str
    path: str
    call: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    attributes: Mapping[str, Json]
    parameters: int
    macs: int


@dataclass(frozen=True, slots=True)
class Scope:
    """A module of the network, executed or not. ``parameters`` counts its own and its descendants'."""

    path: str
    type: str
    role: Role | None
    stage: int | None
    children: tuple[str, ...]
    parameters: int
    attributes: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a graph: parameter counts, multiply-accumulates, and bytes of newly written activations."""

    parameters: int
    live_parameters: int
    macs: int
    activation_bytes: int


IN_PLACE_OR_VIEW = frozenset(
    {"view", "reshape", "flatten", "permute", "transpose", "contiguous", "chunk", "split", "getitem", "squeeze",
     "unsqueeze", "dropout"}
)  # fmt: skip
"""Kinds that write no new memory in evaluation mode."""


@dataclass(frozen=True)
class LayerGraph:
    """A traced network. ``tensors[i].id == i`` and ``operations[i].id == i``, in order of execution."""

    name: str
    operations: tuple[Operation, ...]
    tensors: tuple[Tensor, ...]
    scopes: tuple[Scope, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    output_names: tuple[str, ...]

    @cached_property
    def totals(self) -> Totals:
        """Parameters of every module, live parameters of operations that reach an output, MACs and bytes."""
        return Totals(
            parameters=self.scope("").parameters,
            live_parameters=sum(self.operations[i].parameters for i in self.live),
            macs=sum(operation.macs for operation in self.operations),
            activation_bytes=sum(
                self.tensors[t].bytes for o in self.operations if writes_memory(o) for t in o.outputs
            ),
        )

    @cached_property
    def live(self) -> frozenset[int]:
        """Ids of the operations whose result reaches an output of the network."""
        found: set[int] = set()
        waiting = list(self.outputs)
        while waiting:
            producer = self.tensors[waiting.pop()].producer
            if producer is not None and producer not in found:
                found.add(producer)
                waiting.extend(self.operations[producer].inputs)
        return frozenset(found)

    @cached_property
    def _scopes(self) -> dict[str, Scope]:
        return {scope.path: scope for scope in self.scopes}

    def scope(self, path: str) -> Scope:
        """The module at ``path`` (``""`` is the network). Raises KeyError for an unknown path."""
        return self._scopes[path]

    def has_scope(self, path: str) -> bool:
        """Whether a module of that path exists."""
        return path in self._scopes

    def to_json(self) -> str:
        """The graph as JSON text; ``from_json`` gives an equal graph back."""
        return json.dumps(
            {"format": "explorer.layer_graph", "version": 1, **asdict(self)}, separators=(",", ":")
        )

    @classmethod
    def from_json(cls, text: str) -> LayerGraph:
        """Read what ``to_json`` wrote."""
        data = json.loads(text)
        return cls(
            name=data["name"],
            operations=tuple(
                Operation(**{**o, "inputs": tuple(o["inputs"]), "outputs": tuple(o["outputs"]),
                             "attributes": _plain(o["attributes"])})
                for o in data["operations"]
            ),
            tensors=tuple(
                Tensor(**{**t, "shape": tuple(t["shape"]), "consumers": tuple(t["consumers"])})
                for t in data["tensors"]
            ),
            scopes=tuple(
                Scope(**{**s, "role": None if s["role"] is None else Role(s["role"]),
                         "children": tuple(s["children"]), "attributes": _plain(s["attributes"])})
                for s in data["scopes"]
            ),
            inputs=tuple(data["inputs"]),
            outputs=tuple(data["outputs"]),
            output_names=tuple(data["output_names"]),
        )  # fmt: skip


def writes_memory(operation: Operation) -> bool:
    """Whether the operation's outputs are newly written: neither a view nor computed in place."""
    attributes = operation.attributes
    aliased = attributes.get("inplace", False) or attributes.get("view", False)
    return operation.kind not in IN_PLACE_OR_VIEW and not aliased


def parent_path(path: str) -> str:
    """The path of the enclosing module; the network's own is ``""``."""
    return path.rpartition(".")[0]


def _plain(attributes: Mapping[str, Json]) -> dict[str, Json]:
    """Attributes with JSON's lists as the tuples that tracing writes."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in attributes.items()}
