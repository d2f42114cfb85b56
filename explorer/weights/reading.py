"""Checkpoint files from strangers: bounded, then read without running anything in them.

Two containers are read. safetensors holds only numbers. PyTorch's own is a pickle, a small program, and is read
with ``weights_only=True`` after a look through its instructions: it may call nothing but the few functions that
put tensors back together.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import pickletools
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from explorer.errors import WeightsError
from explorer.weights.container import HEAD, Container, container_of

Source = str | Path | bytes | bytearray | memoryview | BinaryIO

LIMIT = 512 * 2**20
"""Largest file, and largest unpacked content, in bytes; the largest published file (dla169) has 216 MB."""

NAME_LENGTH = 120
"""Characters of an uploaded file's name that are shown."""

WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts put the state dict among epoch, optimizer and the like."""

_TORCH_CALLS = frozenset(
    {"collections.OrderedDict", "torch.Size", "torch.device", "torch.nn.parameter.Parameter",
     "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter"}
)  # fmt: skip
_LEGACY_PICKLES = 5  # magic number, protocol, machine, the object, the names of its storages


@dataclass(frozen=True)
class Checkpoint:
    """The tensors of a file by key, in the file's order, on the CPU.

    ``name`` is the file's name for people, ``dropped`` what lay beside a wrapped state dict (its epoch, its
    optimizer), ``digests`` the hexadecimal SHA-256 and SHA-384 of the whole file.
    """

    name: str
    tensors: Mapping[str, Tensor]
    dropped: tuple[str, ...]
    digests: Mapping[str, str]


def read(source: Source, limit: int = LIMIT) -> Checkpoint:
    """Read a checkpoint file, given by path, bytes or open binary file.

    Raises WeightsError for a file that is missing, larger than ``limit`` bytes, of another kind, damaged, that asks
    to run code, or whose tensors are not under their keys.
    """
    name, data = _bounded(source, limit)
    content: object
    match container_of(data[:HEAD]):
        case Container.ZIP:
            content = _read_zip(name, data, limit)
        case Container.SAFETENSORS:
            content = _read_safetensors(name, data)
        case Container.PICKLE:
            content = _read_pickle(name, data, _legacy_instructions(data))
        case None:
            raise WeightsError(f"{name} is neither a safetensors file nor a PyTorch checkpoint.")
    tensors, dropped = _unwrap(name, content)
    digests = {algorithm: hashlib.new(algorithm, data).hexdigest() for algorithm in ("sha256", "sha384")}
    return Checkpoint(name, tensors, dropped, digests)


def _bounded(source: Source, limit: int) -> tuple[str, bytes]:
    """The name and bytes of a source, whose size is checked before it is read."""
    if isinstance(source, str | Path):
        path = Path(source)
        if not path.is_file():
            raise WeightsError(f"There is no weights file named {path.name!r}.")
        _check_size(path.name, path.stat().st_size, limit)
        return path.name, path.read_bytes()
    if isinstance(source, bytes | bytearray | memoryview):
        size = source.nbytes if isinstance(source, memoryview) else len(source)
        _check_size("The file", size, limit)
        return "The file", bytes(source)
    name = Path(str(getattr(source, "name", "The file"))).name[:NAME_LENGTH]
    _check_size(name, source.seek(0, io.SEEK_END), limit)
    source.seek(0)
    return name, source.read()


def _check_size(name: str, size: int, limit: int) -> None:
    if size == 0:
        raise WeightsError(f"{name} is empty.")
    if size > limit:
        rule = "are read" if limit >= LIMIT else "are read for this network"
        raise WeightsError(f"{name} has {size / 1e6:,.0f} MB; at most {limit / 1e6:,.0f} MB {rule}.")


def _read_safetensors(name: str, data: bytes) -> object:
    try:
        return safetensors.torch.load(data)
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise WeightsError(f"{name} is a damaged safetensors file: {error}.") from error


def _read_zip(name: str, data: bytes, limit: int) -> object:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if unpacked > limit:
                raise WeightsError(
                    f"{name} unpacks to {unpacked / 1e6:,.0f} MB; at most {limit / 1e6:,.0f} MB are read."
                )
            programs = [entry.filename for entry in entries if entry.filename.endswith("/data.pkl")]
            if len(programs) != 1 or any("/code/" in entry.filename for entry in entries):
                raise WeightsError(f"{name} is an archive, but not a state dict as torch.save writes it.")
            # PyTorch compares no checksums: a number turned over on the way would be taken for a weight.
            if (broken := archive.testzip()) is not None:
                raise WeightsError(f"{name} is damaged: the checksum of {broken} in it is another.")
            program = archive.read(programs[0])
    except (
        zipfile.BadZipFile,
        zlib.error,
        ArithmeticError,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
    ) as error:
        raise WeightsError(f"{name} is damaged or cut short: {error}.") from error
    return _read_pickle(name, data, pickletools.genops(program))


def _read_pickle(name: str, data: bytes, instructions: Iterator[_Instruction]) -> object:
    try:
        _refuse_calls(name, instructions)
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{name} is not a plain state dict: it holds more than tensors and numbers."
        ) from error
    except (ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError, RuntimeError,
            TypeError, ValueError, struct.error) as error:  # fmt: skip
        # What the unpickler raises for bytes that are no valid program depends on where they go wrong.
        raise WeightsError(f"{name} is damaged or cut short: {_first_line(error)}.") from error


_Instruction = tuple[pickletools.OpcodeInfo, object, int | None]


def _legacy_instructions(data: bytes) -> Iterator[_Instruction]:
    """The instructions of a file older than PyTorch 1.6: several pickles, then the raw numbers."""
    stream = io.BytesIO(data)
    for _ in range(_LEGACY_PICKLES):
        yield from pickletools.genops(stream)


def _refuse_calls(name: str, instructions: Iterator[_Instruction]) -> None:
    """Raise WeightsError if the program names anything but what rebuilds tensors."""
    for opcode, argument, _ in instructions:
        if opcode.name in ("STACK_GLOBAL", "INST", "OBJ", "EXT1", "EXT2", "EXT4"):
            raise WeightsError(
                f"{name} is refused: its pickle uses {opcode.name}, which state dicts have no need of."
            )
        if opcode.name == "PROTO" and argument not in range(pickle.HIGHEST_PROTOCOL + 1):
            raise WeightsError(f"{name} is damaged: no pickle has protocol {argument}.")
        if opcode.name == "GLOBAL":
            called = str(argument).replace(" ", ".")
            plain_type = called.startswith("torch.") and called.endswith("Storage") and called.count(".") == 1
            if called not in _TORCH_CALLS and not plain_type:
                raise WeightsError(
                    f"{name} is refused: it asks to run {called}; a state dict holds tensors alone."
                )


def _unwrap(name: str, content: object) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The state dict in ``content``, and the names of what lay beside it."""
    if not isinstance(content, Mapping):
        raise WeightsError(
            f"{name} holds a {type(content).__name__}; a state dict of named tensors is needed."
        )
    inner: Mapping[object, object] = content
    dropped: tuple[str, ...] = ()
    for wrapper in WRAPPERS:
        if isinstance(content.get(wrapper), Mapping):
            inner = content[wrapper]
            dropped = tuple(str(key) for key in content if key != wrapper)
            break
    tensors: dict[str, Tensor] = {}
    for key, value in inner.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise WeightsError(
                f"{name} holds {key!r} of type {type(value).__name__} where a named tensor is expected; "
                f"a state dict may be wrapped once, under {', '.join(WRAPPERS)}."
            )
        tensors[key] = value
    if not tensors:
        raise WeightsError(f"{name} holds no tensors.")
    return tensors, dropped


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
