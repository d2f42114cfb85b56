"""Rules of layers: convolutions, normalisation, activations, pooling, resizing.

Shape formulas: the PyTorch documentation of each function.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from explorer.graph.layer_graph import Json
from explorer.graph.outcome import (
    IN_PLACE,
    NONE,
    Function,
    Outcome,
    ShapeError,
    by,
    dimension,
    positive,
    times,
)

# Convolutions and linear layers


def convolution(kind: str, rank: int) -> Function:
    """conv1d, conv2d, conv3d: out = floor((in + 2·padding − dilation·(kernel − 1) − 1) / stride) + 1."""

    def rule(
        x: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Outcome:
        source, filters = x.shape, weight.shape
        if len(source) != rank + 2:
            return NotImplemented
        channels = filters[1] * groups
        if source[1] != channels:
            raise ShapeError(f"{kind} with filters {by(filters)} needs {channels} channels, not {by(source)}")
        kernel, stride, dilation = tuple(filters[2:]), times(stride, rank), times(dilation, rank)
        window = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
        if padding == "same":
            spatial = list(source[2:])
        else:
            padding = (0,) * rank if padding == "valid" else times(padding, rank)
            spatial = [
                (n + 2 * p - w) // s + 1
                for n, p, w, s in zip(source[2:], padding, window, stride, strict=True)
            ]
        positive(kind, source, spatial, window)
        attributes: dict[str, Json] = {
            "in_channels": channels, "out_channels": filters[0], "kernel": kernel, "stride": stride,
            "padding": padding, "dilation": dilation, "groups": groups, "bias": bias is not None,
        }  # fmt: skip
        macs = source[0] * math.prod(spatial) * math.prod(filters)
        return Outcome((source[0], filters[0], *spatial), attributes, macs)

    return rule


def transposed_convolution(kind: str, rank: int) -> Function:
    """out = (in − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1."""

    def rule(
        x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
        groups: int = 1, dilation: Any = 1,
    ) -> Outcome:  # fmt: skip
        source, filters = x.shape, weight.shape
        if len(source) != rank + 2:
            return NotImplemented
        if source[1] != filters[0]:
            raise ShapeError(
                f"{kind} with filters {by(filters)} needs {filters[0]} channels, not {by(source)}"
            )
        kernel, stride, dilation = tuple(filters[2:]), times(stride, rank), times(dilation, rank)
        padding, output_padding = times(padding, rank), times(output_padding, rank)
        spatial = [
            (n - 1) * s - 2 * p + d * (k - 1) + o + 1
            for n, s, p, d, k, o in zip(
                source[2:], stride, padding, dilation, kernel, output_padding, strict=True
            )
        ]
        positive(kind, source, spatial, kernel)
        channels = filters[1] * groups
        attributes: dict[str, Json] = {
            "in_channels": filters[0], "out_channels": channels, "kernel": kernel, "stride": stride,
            "padding": padding, "output_padding": output_padding, "dilation": dilation, "groups": groups,
            "bias": bias is not None,
        }  # fmt: skip
        macs = math.prod(source) // source[1] * math.prod(filters)
        return Outcome((source[0], channels, *spatial), attributes, macs)

    return rule


_convolution2d = convolution("conv2d", 2)


def deform_conv2d(
    x: Any, offset: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    mask: Any = None,
) -> Outcome:  # fmt: skip
    """Deformable convolution: shapes and MACs of the convolution; bilinear sampling is not counted.

    ``offset`` is (N, 2·G·K, H', W') and ``mask`` (N, G·K, H', W') for K filter taps and G offset groups.
    """
    groups = x.shape[1] // weight.shape[1]
    outcome = _convolution2d(x, weight, bias, stride, padding, dilation, groups)
    if outcome is NotImplemented:
        return outcome
    taps = math.prod(weight.shape[2:])
    place = (outcome.shape[0], *outcome.shape[2:])
    for name, value, per_tap in (("offsets", offset, 2), ("mask", mask, 1)):
        if value is None:
            continue
        if (value.shape[0], *value.shape[2:]) != place or value.shape[1] % (per_tap * taps):
            raise ShapeError(
                f"deform_conv2d with output {by(outcome.shape)} needs {name} of that size with a multiple of "
                f"{per_tap * taps} channels, not {by(value.shape)}"
            )
    offset_groups = offset.shape[1] // (2 * taps)
    attributes = {**outcome.attributes, "offset_groups": offset_groups, "modulated": mask is not None}
    return outcome._replace(attributes=attributes)


def linear(x: Any, weight: Any, bias: Any = None) -> Outcome:
    """(…, features) to (…, outputs)."""
    source, (*outputs, features) = x.shape, weight.shape
    if source[-1] != features:
        raise ShapeError(f"linear with weight {by(weight.shape)} needs {features} features, not {by(source)}")
    shape = (*source[:-1], *outputs)
    attributes: dict[str, Json] = {
        "in_features": features, "out_features": outputs[0] if outputs else 1, "bias": bias is not None,
    }  # fmt: skip
    return Outcome(shape, attributes, math.prod(source[:-1]) * math.prod(weight.shape))


# Normalisation, activations and whatever keeps the shape


def batch_norm(
    x: Any, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None, training: bool = False,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Outcome:  # fmt: skip
    """Per-channel normalisation: the shape stays."""
    known = next((v for v in (running_mean, running_var, weight, bias) if v is not None), None)
    if known is not None and known.shape[0] != x.shape[1]:
        raise ShapeError(f"batch_norm of {known.shape[0]} channels does not fit {by(x.shape)}")
    attributes: dict[str, Json] = {
        "channels": x.shape[1], "eps": eps, "momentum": momentum, "affine": weight is not None,
    }  # fmt: skip
    return Outcome(x.shape, attributes)


def activation(*names: str) -> Function:
    """Element-wise functions of one tensor; their constants are attributes by the given names, in order."""

    def rule(x: Any, *values: Any, inplace: bool = False, **named: Any) -> Outcome:
        if not x.dtype.is_floating_point or len(values) > len(names) + 1:
            return NotImplemented
        # F.relu(x, True): functions of torch.nn.functional take ``inplace`` after their constants.
        if len(values) == len(names) + 1:
            *values_, inplace = values
            values = tuple(values_)
        constants = {**dict(zip(names, values, strict=False)), **named}
        if any(not isinstance(v, int | float | str | None) for v in constants.values()):
            return NotImplemented
        if not constants:
            return Outcome(x.shape, IN_PLACE if inplace else NONE)
        return Outcome(x.shape, {**constants, **(IN_PLACE if inplace else NONE)})

    return rule


def in_place(rule: Function) -> Function:
    """The rule of a function that overwrites its first argument with a result of the same shape."""

    def changed(x: Any, *args: Any, **kwargs: Any) -> Outcome:
        outcome = rule(x, *args, **kwargs)
        if outcome is NotImplemented:
            return outcome
        if tuple(outcome.shape) != tuple(x.shape):
            raise ShapeError(f"an in-place result of {by(outcome.shape)} does not fit into {by(x.shape)}")
        return outcome._replace(attributes={**outcome.attributes, "inplace": True})

    return changed


def softmax(x: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Outcome:
    """softmax and log_softmax along one dimension: the shape stays."""
    if dim is None or dtype is not None or not x.dtype.is_floating_point:
        return NotImplemented
    return Outcome(x.shape, {"dim": dimension("softmax", dim, len(x.shape))})


def dropout(x: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Outcome:
    """The input itself in evaluation mode."""
    attributes: dict[str, Json] = {"p": p, "training": training}
    if inplace:
        attributes["inplace"] = True
    elif not training:
        attributes["view"] = True
    return Outcome(x.shape, attributes)


def same(x: Any) -> Outcome:
    """A new tensor of the same shape."""
    return Outcome(x.shape)


def aliased(x: Any) -> Outcome:
    """The same memory under a new name."""
    return Outcome(x.shape, {"view": True})


def contiguous(x: Any, memory_format: Any = None) -> Outcome:
    """The input itself: proxies are taken as contiguous."""
    return NotImplemented if memory_format not in (None, torch.contiguous_format) else aliased(x)


# Pooling and resizing


def _pooled(kind: str, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool) -> Outcome:
    source = x.shape
    if len(source) != 4:
        return NotImplemented
    kernel = times(kernel, 2)
    stride = kernel if stride is None or stride == () or stride == [] else times(stride, 2)
    padding, dilation = times(padding, 2), times(dilation, 2)
    if any(p > k // 2 for p, k in zip(padding, kernel, strict=True)):
        raise ShapeError(f"{kind} needs padding of at most half its window: {by(padding)} for {by(kernel)}")
    spatial = []
    for n, k, s, p, d in zip(source[2:], kernel, stride, padding, dilation, strict=True):
        span = n + 2 * p - d * (k - 1) - 1
        out = (span + s - 1) // s + 1 if ceil else span // s + 1
        # The last window of ceil_mode must start inside the input or its left padding.
        if ceil and (out - 1) * s >= n + p:
            out -= 1
        spatial.append(out)
    positive(kind, source, spatial, kernel)
    attributes: dict[str, Json] = {
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "ceil_mode": bool(ceil),
    }
    return Outcome((*source[:2], *spatial), attributes)


def max_pool2d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Outcome:  # fmt: skip
    """The largest value under each window, all channels apart."""
    if return_indices:
        return NotImplemented
    outcome = _pooled("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode)
    if outcome is NotImplemented:
        return outcome
    return outcome._replace(attributes={**outcome.attributes, "dilation": times(dilation, 2)})


def avg_pool2d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Outcome:  # fmt: skip
    """The mean under each window, all channels apart."""
    return _pooled("avg_pool2d", x, kernel_size, stride, padding, 1, ceil_mode)


def adaptive_pool2d(x: Any, output_size: Any, return_indices: bool = False) -> Outcome:
    """Pooling to a given size; None keeps a side."""
    if return_indices or len(x.shape) != 4:
        return NotImplemented
    wanted = (output_size,) * 2 if output_size is None or isinstance(output_size, int) else tuple(output_size)
    size = tuple(n if w is None else w for w, n in zip(wanted, x.shape[2:], strict=True))
    return Outcome((*x.shape[:2], *size), {"size": size})


def interpolate(
    x: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None,
    recompute_scale_factor: Any = None, antialias: bool = False,
) -> Outcome:  # fmt: skip
    """Out = ``size``, or floor(in · scale_factor)."""
    source = x.shape
    rank = len(source) - 2
    if (size is None) == (scale_factor is None) or rank < 1:
        return NotImplemented
    attributes: dict[str, Json] = {"mode": mode, "align_corners": bool(align_corners)}
    if size is not None:
        spatial = times(size, rank)
    else:
        scale = (scale_factor,) * rank if isinstance(scale_factor, int | float) else tuple(scale_factor)
        spatial = tuple(math.floor(float(n) * s) for n, s in zip(source[2:], scale, strict=True))
        attributes["scale"] = tuple(map(float, scale))
    positive("interpolate", source, spatial, spatial)
    attributes["size"] = spatial
    return Outcome((*source[:2], *spatial), attributes)
