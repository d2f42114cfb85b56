"""The Python source behind a module of a network. Imports torch when called."""

import inspect
from dataclasses import dataclass

from explorer.config import ModelConfig


@dataclass(frozen=True, slots=True)
class Source:
    """The class of a module: its qualified name, its text, and the line at which that begins in its file."""

    name: str
    text: str
    line: int


def source_of(config: ModelConfig, path: str) -> Source | None:
    """The class behind the module at ``path`` (``""`` is the network); None where no text of it exists.

    Raises AttributeError for a path that the network does not have.
    """
    from explorer.networks import construct

    kind = type(construct(config).get_submodule(path))
    try:
        lines, first = inspect.getsourcelines(kind)
    except (OSError, TypeError):
        return None
    return Source(f"{kind.__module__}.{kind.__qualname__}", "".join(lines), first)
