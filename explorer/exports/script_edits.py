"""What a script leaves out of this package's source: roles, hooks for tracing, fast construction."""

from __future__ import annotations

import ast
from collections.abc import Callable
from copy import deepcopy

from explorer.exports.script_source import Definition, Edit, SourceModule

LAYERS = "explorer.networks.layers"

_CONSTRUCTORS: dict[str, str] = {
    "Conv2d": "",
    "BatchNorm2d": """    def __init__(self, channels: int, momentum: float = 0.1) -> None:
        super().__init__(channels, momentum=momentum)

""",
}
"""Constructors of the layers that here set attributes past torch's checks, as torch's own; empty: inherited."""


def simplified(
    module: SourceModule, node: Definition, renamed: Callable[[str], str | None] = lambda _: None
) -> tuple[list[Edit], ast.AST]:
    """Edits to the text of a definition, and the code that remains after them.

    ``renamed`` gives another name for one that the definition reads, or None.
    """
    remaining = _Remaining(module, renamed)
    code = remaining.visit(deepcopy(node))
    return remaining.edits, code


class _Remaining(ast.NodeTransformer):
    """The code without what is left out; the places of that are collected as ``edits``."""

    def __init__(self, module: SourceModule, renamed: Callable[[str], str | None]) -> None:
        self.module = module
        self.renamed = renamed
        self.edits: list[Edit] = []

    def visit_ClassDef(self, kind: ast.ClassDef) -> ast.AST:
        own = _CONSTRUCTORS.get(kind.name) if self.module.name == LAYERS else None
        if own is not None:
            constructor = next(
                item for item in kind.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"
            )
            self.edits.append((*self.module.lines(constructor), own))
            kind.body.remove(constructor)
        return self.generic_visit(kind)

    def visit_Name(self, name: ast.Name) -> ast.AST:
        other = self.renamed(name.id) if isinstance(name.ctx, ast.Load) else None
        if other is not None:
            self.edits.append((*self.module.span(name), other))
        return name

    def visit_Call(self, call: ast.Call) -> ast.AST:
        if not (isinstance(call.func, ast.Name) and call.func.id == "with_role"):
            return self.generic_visit(call)
        outer, self.edits = self.edits, []
        inner = self.visit(call.args[0])
        text = self.module.segment(call.args[0], self.edits)
        if call.args[0].lineno > call.lineno:
            text = text.replace("\n    ", "\n")
        self.edits = [*outer, (*self.module.span(call), text)]
        return inner

    def visit_Assign(self, statement: ast.Assign) -> ast.AST | None:
        return self._unless_role(statement, statement.targets[0])

    def visit_AnnAssign(self, statement: ast.AnnAssign) -> ast.AST | None:
        return self._unless_role(statement, statement.target)

    def _unless_role(self, statement: ast.stmt, target: ast.expr) -> ast.AST | None:
        if isinstance(target, ast.Name) and target.id in ("role", "layer_role"):
            return self._left_out(statement)
        return self.generic_visit(statement)

    def visit_FunctionDef(self, function: ast.FunctionDef) -> ast.AST | None:
        # Layers here draw nothing at construction; in the script torch draws first, and ``initialise`` once more.
        if function.name == "reset_parameters":
            return self._left_out(function)
        return self.generic_visit(function)

    def visit_If(self, statement: ast.If) -> ast.AST | None:
        if any(isinstance(n, ast.Name) and n.id == "has_torch_function" for n in ast.walk(statement.test)):
            return self._left_out(statement)
        return self.generic_visit(statement)

    def _left_out(self, statement: ast.stmt) -> ast.AST | None:
        self.edits.append((*self.module.lines(statement), ""))
        return None
