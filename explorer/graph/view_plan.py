"""What of a LayerGraph can be folded at all, and where each operation is shown when some of it is."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from math import gcd

from explorer.graph.layer_graph import LayerGraph, Scope
from explorer.graph.view_model import Style
from explorer.graph.view_runs import CALLS, Run, repeated_calls, runs
from explorer.roles import CONTRACTED, FRAMES, Role

Place = tuple[str, tuple[str, ...]]
"""The id of the node that shows an operation, and the ids of the frames around that node, outermost first."""


@dataclass(frozen=True, slots=True)
class Step:
    """One module on the way to an operation: its call's id, the repetition it folds into, and how it is shown.

    ``is_shown`` says whether the style has a node for it when it is closed.
    """

    path: str
    identity: str
    folded: str | None
    run: str
    is_unit: bool
    is_shown: bool


class Plan:
    """A graph in one style; independent of what is open."""

    def __init__(self, graph: LayerGraph, style: Style) -> None:
        self.graph = graph
        self.style = style
        self.held: dict[str, list[int]] = defaultdict(list)
        self._known_steps: dict[tuple[str, int], tuple[Step, ...]] = {}
        above: dict[str, list[str]] = {}
        for operation in graph.operations:
            if operation.path not in above:
                above[operation.path] = ancestry(operation.path)
            for path in above[operation.path]:
                self.held[path].append(operation.id)

    # What can be opened

    @cached_property
    def openable(self) -> frozenset[str]:
        """Every path that can be opened, those of runs included."""
        return self.modules | frozenset(self.runs)

    @cached_property
    def modules(self) -> frozenset[str]:
        """The modules among what can be opened."""
        return frozenset(path for path in self.held if path and self._can_open(self.graph.scope(path)))

    @cached_property
    def frames(self) -> frozenset[str]:
        """What the paper view draws as frames when it is open; not the insides of blocks, nor runs."""
        return frozenset(path for path in self.modules if self._is_frame(self.graph.scope(path)))

    @cached_property
    def runs(self) -> dict[str, Run]:
        """Repetition by the path that names it. Every operation of its own is never folded."""
        if self.style is Style.OPERATIONS:
            return {}
        found = {run.path: run for run in runs(self.graph, self.held, self._folds)}
        for path in repeated_calls(self.graph, self.calls, self._folds):
            found[f"{path}{CALLS}"] = Run(f"{path}{CALLS}", (path,) * (self.calls[path] - 1))
        return found

    @cached_property
    def _run_of(self) -> dict[str, str]:
        return {member: run.path for run in self.runs.values() for member in run.members}

    def around(self, path: str) -> frozenset[str]:
        """What has to be open for the module at ``path`` to be in sight."""
        above = ancestry(path)
        found = {self._run_of[each] for each in above if each in self._run_of}
        return self.openable & (found | set(above[:-1]))

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

    def _folds(self, scope: Scope) -> bool:
        """Whether this module may be one of several that fold into one."""
        several = len(self.held[scope.path]) > self.calls[scope.path]
        return several and (
            self.style is not Style.PAPER or (scope.role is not None and self._drawn(scope.path))
        )

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

    # Where operations are shown

    def placing(self, opened: Collection[str]) -> Callable[[int], Place]:
        """A function from an operation's id to where it is shown while ``opened`` are open."""
        known: dict[tuple[str, int], tuple[str | None, tuple[str, ...]]] = {}

        def place(number: int) -> Place:
            operation = self.graph.operations[number]
            key = operation.path, operation.call
            if key not in known:
                known[key] = self._place(key, opened)
            home, frames = known[key]
            if (
                home is None
                and self.style is Style.PAPER
                and operation.parameters
                and operation.path not in opened
            ):
                # A convolution or linear layer without a role is no glue: it keeps a node of its own.
                home = self.instance(operation.path, *key)
            return home or f"op:{number}", frames

        return place

    def _place(self, key: tuple[str, int], opened: Collection[str]) -> tuple[str | None, tuple[str, ...]]:
        """As ``placing``, for the operations of one call of a module; None for those that are shown themselves."""
        frames: list[str] = []
        inside_unit = False
        for step in self._steps(key):
            if step.folded is not None:
                if step.run not in opened:
                    return step.folded, tuple(frames)
                frames.append(step.folded)
            if step.path in opened:
                frames.append(step.identity)
                inside_unit = inside_unit or step.is_unit
            elif step.is_shown or (inside_unit and self.style is Style.PAPER):
                return step.identity, tuple(frames)
        return None, tuple(frames)

    def _steps(self, key: tuple[str, int]) -> tuple[Step, ...]:
        """From the outermost module that made a call inwards. Kept: placing reads them for every set of open groups."""
        if key not in self._known_steps:
            self._known_steps[key] = tuple(self._step(above, *key) for above in ancestry(key[0])[1:])
        return self._known_steps[key]

    def _step(self, above: str, path: str, call: int) -> Step:
        scope = self.graph.scope(above)
        identity = self.instance(above, path, call)
        folded = self._folded(above, identity)
        shown = self.style is Style.MODULES or (
            scope.role is not None if self.style is Style.PAPER else above in self.openable
        )
        run = folded.partition("#")[0] if folded else ""
        return Step(above, identity, folded, run, self.is_unit(scope), shown)

    def _folded(self, path: str, identity: str) -> str | None:
        """The id of the repetition that this call of ``path`` belongs to, if it does."""
        call = identity.partition("#")[2]
        if call and f"{path}{CALLS}" in self.runs:
            return f"{path}{CALLS}"
        run = self._run_of.get(path)
        if run is None or run.endswith(CALLS):
            return None
        return f"{run}#{call}" if call else run

    def instance(self, above: str, path: str, call: int) -> str:
        """The id of that call of the module ``above`` which made call ``call`` of ``path``: ``#n`` for later calls."""
        number = call // (self.calls[path] // self.calls[above]) if self.calls[above] > 1 else 0
        return f"{above}#{number}" if number else above

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

    def contracts(self, home: str, frames: tuple[str, ...]) -> bool:
        """Whether the paper view draws this node into the edges: a scaling module, or plain glue between modules."""
        if self.style is not Style.PAPER or any(
            self.is_unit(self.scope(f)) for f in frames if not self.run(f)
        ):
            return False
        if home.startswith("op:"):
            return not self.graph.operations[int(home.removeprefix("op:"))].parameters
        return self.scope(home).role in CONTRACTED

    def run(self, identity: str) -> Run | None:
        """The repetition that a node or frame stands for, if it does."""
        return self.runs.get(identity.partition("#")[0])

    def scope(self, identity: str) -> Scope:
        """The module that a node or frame stands for; of a repetition, the first."""
        run = self.run(identity)
        return self.graph.scope(run.members[0] if run else identity.partition("#")[0])

    # Inherited from the modules around

    def stage_of(self, path: str) -> int | None:
        """The stage of the network that ``path`` belongs to."""
        stages = [self.graph.scope(above).stage for above in ancestry(path)]
        return next((stage for stage in reversed(stages) if stage is not None), None)

    def role_of(self, path: str) -> Role | None:
        """The role of the module at ``path``, or of the nearest one around it that has one."""
        roles = [self.graph.scope(above).role for above in ancestry(path)]
        return next((role for role in reversed(roles) if role is not None), None)


def ancestry(path: str) -> list[str]:
    """``path`` and everything above it, outermost first: ``"a.b"`` gives ``["", "a", "a.b"]``."""
    parts = path.split(".") if path else []
    return ["", *(".".join(parts[: end + 1]) for end in range(len(parts)))]
