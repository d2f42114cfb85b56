"""The recipes that made the shipped weights, and the scenes they learnt from. Importing it imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.scenes.scene import Instance, Scene, scene
from explorer.training.recipes import Phase, Recipe, recipe, recipes

if TYPE_CHECKING:
    from explorer.training.trainer import Progress

__all__ = ["Instance", "Phase", "Recipe", "Scene", "recipe", "recipes", "scene", "train"]


def train(
    recipe_name: str,
    *,
    device: str = "cpu",
    out: Path | str | None = None,
    resume: bool = True,
    progress: Callable[[Progress], None] | None = None,
) -> Path:
    """Train a recipe, score it on held-out scenes, and return the safetensors file that holds its weights.

    ``out`` is the folder of the run (``runs/<recipe>`` by default); it receives the checkpoint, the weights and
    their model card. ``resume`` continues from the checkpoint there, if any; without it training starts afresh.
    ``progress`` is called every 20 steps with what makes a printable line. Raises ConfigError for an unknown recipe.
    """
    from explorer.training.export import finish
    from explorer.training.trainer import run

    chosen = recipe(recipe_name)
    folder = Path(out) if out is not None else Path("runs") / chosen.name
    result = run(chosen, device=device, folder=folder, resume=resume, progress=progress)
    return finish(chosen, result, folder, device)
