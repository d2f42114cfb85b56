"""trace: a network's real code, run once on shapes, becomes a LayerGraph.

No weights and no data: the network is a private one on the meta device and its input a proxy. Every torch
function called with a proxy arrives at the trace's Recorder, which asks the function's rule (rules.py) for shapes,
attributes and MACs, or runs it on meta tensors where it has none (fallback.py). Nothing of PyTorch or of the
caller's module is patched: what is hooked is the private network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from explorer.config import ModelConfig, resolve
from explorer.errors import ExplorerError, TraceError
from explorer.graph import fallback
from explorer.graph.layer_graph import Json, LayerGraph, Operation, Scope, Tensor
from explorer.graph.outcome import Outcome, ShapeError, by
from explorer.graph.private import private_copy
from explorer.graph.proxy import Proxy, ShapeProxy, TensorProxy
from explorer.graph.rules import RULES
from explorer.roles import Role

MAX_SIDE = 16_384
MAX_CHANNELS = 4_096
MAX_BATCH = 4_096
MAX_OPERATIONS = 50_000


def trace(network: ModelConfig | str | nn.Module, input_shape: tuple[int, int, int, int]) -> LayerGraph:
    """What ``network`` computes for an input of ``input_shape``, in evaluation mode.

    ``network`` is a configuration, a preset's name, or any module (which is copied, never touched).
    ``input_shape`` is (N, C, H, W). Raises TraceError where sizes do not fit or the code needs values.
    """
    shape = checked_shape(input_shape)
    if isinstance(network, nn.Module):
        return Recorder(private_copy(network), type(network).__name__, TensorProxy).run(shape)
    from explorer.networks import construct

    config = resolve(network)
    return Recorder(construct(config, device="meta"), config.title, ShapeProxy).run(shape)


def checked_shape(input_shape: tuple[int, int, int, int]) -> torch.Size:
    """The input's shape if it is four sizes within the limits; raises TraceError."""
    try:
        sizes = tuple(input_shape)
    except TypeError:
        sizes = ()
    if len(sizes) != 4 or any(type(n) is not int for n in sizes):
        raise TraceError(f"The input shape must be four whole numbers (N, C, H, W), not {input_shape!r}.")
    limits = {"N": MAX_BATCH, "C": MAX_CHANNELS, "H": MAX_SIDE, "W": MAX_SIDE}
    for (name, limit), size in zip(limits.items(), sizes, strict=True):
        if not 1 <= size <= limit:
            raise TraceError(
                f"{name} of the input shape {by(sizes)} must be between 1 and {limit}, not {size}."
            )
    return torch.Size(sizes)


