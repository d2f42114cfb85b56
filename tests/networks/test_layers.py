"""The layers that skip initialisation are torch's own in everything else."""

import pytest
import torch
from torch import nn

from explorer.networks.layers import BatchNorm2d, Conv2d, Linear


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Conv2d(6, 8, 3), nn.Conv2d(6, 8, 3)),
        (Conv2d(6, 8, 3, 2, 1, 1, 2, bias=False), nn.Conv2d(6, 8, 3, 2, 1, 1, 2, bias=False)),
        (Conv2d(6, 8, 5, padding=4, dilation=2), nn.Conv2d(6, 8, 5, padding=4, dilation=2)),
        (BatchNorm2d(4), nn.BatchNorm2d(4)),
        (BatchNorm2d(4, 0.001), nn.BatchNorm2d(4, momentum=0.001)),
    ],
)
def test_layers_have_every_attribute_that_torch_sets(ours: nn.Module, theirs: nn.Module) -> None:
    def plain(module: nn.Module) -> dict[str, object]:
        return {key: value for key, value in vars(module).items() if key not in ("_parameters", "_buffers")}

    assert plain(ours) == plain(theirs)
    assert repr(ours) == repr(theirs)
    assert {k: (v.shape, v.dtype, v.requires_grad) for k, v in ours.state_dict(keep_vars=True).items()} == {
        k: (v.shape, v.dtype, v.requires_grad) for k, v in theirs.state_dict(keep_vars=True).items()
    }
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 4 if isinstance(ours, BatchNorm2d) else 6, 9, 9)
    assert torch.equal(ours.eval()(x), theirs.eval()(x))


def test_linear_is_torchs_and_draws_its_values_from_the_generator() -> None:
    ours, theirs = Linear(6, 4), nn.Linear(6, 4)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(3, 6)
    assert torch.equal(ours(x), theirs(x))
    ours.initialise(torch.Generator().manual_seed(1))
    first = ours.weight.clone()
    ours.initialise(torch.Generator().manual_seed(1))
    assert torch.equal(first, ours.weight)
    assert first.abs().max() <= 6**-0.5
    assert not ours.bias.any()
