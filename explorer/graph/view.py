"""Fold a LayerGraph into what a reader sees: ``view(graph, style, open_scopes)``.

Only roles and the module tree are read, never class names, so a network of a new family folds by the same rules.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import cached_property
from math import gcd

from explorer.graph.layer_graph import LayerGraph, Operation, Scope
from explorer.graph.view_edges import Fold, fold_edges
from explorer.graph.view_model import NodeKind, Style, View, ViewFrame, ViewNode
from explorer.graph.view_text import captions
from explorer.roles import CONTRACTED, FRAMES, Role

NODE_BUDGET = {Style.PAPER: 40, Style.MODULES: 60, Style.OPERATIONS: 160}
"""How many nodes a view may show before a reader asks for more."""


def view(graph: LayerGraph, style: Style | str, open_scopes: Collection[str] | None = None) -> View:
    """Fold ``graph``.

    ``paper`` shows blocks and aggregation nodes in frames of trees and decoders, with projections, downsampling and
    upsampling drawn into the edges; ``modules`` shows each closed module as one node; ``operations`` shows
    every torch function. ``open_scopes`` are the paths of the modules to open; a path that cannot be opened in this
    style is ignored, and None opens ``default_open(graph, style)``. Raises ValueError for an unknown style.
    """
    style = Style(style)
    plan = _Plan(graph, style)
    opened = plan.default_open if open_scopes is None else plan.openable & frozenset(open_scopes)
    return _Assembly(plan, opened).view()


def default_open(graph: LayerGraph, style: Style | str) -> frozenset[str]:
    """The modules open at first sight: level by level, while the view keeps within ``NODE_BUDGET``."""
    return _Plan(graph, Style(style)).default_open


def openable(graph: LayerGraph, style: Style | str) -> frozenset[str]:
    """Every path that can be opened in this style, at any depth; opened all at once they show the whole network."""
    return _Plan(graph, Style(style)).openable


def all_open(graph: LayerGraph, style: Style | str) -> frozenset[str]:
    """What "open all" opens: in the paper view every frame, but not the insides of blocks."""
    style = Style(style)
    plan = _Plan(graph, style)
    return plan.frames if style is Style.PAPER else plan.openable


class _Plan:
    """What can be folded at all, and how; independent of what is open."""

    def __init__(self, graph: LayerGraph, style: Style) -> None:
        self.graph = graph
        self.style = style
        self.held: dict[str, list[int]] = defaultdict(list)
        for operation in graph.operations:
            for path in ancestry(operation.path):
                self.held[path].append(operation.id)

    @cached_property
    def openable(self) -> frozenset[str]:
        return frozenset(path for path in self.held if path and self._can_open(self.graph.scope(path)))

    @cached_property
    def frames(self) -> frozenset[str]:
        return frozenset(path for path in self.openable if self._is_frame(self.graph.scope(path)))

    def is_unit(self, scope: Scope) -> bool:
        """Whether the paper view shows this module as one thing: it has a role and no parts with roles of their own."""
        return scope.role is not None and scope.role not in CONTRACTED and not self._is_frame(scope)

    def _is_frame(self, scope: Scope) -> bool:
        return scope.role in FRAMES and scope.path in self._structured

    @cached_property
    def _structured(self) -> frozenset[str]:
        """Paths with a module inside that has a role."""
        roles = [scope.path for scope in self.graph.scopes if scope.role is not None and scope.path]
        return frozenset(above for path in roles for above in ancestry(path)[:-1])

    def _can_open(self, scope: Scope) -> bool:
        if self.style is Style.PAPER and (scope.role in CONTRACTED or not self._drawn(scope.path)):
            return False
        per_call = len(self.held[scope.path]) // self.calls[scope.path]
        if self.style is Style.OPERATIONS:
            return bool(scope.children) and per_call > 1
        return per_call > 1

    def _drawn(self, path: str) -> bool:
        """Whether the paper view has a node or frame for this path: it has a role, or lies inside a block."""
        scopes = [self.graph.scope(above) for above in ancestry(path) if above]
        if any(scope.role in CONTRACTED for scope in scopes):
            return False
        return scopes[-1].role is not None or any(self.is_unit(scope) for scope in scopes[:-1])

    @cached_property
    def default_open(self) -> frozenset[str]:
        candidates = self.frames if self.style is Style.PAPER else self.openable
        opened: frozenset[str] = frozenset()
        if not candidates:
            return opened
        for depth in range(1, 1 + max(path.count(".") + 1 for path in candidates)):
            wider = opened | {path for path in candidates if path.count(".") + 1 == depth}
            if self._count(wider) > NODE_BUDGET[self.style]:
                break
            opened = wider
        return opened

    def _count(self, opened: frozenset[str]) -> int:
        """How many nodes would be visible."""
        places = {self.place(operation, opened) for operation in self.graph.operations}
        return sum(not self.contracts(home, frames) for home, frames in places)

    def contracts(self, home: str, frames: tuple[str, ...]) -> bool:
        """Whether the paper view draws this node into the edges: a scaling module, or plain glue between modules."""
        if self.style is not Style.PAPER or any(self.is_unit(self.scope(frame)) for frame in frames):
            return False
        if home.startswith("op:"):
            return not self.graph.operations[int(home.removeprefix("op:"))].parameters
        return self.scope(home).role in CONTRACTED

    def scope(self, identity: str) -> Scope:
        """The module that a node or frame stands for."""
        return self.graph.scope(identity.partition("#")[0])

    def place(self, operation: Operation, opened: frozenset[str]) -> tuple[str, tuple[str, ...]]:
        """The node that holds ``operation`` and the frames around that node, outermost first."""
        frames: list[str] = []
        inside_unit = False
        for path in ancestry(operation.path):
            if not path:
                continue
            scope = self.graph.scope(path)
            identity = self.instance(path, operation)
            if path in opened:
                frames.append(identity)
                inside_unit = inside_unit or self.is_unit(scope)
                continue
            if self.style is Style.PAPER and not inside_unit and scope.role is None:
                continue
            if self.style is Style.OPERATIONS and path not in self.openable:
                continue
            return identity, tuple(frames)
        # A convolution or linear layer without a role is no glue: it keeps a node of its own in the paper view.
        if self.style is Style.PAPER and operation.parameters and operation.path not in opened:
            return self.instance(operation.path, operation), tuple(frames)
        return f"op:{operation.id}", tuple(frames)

    def instance(self, path: str, operation: Operation) -> str:
        """The id of the call of ``path`` that ran ``operation``: the path, and ``#n`` for later calls."""
        call = (
            operation.call // (self.calls[operation.path] // self.calls[path]) if self.calls[path] > 1 else 0
        )
        return f"{path}#{call}" if call else path

    @cached_property
    def calls(self) -> Counter[str]:
        """How often each module ran: what the calls of everything inside it have in common."""
        own: Counter[str] = Counter()
        for operation in self.graph.operations:
            own[operation.path] = max(own[operation.path], operation.call + 1)
        common: Counter[str] = Counter()
        for path, count in own.items():
            for above in ancestry(path):
                common[above] = gcd(common[above], count)
        return common


