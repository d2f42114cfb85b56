"""Building: sizes, seeds, initial values, refusals, and configurations nobody published."""

import time
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.config import Aggregation, CenterNetHead, DLABackbone, DLAUpHead, ModelConfig, presets
from explorer.errors import BudgetError, ConfigError
from explorer.networks import build, construct
from tests.networks.reference import named_outputs

SLIM = DLABackbone(levels=(1, 1, 1, 2, 2, 1), channels=(4, 4, 6, 6, 8, 10))


def with_head(head):
    return ModelConfig(backbone=SLIM, head=head)


def test_the_seven_window_gives_one_row_at_224_and_flattens_larger_grids():
    network = build("dla34")
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, 224, 224)).shape == (2, 1000)
        assert network(torch.zeros(1, 3, 448, 448)).shape == (1, 4000)


def test_global_pooling_gives_one_row_at_any_size():
    config = ModelConfig.from_yaml(presets()["dla46_c"].to_yaml().replace("window7", "global"))
    with torch.inference_mode():
        assert build(config)(torch.zeros(1, 3, 320, 256)).shape == (1, 1000)


@pytest.mark.parametrize("ratio", [2, 4, 8, 16])
def test_segmentation_is_at_input_resolution_and_sums_to_one(ratio):
    network = build(with_head(DLAUpHead(classes=5, down_ratio=ratio)))
    with torch.inference_mode():
        log_probabilities, logits = network(torch.randn(1, 3, 64, 96))
    assert log_probabilities.shape == (1, 5, 64, 96)
    assert logits.shape == (1, 5, 64 // ratio, 96 // ratio)
    torch.testing.assert_close(log_probabilities.exp().sum(1), torch.ones(1, 64, 96))


@settings(max_examples=25, deadline=None)
@given(
    ratio=st.sampled_from([2, 4, 8, 16]),
    last=st.integers(2, 6),
    width=st.sampled_from([0, 8]),
    kernel=st.sampled_from([1, 3]),
    kind=st.sampled_from([("sum", True), ("sum", False), ("concat", False)]),
)
def test_any_detector_gives_its_maps_at_its_stride(ratio, last, width, kernel, kind):
    fields = dict(
        heads={"hm": 3, "wh": 2}, down_ratio=ratio, last_level=last, head_conv=width, final_kernel=kernel
    )
    if last <= ratio.bit_length() - 1:
        with pytest.raises(ValueError, match="last_level"):
            CenterNetHead(**fields)
        return
    head = CenterNetHead(**fields, aggregation=Aggregation(kind[0]), deformable=kind[1])
    with torch.inference_mode():
        outputs = dict(named_outputs(build(with_head(head))(torch.randn(1, 3, 64, 64))))
    assert {name: tuple(t.shape) for name, t in outputs.items()} == {
        "0.hm": (1, 3, 64 // ratio, 64 // ratio),
        "0.wh": (1, 2, 64 // ratio, 64 // ratio),
    }
    assert all(t.isfinite().all() for t in outputs.values())


def test_equal_seeds_give_equal_values_and_others_do_not():
    first, again, other = (build("scenes_det", seed=seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_every_value_is_initialised():
    for name in (
        "dla46x_c",
        "scenes_seg",
        "scenes_det",
        "vovnet19_slim_dw_ese",
        "densenet40_k12",
        "peleenet",
    ):
        torch.empty(10_000_000).fill_(float("nan"))  # memory that an uninitialised tensor would show
        assert all(value.isfinite().all() for value in build(name).state_dict().values())


def test_upsampling_starts_bilinear():
    network: Any = build(with_head(DLAUpHead(classes=2, down_ratio=4)))
    image = torch.rand(1, 2, 6, 7)
    raised = network.up(image)
    expected = torch.nn.functional.interpolate(image, scale_factor=4, mode="bilinear", align_corners=False)
    torch.testing.assert_close(raised[..., 4:-4, 4:-4], expected[..., 4:-4, 4:-4])
    assert not network.up.weight.requires_grad


def test_heatmaps_start_near_a_tenth():
    network: Any = build("scenes_det")
    assert network.hm[2].bias.sigmoid().mean().item() == pytest.approx(0.1, abs=0.01)


def test_a_deformable_network_starts_as_half_a_plain_one():
    """Offsets of zero and masks of sigmoid(0): the same sum as a plain convolution of half the weight."""
    network: Any = build("scenes_det")
    layer = network.ida_up.proj_1.conv
    x = torch.randn(1, layer.in_channels, 9, 8)
    plain = torch.nn.functional.conv2d(x, 0.5 * layer.weight, layer.bias, padding=1)
    torch.testing.assert_close(layer(x), plain)


def test_an_oversized_network_is_refused_before_anything_is_allocated():
    backbone = DLABackbone(levels=(6,) * 6, channels=(4096,) * 6)
    started = time.process_time()
    with pytest.raises(BudgetError, match=r"million parameters, but at most 500 million"):
        build(ModelConfig(backbone=backbone, head=DLAUpHead(classes=2)))
    assert (
        time.process_time() - started < 30
    )  # hundreds of gigabytes would take minutes, if they could be had


def test_unknown_presets_are_refused_with_near_names():
    with pytest.raises(ConfigError, match=r"'dla43'.*dla34"):
        build("dla43")


def test_constructing_allocates_nothing():
    assert all(value.is_meta for value in construct("dla169up").state_dict().values())
