"""Boxes that are placed together, and moved together afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from explorer.graph.layout_model import Box


@dataclass(frozen=True)
class Band:
    """A row of a group that runs over several: its top and bottom, and where its ends are."""

    top: float
    bottom: float
    left: float
    right: float

    def moved(self, dx: float, dy: float) -> "Band":
        """The same row elsewhere."""
        return Band(self.top + dy, self.bottom + dy, self.left + dx, self.right + dx)


@dataclass(frozen=True)
class Group:
    """Boxes with x from 0 to ``width`` and y relative to a baseline; ``bands`` by the id of the frame they fill."""

    boxes: Mapping[str, Box]
    width: float
    bands: Mapping[str | None, tuple[Band, ...]] = field(default_factory=dict)

    @cached_property
    def top(self) -> float:
        """The highest point."""
        return min((box.y for box in self.boxes.values()), default=0.0)

    @cached_property
    def bottom(self) -> float:
        """The lowest point."""
        return max((box.bottom for box in self.boxes.values()), default=0.0)

    @property
    def height(self) -> float:
        """From the highest point to the lowest."""
        return self.bottom - self.top

    def moved(self, dx: float, dy: float) -> dict[str, Box]:
        """The boxes elsewhere."""
        return {
            key: Box(key, box.x + dx, box.y + dy, box.width, box.height) for key, box in self.boxes.items()
        }

    def bands_moved(self, dx: float, dy: float) -> dict[str | None, tuple[Band, ...]]:
        """The rows elsewhere."""
        return {key: tuple(band.moved(dx, dy) for band in bands) for key, bands in self.bands.items()}
