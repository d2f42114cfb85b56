"""Training losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from explorer.training.targets import CentreTargets


def segmentation_loss(log_probabilities: Tensor, mask: Tensor, dice: float) -> Tensor:
    """Cross entropy plus ``dice`` times the soft Dice loss, averaged over the classes in the batch.

    ``log_probabilities`` (N, C, H, W), ``mask`` (N, H, W) int64 class ids.
    """
    loss = functional.nll_loss(log_probabilities, mask)
    if not dice:
        return loss
    classes = log_probabilities.shape[1]
    probabilities = log_probabilities.exp()
    truth = torch.zeros_like(probabilities).scatter_(1, mask[:, None], 1.0)
    shared = (probabilities * truth).sum((0, 2, 3))
    both = (probabilities + truth).sum((0, 2, 3))
    present = truth.sum((0, 2, 3)) > 0
    score = (2 * shared + 1) / (both + 1)
    assert score.shape == (classes,)
    return loss + dice * (1 - score[present]).mean()


def focal_loss(logits: Tensor, heatmap: Tensor) -> Tensor:
    """CenterNet's penalty-reduced focal loss (arXiv 1904.07850, equation 1; alpha 2, beta 4), per object.

    ``logits`` and ``heatmap`` (N, C, h, w); the cells where the heatmap is 1 are the objects.
    """
    centre = heatmap.eq(1)
    probability = logits.sigmoid()
    hit = functional.logsigmoid(logits) * (1 - probability).square() * centre
    miss = functional.logsigmoid(-logits) * probability.square() * (1 - heatmap).pow(4) * ~centre
    return -(hit.sum() + miss.sum()) / centre.sum().clamp(min=1)


def centre_loss(
    outputs: Mapping[str, Tensor], targets: Sequence[CentreTargets], size_weight: float
) -> Tensor:
    """Focal loss of ``hm`` + ``size_weight`` · L1 of ``wh`` + L1 of ``reg``, both at the centres alone.

    ``outputs`` maps to (N, C, h, w) tensors, ``targets`` has N items.
    """
    device = outputs["hm"].device
    heatmap = torch.stack([torch.from_numpy(item.heatmap) for item in targets]).to(device)
    loss = focal_loss(outputs["hm"].float(), heatmap)
    image = torch.cat([torch.full((len(item.cells),), n) for n, item in enumerate(targets)]).to(device)
    cell = torch.cat([torch.from_numpy(item.cells) for item in targets]).to(device)
    sizes = torch.cat([torch.from_numpy(item.sizes) for item in targets]).to(device)
    offsets = torch.cat([torch.from_numpy(item.offsets) for item in targets]).to(device)
    wh = outputs["wh"].float().flatten(2)[image, :, cell]
    reg = outputs["reg"].float().flatten(2)[image, :, cell]
    return loss + size_weight * functional.l1_loss(wh, sizes) + functional.l1_loss(reg, offsets)
