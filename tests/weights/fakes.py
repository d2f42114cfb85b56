"""Small stand-ins for networks and for the checkpoints that others publish, made from their key lists."""

import io
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

KEYS = Path(__file__).parents[1] / "data" / "keys"
VARIANTS = (
    "dla34",
    "dla46_c",
    "dla46x_c",
    "dla60x_c",
    "dla60",
    "dla60x",
    "dla102",
    "dla102x",
    "dla102x2",
    "dla169",
)


def key_list(name: str) -> list[tuple[str, tuple[int, ...]]]:
    """Every [key, shape] of a published layout, in the file's order."""
    return [(key, tuple(shape)) for key, shape in json.loads((KEYS / f"{name}.json").read_text())]


def small(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with at most three channels a dimension: the rules look at keys, and tests should be quick."""
    return tuple(min(size, 3) for size in shape)


def fake_state(name: str, seed: int = 0) -> dict[str, Tensor]:
    """Random tensors under the keys of a published layout."""
    generator = torch.Generator().manual_seed(seed)
    return {
        key: torch.tensor(7)
        if key.endswith("num_batches_tracked")
        else torch.rand(small(shape), generator=generator)
        for key, shape in key_list(name)
    }


class Fake(nn.Module):
    """A module whose state dict has exactly the given keys, filled with -1; it computes nothing."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        for key, like in state.items():
            *path, leaf = key.split(".")
            owner: nn.Module = self
            for part in path:
                if part not in owner._modules:
                    owner.add_module(part, nn.Module())
                owner = owner.get_submodule(part)
            value = torch.full_like(like, -1)
            if leaf.startswith(("running", "num")):
                owner.register_buffer(leaf, value)
            else:
                owner.register_parameter(leaf, nn.Parameter(value))


def fake_network(name: str) -> Fake:
    """A stand-in for the network whose keys a list gives."""
    return Fake(fake_state(name))


def saved(content: object, **options: object) -> bytes:
    """What torch.save writes."""
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)  # type: ignore[arg-type]  # options are torch.save's own
    return buffer.getvalue()


def untouched(network: nn.Module) -> bool:
    """Whether every value of a fake network is still what it was built with."""
    return all(bool((value == -1).all()) for value in network.state_dict().values())
