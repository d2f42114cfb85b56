"""A recursion written out: one term for every block and every aggregation node. Imports no torch.

Terms are found by following the equations (forms.py), not the network: that both agree is tested. They are tied to
the network of aggregation.py by the paths of its modules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from explorer.concepts.forms import Form

ROOM = "net"
"""The name under which a form's network holds all its parts."""

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True, slots=True)
class Term:
    """One block or aggregation node of a form.

    ``path`` is its module. ``letter`` and ``number`` make its symbol: blocks and nodes are numbered apart, in the
    order in which they run. ``role`` is what the equations call it, such as ``R^{3}_{2}``, and ``call`` the function
    applied, such as ``T_{2}(x)``; both are LaTeX and may be empty. ``reads`` are the symbols (LaTeX) of its
    arguments in their order, ``x`` being the input. ``level`` is how deep in the recursion it stands.
    """

    path: str
    letter: str
    number: int
    role: str
    call: str
    reads: tuple[str, ...]
    level: int
    children: tuple[Term, ...] = ()

    @property
    def symbol(self) -> str:
        """LaTeX, such as ``a_{2}``."""
        return f"{self.letter}_{{{self.number}}}"

    @property
    def text(self) -> str:
        """The symbol as plain text, such as ``a₂``."""
        return f"{self.letter}{str(self.number).translate(_SUBSCRIPTS)}"

    @property
    def is_node(self) -> bool:
        """Whether it is an aggregation node."""
        return self.letter == "a"

    @property
    def function(self) -> str:
        """What it computes from what it reads, LaTeX."""
        return f"{'N' if self.is_node else 'B'}({', '.join(self.reads)})"

    @property
    def equation(self) -> str:
        """Its line of the expansion, LaTeX: symbol, role, call and function where they differ."""
        return " = ".join(part for part in (self.symbol, self.role, self.call, self.function) if part)


def expand(form: Form, size: int) -> tuple[Term, ...]:
    """Every term of ``form``; trees from the root inwards, chains in the order in which they run.

    ``size`` is the number of blocks of a chain or of levels of a tree.
    """
    numbers = _Numbers(count(1), count(1))
    match form:
        case Form.NONE:
            return tuple(_chain(numbers, size))
        case Form.SHALLOW:
            return tuple(_shallow(numbers, size))
        case Form.ITERATIVE:
            return tuple(_iterative(numbers, size))
        case Form.TREE:
            return tuple(_flat(_tree(numbers, size, ROOM, "x", 0)))
        case Form.REENTRANT:
            return tuple(_flat(_reentrant(numbers, size, ROOM, "x", 0)))
        case Form.HIERARCHICAL:
            return tuple(_flat(_hierarchical(numbers, size, ROOM, "x", "", 0)))


@dataclass(frozen=True, slots=True)
class _Numbers:
    blocks: Iterator[int]
    nodes: Iterator[int]

    def block(self, path: str, reads: str, role: str, level: int, letter: str = "b") -> Term:
        return Term(path, letter, next(self.blocks), role, "", (reads,), level)

    def node(
        self, path: str, reads: tuple[str, ...], role: str, call: str, level: int, children: tuple[Term, ...] = ()
    ) -> Term:  # fmt: skip
        return Term(path, "a", next(self.nodes), role, call, reads, level, children)


def _flat(term: Term) -> Iterator[Term]:
    yield term
    for child in term.children:
        yield from _flat(child)


def _chain(numbers: _Numbers, size: int) -> list[Term]:
    blocks: list[Term] = []
    for index in range(size):
        reads = blocks[-1].symbol if blocks else "x"
        blocks.append(numbers.block(f"{ROOM}.blocks.{index}", reads, "", 0, "x"))
    return blocks


def _shallow(numbers: _Numbers, size: int) -> list[Term]:
    blocks = _chain(numbers, size)
    merged, nodes = blocks[-1].symbol, []
    for index, skipped in enumerate(reversed(blocks[:-1])):
        call = f"S({_listed([term.symbol for term in blocks[size - 2 - index :]])})"
        nodes.append(numbers.node(f"{ROOM}.nodes.{index}", (merged, skipped.symbol), "", call, 0))
        merged = nodes[-1].symbol
    return blocks + nodes


