"""The whole graph for Google's Model Explorer: a GraphCollection as its JSON files have it.

Format: ``common/input_graph.ts`` and ``types.ts`` of google-ai-edge/model-explorer (version 0.1.34): nodes with a
namespace of layers, edges stored with their targets, all values text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from math import gcd
from typing import Any

from explorer.exports.names import INPUT, Names
from explorer.exports.scene_model import LIGHT, mixed
from explorer.graph.layer_graph import Json, LayerGraph, Operation, Tensor, parent_path
from explorer.graph.view import ancestry
from explorer.roles import ROLE_STYLES, Role

Node = dict[str, Any]
"""A GraphNode as it is written."""


def to_model_explorer(graph: LayerGraph) -> str:
    """Every operation as a node in the layers of its modules, with shapes on edges and roles as colours."""
    return json.dumps(
        {"label": graph.name, "graphs": [_Collection(graph).graph()]},
        ensure_ascii=False,
        separators=(",", ":"),
    )


class _Collection:
    """One graph in the making."""

    def __init__(self, graph: LayerGraph) -> None:
        self.source = graph
        self.names = Names(graph)
        self.calls = _calls(graph)

    def graph(self) -> dict[str, Any]:
        graph = self.source
        inputs = [self._terminal(INPUT, "input", outputs=[tensor]) for tensor in graph.inputs]
        outputs = [
            self._terminal(f"output: {name}", name, inputs=[tensor])
            for name, tensor in zip(self.names.outputs, graph.outputs, strict=True)
        ]
        return {
            "id": graph.name,
            "nodes": [*inputs, *(self._node(operation) for operation in graph.operations), *outputs],
            "groupNodeAttributes": self._groups(),
        }

    def _terminal(
        self, identity: str, label: str, inputs: list[int] | None = None, outputs: list[int] | None = None
    ) -> Node:
        return {
            "id": identity,
            "label": label,
            "namespace": "",
            "attrs": [],
            "incomingEdges": self._edges(inputs or []),
            "outputsMetadata": self._tensors(outputs or []),
        }

    def _node(self, operation: Operation) -> Node:
        path = operation.path
        # A module that is nothing but this operation would be a layer around a single node.
        home = parent_path(path) if self._alone(operation) else path
        role = self._role(path)
        node: Node = {
            "id": self.names.nodes[operation.id],
            "label": operation.kind,
            "namespace": self._namespace(home, operation),
            "attrs": _pairs(
                {
                    "module": path or "the network",
                    "type": self.source.scope(path).type,
                    "parameters": operation.parameters,
                    "MACs": operation.macs,
                    **operation.attributes,
                }
            ),
            "incomingEdges": self._edges(list(operation.inputs)),
            "outputsMetadata": self._tensors(list(operation.outputs)),
        }
        if role is not None:
            colour = ROLE_STYLES[role].colour
            node["style"] = {
                "backgroundColor": mixed(colour, 0.3),
                "borderColor": colour,
                "hoveredBorderColor": LIGHT.ink,
            }
        return node

    def _alone(self, operation: Operation) -> bool:
        return "/" not in self.names.nodes[operation.id].removeprefix(operation.path)

    def _edges(self, tensors: list[int]) -> list[dict[str, str]]:
        found = []
        for place, tensor in enumerate(tensors):
            producer = self.source.tensors[tensor].producer
            source = INPUT if producer is None else self.names.nodes[producer]
            leaving = self.source.inputs if producer is None else self.source.operations[producer].outputs
            found.append(
                {
                    "sourceNodeId": source,
                    "sourceNodeOutputId": str(leaving.index(tensor)),
                    "targetNodeInputId": str(place),
                }
            )
        return found

    def _tensors(self, tensors: list[int]) -> list[dict[str, Any]]:
        return [
            {"id": str(place), "attrs": _pairs({"tensor_shape": _typed(self.source.tensors[tensor])})}
            for place, tensor in enumerate(tensors)
        ]

    def _namespace(self, path: str, operation: Operation) -> str:
        """The modules around an operation as layers; each further call of a module is a layer of its own."""
        found = []
        for above in ancestry(path)[1:]:
            # A slash separates layers, and VoVNet's published names have some.
            name = above.rpartition(".")[2].replace("/", "_")
            call = operation.call // (self.calls[operation.path] // self.calls[above])
            found.append(f"{name}#{call}" if call else name)
        return "/".join(found)

    def _role(self, path: str) -> Role | None:
        roles = [self.source.scope(above).role for above in ancestry(path)]
        return next((role for role in reversed(roles) if role is not None), None)

    def _groups(self) -> dict[str, dict[str, str]]:
        """What is known of a module, for each of its layers; the empty layer is the network."""
        totals = self.source.totals
        found = {
            "": {
                "parameters": str(totals.parameters),
                "MACs": str(totals.macs),
                "bytes of activations": str(totals.activation_bytes),
            }
        }
        for operation in self.source.operations:
            scope = self.source.scope(operation.path)
            while scope.path and (space := self._namespace(scope.path, operation)) not in found:
                role = {} if scope.role is None else {"role": ROLE_STYLES[scope.role].label}
                found[space] = {"type": scope.type, **role, "parameters": str(scope.parameters)}
                scope = self.source.scope(parent_path(scope.path))
        return found


def _calls(graph: LayerGraph) -> Mapping[str, int]:
    """How often each module ran: what the calls of everything inside it have in common."""
    own: Counter[str] = Counter()
    for operation in graph.operations:
        own[operation.path] = max(own[operation.path], operation.call + 1)
    common: dict[str, int] = {}
    for path, times in own.items():
        for above in ancestry(path):
            common[above] = gcd(common.get(above, 0), times)
    return common


def _pairs(values: Mapping[str, Json]) -> list[dict[str, str]]:
    return [{"key": key, "value": _text(value)} for key, value in values.items()]


def _text(value: Json) -> str:
    return "×".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _typed(tensor: Tensor) -> str:
    return f"{tensor.dtype}[{','.join(map(str, tensor.shape))}]"
