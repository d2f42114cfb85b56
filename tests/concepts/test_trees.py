"""What is read off the code's Tree, against the published algorithm run on names."""

import json
from pathlib import Path

import pytest

from explorer.concepts.tree_network import CHANNELS, traced
from explorer.concepts.trees import Part, projections, roots
from explorer.networks import build

KEYS = Path(__file__).parents[1] / "data" / "keys"
CASES = [(depth, level_root) for depth in range(1, 6) for level_root in (False, True)]


def published(depth, level_root):
    """ucbdrive/dla's forward pass on names: (root, its children in order) for every root that runs."""
    found = []

    def tree(path, depth, x, level_root, children=None):
        children = [] if children is None else children
        if level_root:
            children.append("input")
        if depth == 1:
            found.append((f"{path}.root", [f"{path}.tree2", f"{path}.tree1", *children]))
            return f"{path}.root"
        x1 = tree(f"{path}.tree1", depth - 1, x, False)
        children.append(x1)
        return tree(f"{path}.tree2", depth - 1, x1, False, children)

    tree("tree", depth, "input", level_root)
    return found


@pytest.mark.parametrize(("depth", "level_root"), CASES)
def test_roots_concatenate_what_the_published_code_does(depth, level_root):
    found = roots(traced(depth, level_root, root_residual=False))
    assert [(root.path, [child.source for child in root.children]) for root in found] == published(
        depth, level_root
    )
    assert len(found) == 2 ** (depth - 1)


@pytest.mark.parametrize(("depth", "level_root"), CASES)
def test_widths_and_columns(depth, level_root):
    for root in roots(traced(depth, level_root, root_residual=False)):
        bottoms = [child for child in root.children if child.part is Part.BOTTOM]
        assert root.width == CHANNELS[1] * (root.depth + 1) + CHANNELS[0] * len(bottoms)
        columns = [
            column for child in root.children for column in range(child.columns[0], child.columns[1] + 1)
        ]
        assert columns == list(range(root.width)), "the children tile the weight without gap or overlap"
        assert root.parameters == root.width * root.out_channels + 2 * root.out_channels
    assert len(bottoms) == level_root, "the last root, and no other, reads the tree's pooled input"


def test_the_width_of_a_published_root():
    shapes = dict(json.loads((KEYS / "dla34.json").read_text()))
    last = roots(traced(2, level_root=True, root_residual=False))[-1]
    assert shapes["level3.tree2.root.conv.weight"] == [last.out_channels, last.width, 1, 1]


@pytest.mark.parametrize("depth", range(1, 5))
def test_a_residual_root_adds_its_first_child_only(depth):
    for residual in (False, True):
        for root in roots(traced(depth, True, residual)):
            assert [child.added for child in root.children] == [residual] + [False] * (len(root.children) - 1)


@pytest.mark.parametrize(("depth", "level_root"), CASES)
def test_one_projection_is_read_and_the_others_are_dead(depth, level_root):
    found = projections(traced(depth, level_root, root_residual=False))
    assert [each.live for each in found] == [False] * (depth - 1) + [True]
    assert found[-1].path == ".".join(["tree", *["tree1"] * (depth - 1), "project"])
    assert {each.parameters for each in found} == {CHANNELS[0] * CHANNELS[1] + 2 * CHANNELS[1]}


def test_dead_projections_make_up_the_dead_parameters_of_dla34():
    from explorer.graph import trace

    graph = trace("dla34", (1, 3, 224, 224))
    dead = sum(each.parameters for each in projections(graph) if not each.live)
    assert dead == graph.totals.parameters - graph.totals.live_parameters
    assert graph.totals.parameters == sum(p.numel() for p in build("dla34").parameters())