def _iterative(numbers: _Numbers, size: int) -> list[Term]:
    blocks = _chain(numbers, size)
    merged, nodes = blocks[0].symbol, []
    for index, deeper in enumerate(blocks[1:]):
        call = f"I({_listed([term.symbol for term in blocks[: index + 2]])})"
        nodes.append(numbers.node(f"{ROOM}.nodes.{index}", (merged, deeper.symbol), "", call, 0))
        merged = nodes[-1].symbol
    return blocks + nodes


def _tree(numbers: _Numbers, depth: int, path: str, reads: str, level: int) -> Term:
    if depth == 0:
        return numbers.block(path, reads, "", level)
    left = _tree(numbers, depth - 1, f"{path}.left", reads, level + 1)
    right = _tree(numbers, depth - 1, f"{path}.right", _last_block(left).symbol, level + 1)
    covered = [term.symbol for half in (left, right) for term in _flat(half) if not term.is_node]
    call = f"A_{{{depth}}}({_listed(covered)})"
    return numbers.node(f"{path}.node", (left.symbol, right.symbol), "", call, level, (left, right))


def _last_block(term: Term) -> Term:
    return term if not term.is_node else _last_block(term.children[-1])


def _reentrant(numbers: _Numbers, depth: int, path: str, reads: str, level: int) -> Term:
    if depth == 0:
        return numbers.block(path, reads, "", level)
    left = _reentrant(numbers, depth - 1, f"{path}.left", reads, level + 1)
    right = _reentrant(numbers, depth - 1, f"{path}.right", left.symbol, level + 1)
    call = f"E_{{{depth}}}({reads})"
    return numbers.node(f"{path}.node", (left.symbol, right.symbol), "", call, level, (left, right))


def _hierarchical(numbers: _Numbers, depth: int, path: str, reads: str, role: str, level: int) -> Term:
    parts: list[Term] = []
    entering = reads
    for inner in range(depth - 1, 0, -1):
        named = f"R^{{{depth}}}_{{{inner}}}"
        parts.append(_hierarchical(numbers, inner, f"{path}.R{inner}", entering, named, level + 1))
        entering = parts[-1].symbol
    for index in (1, 2):
        named = f"L^{{{depth}}}_{{{index}}}"
        parts.append(numbers.block(f"{path}.L{index}", entering, named, level + 1))
        entering = parts[-1].symbol
    children = tuple(parts)
    call = f"T_{{{depth}}}({reads})"
    return numbers.node(f"{path}.N", tuple(part.symbol for part in children), role, call, level, children)


def _listed(symbols: list[str]) -> str:
    """All symbols if they are few, else the first and the last."""
    return ", ".join(symbols) if len(symbols) <= 4 else rf"{symbols[0]}, \ldots, {symbols[-1]}"


def blocks_of(term: Term, terms: Sequence[Term]) -> tuple[Term, ...]:
    """The blocks that a term aggregates, in the order in which they run; a block is its own."""
    by_symbol = {each.symbol: each for each in terms}
    waiting, found = [term], {}
    while waiting:
        each = waiting.pop()
        if each.is_node:
            waiting += [by_symbol[read] for read in each.reads]
        else:
            found[each.number] = each
    return tuple(found[number] for number in sorted(found))


def output_of(terms: Sequence[Term]) -> Term:
    """The term that the output is: the last node, or the last block where there are no nodes."""
    return max(terms, key=lambda term: (term.is_node, term.number))


def nested(terms: Sequence[Term], chosen: Term | None = None) -> str:
    """The output as one expression, LaTeX: nodes written into nodes, down to the blocks; ``chosen`` is boxed.

    Every node has one place in it. Without nodes it is the blocks that are written into each other.
    """
    by_symbol = {term.symbol: term for term in terms}
    chain = not any(term.is_node for term in terms)

    def write(term: Term) -> str:
        if term.is_node or chain:
            letter = "N" if term.is_node else "B"
            inner = ", ".join(write(by_symbol[read]) if read in by_symbol else read for read in term.reads)
            text = f"{letter}({inner})"
        else:
            text = term.symbol
        return rf"\boxed{{{text}}}" if chosen is not None and term.path == chosen.path else text

    return write(output_of(terms))
