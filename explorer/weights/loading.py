"""A checkpoint into a network: read, recognised, compared key by key, and only then copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from explorer.config import presets
from explorer.errors import WeightsError
from explorer.weights.info import WeightsInfo, WeightsKind
from explorer.weights.kinship import refusal, same_network, shapes_of
from explorer.weights.layouts import COUNTER, Match, recognise, without_parallel_prefix
from explorer.weights.library import Library, library
from explorer.weights.published import Published
from explorer.weights.reading import LIMIT, Checkpoint, Source, read
from explorer.weights.report import Difference, MismatchError, MismatchReport
from explorer.weights.shipping import Card, is_shipped, shipped_by_name

ROOM = 16 * 2**20
"""Bytes that a file may have beside its tensors: an epoch's number, a log."""

COPIES = 4
"""How often a file may hold a network's float32 bytes: an optimizer keeps two more numbers a weight, and double
precision takes two."""


def load(
    network: nn.Module, source: Source, books: Library | None = None, item: Published | None = None
) -> WeightsInfo:
    """Load ``source`` into ``network``, whose parameters must have storage (not on meta); see ``weights.load``.

    ``books`` (the product's library by default) knows the published files; ``item`` says that ``source`` is one.
    """
    shelf = library() if books is None else books
    if isinstance(source, str):
        source, item = find(network, source, shelf)
    expected = network.state_dict()
    shapes = shapes_of(expected)
    checkpoint = read(source, item.limit if item else min(LIMIT, _most(expected)))
    if item is not None and item.checksums and not item.matches(checkpoint.digests):
        raise WeightsError(
            f"{checkpoint.name} is not the published file: its checksum is another. Delete it and fetch it again."
        )
    plain = without_parallel_prefix(list(checkpoint.tensors))
    given = {plain[key]: tensor for key, tensor in checkpoint.tensors.items()}
    match = recognise(list(given), list(expected))
    found = {name: given[key] for key, name in match.names.items()}
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
    reason = refusal(match, network, shapes_of(given), shapes, shelf.registry)
    if report or reason:
        raise MismatchError(checkpoint.name, report, reason)
    complete = {key: found[key] if key in found else _neutral(key, expected[key]) for key in expected}
    # Strict, though compared already: PyTorch converts to the network's own types while it copies.
    network.load_state_dict(complete, strict=True)
    loaded = {key: found[key] for key in expected if key in found}
    notes = _notes(checkpoint, match, loaded, prefixed=given.keys() != checkpoint.tensors.keys())
    if isinstance(source, Path) and is_shipped(source):
        return Card.of(source).info(notes)
    known = item or shelf.registry.with_digests(checkpoint.digests)
    if known is None:
        return WeightsInfo(WeightsKind.OWN, checkpoint.name, checkpoint.name, "not known", notes)
    unchecked = "" if known.checksums else "No checksum was published: the file is what its server sent. "
    return known.info(f"{unchecked}{notes}")


def find(network: nn.Module, name: str, books: Library) -> tuple[Path, Published | None]:
    """The file that a string names: ``published``, a checkpoint, a preset, or a path; see ``weights.load``."""
    if name == WeightsKind.PUBLISHED:
        item = _published_for(network, books)
        return books.required(item), item
    if books.registry.has(name):
        item = books.registry.named(name)
        if not item.usable:
            raise WeightsError(f"{item.title}: {item.unfit}")
        return books.required(item), item
    if (file := shipped_by_name(name)) is not None:
        return file, None
    if name in presets() and not Path(name).is_file():
        item = books.choose(presets()[name])
        return books.required(item), item
    return Path(name), None


def _published_for(network: nn.Module, books: Library) -> Published:
    """The published checkpoint of a network that does not say which it is."""
    same = same_network(network, books.registry)
    fitting = [known for known in same if books.registry.for_config(known.config)]
    if not fitting:
        named = same[0].title if same else "this network"
        raise WeightsError(f"No weights are published for {named}; it can run with random ones.")
    if len(fitting) < len(same):
        raise WeightsError(
            f"{', '.join(known.title for known in same)} have the same keys and shapes: "
            f"say which file by its name, such as {books.choose(fitting[0].config).name}."
        )
    return books.choose(fitting[0].config)


def _most(expected: Mapping[str, Tensor]) -> int:
    """The most bytes that a checkpoint of a network with this state dict needs."""
    return COPIES * 4 * sum(tensor.numel() for tensor in expected.values()) + ROOM


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
        f"Read as {match.title}.",
        f"Dropped the prefix “module.” of {len(checkpoint.tensors):,} keys." if prefixed else "",
        f"Left out of the file: {', '.join(checkpoint.dropped)}." if checkpoint.dropped else "",
        f"Not used by this network: {_some(match.leftover)}." if match.leftover else "",
        f"Absent by this layout and set to zero, without any influence on the outputs: {', '.join(paths)}."
        if paths
        else "",
        f"Absent in older files, and in frozen ones: {len(counters):,} training counters (num_batches_tracked)."
        if counters
        else "",
        f"Stored as {', '.join(types)} and converted." if types else "",
        f"Not every number is finite in {_some(infinite)}." if infinite else "",
    ]
    return " ".join(note for note in notes if note)


def _some(keys: Sequence[str], shown: int = 3) -> str:
    """The first keys, and how many more there are."""
    rest = f" and {len(keys) - shown:,} more" if len(keys) > shown else ""
    return f"{', '.join(keys[:shown])}{rest}"
