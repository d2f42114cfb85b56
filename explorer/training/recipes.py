"""How each of the shipped networks was trained, as data. Imports no torch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from hashlib import sha256

from explorer.errors import ConfigError
from explorer.scenes.scene import TRAINING_SEEDS


class Data(StrEnum):
    """What a network learns from."""

    SCENES = "scenes"
    """Procedural scenes with masks and boxes (``explorer.scenes.scene``)."""

    EMBLEMS = "emblems"
    """Procedural 32×32 pictures of ten classes (``explorer.scenes.emblem``)."""

    CIFAR10 = "cifar10"
    """The 50,000 training pictures of CIFAR-10, mirrored and shifted at random."""


class Optimiser(StrEnum):
    """How a step follows the gradient."""

    ADAMW = "adamw"
    SGD = "sgd"
    """With Nesterov's momentum of 0.9, as the DenseNet paper has it (section 4.2)."""


class Schedule(StrEnum):
    """How the learning rate falls after the warm-up."""

    COSINE = "cosine"
    """Along half a cosine to a hundredth of the peak."""

    STEPS = "steps"
    """To a tenth at half of the cycle and again at three quarters of it (DenseNet paper, section 4.2)."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of training at one picture size."""

    size: int
    """Side of the square pictures in pixels, a multiple of 32."""

    batch: int
    """Pictures in a step."""

    steps: int
    """Optimiser steps."""

    density: float = 1.0
    """How many times as many shapes a scene holds as one to be tested on: more to learn from in each pixel."""

    dice: float = 0.0
    """Weight of the soft Dice loss beside the cross entropy; segmentation alone."""

    restart: float | None = None
    """Learning rate at which a new half cosine starts with this phase; None continues the one under way."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """Steps ``start`` to ``stop`` (exclusive) in which the learning rate falls from ``peak`` along half a cosine."""

    start: int
    stop: int
    peak: float


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything but the machine that decides what a training run does.

    Picture i of the whole run has the seed ``first_seed + i``, whatever was interrupted in between.
    """

    name: str
    """The preset that is trained; also the recipe's own name."""

    first_seed: int
    phases: tuple[Phase, ...]
    peak_rate: float
    """AdamW's learning rate after the warm-up; it then falls to zero along half a cosine."""

    warmup: int = 150
    """Steps of linear warm-up."""

    weight_decay: float = 0.01
    """On convolution weights; normalisation and biases are left alone."""

    average: float = 0.998
    """Decay of the running average of the weights, which is what gets exported."""

    size_weight: float = 0.1
    """Weight of the box size loss in pixels of the output map (CenterNet's 0.1); detection alone."""

    framed: float = 0.0
    """Share of the scenes drawn 32 pixels smaller inside a black frame, as CenterNet's preprocessing pads."""

    clip: float = 5.0
    """Largest norm of a step's gradient."""

    init_seed: int = 0
    """Seed of the random initial weights."""

    backbone: str | None = None
    """Preset with the same backbone whose shipped weights the backbone starts from, instead of random ones."""

    data: Data = Data.SCENES

    optimiser: Optimiser = Optimiser.ADAMW

    schedule: Schedule = Schedule.COSINE

    decay_all: bool = False
    """Whether weight decay also holds normalisation and biases, as in the published recipes of SGD."""

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole run."""
        return sum(phase.steps for phase in self.phases)

    @property
    def images(self) -> int:
        """Pictures of the whole run; of those that are drawn, none comes twice."""
        return sum(phase.steps * phase.batch for phase in self.phases)

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that depend on every field."""
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]

    def phase_at(self, step: int) -> tuple[Phase, int]:
        """The phase of a step (from 0) and the seed of that step's first scene."""
        seed = self.first_seed
        for phase in self.phases:
            if step < phase.steps:
                return phase, seed + step * phase.batch
            step -= phase.steps
            seed += phase.steps * phase.batch
        raise self._beyond()

    def cycle_at(self, step: int) -> Cycle:
        """The half cosine that a step belongs to."""
        start, peak, stop = 0, self.peak_rate, 0
        for phase in self.phases:
            if phase.restart is not None:
                if step < stop:
                    break
                start, peak = stop, phase.restart
            stop += phase.steps
        if step >= stop:
            raise self._beyond()
        return Cycle(start, stop, peak)

    def _beyond(self) -> ValueError:
        return ValueError(f"The recipe {self.name} has {self.steps} steps, so there is no such step.")


_RECIPES = (
    Recipe(
        name="scenes_seg",
        first_seed=0,
        phases=(
            Phase(128, batch=8, steps=3400, dice=0.3),
            Phase(160, batch=8, steps=2400, dice=0.3),
            Phase(160, batch=8, steps=1040, dice=0.3, restart=1e-3),
            Phase(160, batch=8, steps=1660, dice=1.0, density=2.0),
            Phase(192, batch=8, steps=360, dice=1.0, density=2.0),
            Phase(160, batch=8, steps=1200, dice=1.0, density=2.0, restart=7e-4),
            Phase(192, batch=8, steps=400, dice=1.0, density=2.0),
            Phase(160, batch=8, steps=1200, dice=1.0, density=2.0, restart=7e-4),
            Phase(192, batch=8, steps=500, dice=1.0, density=2.0),
        ),
        peak_rate=2e-3,
    ),
    Recipe(
        name="scenes_det",
        first_seed=500_000_000,
        phases=(
            Phase(128, batch=8, steps=1000),
            Phase(160, batch=8, steps=600),
            Phase(160, batch=8, steps=540, density=2.0),
            Phase(160, batch=8, steps=700, density=2.0, restart=5e-4),
            Phase(192, batch=8, steps=400, density=2.0),
            Phase(160, batch=8, steps=1100, density=2.0, restart=6e-4),
            Phase(192, batch=8, steps=500, density=2.0),
        ),
        peak_rate=1.5e-3,
        framed=0.1,
        backbone="scenes_seg",
    ),
)

_EMBLEMS = Recipe(
    name="densenet40_k12",
    first_seed=0,
    phases=(Phase(32, batch=32, steps=4500),),
    peak_rate=0.1,
    warmup=100,
    weight_decay=1e-4,
    init_seed=0,
    data=Data.EMBLEMS,
    optimiser=Optimiser.SGD,
    decay_all=True,
)
"""The three networks of the VoVNet paper's study (section 3) learn on equal terms: the same pictures in one order."""

_STUDY = tuple(
    replace(_EMBLEMS, name=name) for name in ("densenet40_k12", "densenet40_osa5_43", "densenet40_osa12_23")
)


def recipes() -> dict[str, Recipe]:
    """Every recipe by name, which is the preset that it trains."""
    for recipe in (*_RECIPES, *_STUDY):
        if recipe.first_seed + recipe.images > TRAINING_SEEDS.stop:
            raise ConfigError(f"The recipe {recipe.name} runs past the training seeds {TRAINING_SEEDS}.")
    return {recipe.name: recipe for recipe in (*_RECIPES, *_STUDY)}


def recipe(name: str) -> Recipe:
    """The recipe of this name; raises ConfigError with the names there are."""
    known = recipes()
    if name not in known:
        raise ConfigError(f"There is no recipe {name!r}: use one of {', '.join(known)}.")
    return known[name]
