"""The layer table against a plain forward pass with hooks, and against the network's own counts."""

import csv
import io
from collections import defaultdict

import pytest
import torch
from torch import nn

from explorer.analysis.layers import Grain, layer_table, section_costs
from explorer.analysis.layers_text import csv_text, shapes_text, step_text, window_text
from explorer.config import presets
from explorer.graph import trace
from explorer.networks import construct
from explorer.roles import Role

NAMES = ("dla34", "dla60x", "dla102", "dla34up", "centernet_dla34", "centernet_dla34_with_fc")


@pytest.fixture(scope="module", params=NAMES)
def graph(request):
    config = presets()[request.param]
    return trace(config, config.default_input)


@pytest.mark.parametrize("grain", list(Grain))
def test_every_column_sums_to_the_network(graph, grain):
    rows = layer_table(graph, grain)
    assert sum(row.parameters for row in rows) == graph.totals.parameters
    assert sum(row.live_parameters for row in rows) == graph.totals.live_parameters
    assert sum(row.macs for row in rows) == graph.totals.macs
    assert sum(row.activation_bytes for row in rows) == graph.totals.activation_bytes
    held = sorted(operation for row in rows for operation in row.operations)
    assert held == list(range(len(graph.operations)))


def test_sections_add_up_to_the_network(graph):
    costs = section_costs(graph).values()
    assert sum(cost.parameters for cost in costs) == graph.totals.parameters
    assert sum(cost.live_parameters for cost in costs) == graph.totals.live_parameters
    assert sum(cost.macs for cost in costs) == graph.totals.macs
    assert sum(cost.activation_bytes for cost in costs) == graph.totals.activation_bytes


@pytest.mark.parametrize("name", ["dla34", "dla60x", "dla34up"])
def test_modules_have_the_shapes_and_counts_that_a_forward_pass_shows(name):
    config = presets()[name]
    network = construct(config, device="meta")
    seen = defaultdict(list)
    for path, module in network.named_modules():
        if not list(module.children()):
            module.register_forward_hook(
                lambda module, given, result, path=path: seen[path].append(
                    (tuple(given[0].shape), tuple(result.shape))
                )
            )
    with torch.no_grad():
        network(torch.empty(config.default_input, device="meta"))
    modules = dict(network.named_modules())
    rows = {row.node: row for row in layer_table(trace(config, config.default_input), Grain.MODULES)}
    checked = 0
    for path, calls in seen.items():
        for call, (given, result) in enumerate(calls):
            row = rows.pop(f"{path}#{call}" if call else path, None)
            if row is None:
                assert isinstance(modules[path], nn.Identity)
                continue
            module = modules[path]
            assert (row.inputs, row.outputs) == ((given,), (result,)), path
            assert row.type == type(module).__name__
            counted = sum(p.numel() for p in module.parameters()) if call == 0 else 0
            assert row.parameters == counted
            if isinstance(module, nn.Conv2d):
                assert row.kernel == (module.kernel_size,)
                assert row.stride == (module.stride,)
                assert row.dilation == (module.dilation,)
                assert row.groups == (module.groups,)
                per_position = module.weight.numel()
                assert row.macs == per_position * result[2] * result[3]
            checked += 1
    assert checked > 100
    # What is left computes in the forward of a module with children: sums and concatenations.
    assert {row.type for row in rows.values() if row.operations} <= {
        "BasicBlock", "Bottleneck", "Root", "DLAClassifier", "DLASegmenter", "ConcatNode",
    }  # fmt: skip


def test_dead_projections_are_the_rows_without_live_parameters():
    rows = layer_table(trace("dla34", (1, 3, 224, 224)), Grain.PARTS)
    dead = {row.path: row.parameters for row in rows if not row.live}
    assert dead == {"level3.project": 128 * 64 + 256, "level4.project": 256 * 128 + 512}
    assert all(row.dead_parameters == row.parameters for row in rows if not row.live)


def test_a_module_that_never_runs_has_a_row_of_its_own():
    (row,) = [
        row for row in layer_table(trace("centernet_dla34_with_fc", (1, 3, 64, 64))) if not row.operations
    ]
    assert (row.path, row.parameters, row.live, row.outputs) == ("base.fc", 512 * 1000 + 1000, False, ())


def test_parts_are_what_the_paper_names():
    rows = {row.path: row for row in layer_table(trace("dla34", (1, 3, 224, 224)), Grain.PARTS)}
    assert all(row.role is not None for path, row in rows.items() if path)
    root = rows["level3.tree2.root"]
    assert root.role is Role.ROOT
    assert root.stage == 3
    # The last block, the first of this tree, the pooled input of the stage, the first tree of the stage.
    assert [shape[1] for shape in root.inputs] == [128, 128, 64, 128]
    assert root.outputs == ((1, 128, 28, 28),)


class Twice(nn.Module):
    """A layer with its weights used twice."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        return self.conv(self.conv(x)) + x


def test_a_module_called_twice_has_two_rows_and_counts_its_parameters_once():
    rows = layer_table(trace(Twice(), (2, 4, 8, 8)))
    assert [row.node for row in rows] == ["conv", "conv#1", ""]
    assert [row.parameters for row in rows] == [4 * 4 * 9 + 4, 0, 0]
    assert [row.macs for row in rows] == [2 * 4 * 4 * 9 * 64, 2 * 4 * 4 * 9 * 64, 0]
    assert rows[2].inputs == ((2, 4, 8, 8), (2, 4, 8, 8))


def test_csv_reads_back_as_the_rows():
    rows = layer_table(trace("dla34", (1, 3, 224, 224)))
    read = list(csv.DictReader(io.StringIO(csv_text(rows), newline="")))
    assert [line["path"] for line in read] == [row.path for row in rows]
    assert sum(int(line["parameters"]) for line in read) == 15_783_832
    assert read[0]["kernel"] == "7×7"
    assert read[0]["inputs"] == "1×3×224×224"


def test_settings_in_words():
    assert window_text(((3, 3), (3, 3))) == "3×3"
    assert window_text(((1, 1), (3, 3), (1, 1))) == "1×1, 3×3, 1×1"
    assert window_text(()) == ""
    assert step_text(((2, 2), (1, 1))) == "2, 1"
    assert step_text(((2, 1),)) == "2×1"
    assert step_text((32, 32)) == "32"
    assert shapes_text(((1, 64, 8, 8), (1, 64, 8, 8), (1, 32, 8, 8))) == "2 · 64×8×8 + 32×8×8"
