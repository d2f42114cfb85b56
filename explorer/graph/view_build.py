"""One view in the making: nodes, frames and edges of a plan with some of its groups open."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from explorer.graph.view_edges import Fold, fold_edges
from explorer.graph.view_model import NodeKind, View, ViewFrame, ViewNode
from explorer.graph.view_plan import Plan
from explorer.graph.view_text import captions


def built(plan: Plan, opened: frozenset[str]) -> View:
    """The view of ``plan`` in which ``opened`` are open."""
    return _Assembly(plan, opened).view()


class _Assembly:
    """One view in the making."""

    def __init__(self, plan: Plan, opened: frozenset[str]) -> None:
        self.plan = plan
        self.graph = plan.graph
        self.opened = opened
        place = plan.placing(opened)
        placed = [place(number) for number in range(len(self.graph.operations))]
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
        run = self.plan.run(home)
        scope = self.graph.scope(first.path) if single else self.plan.scope(home)
        inputs, outputs = self._boundary(frozenset(operations))
        return ViewNode(
            id=home,
            kind=NodeKind.OPERATION if single else NodeKind.SCOPE,
            path=scope.path,
            label=first.kind if single else local_name(scope.path),
            type=first.kind if single else scope.type,
            role=self.plan.role_of(scope.path) if single else scope.role,
            stage=self.plan.stage_of(scope.path),
            frame=frames[-1] if frames else None,
            operations=operations,
            parameters=self._parameters(operations),
            live_parameters=self._parameters(tuple(i for i in operations if i in self.graph.live)),
            macs=sum(self.graph.operations[i].macs for i in operations),
            inputs=inputs,
            outputs=outputs,
            openable=not single and home.partition("#")[0] in self.plan.openable,
            dead=self.graph.live.isdisjoint(operations),
            members=run.members if run else (),
        )

    def _frames(self, visible: set[str]) -> Iterator[ViewFrame]:
        outer = {
            frame: above
            for frames in self.around.values()
            for above, frame in zip((None, *frames), frames, strict=False)
        }
        depth = {
            frame: len(frames[: frames.index(frame)]) for frames in self.around.values() for frame in frames
        }
        for identity in sorted(visible, key=lambda frame: (depth[frame], self.framed[frame][0])):
            operations = tuple(self.framed[identity])
            run = self.plan.run(identity)
            scope = self.plan.scope(identity)
            inputs, outputs = self._boundary(frozenset(operations))
            yield ViewFrame(
                id=identity,
                path=scope.path,
                label=f"{len(run.members)} × {local_name(scope.path)}" if run else local_name(scope.path),
                type=scope.type,
                role=None if run else scope.role,
                stage=self.plan.stage_of(scope.path),
                frame=outer[identity],
                operations=operations,
                parameters=self._parameters(operations),
                live_parameters=self._parameters(tuple(i for i in operations if i in self.graph.live)),
                macs=sum(self.graph.operations[i].macs for i in operations),
                inputs=inputs,
                outputs=outputs,
                members=run.members if run else (),
            )

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


def output_label(name: str) -> str:
    """An output as a reader calls it: ``0.hm`` is ``hm``, and the unnamed ``1`` is ``output 1``."""
    last = local_name(name)
    return f"output {name}" if last.isdigit() else last


def local_name(path: str) -> str:
    """The last part of a qualified name."""
    return path.rpartition(".")[2]