class _Assembly:
    """One view in the making."""

    def __init__(self, plan: _Plan, opened: frozenset[str]) -> None:
        self.plan = plan
        self.graph = plan.graph
        self.opened = opened
        placed = [plan.place(operation, opened) for operation in self.graph.operations]
        self.home = [home for home, _ in placed]
        self.around = dict(placed)
        self.inside: dict[str, list[int]] = defaultdict(list)
        self.framed: dict[str, list[int]] = defaultdict(list)
        for operation, (home, frames) in enumerate(placed):
            self.inside[home].append(operation)
            for frame in frames:
                self.framed[frame].append(operation)

    def view(self) -> View:
        plan = self.plan
        contracted = frozenset(home for home in self.inside if plan.contracts(home, self.around[home]))
        fold = Fold(self.graph, self.plan.style, tuple(self.home), contracted)
        edges = fold_edges(fold)
        passed = {operation for edge in edges for operation in edge.operations}
        hidden = [operation for home in sorted(contracted) for operation in self.inside[home]]
        nodes = tuple(self._titled(node) for node in self._nodes(contracted))
        visible = {frame for node in nodes for frame in self.around.get(node.id, ())}
        return View(
            name=self.graph.name,
            style=self.plan.style,
            open=self.opened,
            nodes=nodes,
            frames=tuple(self._frames(visible)),
            edges=edges,
            drawn_away=tuple(sorted(operation for operation in hidden if operation not in passed)),
        )

    def _nodes(self, contracted: frozenset[str]) -> Iterator[ViewNode]:
        for index, tensor in enumerate(self.graph.inputs):
            yield self._terminal(NodeKind.INPUT, index, "input", tensor)
        for home, operations in self.inside.items():
            if home not in contracted:
                yield self._node(home, tuple(operations))
        for index, (name, tensor) in enumerate(zip(self.graph.output_names, self.graph.outputs, strict=True)):
            yield self._terminal(NodeKind.OUTPUT, index, output_label(name), tensor)

    def _titled(self, node: ViewNode) -> ViewNode:
        title, subtitle = captions(node, self.plan.style, self.graph)
        return replace(node, title=title, subtitle=subtitle)

    def _terminal(self, kind: NodeKind, index: int, label: str, tensor: int) -> ViewNode:
        shapes = (self.graph.tensors[tensor].shape,)
        return ViewNode(
            id=f"{kind}:{index}", kind=kind, path="", label=label, type=kind.value, role=None, stage=None,
            frame=None, operations=(), parameters=0, live_parameters=0, macs=0,
            inputs=shapes if kind is NodeKind.OUTPUT else (),
            outputs=shapes if kind is NodeKind.INPUT else (), openable=False, dead=False,
        )  # fmt: skip

    def _node(self, home: str, operations: tuple[int, ...]) -> ViewNode:
        frames = self.around[home]
        first = self.graph.operations[operations[0]]
        single = home.startswith("op:")
        scope = self.graph.scope(first.path if single else home.partition("#")[0])
        inputs, outputs = self._boundary(frozenset(operations))
        return ViewNode(
            id=home,
            kind=NodeKind.OPERATION if single else NodeKind.SCOPE,
            path=scope.path,
            label=first.kind if single else local_name(scope.path),
            type=first.kind if single else scope.type,
            role=self._role_of(scope.path) if single else scope.role,
            stage=self._stage_of(scope.path),
            frame=frames[-1] if frames else None,
            operations=operations,
            parameters=self._parameters(operations),
            live_parameters=self._parameters(tuple(i for i in operations if i in self.graph.live)),
            macs=sum(self.graph.operations[i].macs for i in operations),
            inputs=inputs,
            outputs=outputs,
            openable=not single and scope.path in self.plan.openable,
            dead=self.graph.live.isdisjoint(operations),
        )

    def _frames(self, visible: set[str]) -> Iterator[ViewFrame]:
        for identity in sorted(visible, key=lambda frame: (frame.count("."), self.framed[frame][0])):
            operations = tuple(self.framed[identity])
            scope = self.plan.scope(identity)
            inputs, outputs = self._boundary(frozenset(operations))
            above = [frame for frame in visible if self._encloses(frame, identity)]
            yield ViewFrame(
                id=identity,
                path=scope.path,
                label=local_name(scope.path),
                type=scope.type,
                role=scope.role,
                stage=self._stage_of(scope.path),
                frame=max(above, key=len) if above else None,
                operations=operations,
                parameters=self._parameters(operations),
                live_parameters=self._parameters(tuple(i for i in operations if i in self.graph.live)),
                macs=sum(self.graph.operations[i].macs for i in operations),
                inputs=inputs,
                outputs=outputs,
            )

    def _encloses(self, outer: str, inner: str) -> bool:
        path, within = outer.partition("#")[0], inner.partition("#")[0]
        return within.startswith(f"{path}.") and set(self.framed[inner]) <= set(self.framed[outer])

    def _stage_of(self, path: str) -> int | None:
        stages = [self.graph.scope(above).stage for above in ancestry(path)]
        return next((stage for stage in reversed(stages) if stage is not None), None)

    def _role_of(self, path: str) -> Role | None:
        roles = [self.graph.scope(above).role for above in ancestry(path)]
        return next((role for role in reversed(roles) if role is not None), None)

    def _parameters(self, operations: tuple[int, ...]) -> int:
        """Elements of the parameters read, counting a module that runs twice once."""
        calls: dict[str, int] = {}
        total = 0
        for operation in (self.graph.operations[i] for i in operations):
            if operation.parameters and calls.setdefault(operation.path, operation.call) == operation.call:
                total += operation.parameters
        return total

    def _boundary(
        self, inside: frozenset[int]
    ) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
        tensors = self.graph.tensors
        entering: dict[int, None] = {}
        leaving: dict[int, None] = {}
        for operation in (self.graph.operations[i] for i in sorted(inside)):
            for tensor in operation.inputs:
                if tensors[tensor].producer not in inside:
                    entering[tensor] = None
            for tensor in operation.outputs:
                consumers = tensors[tensor].consumers
                if tensor in self.graph.outputs or not inside.issuperset(consumers) or not consumers:
                    leaving[tensor] = None
        return tuple(tensors[t].shape for t in entering), tuple(tensors[t].shape for t in leaving)


def ancestry(path: str) -> list[str]:
    """``path`` and everything above it, outermost first: ``"a.b"`` gives ``["", "a", "a.b"]``."""
    parts = path.split(".") if path else []
    return ["", *(".".join(parts[: end + 1]) for end in range(len(parts)))]


def output_label(name: str) -> str:
    """An output as a reader calls it: ``0.hm`` is ``hm``, and the unnamed ``1`` is ``output 1``."""
    last = local_name(name)
    return f"output {name}" if last.isdigit() else last


def local_name(path: str) -> str:
    """The last part of a qualified name."""
    return path.rpartition(".")[2]
