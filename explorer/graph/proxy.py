"""Proxies: stand in for tensors while a network is traced; they have a shape and a dtype, and no data.

PyTorch hands every function called with an object that defines ``__torch_function__`` to that method, so the
network's real code runs and each call arrives at the recorder that made the proxy. The recorder travels in the
proxy: no global or thread-local state decides where a call belongs, so any number of threads may trace at once.

Two kinds: ``ShapeProxy`` is a plain class and the faster one, for networks of this package. ``TensorProxy`` is also
a ``torch.Tensor``, for modules of others, whose code may ask ``isinstance(x, torch.Tensor)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any, NoReturn, Protocol

import torch

from explorer.errors import TraceError

META = torch.device("meta")


class Recorder(Protocol):
    """What a proxy needs from the trace it belongs to."""

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Note one call of a torch function and return proxies for its results."""

    def place(self) -> str:
        """The module that is running, in words, for messages."""


class Proxy:
    """A tensor's shape and dtype within one trace.

    ``id`` is the id of the graph's tensor that this proxy holds now; an in-place operation gives the same proxy
    a new id. What can be answered without computing is answered here; all else is recorded as a call.
    """

    recorder: Recorder
    id: int
    shape: torch.Size
    dtype: torch.dtype

    @classmethod
    def __torch_function__(
        cls,
        function: Callable[..., Any],
        types: tuple[type, ...],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        return _recorder(args, kwargs).call(function, args, kwargs)

    # What may be asked without computing: never an operation.

    device = META
    layout = torch.strided
    is_cuda = is_sparse = is_quantized = is_nested = is_mkldnn = requires_grad = False
    is_meta = is_leaf = True
    grad = grad_fn = names = None

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def data(self) -> Proxy:
        return self

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    def dim(self) -> int:
        return len(self.shape)

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        return prod(self.shape)

    nelement = numel

    def element_size(self) -> int:
        return self.dtype.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """Strides of a contiguous tensor of this shape; memory formats are not followed."""
        strides = tuple(prod(self.shape[i + 1 :]) for i in range(len(self.shape)))
        return strides if dim is None else strides[dim]

    def is_contiguous(self, memory_format: torch.memory_format = torch.contiguous_format) -> bool:
        return memory_format == torch.contiguous_format

    def is_floating_point(self) -> bool:
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        return self.dtype.is_complex

    def get_device(self) -> int:
        return -1

    def requires_grad_(self, requires_grad: bool = True) -> Proxy:
        return self

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Moves between devices change nothing here; a change of dtype is an operation."""
        wanted = [a.dtype if hasattr(a, "dtype") else a for a in (*args, *kwargs.values())]
        dtype = next((w for w in wanted if isinstance(w, torch.dtype)), self.dtype)
        if dtype == self.dtype:
            return self
        return self.recorder.call(torch.Tensor.to, (self, dtype), {})

    def cpu(self) -> Proxy:
        return self

    def cuda(self, device: object = None, non_blocking: bool = False) -> Proxy:
        return self

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __iter__(self) -> Iterator[Proxy]:
        return iter(self.recorder.call(torch.unbind, (self, 0), {}))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({tuple(self.shape)}, {self.dtype})"

    def __hash__(self) -> int:
        return object.__hash__(self)

    # What only data could answer.

    def _no_value(self, *args: object, **kwargs: object) -> NoReturn:
        raise TraceError(
            f"At {self.recorder.place()}: the code asks for the value of a tensor of shape "
            f"{tuple(self.shape)}, but a trace has shapes only; values must not decide what a network computes."
        )

    __bool__ = __int__ = __float__ = __index__ = __complex__ = __array__ = _no_value
    item = tolist = numpy = _no_value

    # Everything else is an operation.

    def __getitem__(self, index: Any) -> Any:
        return self.recorder.call(torch.Tensor.__getitem__, (self, index), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        self.recorder.call(torch.Tensor.__setitem__, (self, index, value), {})


class ShapeProxy(Proxy):
    """A proxy that is no tensor; it has the methods of ``torch.Tensor`` by name."""

    def __init__(self, recorder: Recorder, tensor: int, shape: torch.Size, dtype: torch.dtype) -> None:
        self.recorder = recorder
        self.id = tensor
        self.shape = shape
        self.dtype = dtype

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(torch.Tensor, name, None)
        if attribute is None or name.startswith("__"):
            raise AttributeError(f"a tensor has no attribute {name!r}")
        if callable(attribute):
            return _Method(self, attribute)
        return self.recorder.call(attribute.__get__, (self,), {})


class TensorProxy(Proxy, torch.Tensor):  # type: ignore[misc, override]  # answers replace methods, with simpler signatures
    """A proxy that is an (empty, meta) tensor as well."""

    _shape: torch.Size
    _dtype: torch.dtype

    def __new__(cls, recorder: Recorder, tensor: int, shape: torch.Size, dtype: torch.dtype) -> TensorProxy:
        self = torch.Tensor._make_subclass(cls, torch.empty(shape, dtype=dtype, device=META))
        self.recorder = recorder
        self.id = tensor
        # torch.Tensor's own descriptors would hide instance attributes of these names.
        self._shape = shape
        self._dtype = dtype
        return self

    @property
    def shape(self) -> torch.Size:  # type: ignore[override]  # as torch.Tensor's, read-only
        return self._shape

    @property
    def dtype(self) -> torch.dtype:  # type: ignore[override]  # as above
        return self._dtype


class _Method:
    """A tensor method bound to a proxy."""

    __slots__ = ("function", "proxy")

    def __init__(self, proxy: Proxy, function: Callable[..., Any]) -> None:
        self.proxy = proxy
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.proxy.recorder.call(self.function, (self.proxy, *args), kwargs)


def _operator(name: str) -> Callable[..., Any]:
    function = getattr(torch.Tensor, name)

    def operator(self: Proxy, *others: Any) -> Any:
        return self.recorder.call(function, (self, *others), {})

    operator.__name__ = name
    return operator


for _name in (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"),
    *("radd", "rsub", "rmul", "rtruediv", "rfloordiv", "rmod", "rpow", "rmatmul"),
    *("iadd", "isub", "imul", "itruediv"),
    *("lt", "le", "gt", "ge", "eq", "ne", "neg", "abs", "invert"),
):
    setattr(Proxy, f"__{_name}__", _operator(f"__{_name}__"))


def _recorder(args: Any, kwargs: dict[str, Any]) -> Recorder:
    """The recorder of the first proxy among the arguments, however deeply nested."""
    for value in (*args, *kwargs.values()):
        if isinstance(value, Proxy):
            return value.recorder
        if isinstance(value, list | tuple | dict):
            inner = value.values() if isinstance(value, dict) else value
            try:
                return _recorder(tuple(inner), {})
            except LookupError:
                continue
    raise LookupError("no proxy among the arguments")
