"""The training loop."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.config import CenterNetHead, ModelConfig, Task, resolve
from explorer.config.protocol import protocol_of
from explorer.errors import WeightsError
from explorer.inference.preprocess import normalise
from explorer.networks import build
from explorer.training.batches import Batch, Labelled, Sample, batches
from explorer.training.checkpoint import Checkpoint, load, save
from explorer.training.losses import centre_loss, segmentation_loss
from explorer.training.recipes import Optimiser, Phase, Recipe, Schedule
from explorer.training.targets import centre_targets
from explorer.weights import load as load_weights
from explorer.weights import shipped_by_name

CHECKPOINT_NAME = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands: ``step`` of ``steps``, the recent mean ``loss``, seconds ``spent`` and still ``left``."""

    recipe: str
    step: int
    steps: int
    loss: float
    rate: float
    spent: float
    left: float

    def __str__(self) -> str:
        return (
            f"{self.recipe}  step {self.step}/{self.steps}  loss {self.loss:.4f}  rate {self.rate:.2e}  "
            f"{self.spent / 60:.1f} min done, {self.left / 60:.1f} min left"
        )


@dataclass(frozen=True, slots=True)
class Run:
    """What a finished run leaves: averaged weights by state-dict key, and its cost."""

    weights: dict[str, Tensor]
    steps: int
    seconds: float


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up to the first peak; in each cycle a fall from the peak, see ``Schedule``."""
    if step < recipe.warmup:
        return recipe.peak_rate * (step + 1) / recipe.warmup
    cycle = recipe.cycle_at(step)
    start = max(cycle.start, recipe.warmup)
    part = (step - start) / max(1, cycle.stop - start)
    if recipe.schedule is Schedule.STEPS:
        return cycle.peak * (1.0 if part < 0.5 else 0.1 if part < 0.75 else 0.01)
    return cycle.peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * part)))


def adopt_backbone(network: nn.Module, preset: str) -> None:
    """Copy the backbone of a preset's shipped weights; raises WeightsError if none ship or it is another backbone."""
    donor = build(preset)
    if (file := shipped_by_name(preset)) is None:
        raise WeightsError(
            f"The backbone of {preset} is needed, but assets/weights has no {preset}.safetensors."
        )
    load_weights(donor, file)
    given = {key: value for key, value in donor.state_dict().items() if key.startswith("base.")}
    own = network.state_dict()
    if {key: own[key].shape for key in own if key.startswith("base.")} != {
        k: v.shape for k, v in given.items()
    }:
        raise WeightsError(
            f"The backbone of {preset} has other keys or shapes than the network that is trained."
        )
    network.load_state_dict(given, strict=False)


def _optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    held = [parameter for parameter in trained if parameter.ndim > 1 or recipe.decay_all]
    free = [parameter for parameter in trained if parameter.ndim <= 1 and not recipe.decay_all]
    groups: list[dict[str, Any]] = [{"params": held}, {"params": free, "weight_decay": 0.0}]
    if recipe.optimiser is Optimiser.SGD:
        return torch.optim.SGD(
            groups, lr=recipe.peak_rate, momentum=0.9, nesterov=True, weight_decay=recipe.weight_decay
        )
    return torch.optim.AdamW(groups, lr=recipe.peak_rate, weight_decay=recipe.weight_decay)


@torch.no_grad()
def _follow(average: dict[str, Tensor], weights: dict[str, Tensor], decay: float) -> None:
    for key, value in weights.items():
        if value.is_floating_point():
            average[key].lerp_(value, 1 - decay)
        else:
            average[key].copy_(value)


def _loss(
    config: ModelConfig,
    recipe: Recipe,
    phase: Phase,
    network: nn.Module,
    batch: Batch,
    device: torch.device,
) -> Tensor:
    protocol = protocol_of(config)
    pictures = torch.from_numpy(np.concatenate([normalise(item.image, protocol) for item in batch]))
    images = pictures.to(device, memory_format=torch.channels_last)
    if config.task is Task.CLASSIFICATION:
        labels = torch.tensor([item.label for item in batch if isinstance(item, Labelled)], device=device)
        return functional.cross_entropy(network(images).float(), labels)
    scenes = [item for item in batch if isinstance(item, Sample)]
    if config.task is Task.SEGMENTATION:
        mask = torch.stack([torch.from_numpy(item.mask) for item in scenes]).to(device).long()
        return segmentation_loss(network(images)[0].float(), mask, phase.dice)
    head = config.head
    assert isinstance(head, CenterNetHead)
    side = images.shape[-1]
    targets = [
        centre_targets(item.boxes, item.categories, head.heads["hm"], side, head.down_ratio)
        for item in scenes
    ]
    return centre_loss(network(images)[-1], targets, recipe.size_weight)


