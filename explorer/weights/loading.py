"""A checkpoint into a network: read, recognised, compared key by key, and only then copied."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from explorer.weights.info import WeightsInfo, WeightsKind
from explorer.weights.layouts import COUNTER, Layout, Match, recognise, without_parallel_prefix
from explorer.weights.published import find_published
from explorer.weights.reading import Checkpoint, Source, read
from explorer.weights.report import Difference, MismatchError, MismatchReport
from explorer.weights.shipping import Card, is_shipped, shipped_by_name

LAYOUT_TITLES: Mapping[Layout, str] = {
    Layout.ORIGINAL: "the network's own keys",
    Layout.TIMM: "the layout of timm and Hugging Face",
    Layout.CENTERNET: "the layout of CenterNet's detectors",
}


def load(network: nn.Module, source: Source) -> WeightsInfo:
    """Load ``source`` into ``network``, whose parameters must have storage (not on meta); see ``weights.load``."""
    if isinstance(source, str):
        source = shipped_by_name(source) or Path(source)
    checkpoint = read(source)
    names = without_parallel_prefix(list(checkpoint.tensors))
    found = {names[key]: tensor for key, tensor in checkpoint.tensors.items()}
    expected = network.state_dict()
    match = recognise(list(found), list(expected))
    report = MismatchReport(
        missing=match.missing,
        unexpected=match.unexpected,
        shapes=tuple(
            Difference(key, str(list(found[key].shape)), str(list(expected[key].shape)))
            for key in expected
            if key in found and found[key].shape != expected[key].shape
        ),
        types=tuple(
            Difference(key, _type_name(found[key]), _type_name(expected[key]))
            for key in expected
            if key in found and not _fits(found[key], expected[key])
        ),
    )
    if report:
        raise MismatchError(checkpoint.name, report)
    complete = {key: found[key] if key in found else _neutral(key, expected[key]) for key in expected}
    # Strict, though compared already: PyTorch converts to the network's own types while it copies.
    network.load_state_dict(complete, strict=True)
    loaded = {key: found[key] for key in expected if key in found}
    notes = _notes(checkpoint, match, loaded, prefixed=found.keys() != checkpoint.tensors.keys())
    if isinstance(source, Path) and is_shipped(source):
        return Card.of(source).info(notes)
    return _describe(checkpoint, notes)


def _fits(found: Tensor, expected: Tensor) -> bool:
    """Whether a dense tensor of numbers can be copied: real to real, whole to whole."""
    dense = found.layout is torch.strided and not found.is_quantized and found.device.type == "cpu"
    return dense and _sort(found) == _sort(expected)


def _sort(tensor: Tensor) -> str:
    if tensor.is_complex() or tensor.dtype is torch.bool:
        return str(tensor.dtype)
    return "real" if tensor.is_floating_point() else "whole"


def _type_name(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _neutral(key: str, like: Tensor) -> Tensor:
    """The value of a key that a layout lacks by rule: nothing in the outputs depends on it.

    A dead projection becomes a convolution of zeros before an identity normalisation, so that it computes 0.
    """
    is_identity = key.endswith(".running_var") or (key.endswith(".weight") and like.dim() == 1)
    return torch.ones_like(like) if is_identity else torch.zeros_like(like)


def _notes(checkpoint: Checkpoint, match: Match, loaded: Mapping[str, Tensor], prefixed: bool) -> str:
    """Every allowance that was made, in sentences."""
    counters = [key for key in match.absent if key.endswith(COUNTER)]
    dead = [key for key in match.absent if ".project." in key]
    paths = sorted({key[: key.rindex(".project.")] + ".project" for key in dead})
    types = sorted({_type_name(t) for t in loaded.values() if t.is_floating_point()} - {"float32"})
    infinite = [key for key, t in loaded.items() if t.is_floating_point() and not t.isfinite().all()]
    notes = [
        f"Read as {LAYOUT_TITLES[match.layout]}.",
        f"Dropped the prefix “module.” of {len(checkpoint.tensors):,} keys." if prefixed else "",
        f"Left out of the file: {', '.join(checkpoint.dropped)}." if checkpoint.dropped else "",
        f"Not used by this network: {', '.join(match.leftover)}." if match.leftover else "",
        f"Absent by this layout and set to zero, without any influence on the outputs: {', '.join(paths)}."
        if paths
        else "",
        f"Absent in older files: {len(counters):,} training counters (num_batches_tracked)."
        if counters
        else "",
        f"Stored as {', '.join(types)} and converted." if types else "",
        f"Not every number is finite in {', '.join(infinite[:3])}"
        f"{f' and {len(infinite) - 3:,} more' if len(infinite) > 3 else ''}."
        if infinite
        else "",
    ]
    return " ".join(note for note in notes if note)


def _describe(checkpoint: Checkpoint, notes: str) -> WeightsInfo:
    """What is known of a file that did not ship with the product."""
    published = find_published(checkpoint.digests)
    if published is None:
        return WeightsInfo(WeightsKind.OWN, checkpoint.name, checkpoint.name, "not known", notes)
    return WeightsInfo(WeightsKind.PUBLISHED, published.title, published.source, published.licence, notes)
