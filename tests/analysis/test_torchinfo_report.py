"""torchinfo's summary: its own totals, and differences that are explained to the last multiply-accumulate."""

import pytest
import torch
import torchinfo
from torch import nn

from explorer.analysis.torchinfo_report import torchinfo_report
from explorer.config import presets
from explorer.graph import trace
from explorer.networks import build


@pytest.mark.parametrize("name", ["dla34", "dla102x", "dla34up", "centernet_dla34", "centernet_dlav0_34"])
def test_differences_sum_to_both_totals(name):
    config = presets()[name]
    graph = trace(config, config.default_input)
    report = torchinfo_report(config, config.default_input, graph)
    assert report.parameters == graph.totals.parameters
    assert sum(difference.torchinfo for difference in report.differences) == report.macs
    assert sum(difference.graph for difference in report.differences) == graph.totals.macs
    assert all(bool(d.reason) == (d.torchinfo != d.graph) for d in report.differences)


def test_totals_are_those_of_a_run_on_real_tensors():
    config = presets()["scenes_det"]
    shape = (1, 3, 64, 64)
    report = torchinfo_report(config, shape, trace(config, shape))
    real = torchinfo.summary(build(config), input_size=shape, device="cpu", mode="eval", verbose=0)
    assert (report.macs, report.output_bytes) == (real.total_mult_adds, real.total_output_bytes)


def test_the_reasons_hold():
    """Bias and normalisation are exactly what the sentences say, counted from the modules themselves."""
    config = presets()["dla34up"]
    shape = (1, 3, 64, 96)
    network = build(config)
    biases = 0

    def count(module, given, result):
        nonlocal biases
        if module.bias is not None:
            biases += result.numel()

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    with torch.no_grad():
        network(torch.zeros(shape))
    found = {d.title: d for d in torchinfo_report(config, shape, trace(config, shape)).differences}
    convolutions = found["Convolutions"]
    assert convolutions.torchinfo - convolutions.graph == biases
    affine = sum(
        p.numel() for m in network.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters()
    )
    assert found["Batch normalisation"].torchinfo == affine


def test_one_networks_rows_never_serve_another():
    """torchinfo's cache is keyed by class name; both networks are of one class."""
    reports = []
    for name in ("dla34", "dla60"):
        config = presets()[name]
        reports.append(torchinfo_report(config, config.default_input, trace(config, config.default_input)))
    assert reports[0].parameters == 15_783_832
    assert reports[1].parameters == 22_334_104
