"""ONNX files, byte by byte: the few messages of onnx.proto that a network needs, in protobuf's wire format.

Written here, and not with the ``onnx`` package, because weights then go from the network into the file one tensor at
a time: that package holds them three times over (the network's, the message's and the serialised copy), at 23 MB of
installation. Field numbers are those of onnx.proto 1.14 (IR version 9), which never change; tests read every file back
with the ``onnx`` package and its checker. Imports no torch.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import BinaryIO, Protocol

from explorer.errors import ExportError

IR_VERSION = 9
OPSET = 19
"""The oldest with deformable convolution, so that the most runtimes read it."""
MOST_BYTES = 2**31 - 1
"""Protobuf's own limit for a message."""

Attribute = int | float | str | tuple[int, ...]
ELEMENT_TYPES: Mapping[str, int] = {"float32": 1, "int64": 7}
"""``TensorProto.DataType``."""


class Buffer(Protocol):
    """Contiguous memory, such as a NumPy array."""

    @property
    def nbytes(self) -> int:
        """How many bytes there are."""
        ...

    def tobytes(self) -> bytes:
        """All of them, little-endian and in C order."""
        ...


@dataclass(frozen=True, slots=True)
class Node:
    """One operator; an input ``""`` is one left out."""

    operator: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]


@dataclass(frozen=True, slots=True)
class Value:
    """A named tensor on an edge; a dimension is a size, or a name where it differs from run to run."""

    name: str
    type: str
    dimensions: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """A tensor inside the file, whose values are asked for when they are written."""

    name: str
    type: str
    shape: tuple[int, ...]
    values: Callable[[], Buffer]


@dataclass(frozen=True, slots=True)
class Model:
    """An ONNX model of one graph. ``metadata`` are its properties, as programs show them."""

    name: str
    description: str
    nodes: tuple[Node, ...]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    between: tuple[Value, ...]
    constants: tuple[Constant, ...]
    metadata: Mapping[str, str]
    producer: str
    version: str

    @property
    def bytes(self) -> int:
        """Size of the file."""
        return sum(len(part) if isinstance(part, bytes) else part.bytes for part in _parts(self))


def write(model: Model, file: BinaryIO, progress: Callable[[float], None] | None = None) -> None:
    """Write ``model``, holding one tensor at a time; ``progress`` is told the share that is written.

    Raises ExportError for a model that no protobuf message can hold, before anything is written.
    """
    total = model.bytes
    if total > MOST_BYTES:
        raise ExportError(
            f"{model.name} would be {total / 2**30:.2f} GiB, but an ONNX file holds less than 2 GiB: use fewer "
            "channels."
        )
    written = 0
    for part in _parts(model):
        if isinstance(part, bytes):
            file.write(part)
            written += len(part)
        else:
            file.write(part.constant.values().tobytes())
            written += part.bytes
            if progress is not None:
                progress(written / total)


@dataclass(frozen=True, slots=True)
class _Raw:
    """The place of a constant's values in the file."""

    constant: Constant

    @property
    def bytes(self) -> int:
        return prod(self.constant.shape) * (8 if self.constant.type == "int64" else 4)


def _parts(model: Model) -> Iterator[bytes | _Raw]:
    """The file in order: bytes, and the places of values."""
    # GraphProto
    before = b"".join(_field(1, _node(node)) for node in model.nodes) + _field(2, model.name)
    after = b"".join(
        (
            *(_field(11, _value(value)) for value in model.inputs),
            *(_field(12, _value(value)) for value in model.outputs),
            *(_field(13, _value(value)) for value in model.between),
        )
    )
    tensors: list[bytes | _Raw] = []
    length = len(before) + len(after)
    for constant in model.constants:
        raw = _Raw(constant)
        # TensorProto, whose last field is the values'
        head = (
            _packed(1, constant.shape)
            + _field(2, ELEMENT_TYPES[constant.type])
            + _field(8, constant.name)
            + _tag(9, 2)
            + _varint(raw.bytes)
        )
        opening = _tag(5, 2) + _varint(len(head) + raw.bytes) + head
        tensors += (opening, raw)
        length += len(opening) + raw.bytes
    # ModelProto
    yield b"".join(
        (
            _field(1, IR_VERSION),
            _field(2, model.producer),
            _field(3, model.version),
            _field(6, model.description),
            _field(8, _field(1, "") + _field(2, OPSET)),
            *(_field(14, _field(1, key) + _field(2, text)) for key, text in model.metadata.items()),
            _tag(7, 2),
            _varint(length),
            before,
        )
    )
    yield from tensors
    yield after


def _node(node: Node) -> bytes:
    return b"".join(
        (
            *(_field(1, name) for name in node.inputs),
            *(_field(2, name) for name in node.outputs),
            _field(3, node.name),
            _field(4, node.operator),
            *(_field(5, _attribute(name, value)) for name, value in node.attributes.items()),
        )
    )


def _attribute(name: str, value: Attribute) -> bytes:
    """AttributeProto: its name, the value in the field of its type, and that type (20)."""
    if isinstance(value, float):
        content, kind = _tag(2, 5) + struct.pack("<f", value), 1
    elif isinstance(value, int):
        content, kind = _field(3, value), 2
    elif isinstance(value, str):
        content, kind = _field(4, value), 3
    else:
        content, kind = b"".join(_field(8, item) for item in value), 7
    return _field(1, name) + content + _field(20, kind)


def _value(value: Value) -> bytes:
    """ValueInfoProto of a tensor."""
    dimensions = b"".join(
        _field(1, _field(1 if isinstance(size, int) else 2, size)) for size in value.dimensions
    )
    tensor = _field(1, ELEMENT_TYPES[value.type]) + _field(2, dimensions)
    return _field(1, value.name) + _field(2, _field(1, tensor))


def _field(number: int, content: int | str | bytes) -> bytes:
    """A field with its tag: a whole number as a varint, text and messages behind their length."""
    if isinstance(content, int):
        return _tag(number, 0) + _varint(content)
    data = content.encode() if isinstance(content, str) else content
    return _tag(number, 2) + _varint(len(data)) + data


def _packed(number: int, numbers: tuple[int, ...]) -> bytes:
    return _field(number, b"".join(map(_varint, numbers))) if numbers else b""


def _tag(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _varint(number: int) -> bytes:
    """Seven bits to a byte, the lowest first; negative numbers as 64 bits in two's complement."""
    number &= 2**64 - 1
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
