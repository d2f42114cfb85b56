"""Batches rendered on the fly: what step n sees depends on the recipe and n alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from explorer.scenes.emblem import picture
from explorer.scenes.scene import scene
from explorer.training.recipes import Data, Recipe

FRAME = 16
"""Black pixels on each side of a framed scene."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture to train on: ``image`` (H, W, 3) uint8 RGB, ``mask`` (H, W) uint8 class ids, ``boxes`` (n, 4) float32
    xyxy pixels, ``categories`` (n,) int64.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    categories: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture to classify: ``image`` (H, W, 3) uint8 RGB and its class id."""

    image: NDArray[np.uint8]
    label: int


Batch = list[Sample] | list[Labelled]


def sample(seed: int, size: int, framed: float, density: float = 1.0) -> Sample:
    """The scene of this seed, in a black frame with probability ``framed`` (decided by the seed as well)."""
    if framed and np.random.default_rng((seed, size, 1)).uniform() < framed:
        inner = scene(seed, size - 2 * FRAME, density)
        image = np.pad(inner.image, ((FRAME, FRAME), (FRAME, FRAME), (0, 0)))
        return Sample(image, np.pad(inner.mask, FRAME), inner.boxes + np.float32(FRAME), inner.categories)
    whole = scene(seed, size, density)
    return Sample(whole.image, whole.mask, whole.boxes, whole.categories)


def render(recipe: Recipe, step: int) -> Batch:
    """The batch of one step."""
    phase, seed = recipe.phase_at(step)
    if recipe.data is Data.EMBLEMS:
        return [Labelled(*picture(seed + number)) for number in range(phase.batch)]
    return [sample(seed + number, phase.size, recipe.framed, phase.density) for number in range(phase.batch)]


def batches(recipe: Recipe, start: int, workers: int) -> Iterator[Batch]:
    """The batches from step ``start`` to the recipe's end, rendered ahead by ``workers`` processes if there are any."""
    if not workers:
        for step in range(start, recipe.steps):
            yield render(recipe, step)
        return
    steps = iter(range(start, recipe.steps))
    ahead: deque[Future[Batch]] = deque()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for step in steps:
            ahead.append(pool.submit(render, recipe, step))
            if len(ahead) > 3 * workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
