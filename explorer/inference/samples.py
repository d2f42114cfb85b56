"""Pictures to try: stored scenes, and fresh ones by number. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from explorer.inference.drawing import png
from explorer.scenes.scene import Scene, scene

FOLDER = Path(__file__).parents[2] / "assets" / "samples"
FIRST_SEED = 3_000_000_000
"""Beyond the seeds of training, validation and test: no shipped network has seen these scenes."""
SCENE_SIDE = 320
MAX_NUMBER = 999_999


@dataclass(frozen=True, slots=True)
class Sample:
    """A stored scene: ``name`` is what a reader calls it and ``file`` its JPEG; ``number`` leads to the truth."""

    name: str
    file: str
    number: int

    @property
    def path(self) -> Path:
        """The picture's file."""
        return FOLDER / self.file


SAMPLES = (
    Sample("Lamplight", "lamplight.jpg", 12),
    Sample("Night", "night.jpg", 16),
    Sample("Tiles", "tiles.jpg", 9),
    Sample("Stripes", "stripes.jpg", 15),
    Sample("Clouds", "clouds.jpg", 22),
    Sample("Ink", "ink.jpg", 7),
)


def scene_number(number: int) -> Scene:
    """The scene of this number, a square of SCENE_SIDE pixels with its exact answer."""
    return scene(FIRST_SEED + number, SCENE_SIDE)


def scene_file(number: int) -> bytes:
    """The same scene's picture as a PNG file, which is opened like any upload."""
    return png(scene_number(number).image)
