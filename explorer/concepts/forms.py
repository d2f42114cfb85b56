"""The ways of aggregating that the DLA paper compares (arXiv 1707.06484, Fig. 2), and their recursions in words.

Equations 1 to 3 are the paper's (sections 3.1 and 3.2). It draws the others without an equation; they are written
here in its notation, as what its caption and its text say of them. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Form(StrEnum):
    """A part of the paper's Fig. 2."""

    NONE = "none"
    SHALLOW = "shallow"
    ITERATIVE = "iterative"
    TREE = "tree"
    REENTRANT = "reentrant"
    HIERARCHICAL = "hierarchical"


@dataclass(frozen=True, slots=True)
class FormFacts:
    """What is known of a form before anything is built.

    ``letter`` is its part of Fig. 2. ``sizes`` are the least and the largest size that are drawn: blocks in a row, or
    levels of a tree, as ``hierarchical`` says. ``equations`` are LaTeX; ``source`` says whose they are.
    """

    letter: str
    title: str
    hierarchical: bool
    sizes: tuple[int, int]
    meaning: str
    equations: tuple[str, ...]
    source: str


_CHAIN, _LEVELS = (2, 8), (1, 5)

FACTS: Mapping[Form, FormFacts] = {
    Form.NONE: FormFacts(
        "a", "No aggregation", False, _CHAIN,
        "Blocks in sequence: the output knows the earlier ones only through the last.",
        (r"x_i = B(x_{i-1})", r"y = x_n"),
        "Fig. 2 a; the paper gives no equation.",
    ),
    Form.SHALLOW: FormFacts(
        "b", "Shallow aggregation", False, _CHAIN,
        "Skip connections, each merged in a single step: what is shallowest joins last and is aggregated least.",
        (
            r"S(x_1, \ldots, x_n) = \begin{cases} x_1 & \text{if } n = 1 \\"
            r" N(S(x_2, \ldots, x_n),\, x_1) & \text{otherwise} \end{cases}",
        ),
        "Fig. 2 b and section 3.1; the equation is ours, in the paper's notation.",
    ),
    Form.ITERATIVE: FormFacts(
        "c", "Iterative deep aggregation", False, _CHAIN,
        "The same skips in the other order: what is shallowest is aggregated first, and refined by every later node.",
        (
            r"I(x_1, \ldots, x_n) = \begin{cases} x_1 & \text{if } n = 1 \\"
            r" I(N(x_1, x_2),\, \ldots,\, x_n) & \text{otherwise} \end{cases}",
        ),
        "Section 3.1, equation 1.",
    ),
    Form.TREE: FormFacts(
        "d", "Tree-structured aggregation", True, _LEVELS,
        "Blocks in sequence, and above them a binary tree whose nodes only lead further up.",
        (
            r"A_n(b_1, \ldots, b_{2^n}) = N\big(A_{n-1}(b_1, \ldots, b_{2^{n-1}}),\,"
            r" A_{n-1}(b_{2^{n-1}+1}, \ldots, b_{2^n})\big)",
            r"A_0(b) = b, \qquad b_i = B(b_{i-1}), \quad b_0 = x",
        ),
        "Fig. 2 d; the equations are ours, in the paper's notation.",
    ),
    Form.REENTRANT: FormFacts(
        "e", "Reentrant aggregation", True, _LEVELS,
        "Every aggregate re-enters the chain: the next subtree reads all blocks before it, not only the last.",
        (r"E_n(x) = N\big(E_{n-1}(x),\, E_{n-1}(E_{n-1}(x))\big)", r"E_0(x) = B(x)"),
        "Fig. 2 e and section 3.2; the equations are ours, in the paper's notation.",
    ),
    Form.HIERARCHICAL: FormFacts(
        "f", "Hierarchical deep aggregation", True, _LEVELS,
        "Nodes that end at the same block are merged into one: half as many nodes, each with more children.",
        (
            r"T_n(x) = N(R^n_{n-1}(x),\, R^n_{n-2}(x),\, \ldots,\, R^n_1(x),\, L^n_1(x),\, L^n_2(x))",
            r"L^n_2(x) = B(L^n_1(x)), \qquad L^n_1(x) = B(R^n_1(x))",
            r"R^n_m(x) = \begin{cases} T_m(x) & \text{if } m = n - 1 \\"
            r" T_m(R^n_{m+1}(x)) & \text{otherwise} \end{cases}",
        ),
        "Section 3.2, equations 2 and 3. They leave R¹₁ open: in the smallest tree it is the input x.",
    ),
}  # fmt: skip
"""The forms in the paper's order."""
