"""Arguments that several commands share, and what they mean."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path

from explorer.config import ModelConfig, resolve
from explorer.errors import ConfigError

_SIZE = re.compile(r"(\d{1,5})(?:[xX×](\d{1,5}))?")
_MAX_YAML_BYTES = 100_000


def add_network(command: argparse.ArgumentParser, name: str = "network") -> None:
    """The network: a preset's name or a YAML file."""
    command.add_argument(
        name, metavar="NETWORK", help="a preset (see list) or the path of a YAML configuration"
    )


def add_size(command: argparse.ArgumentParser) -> None:
    """The input's size."""
    command.add_argument("--size", metavar="HxW", help="the image's height and width, such as 512x512 or 224")


def add_json(command: argparse.ArgumentParser) -> None:
    """Machine-readable output."""
    command.add_argument("--json", action="store_true", help="print JSON")


def network(text: str) -> ModelConfig:
    """The preset of that name, or the configuration in the YAML file at that path. Raises ConfigError."""
    path = Path(text)
    if path.suffix.lower() not in (".yaml", ".yml"):
        return resolve(text)
    if not path.is_file():
        raise ConfigError(f"There is no configuration file {text}.")
    if path.stat().st_size > _MAX_YAML_BYTES:
        raise ConfigError(f"{text} has more than {_MAX_YAML_BYTES:,} bytes, which no configuration needs.")
    try:
        return ModelConfig.from_yaml(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{text} is not a text file in UTF-8.") from error


def input_shape(config: ModelConfig, size: str | None) -> tuple[int, int, int, int]:
    """(N, C, H, W) of one image of that size, or of the network's usual one. Raises ConfigError."""
    batch, channels, height, width = config.default_input
    if size is not None:
        found = _SIZE.fullmatch(size)
        if not found:
            raise ConfigError(
                f"{size!r} is not a size: write height and width as 512x512, or one side as 224."
            )
        height = int(found[1])
        width = int(found[2] or found[1])
    return (batch, channels, height, width)


def as_json(value: object) -> str:
    """JSON for people and machines: indented, in the order given."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def as_table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """Columns as wide as their content; ``right`` says which are numbers."""
    lines = [header, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )
