"""ONNX operators for the operations that the explorer's networks are made of; operator set 19."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from explorer.errors import ExportError
from explorer.exports.onnx_wire import Attribute, Node
from explorer.graph.layer_graph import Operation


@dataclass
class Site:
    """An operation in the place where its operators are written.

    ``inputs`` and ``outputs`` are the names of its tensors and ``ranks`` the inputs' numbers of dimensions. ``sized``
    names a tensor that has the result's height and width at every size of the input, where there is one.
    """

    operation: Operation
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    ranks: tuple[int, ...]
    sized: str | None
    nodes: list[Node] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, operator: str, *inputs: str, **attributes: Attribute) -> None:
        """The operator that yields the operation's results, from ``inputs``."""
        self.nodes.append(Node(operator, self.name, inputs, self.outputs, attributes))

    def before(self, operator: str, part: str, *inputs: str, **attributes: Attribute) -> str:
        """An operator that prepares something; the name of what it yields."""
        name = f"{self.name}:{part}"
        self.nodes.append(Node(operator, name, inputs, (name,), attributes))
        return name

    def parameter(self, name: str) -> str:
        """The state-dict key of a parameter of the module that runs this operation."""
        path = self.operation.path
        key = f"{path}.{name}" if path else name
        self.parameters.append(key)
        return key

    def constant(self, part: str, values: np.ndarray) -> str:
        """A constant that belongs to this operation alone."""
        name = f"{self.name}:{part}"
        self.constants[name] = values
        return name

    def whole(self, name: str) -> int:
        """A whole number among the attributes."""
        value = self.operation.attributes[name]
        assert isinstance(value, int)
        return value

    def wholes(self, name: str) -> tuple[int, ...]:
        """Whole numbers among the attributes."""
        value = self.operation.attributes[name]
        if not isinstance(value, tuple) or not all(isinstance(item, int) for item in value):
            raise self.refused(f"{name} {value!r}")
        return tuple(item for item in value if isinstance(item, int))

    def refused(self, what: str) -> ExportError:
        """The error for what ONNX has no operator for, or none that is exact."""
        place = self.operation.path or "the network itself"
        return ExportError(f"At {place}: {self.operation.kind} with {what} has no exact ONNX operator.")


def operators(site: Site) -> None:
    """Add the operators for an operation; raises ExportError where there are none."""
    writer = WRITERS.get(site.operation.kind)
    if writer is None:
        place = site.operation.path or "the network itself"
        raise ExportError(
            f"At {place}: {site.operation.kind} has no ONNX operator here. Known are {', '.join(sorted(WRITERS))}."
        )
    writer(site)


def _window(site: Site) -> dict[str, Attribute]:
    """Kernel, stride and padding as ONNX writes them: paddings of all beginnings, then of all ends."""
    return {
        "kernel_shape": site.wholes("kernel"), "strides": site.wholes("stride"), "pads": site.wholes("padding") * 2,
    }  # fmt: skip


def _filters(site: Site) -> tuple[str, ...]:
    return (
        site.parameter("weight"),
        *((site.parameter("bias"),) if site.operation.attributes["bias"] else ()),
    )


def _convolution(site: Site) -> None:
    site.add("Conv", site.inputs[0], *_filters(site), dilations=site.wholes("dilation"), group=site.whole("groups"),
             **_window(site))  # fmt: skip


def _transposed_convolution(site: Site) -> None:
    site.add("ConvTranspose", site.inputs[0], *_filters(site), dilations=site.wholes("dilation"),
             group=site.whole("groups"), output_padding=site.wholes("output_padding"), **_window(site))  # fmt: skip


def _deformable_convolution(site: Site) -> None:
    """Offsets, masks and their order are torchvision's in both."""
    image, offset, *mask = site.inputs
    weight, *bias = _filters(site)
    inputs = [image, weight, offset, *(bias or ("",)), *mask]
    while not inputs[-1]:
        inputs.pop()
    site.add("DeformConv", *inputs, dilations=site.wholes("dilation"), group=site.whole("groups"),
             offset_group=site.whole("offset_groups"), **_window(site))  # fmt: skip


def _batch_norm(site: Site) -> None:
    epsilon = site.operation.attributes["eps"]
    assert isinstance(epsilon, float)
    if not site.operation.attributes["affine"]:
        raise site.refused("neither scale nor shift")
    values = map(site.parameter, ("weight", "bias", "running_mean", "running_var"))
    site.add("BatchNormalization", site.inputs[0], *values, epsilon=epsilon)


