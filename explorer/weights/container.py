"""The containers that checkpoints come in, told apart by their first bytes. Imports no torch."""

from enum import StrEnum

HEAD = 16
"""How many bytes are looked at."""


class Container(StrEnum):
    """What a checkpoint file is, on the outside."""

    ZIP = "zip"
    SAFETENSORS = "safetensors"
    PICKLE = "pickle"


def container_of(head: bytes) -> Container | None:
    """The container that a file with these first bytes is, None for anything else."""
    if head[:4] == b"PK\x03\x04":
        return Container.ZIP
    if head[8:9] == b"{":  # after the header's length, whose first byte may be that of a pickle
        return Container.SAFETENSORS
    return Container.PICKLE if head[:1] == b"\x80" else None