class Recorder:
    """One trace: the private network, what is running in it, and what has been recorded so far."""

    def __init__(self, network: nn.Module, name: str, proxy: type[ShapeProxy] | type[TensorProxy]) -> None:
        self.network = network
        self.name = name
        self.proxy = proxy
        self.frames: list[tuple[str, int]] = []
        self.failed_in: str | None = None
        self.tensors: list[tuple[torch.Size, torch.dtype, int | None]] = []
        self.operations: list[tuple[str, str, int, list[int], list[int], Mapping[str, Json], int]] = []
        self.reads: list[list[nn.Parameter]] = []
        self.modules: list[tuple[str, nn.Module, list[str]]] = []

    def run(self, shape: torch.Size) -> LayerGraph:
        """Run the network on a proxy of ``shape``."""
        self._watch(self.network, "", set())
        start = self._tensor(shape, torch.float32, None)
        try:
            # Weights that are computed from parameters must remember which (see _parameters_behind).
            with torch.enable_grad():
                result = self.network(start)
        except ExplorerError:
            raise
        except RecursionError as error:
            raise TraceError(f"At {self.place()}: the network's code calls itself without end.") from error
        except Exception as error:  # a stranger's forward may raise anything
            raise TraceError(f"At {self.place()}: {type(error).__name__}: {_first_line(error)}.") from error
        outputs = list(_named_proxies(result, ""))
        if not outputs:
            raise TraceError(f"{self.name} returned no tensor that depends on its input.")
        graph = self._graph([start.id], outputs)
        for _, module, _ in self.modules:
            del module.__dict__[
                "forward"
            ]  # it holds its module: without this only the collector frees the network
        return graph

    # Where in the network

    def _watch(self, module: nn.Module, path: str, seen: set[nn.Module]) -> None:
        """Have every module say when it runs, and list them in the order of ``named_modules``."""
        seen.add(module)
        children: list[str] = []
        self.modules.append((path, module, children))
        self._announce(module, path)
        for name, child in module._modules.items():
            if child is not None and child not in seen:
                child_path = f"{path}.{name}" if path else name
                children.append(child_path)
                self._watch(child, child_path, seen)

    def _announce(self, module: nn.Module, path: str) -> None:
        """Note when the private ``module`` runs, by an instance attribute, which costs less than two hooks."""
        frames, forward, calls = self.frames, module.forward, 0

        def announced(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            frames.append((path, calls))
            calls += 1
            try:
                return forward(*args, **kwargs)
            except Exception:
                if self.failed_in is None:
                    self.failed_in = path
                raise
            finally:
                frames.pop()

        module.__dict__["forward"] = announced

    def place(self) -> str:
        """The module that is running or failed, in words."""
        path = self.frames[-1][0] if self.frames else self.failed_in
        return path or "the network itself"

    # What it calls

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Record one call of a torch function and return proxies for its results."""
        if "input" in kwargs and not args:
            args = (kwargs.pop("input"),)  # most functions take their first argument under this name as well
        known = RULES.get(function)
        if known is not None:
            kind, rule = known
            try:
                outcome = rule(*args, **kwargs)
            except ShapeError as error:
                raise TraceError(f"At {self.place()}: {error}.") from error
            except TypeError:
                outcome = NotImplemented  # called in a way that the rule does not know
            if outcome is not NotImplemented:
                return self._known(kind, outcome, args, kwargs)
        return self._unknown(function, args, kwargs)

    def _known(self, kind: str, outcome: Outcome, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Record a call whose rule has answered."""
        proxies: list[Proxy] = []
        reads: list[nn.Parameter] = []
        _sort_arguments(args, proxies, reads)
        if kwargs:
            _sort_arguments(kwargs.values(), proxies, reads)
        shape, attributes, macs, dtype, many = outcome
        dtype = dtype or proxies[0].dtype
        inputs = [proxy.id for proxy in proxies]
        number = len(self.operations)
        result: Any
        if many:
            result = tuple(self._tensor(torch.Size(s), dtype, number) for s in shape)
            outputs = [proxy.id for proxy in result]
        else:
            result = self._tensor(torch.Size(shape), dtype, number)
            outputs = [result.id]
            if "inplace" in attributes and isinstance(args[0], Proxy):
                args[0].id = result.id
                result = args[0]
        self._note(kind, inputs, outputs, attributes, macs, reads)
        return result

    def _unknown(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Record a call by running it on meta tensors."""
        kind, by_name = _kind(function)
        try:
            value, stand_ins, changed, macs = fallback.run(function, args, kwargs)
        except ExplorerError:
            raise
        except Exception as error:
            proxies: list[Proxy] = []
            _sort_arguments((*args, *kwargs.values()), proxies, [])
            shapes = " and ".join(by(proxy.shape) for proxy in proxies)
            raise TraceError(
                f"At {self.place()}: {kind} does not accept {shapes}: {_first_line(error)}."
            ) from error
        number = len(self.operations)
        proxies = []
        reads: list[nn.Parameter] = []
        _sort_arguments((*args, *kwargs.values()), proxies, reads)
        inputs = [proxy.id for proxy in proxies]
        sources = {id(tensor): proxy for proxy, tensor in stand_ins}
        outputs: list[int] = []
        is_view = False
        for proxy in changed:
            proxy.id = self._tensor(proxy.shape, proxy.dtype, number).id
            outputs.append(proxy.id)

        def to_proxy(item: Any) -> Any:
            nonlocal is_view
            if not isinstance(item, torch.Tensor):
                return item
            source = sources.get(id(item))
            if source is not None and source in changed:
                return source
            is_view = is_view or source is not None or (item._is_view() and id(item._base) in sources)
            proxy = self._tensor(item.shape, item.dtype, number)
            outputs.append(proxy.id)
            return proxy

        result = fallback.replace(value, to_proxy)
        if not outputs:
            return result
        attributes: dict[str, Json] = {k: _plain(v) for k, v in kwargs.items() if _is_plain(v)}
        if positional := [_plain(v) for v in args if _is_plain(v)]:
            attributes["arguments"] = tuple(positional)
        if is_view:
            attributes["view"] = True
        if changed or by_name:
            attributes["inplace"] = True
        self._note(kind, inputs, outputs, attributes, macs, reads)
        return result

    def _tensor(self, shape: torch.Size, dtype: torch.dtype, producer: int | None) -> Proxy:
        number = len(self.tensors)
        self.tensors.append((shape, dtype, producer))
        return self.proxy(self, number, shape, dtype)

    def _note(
        self,
        kind: str,
        inputs: list[int],
        outputs: list[int],
        attributes: Mapping[str, Json],
        macs: int,
        reads: list[nn.Parameter],
    ) -> None:
        if len(self.operations) >= MAX_OPERATIONS:
            raise TraceError(
                f"{self.name} computes more than {MAX_OPERATIONS} operations, which is the limit."
            )
        path, call = self.frames[-1]
        self.operations.append((kind, path, call, inputs, outputs, attributes, macs))
        self.reads.append(reads)

    # What comes of it

    def _graph(self, inputs: list[int], outputs: list[tuple[str, Proxy]]) -> LayerGraph:
        consumers: list[list[int]] = [[] for _ in self.tensors]
        for number, operation in enumerate(self.operations):
            for tensor in operation[3]:
                if number not in consumers[tensor][-1:]:
                    consumers[tensor].append(number)
        names = {dtype: str(dtype).removeprefix("torch.") for dtype in {t[1] for t in self.tensors}}
        results = [proxy.id for _, proxy in outputs]
        counts, live_parameters = self._parameter_counts(results)
        return LayerGraph(
            name=self.name,
            operations=tuple(
                Operation(i, kind, path, call, tuple(ins), tuple(outs), attributes, counts[i], macs)
                for i, (kind, path, call, ins, outs, attributes, macs) in enumerate(self.operations)
            ),
            tensors=tuple(
                Tensor(i, tuple(shape), names[dtype], producer, tuple(consumers[i]))
                for i, (shape, dtype, producer) in enumerate(self.tensors)
            ),
            scopes=self._scopes(live_parameters),
            inputs=tuple(inputs),
            outputs=tuple(results),
            output_names=tuple(name for name, _ in outputs),
        )

    def _parameter_counts(self, results: list[int]) -> tuple[list[int], set[int]]:
        """Elements of the parameters that each operation reads, and which parameters reach an output.

        A parameter that several operations share counts once, at the first that reaches an output, so that sums
        over operations are sums over parameters. Parameters are known by their ids, which is safe because the
        network keeps them alive, and faster than hashing them.
        """
        counts = [0] * len(self.operations)
        live = self._live(results)
        counted: set[int] = set()
        live_parameters: set[int] = set()
        for wanted in (True, False):
            for number, reads in enumerate(self.reads):
                if reads and (number in live) is wanted:
                    for parameter in reads:
                        if id(parameter) not in counted:
                            counted.add(id(parameter))
                            counts[number] += parameter.numel()
            if wanted:
                live_parameters = set(counted)
        return counts, live_parameters

    def _live(self, results: list[int]) -> set[int]:
        """Operations that reach an output."""
        found: set[int] = set()
        waiting = list(results)
        while waiting:
            producer = self.tensors[waiting.pop()][2]
            if producer is not None and producer not in found:
                found.add(producer)
                waiting.extend(self.operations[producer][3])
        return found

    def _scopes(self, live_parameters: set[int]) -> tuple[Scope, ...]:
        """Every module. A parameter that several modules hold counts at the first, so that sums are exact."""
        counted: set[int] = set()
        totals: dict[str, int] = {}
        live: dict[str, int] = {}
        for path, module, _ in self.modules:
            own = own_live = 0
            for parameter in module._parameters.values():
                if parameter is not None and id(parameter) not in counted:
                    counted.add(id(parameter))
                    own += parameter.numel()
                    own_live += parameter.numel() if id(parameter) in live_parameters else 0
            totals[path], live[path] = own, own_live
        for path, _, children in reversed(self.modules):
            for child in children:
                totals[path] += totals[child]
                live[path] += live[child]
        return tuple(
            Scope(
                path,
                type(module).__name__,
                role if isinstance(role := _said(module, "role"), Role) else None,
                stage if type(stage := _said(module, "stage")) is int else None,
                tuple(children),
                totals[path],
                {
                    "class": f"{type(module).__module__}.{type(module).__qualname__}",
                    "live_parameters": live[path],
                },
            )
            for path, module, children in self.modules
        )


def _said(module: nn.Module, name: str) -> object:
    """An attribute that a module or its class has set; without nn.Module's costly search for what it has not."""
    return module.__dict__.get(name, getattr(type(module), name, None))


def _named_proxies(value: Any, name: str) -> Iterator[tuple[str, Proxy]]:
    """The proxies inside a network's result, each with its index path: ``out``, ``1``, ``0.hm``."""
    if isinstance(value, Proxy):
        yield name or "out", value
    elif isinstance(value, list | tuple | Mapping):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in items:
            yield from _named_proxies(item, f"{name}.{key}" if name else str(key))


def _sort_arguments(values: Any, proxies: list[Proxy], reads: list[nn.Parameter]) -> None:
    """Collect the proxies and the parameters among (nested) arguments, in order."""
    for value in values:
        if isinstance(value, Proxy):
            proxies.append(value)
        elif type(value) is nn.Parameter:
            reads.append(value)
        elif isinstance(value, torch.Tensor):
            reads.extend(_parameters_behind(value))
        elif isinstance(value, list | tuple):
            _sort_arguments(value, proxies, reads)
        elif isinstance(value, dict):
            _sort_arguments(value.values(), proxies, reads)


def _parameters_behind(tensor: torch.Tensor) -> list[nn.Parameter]:
    """The parameters that a tensor was computed from, as with weight normalisation: the leaves of its history."""
    if isinstance(tensor, nn.Parameter):
        return [tensor]
    found: list[nn.Parameter] = []
    waiting, seen = [tensor.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        if isinstance(leaf, nn.Parameter):
            found.append(leaf)
        waiting.extend(next_node for next_node, _ in node.next_functions)
    return found


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(". ")


def _kind(function: Callable[..., Any]) -> tuple[str, bool]:
    """A torch function's name without the marks of operators and in-place forms, and whether it is in place."""
    name = getattr(function, "__name__", None) or str(function)
    if name == "__get__":
        return str(getattr(function, "__self__").__name__), False  # noqa: B009 - a descriptor's method
    if name.startswith("__") and name.endswith("__"):
        bare = name[2:-2]
        return bare, bare in ("setitem", "iadd", "isub", "imul", "itruediv")
    if name.endswith("_") and not name.startswith("_"):
        return name[:-1], True
    return name.removeprefix("_"), False


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str | torch.dtype)


def _plain(value: Any) -> Json:
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    return str(value).removeprefix("torch.") if isinstance(value, torch.dtype) else value