def _precision(device: torch.device, task: Task) -> AbstractContextManager[object]:
    # A deformable convolution's sampling positions need more than bfloat16's eight bits: 100.3 would become 100.5.
    gains = device.type == "cuda" or (task is Task.CLASSIFICATION and _computes_bfloat16())
    if gains and task is not Task.DETECTION:
        return torch.autocast(device.type, torch.bfloat16)
    return nullcontext()


def _computes_bfloat16() -> bool:
    """Whether the CPU has instructions for bfloat16, with which a small classifier trains 1.3 to 1.6 times as fast."""
    return bool(torch.cpu.get_capabilities().get("avx512_bf16"))


def run(
    recipe: Recipe,
    *,
    device: str,
    folder: Path,
    resume: bool,
    progress: Callable[[Progress], None] | None,
    save_every: float = 120.0,
    stop_after: int | None = None,
) -> Run:
    """Train in ``folder``, which keeps a checkpoint, and return the averaged weights on the CPU.

    A run resumed from its checkpoint sees the same scenes and takes the same steps as one that was never stopped.
    ``save_every`` is in seconds; ``stop_after`` ends the run early, after that many steps, as a kill would.
    """
    where = torch.device(device)
    config = resolve(recipe.name)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / CHECKPOINT_NAME
    network = build(config, seed=recipe.init_seed)
    if recipe.backbone is not None:
        adopt_backbone(network, recipe.backbone)
    network = network.to(where)
    network = network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]  # missing in torch's stubs
    optimizer = _optimizer(network, recipe)
    average = {key: value.detach().clone() for key, value in network.state_dict().items()}
    start, before = 0, 0.0
    if resume and path.exists():
        checkpoint = load(path, recipe.digest, config.digest)
        network.load_state_dict(checkpoint.weights)
        optimizer.load_state_dict(checkpoint.optimizer)
        average = {key: value.to(where) for key, value in checkpoint.average.items()}
        start, before = checkpoint.step, checkpoint.seconds

    def keep(step: int) -> None:
        spent = before + time.monotonic() - begun
        weights = network.state_dict()
        save(
            Checkpoint(recipe.digest, config.digest, step, spent, weights, average, optimizer.state_dict()),
            path,
        )

    begun = saved = time.monotonic()
    workers = min(12, (os.cpu_count() or 1) - 1) if where.type == "cuda" else 0
    recent, last = 0.0, min(recipe.steps, stop_after or recipe.steps)
    source: Iterable[Batch] = batches(recipe, start, workers)
    pixels = _pixels(recipe)
    for step, batch in zip(range(start, last), source, strict=False):
        rate = learning_rate(recipe, step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        with _precision(where, config.task):
            loss = _loss(config, recipe, recipe.phase_at(step)[0], network, batch, where)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
        optimizer.step()
        # The first steps would weigh too long in a slow average: let its memory grow with the steps taken.
        _follow(average, network.state_dict(), min(recipe.average, (1 + step) / (10 + step)))
        done = step + 1
        if done % 20 == 0 or done == last:
            value = loss.item()
            if not math.isfinite(value):
                raise ArithmeticError(
                    f"The loss of {recipe.name} is {value} at step {done}: the run has diverged."
                )
            recent = value if not recent else 0.8 * recent + 0.2 * value
            now = time.monotonic()
            pace = (now - begun) / (pixels[done] - pixels[start])
            left = pace * (pixels[recipe.steps] - pixels[done])
            if progress is not None:
                progress(Progress(recipe.name, done, recipe.steps, recent, rate, before + now - begun, left))
            if now - saved > save_every:
                keep(done)
                saved = now
    keep(max(start, last))
    weights = {key: value.detach().cpu().contiguous() for key, value in average.items()}
    return Run(weights, max(start, last), before + time.monotonic() - begun)


def _pixels(recipe: Recipe) -> list[int]:
    """Pixels seen before each step, which is what time is proportional to."""
    seen = [0]
    for phase in recipe.phases:
        for _ in range(phase.steps):
            seen.append(seen[-1] + phase.batch * phase.size**2)
    return seen
