"""The forms of the DLA paper's Fig. 2: the recursion, its terms, the network and the drawing say the same."""

from functools import cache
from itertools import pairwise

import pytest

from explorer.concepts.aggregation import traced
from explorer.concepts.forms import FACTS, Form
from explorer.concepts.measures import measures
from explorer.concepts.placement import drawn, placed
from explorer.concepts.terms import blocks_of, expand, nested
from explorer.roles import Role

CASES = [(form, size) for form, facts in FACTS.items() for size in range(facts.sizes[0], facts.sizes[1] + 1)]


class Expressions:
    """Expressions as numbers: two are equal exactly if they are written the same."""

    def __init__(self):
        self.known = {}

    def __call__(self, *parts):
        return self.known.setdefault(parts, len(self.known))


def written(form, size, e):
    """The paper's equations, and ours for what it only draws, taken literally."""

    def block(x):
        return e("B", x)

    def node(*xs):
        return e("N", *xs)

    chain = [e("x")]
    for _ in range(size):
        chain.append(block(chain[-1]))
    features = chain[1:]

    def iterative(xs):  # equation 1
        return xs[0] if len(xs) == 1 else iterative([node(xs[0], xs[1]), *xs[2:]])

    def shallow(xs):
        return xs[0] if len(xs) == 1 else node(shallow(xs[1:]), xs[0])

    def tree(n, blocks):
        half = len(blocks) // 2
        return blocks[0] if n == 0 else node(tree(n - 1, blocks[:half]), tree(n - 1, blocks[half:]))

    @cache
    def reentrant(n, x):
        return block(x) if n == 0 else node(reentrant(n - 1, x), reentrant(n - 1, reentrant(n - 1, x)))

    @cache
    def hierarchical(n, x):  # equation 2
        return node(*(right(n, m, x) for m in range(n - 1, 0, -1)), left(n, 1, x), left(n, 2, x))

    def left(n, index, x):  # equation 3
        if index == 2:
            return block(left(n, 1, x))
        return block(right(n, 1, x) if n > 1 else x)

    def right(n, m, x):  # equation 3
        return hierarchical(m, x if m == n - 1 else right(n, m + 1, x))

    if form is Form.TREE:
        sequence = [block(e("x"))]
        while len(sequence) < 2**size:
            sequence.append(block(sequence[-1]))
        return tree(size, sequence)
    return {
        Form.NONE: lambda: features[-1],
        Form.SHALLOW: lambda: shallow(features),
        Form.ITERATIVE: lambda: iterative(features),
        Form.REENTRANT: lambda: reentrant(size, e("x")),
        Form.HIERARCHICAL: lambda: hierarchical(size, e("x")),
    }[form]()


def computed(graph, e):
    """What the traced network computes, read off its operations: path of each block and node to its expression."""
    values = {graph.inputs[0]: e("x")}
    found = {}
    parts = {scope.path: scope.role for scope in graph.scopes if scope.role in (Role.BLOCK, Role.ROOT)}
    for path, role in sorted(parts.items(), key=lambda item: first_operation(graph, item[0]).id):
        inside = [each for each in graph.operations if each.path == path or each.path.startswith(f"{path}.")]
        symbol = "N" if role is Role.ROOT else "B"
        # A node begins with its concatenation, a block with its first convolution: their inputs, in order.
        found[path] = e(symbol, *(values[tensor] for tensor in inside[0].inputs))
        values[inside[-1].outputs[0]] = found[path]
    return found, values[graph.outputs[0]]


def first_operation(graph, path):
    return next(each for each in graph.operations if each.path == path or each.path.startswith(f"{path}."))


@pytest.mark.parametrize(("form", "size"), CASES)
def test_the_network_computes_what_is_written(form, size):
    e = Expressions()
    _, output = computed(traced(form, size), e)
    assert output == written(form, size, e)


@pytest.mark.parametrize(("form", "size"), CASES)
def test_every_term_is_what_its_module_computes(form, size):
    e = Expressions()
    found, _ = computed(traced(form, size), e)
    terms = expand(form, size)
    assert {term.path for term in terms} == set(found)
    expressions = {"x": e("x")} | {term.symbol: found[term.path] for term in terms}
    assert len(expressions) == len(terms) + 1
    for term in terms:
        kind = "N" if term.is_node else "B"
        assert expressions[term.symbol] == e(kind, *(expressions[read] for read in term.reads))


@pytest.mark.parametrize(("form", "size"), CASES)
def test_the_nested_expression_evaluates_to_the_output(form, size):
    e = Expressions()
    found, output = computed(traced(form, size), e)
    terms = expand(form, size)
    names = {term.symbol.replace("{", "").replace("}", ""): found[term.path] for term in terms}
    names |= {"x": e("x"), "N": lambda *xs: e("N", *xs), "B": lambda x: e("B", x)}
    written_out = nested(terms).replace("{", "").replace("}", "")
    assert eval(written_out, {"__builtins__": {}}, names) == output
    for term in terms:
        assert nested(terms, term).count(r"\boxed") == 1, "every term has one place in the expression"


