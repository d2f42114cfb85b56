"""The weights that ship with the product: one safetensors file and one model card for each trained preset."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from explorer.config import ModelConfig, preset_name
from explorer.errors import WeightsError
from explorer.weights.info import WeightsInfo, WeightsKind

_FOLDER = Path(__file__).parents[2] / "assets" / "weights"


def shipped(config: ModelConfig) -> Path | None:
    """The weights that ship for a configuration equal to one of the presets (its name aside), or None."""
    name = preset_name(config)
    return None if name is None else shipped_by_name(name)


def shipped_by_name(name: str) -> Path | None:
    """The weights that ship for the preset called ``name``, or None for any other string."""
    # Looked up among the files that exist, never joined to a path: the name may be a stranger's.
    return next((file for file in _FOLDER.glob("*.safetensors") if file.stem == name), None)


def is_shipped(file: Path) -> bool:
    """Whether a path leads to one of the files that ship."""
    return file.suffix == ".safetensors" and file.resolve().parent == _FOLDER.resolve()


@dataclass(frozen=True, slots=True)
class Card:
    """A model card: what was trained and what is known of the result. ``note`` says what the weights are for."""

    title: str
    licence: str
    note: str

    @classmethod
    def of(cls, file: Path) -> Card:
        """The card beside a weights file. Raises WeightsError where it is missing or says less than it must."""
        card = file.with_suffix(".json")
        try:
            data = json.loads(card.read_text(encoding="utf-8"))
            return cls(title=str(data["title"]), licence=str(data["licence"]), note=str(data["note"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WeightsError(f"{file.name} has no model card with title, licence and note.") from error

    def info(self, loading_note: str) -> WeightsInfo:
        """The card and how loading went, as one description; the source is the product itself."""
        return WeightsInfo(
            WeightsKind.SHIPPED,
            self.title,
            "trained for this explorer",
            self.licence,
            f"{self.note} {loading_note}",
        )
