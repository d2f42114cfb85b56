"""Recorder: runs a private network on a proxy and notes every torch function that is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from explorer.errors import ExplorerError, TraceError
from explorer.graph import fallback
from explorer.graph.arguments import first_line, is_plain, kind_of, named_proxies, plain, sort_arguments
from explorer.graph.layer_graph import Json, LayerGraph
from explorer.graph.outcome import Outcome, ShapeError, by
from explorer.graph.proxy import Proxy, ShapeProxy, TensorProxy
from explorer.graph.recording import Recording
from explorer.graph.rules import RULES

MAX_OPERATIONS = 50_000


class Recorder:
    """One trace: the private network, what is running in it, and what has been recorded so far."""

    def __init__(self, network: nn.Module, name: str, proxy: type[ShapeProxy] | type[TensorProxy]) -> None:
        self.network = network
        self.name = name
        self.proxy = proxy
        self.frames: list[tuple[str, int]] = []
        self.failed_in: str | None = None
        self.recording = Recording(name)

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
            raise TraceError(f"At {self.place()}: {type(error).__name__}: {first_line(error)}.") from error
        outputs = list(named_proxies(result, ""))
        if not outputs:
            raise TraceError(f"{self.name} returned no tensor that depends on its input.")
        graph = self.recording.graph([start.id], [(name, proxy.id) for name, proxy in outputs])
        for _, module, _ in self.recording.modules:
            del module.__dict__[
                "forward"
            ]  # it holds its module: without this only the collector frees the network
        return graph

    # Where in the network

    def _watch(self, module: nn.Module, path: str, seen: set[nn.Module]) -> None:
        """Have every module say when it runs, and list them in the order of ``named_modules``."""
        seen.add(module)
        children: list[str] = []
        self.recording.modules.append((path, module, children))
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
        sort_arguments(args, proxies, reads)
        if kwargs:
            sort_arguments(kwargs.values(), proxies, reads)
        shape, attributes, macs, dtype, many = outcome
        dtype = dtype or proxies[0].dtype
        inputs = [proxy.id for proxy in proxies]
        number = len(self.recording.operations)
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
        kind, by_name = kind_of(function)
        try:
            value, stand_ins, changed, macs = fallback.run(function, args, kwargs)
        except ExplorerError:
            raise
        except Exception as error:
            proxies: list[Proxy] = []
            sort_arguments((*args, *kwargs.values()), proxies, [])
            shapes = " and ".join(by(proxy.shape) for proxy in proxies)
            raise TraceError(
                f"At {self.place()}: {kind} does not accept {shapes}: {first_line(error)}."
            ) from error
        number = len(self.recording.operations)
        proxies = []
        reads: list[nn.Parameter] = []
        sort_arguments((*args, *kwargs.values()), proxies, reads)
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
        attributes: dict[str, Json] = {k: plain(v) for k, v in kwargs.items() if is_plain(v)}
        if positional := [plain(v) for v in args if is_plain(v)]:
            attributes["arguments"] = tuple(positional)
        if is_view:
            attributes["view"] = True
        if changed or by_name:
            attributes["inplace"] = True
        self._note(kind, inputs, outputs, attributes, macs, reads)
        return result

    def _tensor(self, shape: torch.Size, dtype: torch.dtype, producer: int | None) -> Proxy:
        number = len(self.recording.tensors)
        self.recording.tensors.append((shape, dtype, producer))
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
        if len(self.recording.operations) >= MAX_OPERATIONS:
            raise TraceError(
                f"{self.name} computes more than {MAX_OPERATIONS} operations, which is the limit."
            )
        path, call = self.frames[-1]
        self.recording.operations.append((kind, path, call, inputs, outputs, attributes, macs))
        self.recording.reads.append(reads)
