"""Rules: for each torch function that networks use, the output shape, attributes and MACs from input shapes.

A rule has its function's parameters and returns an ``Outcome``, raises ``ShapeError`` where the sizes do not fit,
or returns ``NotImplemented`` for a case it does not cover (the call then runs on meta tensors, fallback.py).
MACs count one multiply-accumulate per weight and output position (per input position for transposed
convolutions), biases not counted, which is half of what ``torch.utils.flop_counter`` reports.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F

from explorer.graph import rules_arrays as arrays
from explorer.graph import rules_layers as layers
from explorer.graph.outcome import Function
from explorer.networks.deform_conv import deform_conv2d

T = torch.Tensor


def _table() -> dict[Function, tuple[str, Function]]:
    """Each known function with the kind it is recorded as and its rule."""
    table: dict[Function, tuple[str, Function]] = {}

    def add(kind: str, rule: Function, *functions: Function) -> None:
        for function in functions:
            table[function] = (kind, rule)

    for rank in (1, 2, 3):
        kind, transposed = f"conv{rank}d", f"conv_transpose{rank}d"
        add(kind, layers.convolution(kind, rank), getattr(F, kind))
        add(transposed, layers.transposed_convolution(transposed, rank), getattr(F, transposed))
    add("deform_conv2d", layers.deform_conv2d, deform_conv2d)
    add("linear", layers.linear, F.linear)
    add("batch_norm", layers.batch_norm, F.batch_norm)

    plain, scaled = layers.activation(), layers.activation("negative_slope")
    for kind, rule in {
        "relu": plain, "sigmoid": plain, "tanh": plain, "exp": plain, "log": plain, "sqrt": plain, "abs": plain,
        "neg": plain, "rsqrt": plain,
    }.items():  # fmt: skip
        add(kind, rule, getattr(torch, kind), getattr(T, kind))
        add(kind, layers.in_place(rule), getattr(torch, f"{kind}_"), getattr(T, f"{kind}_"))
    add("relu", plain, F.relu)
    add("neg", plain, T.__neg__)
    add("abs", plain, T.__abs__)
    for kind in ("relu6", "hardsigmoid", "hardswish", "silu", "mish", "selu"):
        add(kind, plain, getattr(F, kind))
    add("leaky_relu", scaled, F.leaky_relu)
    add("elu", layers.activation("alpha"), F.elu)
    add("gelu", layers.activation("approximate"), F.gelu)
    add("hardtanh", layers.activation("min_val", "max_val"), F.hardtanh)
    bounded = layers.activation("min", "max")
    add("clamp", bounded, torch.clamp, T.clamp)
    add("clamp", layers.in_place(bounded), torch.clamp_, T.clamp_)
    add("softmax", layers.softmax, F.softmax, torch.softmax, T.softmax)
    add("log_softmax", layers.softmax, F.log_softmax, torch.log_softmax, T.log_softmax)
    for function in (F.dropout, F.dropout1d, F.dropout2d, F.dropout3d):
        add(function.__name__, layers.dropout, function)
    add("clone", layers.same, torch.clone, T.clone)
    add("contiguous", layers.contiguous, T.contiguous)
    add("detach", layers.aliased, torch.detach, T.detach)

    add("max_pool2d", layers.max_pool2d, F.max_pool2d, torch.max_pool2d)
    add("avg_pool2d", layers.avg_pool2d, F.avg_pool2d)
    add("adaptive_avg_pool2d", layers.adaptive_pool2d, F.adaptive_avg_pool2d)
    add("adaptive_max_pool2d", layers.adaptive_pool2d, F.adaptive_max_pool2d)
    add("interpolate", layers.interpolate, F.interpolate)

    add("cat", arrays.cat, torch.cat, torch.concat, torch.concatenate)
    add("stack", arrays.stack, torch.stack)
    for kind, operator in {"add": "add", "sub": "sub", "mul": "mul", "div": "truediv"}.items():
        rule = arrays.arithmetic(kind)
        add(kind, rule, getattr(torch, kind), getattr(T, kind), getattr(T, f"__{operator}__"))
        add(kind, layers.in_place(rule), getattr(T, f"{kind}_"), getattr(T, f"__i{operator}__"))
        add(kind, arrays.reversed_arithmetic(kind), getattr(T, f"__r{operator}__"))
    for kind in ("maximum", "minimum"):
        add(kind, arrays.arithmetic(kind), getattr(torch, kind), getattr(T, kind))
    for kind in ("max", "min"):
        add(kind, arrays.elementwise_extreme(kind), getattr(torch, kind), getattr(T, kind))
    for kind in ("mean", "sum", "amax", "amin"):
        add(kind, arrays.reduction, getattr(torch, kind), getattr(T, kind))

    add("view", arrays.view, T.view)
    add("reshape", arrays.reshape, torch.reshape, T.reshape)
    add("flatten", arrays.flatten, torch.flatten, T.flatten)
    add("permute", arrays.permute, torch.permute, T.permute)
    add("transpose", arrays.transpose, torch.transpose, T.transpose)
    add("unsqueeze", arrays.unsqueeze, torch.unsqueeze, T.unsqueeze)
    add("squeeze", arrays.squeeze, torch.squeeze, T.squeeze)
    add("chunk", arrays.chunk, torch.chunk, T.chunk)
    add("split", arrays.split, torch.split, T.split)
    add("getitem", arrays.getitem, T.__getitem__)
    return table


RULES: Mapping[Function, tuple[str, Function]] = _table()
"""Function → (kind, rule)."""
