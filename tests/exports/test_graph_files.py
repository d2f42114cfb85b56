"""Graphs for other programs: Mermaid and Google's Model Explorer."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from explorer.exports import mermaid
from explorer.exports.mermaid import excess, to_mermaid
from explorer.exports.model_explorer import to_model_explorer
from explorer.graph.view import view
from tests.graph.view_cases import PRESETS, graph_of

STYLES = ("paper", "modules", "operations")
LABEL = r'"[^"\n]*"'
IDENTIFIER = r"[nf][0-9]+"
STATEMENTS = [
    re.compile(pattern)
    for pattern in (
        rf"{IDENTIFIER}(\[{LABEL}\]|\(\({LABEL}\)\)|\(\[{LABEL}\]\))(:::[a-z_]+)?",
        rf"subgraph {IDENTIFIER}\[{LABEL}\]",
        "end",
        rf"class {IDENTIFIER} [a-z_]+",
        rf"{IDENTIFIER} (-->|-\.->)\|{LABEL}\| {IDENTIFIER}",
        r"classDef [a-z_]+ fill:#[0-9A-F]{6},stroke:#[0-9A-F]{6},color:#[0-9A-F]{6}",
        r"linkStyle [0-9,]+ stroke:#[0-9A-F]{6}",
    )
]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", PRESETS)
def test_mermaid_is_made_of_known_statements_and_shows_the_view(name: str, style: str) -> None:
    shown = view(graph_of(name), style)
    head, title, rule, kind, *lines = to_mermaid(shown).splitlines()
    assert (head, rule, kind) == ("---", "---", "flowchart LR")
    assert shown.name in title
    words = [line.strip() for line in lines]
    unknown = [line for line in words if not any(pattern.fullmatch(line) for pattern in STATEMENTS)]
    assert not unknown
    assert sum("-->|" in line or "-.->|" in line for line in words) == len(shown.edges)
    assert sum(line.startswith("subgraph") for line in words) == words.count("end") == len(shown.frames)
    assert sum(re.match(r"n[0-9]+[\[(]", line) is not None for line in words) == len(shown.nodes)
    declared = {line.split()[1] for line in words if line.startswith("classDef")}
    used = {line.partition(":::")[2] for line in words if ":::" in line}
    assert used <= declared
    places = [int(i) for line in words if line.startswith("linkStyle") for i in line.split()[1].split(",")]
    assert sorted(places) == list(range(len(shown.edges)))


def test_mermaid_escapes_what_it_would_read() -> None:
    shown = view(graph_of("dla34"), "paper")
    first = replace(shown.nodes[1], title='a "b" <c> & #1 `d`')
    text = to_mermaid(replace(shown, nodes=(shown.nodes[0], first, *shown.nodes[2:])))
    assert "a #quot;b#quot; #lt;c#gt; #amp; #35;1 #96;d#96;" in text


def test_a_diagram_that_mermaid_would_refuse_is_named(monkeypatch) -> None:
    shown = view(graph_of("dla34"), "paper")
    text = to_mermaid(shown)
    assert excess(shown, text) is None
    monkeypatch.setattr(mermaid, "MOST_EDGES", 5)
    assert "at most 5 edges" in str(excess(shown, text))
    assert "at most 50,000 characters" in str(excess(shown, text * 100))


SCHEMA = {
    "node": ({"id", "label", "namespace", "attrs", "incomingEdges", "outputsMetadata"}, {"style"}),
    "edge": ({"sourceNodeId", "sourceNodeOutputId", "targetNodeInputId"}, set()),
    "pair": ({"key", "value"}, set()),
    "metadata": ({"id", "attrs"}, set()),
    "style": ({"backgroundColor", "borderColor", "hoveredBorderColor"}, set()),
}
"""Needed and further fields, after common/input_graph.ts and types.ts of google-ai-edge/model-explorer."""


def fits(kind: str, item: dict[str, object]) -> None:
    needed, further = SCHEMA[kind]
    assert needed <= set(item) <= needed | further
    for key, value in item.items():
        assert isinstance(value, str | list | dict), key


@pytest.mark.parametrize("name", PRESETS)
def test_model_explorer_reads_every_operation_edge_and_shape(name: str) -> None:
    graph = graph_of(name)
    collection = json.loads(to_model_explorer(graph))
    assert set(collection) == {"label", "graphs"}
    (found,) = collection["graphs"]
    assert set(found) == {"id", "nodes", "groupNodeAttributes"}
    nodes = {node["id"]: node for node in found["nodes"]}
    assert len(nodes) == len(found["nodes"]) == len(graph.operations) + len(graph.inputs) + len(graph.outputs)
    for node in nodes.values():
        fits("node", node)
        if "style" in node:
            fits("style", node["style"])
        for pair in node["attrs"]:
            fits("pair", pair)
        for item in node["outputsMetadata"]:
            fits("metadata", item)
        for place, edge in enumerate(node["incomingEdges"]):
            fits("edge", edge)
            assert edge["targetNodeInputId"] == str(place)
            offered = {item["id"] for item in nodes[edge["sourceNodeId"]]["outputsMetadata"]}
            assert edge["sourceNodeOutputId"] in offered
    edges = sum(len(node["incomingEdges"]) for node in nodes.values())
    assert edges == sum(len(operation.inputs) for operation in graph.operations) + len(graph.outputs)
    shapes = [item["attrs"][0] for node in nodes.values() for item in node["outputsMetadata"]]
    assert len(shapes) == len(graph.tensors)
    assert all(re.fullmatch(r"float32\[[0-9,]+\]", pair["value"]) for pair in shapes)
    # A layer of modules for each namespace, and nothing else.
    spaces = {node["namespace"] for node in nodes.values()}
    above = {"/".join(space.split("/")[:end]) for space in spaces for end in range(space.count("/") + 2)}
    assert above <= set(found["groupNodeAttributes"])


def test_model_explorer_keeps_the_calls_of_a_network_that_runs_three_times_apart() -> None:
    (found,) = json.loads(to_model_explorer(graph_of("deeplabv2_resnet101_msc")))["graphs"]
    first = {node["namespace"].split("/")[0] for node in found["nodes"]}
    assert {"base", "base#1", "base#2"} <= first


def test_model_explorers_layers_are_modules_even_where_names_have_slashes() -> None:
    (found,) = json.loads(to_model_explorer(graph_of("vovnet39")))["graphs"]
    node = next(node for node in found["nodes"] if node["label"] == "conv2d")
    assert node["namespace"] == "stem"
    assert node["attrs"][0] == {"key": "module", "value": "stem.stem_1/conv"}
