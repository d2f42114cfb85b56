"""Which network a checkpoint, or a network without a name, is: found by keys and shapes alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from explorer.config import ModelConfig, presets
from explorer.networks import construct
from explorer.networks.vovnet import OSA
from explorer.weights.layouts import Layout, Match, recognise
from explorer.weights.published import Registry


@dataclass(frozen=True)
class Known:
    """A network that has a name, or is a named one with something changed."""

    title: str
    config: ModelConfig

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every tensor of its state dict."""
        return shapes_of(construct(self.config).state_dict())


def shapes_of(state: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor."""
    return {key: tuple(tensor.shape) for key, tensor in state.items()}


def known_networks(registry: Registry) -> Iterator[Known]:
    """Every preset, and every other network that a published checkpoint belongs to."""
    for name, config in presets().items():
        yield Known(name, config)
    changed = {fit.config().digest: fit for item in registry for fit in item.fits if not fit.is_preset}
    for fit in changed.values():
        yield Known(f"{fit.preset} with {fit.changes}", fit.config())


def same_network(network: nn.Module, registry: Registry) -> list[Known]:
    """The known networks with the same keys and shapes and, where several have them, with the same modules."""
    wanted = shapes_of(network.state_dict())
    alike = [known for known in known_networks(registry) if known.shapes == wanted]
    # What keys do not show, such as rates of dilation, modules print.
    return [known for known in alike if repr(construct(known.config)) == repr(network)] or alike


def takes(known: Mapping[str, tuple[int, ...]], file: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether a network of these shapes takes a file of those."""
    if not 0.5 < len(file) / len(known) < 2:
        return False
    match = recognise(list(file), list(known))
    return not match.unexplained and all(known[name] == file[key] for key, name in match.names.items())


def owners(file: Mapping[str, tuple[int, ...]], registry: Registry) -> list[str]:
    """Titles of the known networks that take a file whose tensors have these shapes."""
    return [known.title for known in known_networks(registry) if takes(known.shapes, file)]


def refusal(
    match: Match,
    network: nn.Module,
    file: Mapping[str, tuple[int, ...]],
    expected: Mapping[str, tuple[int, ...]],
    registry: Registry,
) -> str:
    """Why a file does not fit, in sentences, where more is known than a list of keys; otherwise an empty string."""
    if match.layout is Layout.TIMM_VOVNET and (reason := _timm_vovnet(match, network)):
        return reason
    differing = {
        (file[key], expected[name]) for key, name in match.names.items() if file[key] != expected[name]
    }
    if not match.unexplained and differing and (classes := _classes(differing)):
        found, wanted = classes
        return (
            f"it was trained with {found:,} classes and this network has {wanted:,}; "
            f"the same network with {found:,} classes takes it."
        )
    if match.unexplained or differing:
        named = owners(file, registry)
        if named:
            return f"it is a checkpoint of {' or '.join(named[:3])}."
    return ""


def _timm_vovnet(match: Match, network: nn.Module) -> str:
    """timm's VoVNets share shapes with the authors' and compute something else."""
    if match.missing and all(".ese." in key for key in match.missing) and not match.unexpected:
        return (
            "timm's VoVNets weigh channels (eSE) in the last module of each stage alone, this network in "
            f"{'every one' if len(match.missing) > 2 else 'more of them'}: with attention: last it takes the file."
        )
    if match.unexplained:
        return ""
    adds = any(isinstance(module, OSA) and module.identity for module in network.modules())
    weighs = any(".ese." in name for name in match.names.values())
    if adds and not weighs:
        return (
            "timm's vovnet39a and vovnet57a add no identity in a stage's later modules, this network does: "
            "equal shapes, other outputs. With residual: false it takes the file."
        )
    return ""


def _classes(differing: set[tuple[tuple[int, ...], tuple[int, ...]]]) -> tuple[int, int] | None:
    """The two numbers of classes, where the first size of each tensor is all that differs, always in the same way."""
    pairs = {(found[0], wanted[0]) for found, wanted in differing if found and wanted}
    only_first = all(found[1:] == wanted[1:] for found, wanted in differing)
    return pairs.pop() if only_first and len(pairs) == 1 else None
