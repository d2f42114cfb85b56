"""Sections: the parts of a network that another network has as well, whatever it calls them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from explorer.graph.layer_graph import LayerGraph
from explorer.graph.view_plan import ancestry
from explorer.roles import Role


class Part(StrEnum):
    """What a section is."""

    ENDS = "ends"
    STAGE = "stage"
    DECODER = "decoder"
    HEAD = "head"
    REST = "rest"


_TITLES = {
    Part.ENDS: "Input and outputs",
    Part.DECODER: "Decoder",
    Part.HEAD: "Head",
    Part.REST: "Elsewhere",
}
_DECODERS = frozenset({Role.DECODER, Role.IDA, Role.ASPP})
_HEADS = frozenset({Role.HEAD, Role.CLASSIFIER, Role.POOL})


@dataclass(frozen=True, slots=True)
class Section:
    """A stage of the backbone by its number s, which by rule works at 1/2ˢ of the input; or what is outside stages."""

    part: Part
    stage: int | None = None

    @property
    def title(self) -> str:
        """What to call it."""
        return f"Stage {self.stage}" if self.part is Part.STAGE else _TITLES[self.part]

    @property
    def order(self) -> tuple[int, int]:
        """Sorts sections as a network runs them."""
        return list(Part).index(self.part), self.stage or 0


def sections(graph: LayerGraph) -> Callable[[str], Section]:
    """A function from a module's path to the section that it belongs to.

    That is the stage of the innermost module around it that states one; else the decoder or the head, by roles.
    """
    known: dict[str, Section] = {}

    def section(path: str) -> Section:
        if path not in known:
            known[path] = _section(graph, path)
        return known[path]

    return section


def _section(graph: LayerGraph, path: str) -> Section:
    around = [graph.scope(above) for above in ancestry(path)]
    stages = [scope.stage for scope in around if scope.stage is not None]
    if stages:
        return Section(Part.STAGE, stages[-1])
    roles = {scope.role for scope in around}
    if roles & _DECODERS:
        return Section(Part.DECODER)
    return Section(Part.HEAD if roles & _HEADS else Part.REST)
