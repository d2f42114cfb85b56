"""Finding parts of a network, shown or folded."""

import pytest

from explorer.graph import view
from explorer.graph.find import find, locate, opening, parts
from explorer.graph.find_terms import Comparison, Field, FindError, Size, Word, parse
from explorer.graph.view_model import Style
from tests.graph.view_cases import PRESETS, graph_of


def found(name, text):
    return find(parts(graph_of(name)), parse(text))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("root", (Word("root"),)),
        ("64×56X56", (Size((64, 56, 56)),)),
        ("concat > 3 inputs", (Word("concat"), Comparison(Field.INPUTS, ">", (3,)))),
        ("conv k=3", (Word("conv"), Comparison(Field.KERNEL, "=", (3,)))),
        ("params>1.5M", (Comparison(Field.PARAMETERS, ">", (1.5e6,)),)),
        ("memory >= 4 MiB", None),
        ("memory ≥ 4MiB", (Comparison(Field.MEMORY, ">=", (4 * 2**20,)),)),
        ("stride 2 3x3", (Comparison(Field.STRIDE, "=", (2,)), Size((3, 3)))),
        ("kernel = 1x7", (Comparison(Field.KERNEL, "=", (1, 7)),)),
        ("5 inputs", (Comparison(Field.INPUTS, "=", (5,)),)),
        ("stage 3 root", (Comparison(Field.STAGE, "=", (3,)), Word("root"))),
        ("  ", ()),
    ],
)
def test_terms(text, terms):
    # A unit that stands apart is a word of its own, as every other text.
    assert parse(text) == terms or (terms is None and parse(text)[-1] == Word("mib"))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("> 3", "Say what"),
        ("colour > 3", "colour"),
        ("params >", "number"),
        ("k = fast", "number"),
        ("x" * 201, "201"),
    ],
)
def test_what_cannot_be_read_is_said(text, word):
    with pytest.raises(FindError, match=word):
        parse(text)


@pytest.mark.parametrize("name", PRESETS)
def test_comparisons_agree_with_a_look_at_every_operation(name):
    graph = graph_of(name)

    def operations(text):
        return {o for part in found(name, text) for o in part.operations}

    convolutions = [o for o in graph.operations if o.kind.endswith("conv2d")]
    assert operations("conv2d k=3") == {o.id for o in convolutions if o.attributes["kernel"] == (3, 3)}
    assert operations("conv2d stride 2") == {o.id for o in convolutions if o.attributes["stride"] == (2, 2)}
    many = {o.id for o in graph.operations if o.kind == "cat" and len(set(o.inputs)) > 3}
    assert many <= operations("concat > 3 inputs")
    heavy = {s.path for s in graph.scopes if s.path and s.parameters > 1_000_000}
    ran = {part.path for part in parts(graph)}
    assert {
        part.path for part in found(name, "params > 1M") if not part.node.startswith("op:")
    } == heavy & ran


def test_sizes_are_those_of_results_or_kernels():
    graph = graph_of("dla34")
    for part in found("dla34", "56x56"):
        assert any(
            graph.tensors[t].shape[-2:] == (56, 56)
            for o in part.operations
            for t in graph.operations[o].outputs
        )
    assert {part.path for part in found("dla34", "conv 7x7")} >= {"base_layer.0"}
    assert not found("dla34", "65x65")


def test_roles_types_and_paths_are_names():
    roots = {part.node for part in found("dla34", "root")}
    assert roots == {part.node for part in found("dla34", "aggregation")}
    assert len(roots) == 6
    assert {part.node for part in found("dla34", "level3.tree2.root")} > {"level3.tree2.root"}
    assert not found("dla34", "aggregation concat > 30 inputs")


@pytest.mark.parametrize("name", ["dla34", "vovnet39", "peleenet", "deeplabv3plus_resnet101_msc_os16"])
@pytest.mark.parametrize("style", [Style.MODULES, Style.OPERATIONS])
def test_opening_what_is_around_a_hit_shows_it(name, style):
    graph = graph_of(name)
    hits = locate(found(name, "conv k=3"), view(graph, style, frozenset()))
    assert hits
    for hit in hits[:12]:
        assert hit.shown is not None
        opened = view(graph, style, opening(graph, style, hit))
        again = next(each for each in locate(found(name, "conv k=3"), opened) if each.node == hit.node)
        # A module of one operation is that operation in the view of operations; else it is its own node or frame.
        assert not again.folded or set(opened.items[again.shown or ""].operations) <= set(
            next(part.operations for part in parts(graph) if part.node == hit.node)
        )


def test_what_is_drawn_into_edges_is_found_there():
    graph = graph_of("dla34")
    shown = view(graph, "paper")
    hits = locate(found("dla34", "max_pool2d"), shown)
    assert hits
    assert all(hit.shown is None and hit.edges for hit in hits)
    assert {edge for hit in hits for edge in hit.edges} <= {edge.id for edge in shown.edges}
