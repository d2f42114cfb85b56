"""Reading this package's own source: which definitions a network consists of, and their text, with small edits."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

PACKAGE = "explorer."
_REMARK = re.compile(r"[ \t]+# (?:type: ignore|noqa|fmt: skip).*$", re.MULTILINE)
"""Remarks to this project's tools at the end of a line."""

Definition = ast.ClassDef | ast.FunctionDef | ast.Assign | ast.AnnAssign
Edit = tuple[int, int, str]
"""Bytes from and to which text is replaced."""


class SourceModule:
    """A module of this package, parsed: what it defines at its top and where its other names come from."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = inspect.getsource(importlib.import_module(name))
        self.tree = ast.parse(self.text)

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return self.name.rpartition(".")[2]

    @property
    def subject(self) -> str:
        """The first paragraph of the module's docstring, in one line."""
        paragraph, _, _ = (ast.get_docstring(self.tree) or "").partition("\n\n")
        return " ".join(paragraph.split())

    @cached_property
    def definitions(self) -> Mapping[str, Definition]:
        """Classes, functions and constants by name, in order."""
        found: dict[str, Definition] = {}
        for statement in self.tree.body:
            if isinstance(statement, ast.ClassDef | ast.FunctionDef):
                found[statement.name] = statement
            elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                found[statement.targets[0].id] = statement
            elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                found[statement.target.id] = statement
        return found

    @cached_property
    def imports(self) -> Mapping[str, tuple[str, str | None]]:
        """Imported names: their module, and what they are called there (None for the module itself)."""
        found: dict[str, tuple[str, str | None]] = {}
        for statement in self.tree.body:
            if isinstance(statement, ast.ImportFrom) and statement.module:
                for alias in statement.names:
                    found[alias.asname or alias.name] = (statement.module, alias.name)
            elif isinstance(statement, ast.Import):
                for alias in statement.names:
                    found[alias.asname or alias.name] = (alias.name, None)
        return found

    @cached_property
    def _data(self) -> bytes:
        return self.text.encode()

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        for line in self._data.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    def span(self, node: ast.stmt | ast.expr) -> tuple[int, int]:
        """First and last byte of a node; the syntax tree counts columns in bytes."""
        first, column = _beginning(node)
        return self._line_starts[first - 1] + column, self._line_starts[_end(node) - 1] + (
            node.end_col_offset or 0
        )

    def lines(self, node: ast.stmt) -> tuple[int, int]:
        """The bytes of all lines of a statement, and of the blank ones after it."""
        rows = self._data.splitlines()
        last = _end(node)
        while last < len(rows) and not rows[last].strip():
            last += 1
        return self._line_starts[_beginning(node)[0] - 1], self._line_starts[last]

    def written(self, name: str, edits: list[Edit]) -> str:
        """The text of a definition, and of the docstring under a constant, with ``edits``."""
        node = self.definitions[name]
        start, end = self.span(node)
        place = self.tree.body.index(node)
        if isinstance(node, ast.Assign | ast.AnnAssign) and place + 1 < len(self.tree.body):
            after = self.tree.body[place + 1]
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                end = self.span(after)[1]
        return edited(self._data, start, end, edits)

    def segment(self, node: ast.stmt | ast.expr, edits: list[Edit]) -> str:
        """The text of any node, with ``edits``."""
        return edited(self._data, *self.span(node), edits)


def _beginning(node: ast.stmt | ast.expr) -> tuple[int, int]:
    """Line, from 1, and column of a node with its decorators."""
    decorators = getattr(node, "decorator_list", [])
    if decorators:
        return decorators[0].lineno, decorators[0].col_offset - 1
    return node.lineno, node.col_offset


def _end(node: ast.stmt | ast.expr) -> int:
    return node.end_lineno or node.lineno


def edited(data: bytes, start: int, end: int, edits: list[Edit]) -> str:
    """Bytes ``start`` to ``end`` as text, with those of ``edits`` that lie inside; remarks to tools are left out.

    Of nested edits the outermost counts.
    """
    pieces = []
    at = start
    for first, last, text in sorted(edits, key=lambda edit: (edit[0], -edit[1])):
        if first >= at and first < end:
            pieces += [data[at:first].decode(), text]
            at = min(last, end)
    pieces.append(data[at:end].decode())
    return _REMARK.sub("", "".join(pieces)).rstrip()


def names_in(node: ast.AST) -> Iterator[ast.Name]:
    """Every name that a piece of code reads, in order."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
            yield inner


@dataclass
class Gathered:
    """The definitions that a network needs, found from the names it starts with.

    ``taken`` has them by module, ``outside`` what other packages give: (module, name or None) by the name used here.
    ``stop`` are names of this package that are written otherwise, and so not followed. ``simplify`` gives the edits to
    a definition, and the code that remains after them.
    """

    simplify: Callable[[SourceModule, Definition], tuple[list[Edit], ast.AST]]
    stop: frozenset[str]
    modules: dict[str, SourceModule] = field(default_factory=dict)
    taken: dict[str, set[str]] = field(default_factory=dict)
    outside: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)

    def module(self, name: str) -> SourceModule:
        """The parsed module of that name."""
        if name not in self.modules:
            self.modules[name] = SourceModule(name)
        return self.modules[name]

    def add(self, module_name: str, name: str) -> None:
        """A definition, and everything that it needs."""
        if name in self.stop:
            self.stopped.add(name)
            return
        module = self.module(module_name)
        if name not in module.definitions:
            if name in module.imports:
                self._imported(*module.imports[name], name)
            return
        if name in self.taken.setdefault(module_name, set()):
            return
        self.taken[module_name].add(name)
        self.follow(module, self.simplify(module, module.definitions[name])[1])

    def follow(self, module: SourceModule, node: ast.AST) -> None:
        """Everything that a piece of a module's code needs."""
        for read in names_in(node):
            if read.id in module.definitions or read.id in module.imports:
                self.add(module.name, read.id)

    def _imported(self, source: str, original: str | None, name: str) -> None:
        if source.startswith(PACKAGE) and original is not None:
            self.add(source, original)
        else:
            self.outside[name] = (source, original)

    @property
    def attributes(self) -> frozenset[str]:
        """Every attribute that the gathered code reads from anything."""
        return frozenset(
            inner.attr
            for module_name, names in self.taken.items()
            for name in names
            for inner in ast.walk(self.modules[module_name].definitions[name])
            if isinstance(inner, ast.Attribute)
        )
