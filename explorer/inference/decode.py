"""A network's outputs become classes, masks and boxes in the uploaded picture's own pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from explorer.inference.geometry import Geometry, nearest


@dataclass(frozen=True, eq=False)
class Centres:
    """Detections, best first: ``boxes`` (n, 4) float32 xyxy, ``scores`` (n,) float32 in [0, 1], ``classes`` (n,) int64.

    ``heatmap`` (h, w) float32 in [0, 1] is the highest centre score of any class at 1/stride of the input.
    """

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray
    heatmap: np.ndarray


def decode_centres(
    hm: Tensor, wh: Tensor, reg: Tensor | None, geometry: Geometry, stride: int, top_k: int
) -> Centres:
    """CenterNet's ``ctdet_decode`` for one picture (arXiv 1904.07850, section 4.1 and appendix D).

    ``hm`` (1, C, h, w) are raw centre logits, ``wh`` (1, 2, h, w) box sizes and ``reg`` (1, 2, h, w) centre
    offsets, both in output pixels; without ``reg`` a centre lies in the middle of its cell. Peaks are the cells
    that no neighbour of the 3 x 3 around them exceeds, so equal neighbours both stay. There is no IoU
    suppression and boxes are not clipped to the picture.
    """
    heat = hm[0].float().sigmoid()
    peaks = heat * (F.max_pool2d(heat[None], 3, stride=1, padding=1)[0] == heat)
    classes, height, width = heat.shape
    kept = min(top_k, height * width)
    per_class, cells = peaks.reshape(classes, -1).topk(kept)
    scores, ranks = per_class.reshape(-1).topk(min(top_k, classes * kept))
    category, cell = ranks // kept, cells.reshape(-1)[ranks]
    x, y = (cell % width).float(), (cell // width).float()
    if reg is None:
        x, y = x + 0.5, y + 0.5
    else:
        offset = reg[0].float().reshape(2, -1)[:, cell]
        x, y = x + offset[0], y + offset[1]
    half = wh[0].float().reshape(2, -1)[:, cell] / 2
    corners = torch.stack([x - half[0], y - half[1], x + half[0], y + half[1]], dim=1)
    boxes = geometry.to_image(corners.cpu().double().numpy().reshape(-1, 2, 2), stride).reshape(-1, 4)
    return Centres(
        boxes.astype(np.float32),
        scores.cpu().numpy(),
        category.cpu().numpy(),
        heat.amax(dim=0).cpu().numpy(),
    )


def decode_mask(log_probabilities: Tensor, geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """The class of every pixel, and how sure the network is of it.

    ``log_probabilities`` (1, C, H, W) at the input's resolution. Returns the mask, (height, width) of the
    uploaded picture, uint8 (uint16 above 256 classes), and the confidence, uint8 with 255 for certainty, at
    the resolution that was computed. A picture that was scaled down gets the class of the nearest pixel.
    """
    best, chosen = log_probabilities[0].max(dim=0)
    left, top = (int(value) for value in geometry.shift)
    window = (slice(top, top + geometry.content[1]), slice(left, left + geometry.content[0]))
    kind = np.uint8 if log_probabilities.shape[1] <= 256 else np.uint16
    mask = chosen[window].cpu().numpy().astype(kind)
    confidence = best[window].float().exp().mul(255).round().cpu().numpy().astype(np.uint8)
    return nearest(mask, geometry.image), confidence


def decode_scores(logits: Tensor, geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """As ``decode_mask``, from raw class scores (1, C, h, w) on a coarser map than the input.

    They are interpolated bilinearly to the input (``align_corners=False``) before the softmax, as DeepLab's evaluation
    does (kazuto1011/deeplab-pytorch, ``main.py``).
    """
    width, height = geometry.input
    scores = logits.float()
    if scores.shape[2:] != (height, width):
        scores = F.interpolate(scores, size=(height, width), mode="bilinear", align_corners=False)
    return decode_mask(scores.log_softmax(dim=1), geometry)


def decode_probabilities(logits: Tensor, classes: int) -> np.ndarray:
    """(classes,) float32 that sum to 1, from logits (1, classes * h * w); several positions are averaged."""
    averaged = logits.float().reshape(classes, -1).mean(dim=1)
    return averaged.softmax(dim=0).cpu().numpy()