@pytest.mark.parametrize("n", range(1, 6))
def test_closed_forms_of_trees(n):
    counts = {form: measured(form, n) for form in (Form.TREE, Form.REENTRANT, Form.HIERARCHICAL)}
    assert {found.blocks for found in counts.values()} == {2**n}
    assert counts[Form.TREE].nodes == counts[Form.REENTRANT].nodes == 2**n - 1
    assert counts[Form.HIERARCHICAL].nodes == 2 ** (n - 1)
    assert {len(found.shortest) for found in counts.values()} == {n + 1}
    # The tree only leads up; where aggregates re-enter, one path passes everything there is.
    assert len(counts[Form.TREE].longest) == 2**n + n
    assert len(counts[Form.REENTRANT].longest) == 2 ** (n + 1) - 1
    assert len(counts[Form.HIERARCHICAL].longest) == 2**n + 2 ** (n - 1)


@pytest.mark.parametrize("n", range(2, 9))
def test_closed_forms_of_chains(n):
    none, shallow, iterative = (measured(form, n) for form in (Form.NONE, Form.SHALLOW, Form.ITERATIVE))
    assert (none.blocks, none.nodes, len(none.shortest), len(none.longest)) == (n, 0, n, n)
    assert shallow.nodes == iterative.nodes == n - 1
    assert (len(shallow.shortest), len(shallow.longest)) == (2, n + n - 1)
    assert (len(iterative.shortest), len(iterative.longest)) == (n, n + 1)


@pytest.mark.parametrize(("form", "size"), CASES)
def test_the_mean_distance_is_that_of_a_search(form, size):
    shown = drawn(traced(form, size), form, expand(form, size))
    onward = {node.id: [edge.target for edge in shown.out_of(node.id)] for node in shown.nodes}

    def distance(start):
        ring, steps = {start}, 0
        while "output:0" not in ring:
            ring, steps = {target for node in ring for target in onward[node]}, steps + 1
        return steps - 1

    blocks = [node.id for node in shown.nodes if node.role is Role.BLOCK]
    assert measures(shown).mean == pytest.approx(sum(map(distance, blocks)) / len(blocks))


@pytest.mark.parametrize(("form", "size"), CASES)
def test_the_drawing_is_the_figure(form, size):
    terms = expand(form, size)
    shown = drawn(traced(form, size), form, terms)
    boxes = placed(shown, terms, form).boxes
    blocks = sorted((term for term in terms if not term.is_node), key=lambda term: term.number)
    assert len({boxes[block.path].y for block in blocks}) == 1, "blocks stand in one row"
    assert all(boxes[a.path].right < boxes[b.path].x for a, b in pairwise(blocks))
    for term in terms:
        if term.is_node:
            last = blocks_of(term, terms)[-1]
            assert boxes[term.path].bottom < boxes[last.path].y
            assert boxes[term.path].x > boxes[last.path].right
    everything = list(boxes.values())
    for index, a in enumerate(everything):
        for b in everything[index + 1 :]:
            assert a.right <= b.x or b.right <= a.x or a.bottom <= b.y or b.bottom <= a.y, (a, b)


@pytest.mark.parametrize(("form", "size"), CASES)
def test_edges_touch_both_of_their_ends_and_nothing_else(form, size):
    terms = expand(form, size)
    shown = drawn(traced(form, size), form, terms)
    layout = placed(shown, terms, form)
    for curve in layout.edges:
        assert distance_to(layout.boxes[curve.source], curve.points[0]) < 0.2
        assert (
            distance_to(layout.boxes[curve.target], curve.points[-1]) < 6.0
        )  # round nodes lie inside their boxes
        others = [box for key, box in layout.boxes.items() if key not in (curve.source, curve.target)]
        for point in sampled(curve.points):
            assert not any(box.x < point[0] < box.right and box.y < point[1] < box.bottom for box in others)


def distance_to(box, point):
    """How far a point is from a box's outline or inside."""
    dx = max(box.x - point[0], 0, point[0] - box.right)
    dy = max(box.y - point[1], 0, point[1] - box.bottom)
    inside = min(point[0] - box.x, box.right - point[0], point[1] - box.y, box.bottom - point[1])
    return max(dx, dy, min(inside, 6.0 if inside > 6.0 else 0.0))


def sampled(points):
    for first in range(0, len(points) - 1, 3):
        a, b, c, d = points[first : first + 4]
        for t in (step / 12 for step in range(13)):
            u = 1 - t
            yield tuple(
                u**3 * p + 3 * u * u * t * q + 3 * u * t * t * r + t**3 * s
                for p, q, r, s in zip(a, b, c, d, strict=True)
            )


def measured(form, size):
    return measures(drawn(traced(form, size), form, expand(form, size)))
