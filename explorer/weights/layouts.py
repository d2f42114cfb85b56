"""The layouts that published checkpoints have, told apart by their keys.

Sources: ucbdrive/dla ``dla.py`` (original names), huggingface/pytorch-image-models ``timm/models/dla.py`` (the same
names; ``project`` exists in leaf trees only), xingyizhou/CenterNet ``models/model.py`` (``module.`` prefix, and
``base.fc`` left over from the classifier that training started from).

A layout is a set of stated allowances. Whatever no allowance covers is a mismatch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

COUNTER = ".num_batches_tracked"
"""PyTorch before 0.4.1 wrote no such key; it counts training steps and evaluation does not read it."""

PARALLEL_PREFIX = "module."
"""What torch.nn.DataParallel puts before every key."""

LEFTOVER_CLASSIFIER = ("base.fc.weight", "base.fc.bias")
"""The ImageNet classifier of CenterNet's backbone, which its detector never runs."""


class Layout(StrEnum):
    """How a checkpoint's keys relate to the network's."""

    ORIGINAL = "original"
    TIMM = "timm"
    CENTERNET = "centernet"


@dataclass(frozen=True, slots=True)
class Match:
    """Keys of a checkpoint, read as ``layout``.

    ``absent`` are keys of the network that the layout lacks by rule and ``leftover`` keys of the file that the
    network lacks by rule. ``missing`` and ``unexpected`` are covered by no rule.
    """

    layout: Layout
    absent: tuple[str, ...]
    leftover: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]


def without_parallel_prefix(keys: Sequence[str]) -> dict[str, str]:
    """Each key, and what it is called without ``module.``: dropped only where every key has it."""
    if keys and all(key.startswith(PARALLEL_PREFIX) for key in keys):
        return {key: key.removeprefix(PARALLEL_PREFIX) for key in keys}
    return {key: key for key in keys}


def dead_projections(network_keys: Iterable[str]) -> list[str]:
    """Keys of the ``project`` modules whose result never reaches an output.

    A tree hands its projected input to its first child. A child that is a tree itself projects its input again
    and drops what it was handed, so ``project`` counts only where ``tree1`` is a block: exactly there, no
    ``tree1.tree1`` exists.
    """
    keys = list(network_keys)
    owners = {key: key[: key.rindex(".project.")] for key in keys if ".project." in key}
    nested = {
        path for path in set(owners.values()) if any(key.startswith(f"{path}.tree1.tree1.") for key in keys)
    }
    return [key for key, owner in owners.items() if owner in nested]


def recognise(file_keys: Sequence[str], network_keys: Sequence[str]) -> Match:
    """The layout that explains ``file_keys`` (already without ``module.``) with the least left over.

    Allowances, each all or nothing, so that a file with half of them missing is a mismatch:

    * any layout may lack every ``num_batches_tracked``;
    * ``TIMM`` lacks every key of the dead projections;
    * ``CENTERNET`` may hold ``base.fc.weight`` and ``base.fc.bias`` beyond a network whose keys start with
      ``base.``.
    """
    known, present = set(network_keys), set(file_keys)
    counters = [key for key in network_keys if key.endswith(COUNTER)]
    unwritten = set() if present.intersection(counters) else set(counters)
    dead = set(dead_projections(network_keys))
    lacks_dead = bool(dead) and not present & (dead - unwritten)
    leftover = (
        LEFTOVER_CLASSIFIER
        if present.issuperset(LEFTOVER_CLASSIFIER)
        and not known.intersection(LEFTOVER_CLASSIFIER)
        and any(key.startswith("base.") for key in known)
        else ()
    )
    allowed = unwritten | (dead if lacks_dead else set())
    layout = Layout.TIMM if lacks_dead else Layout.CENTERNET if leftover else Layout.ORIGINAL
    return Match(
        layout=layout,
        absent=tuple(key for key in network_keys if key in allowed),
        leftover=leftover,
        missing=tuple(key for key in network_keys if key not in present and key not in allowed),
        unexpected=tuple(key for key in file_keys if key not in known and key not in leftover),
    )
