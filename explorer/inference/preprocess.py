"""An RGB picture becomes a network's input, exactly as the published protocols prepare it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from explorer.config.protocol import Border, ChannelOrder, Fit, Protocol
from explorer.inference.geometry import Geometry


def preprocess(rgb: np.ndarray, protocol: Protocol, fit: Fit, geometry: Geometry) -> np.ndarray:
    """The input (1, 3, H, W) float32, ``(pixel / 255 - mean) / std``, of a picture H x W x 3 uint8 RGB."""
    match fit:
        case Fit.FIXED:
            placed = warp(rgb, geometry.scale, geometry.shift, geometry.input)
        case Fit.KEPT:
            placed = warp(_resized(rgb, geometry.content), (1.0, 1.0), geometry.shift, geometry.input)
        case Fit.PADDED:
            placed = _surrounded(_resized(rgb, geometry.content), geometry, protocol.border)
        case Fit.SCALED | Fit.OWN:
            placed = interpolated(rgb, geometry.content)
        case Fit.CROPPED:
            placed = _cut(_resized(rgb, geometry.content), geometry)
    return normalise(placed, protocol)


def normalise(rgb: np.ndarray, protocol: Protocol) -> np.ndarray:
    """(1, 3, H, W) float32 in the protocol's channel order from H x W x 3 uint8 RGB."""
    ordered = rgb[:, :, ::-1] if protocol.channel_order is ChannelOrder.BGR else rgb
    mean, std = np.array(protocol.mean), np.array(protocol.std)
    scale, shift = (1 / (255 * std)).astype(np.float32), (mean / std).astype(np.float32)
    planes = np.ascontiguousarray(ordered.transpose(2, 0, 1)).astype(np.float32)
    planes *= scale[:, None, None]
    planes -= shift[:, None, None]
    return planes[None]


def covering(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A picture H x W x 3 uint8 filling ``size`` = (height, width): scaled alike both ways, cut around the centre."""
    height, width = size
    scale = max(height / rgb.shape[0], width / rgb.shape[1])
    across, down = width / scale, height / scale
    left, top = (rgb.shape[1] - across) / 2, (rgb.shape[0] - down) / 2
    image = Image.fromarray(rgb).resize(
        (width, height),
        Image.Resampling.BILINEAR,
        box=(left, top, left + across, top + down),
        reducing_gap=2.0,
    )
    return np.asarray(image)


def interpolated(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """OpenCV's ``resize`` with INTER_LINEAR, to within rounding: H x W x 3 uint8 at ``size`` = (width, height).

    A pixel's centre lies at half its width; positions beyond the outer centres take the outer pixel. As there is no
    low-pass filter, strong reduction aliases, as it does in the published protocol.
    """
    if (rgb.shape[1], rgb.shape[0]) == size:
        return rgb
    upper, lower, down = _between(rgb.shape[0], size[1])
    left, right, across = _between(rgb.shape[1], size[0])
    rows = rgb[upper] * (1 - down)[:, None, None] + rgb[lower] * down[:, None, None]
    mixed = rows[:, left] * (1 - across)[None, :, None] + rows[:, right] * across[None, :, None]
    return np.floor(mixed + 0.5).astype(np.uint8)


def _between(length: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each of ``count`` targets the two of ``length`` source pixels around it, and the way from first to second."""
    position = np.clip((np.arange(count) + 0.5) * (length / count) - 0.5, 0, length - 1)
    low = position.astype(np.intp)
    return low, np.minimum(low + 1, length - 1), (position - low).astype(np.float32)


def warp(
    rgb: np.ndarray, scale: tuple[float, float], shift: tuple[float, float], size: tuple[int, int]
) -> np.ndarray:
    """OpenCV's ``warpAffine`` with INTER_LINEAR and a black border, for maps without rotation or shear.

    ``rgb`` is H x W x 3 uint8; pixel (x, y) lands on ``scale * (x, y) + shift``; the result has ``size`` =
    (width, height). Reproduces OpenCV's fixed point: source positions in 1/32 pixel, weights that sum to 1024,
    a rounded uint8 result. As there is no low-pass filter, strong reduction aliases, as it did in training.
    """
    rows, row_parts = _taps(size[1], rgb.shape[0], scale[1], shift[1])
    columns, column_parts = _taps(size[0], rgb.shape[1], scale[0], shift[0])
    framed = np.pad(rgb, ((1, 1), (1, 1), (0, 0)))
    down = row_parts.astype(np.uint16)[:, None, None]
    upper, lower = framed[rows[0]].astype(np.uint16), framed[rows[1]].astype(np.uint16)
    mixed = upper * (32 - down) + lower * down
    right = column_parts.astype(np.uint32)[None, :, None]
    summed = mixed[:, columns[0]] * (32 - right) + mixed[:, columns[1]] * right
    return ((summed + 512) >> 10).astype(np.uint8)


def _taps(
    count: int, length: int, scale: float, shift: float
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """For each of ``count`` targets the two source indices in a row framed by one black pixel, and 32nds of the way."""
    step, start = 1 / scale, -shift / scale
    # 1024ths of a pixel, rounded to 32nds: cv::warpAffine's AB_BITS, INTER_BITS and round_delta.
    position = (np.rint(start * 1024) + 16 + np.rint(step * np.arange(count) * 1024)).astype(np.int64) >> 5
    low = position >> 5
    return (np.clip(low, -1, length) + 1, np.clip(low + 1, -1, length) + 1), position & 31


def _resized(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if (rgb.shape[1], rgb.shape[0]) == size:
        return rgb
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR))


def _surrounded(rgb: np.ndarray, geometry: Geometry, border: Border) -> np.ndarray:
    left, top = (int(value) for value in geometry.shift)
    right, bottom = geometry.input[0] - rgb.shape[1] - left, geometry.input[1] - rgb.shape[0] - top
    frame = ((top, bottom), (left, right), (0, 0))
    return np.pad(rgb, frame, mode="reflect") if border is Border.REFLECT else np.pad(rgb, frame)


def _cut(rgb: np.ndarray, geometry: Geometry) -> np.ndarray:
    left, top = (-int(value) for value in geometry.shift)
    return rgb[top : top + geometry.input[1], left : left + geometry.input[0]]