def _linear(site: Site) -> None:
    if site.ranks[0] != 2:
        raise site.refused(f"an input of {site.ranks[0]} dimensions")
    site.add("Gemm", site.inputs[0], *_filters(site), transB=1)


def _max_pool(site: Site) -> None:
    site.add("MaxPool", site.inputs[0], dilations=site.wholes("dilation"), ceil_mode=int(site.whole("ceil_mode")),
             **_window(site))  # fmt: skip


def _average_pool(site: Site) -> None:
    # Whether padding counts in the mean is not recorded, and sizes that are rounded up count it in part.
    if any(site.wholes("padding")) or site.operation.attributes["ceil_mode"]:
        raise site.refused("padding or ceil_mode")
    site.add("AveragePool", site.inputs[0], **_window(site))


def _adaptive_average(site: Site) -> None:
    if site.wholes("size") != (1, 1):
        raise site.refused(f"size {site.wholes('size')}")
    site.add("GlobalAveragePool", site.inputs[0])


def _interpolate(site: Site) -> None:
    """By a factor, or to the height and width of the tensor that the network took them from."""
    attributes = site.operation.attributes
    if attributes["mode"] != "bilinear":
        raise site.refused(f"mode {attributes['mode']}")
    where: dict[str, Attribute] = {
        "mode": "linear",
        "coordinate_transformation_mode": "align_corners" if attributes["align_corners"] else "half_pixel",
        "axes": (2, 3),
    }
    if "scale" in attributes:
        scales = site.constant("scales", np.array(attributes["scale"], np.float32))
        site.add("Resize", site.inputs[0], "", scales, **where)
        return
    if site.sized is None:
        raise site.refused(f"size {site.wholes('size')}, which no earlier tensor has")
    sizes = site.before("Shape", "sizes", site.sized, start=2)
    site.add("Resize", site.inputs[0], "", "", sizes, **where)


def _elementwise(operator: str) -> Callable[[Site], None]:
    def write(site: Site) -> None:
        attributes = site.operation.attributes
        if "alpha" in attributes:
            raise site.refused(f"alpha {attributes['alpha']}")
        inputs = list(site.inputs)
        if "value" in attributes:
            number = site.constant("value", np.array(attributes["value"], np.float32))
            inputs.insert(0 if "reversed" in attributes else 1, number)
        elif len(inputs) == 1:
            inputs *= 2  # x + x: a tensor that is read twice is one input
        site.add(operator, *inputs)

    return write


def _activation(operator: str, **attributes: Attribute) -> Callable[[Site], None]:
    return lambda site: site.add(operator, site.inputs[0], **attributes)


def _along(operator: str) -> Callable[[Site], None]:
    return lambda site: site.add(operator, *site.inputs, axis=site.whole("dim"))


def _split(site: Site) -> None:
    sizes = site.constant("sizes", np.array(site.wholes("sizes"), np.int64))
    site.add("Split", site.inputs[0], sizes, axis=site.whole("dim"))


def _flatten(site: Site) -> None:
    if site.whole("start_dim") != 1 or site.whole("end_dim") != site.ranks[0] - 1:
        raise site.refused(f"start_dim {site.whole('start_dim')} and end_dim {site.whole('end_dim')}")
    site.add("Flatten", site.inputs[0], axis=1)


def _written() -> Iterator[tuple[str, Callable[[Site], None]]]:
    yield from {
        "conv2d": _convolution, "conv_transpose2d": _transposed_convolution, "deform_conv2d": _deformable_convolution,
        "batch_norm": _batch_norm, "linear": _linear, "max_pool2d": _max_pool, "avg_pool2d": _average_pool,
        "adaptive_avg_pool2d": _adaptive_average, "interpolate": _interpolate, "split": _split, "flatten": _flatten,
    }.items()  # fmt: skip
    for kind, operator in {
        "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "maximum": "Max", "minimum": "Min",
    }.items():  # fmt: skip
        yield kind, _elementwise(operator)
    for kind, operator in {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}.items():
        yield kind, _activation(operator)
    # torch's is min(max(x + 3, 0), 6) / 6; ONNX's slope is 0.2 unless told otherwise.
    yield "hardsigmoid", _activation("HardSigmoid", alpha=1 / 6, beta=0.5)
    for kind, operator in {"softmax": "Softmax", "log_softmax": "LogSoftmax", "cat": "Concat"}.items():
        yield kind, _along(operator)


WRITERS: Mapping[str, Callable[[Site], None]] = dict(_written())
"""Kind of operation → what writes it."""
