"""A network as one Python file that needs torch and nothing of this package.

The file is this package's own source: the classes and functions that the network consists of, with what serves the
explorer alone (roles, tracing, fast construction) left out, and the configuration as a dataclass with its values as
defaults. So it reads as the network does here, has the same state-dict keys and, from the same seed, the same values.
"""

from __future__ import annotations

import ast
import json
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from enum import Enum
from inspect import getmodule
from typing import Any

from explorer import __version__
from explorer.config import ModelConfig
from explorer.config.heads import CenterNetHead, ClassifyHead, DLAUpHead, FeaturesHead
from explorer.config.part import Part
from explorer.exports.script_edits import LAYERS, simplified
from explorer.exports.script_source import Gathered, SourceModule

WIDTH = 110

_HEADINGS = {LAYERS: "Layers that draw their own values, as the published code does."}
"""Instead of a module's own first paragraph, where that speaks of this package."""

_OWN_WORDS = {"vovnet": "VoVNet", "peleenet": "PeleeNet", "centernet": "CenterNet", "densenet": "DenseNet"}


def to_script(config: ModelConfig) -> str:
    """The file's text; ``python FILE`` runs the network once and prints what it returns."""
    return _Script(config).text()


class _Script:
    """One script in the making."""

    def __init__(self, config: ModelConfig) -> None:
        # Imported here: whoever writes a script needs torch, whoever lists the formats does not.
        from explorer.networks import construct

        self.config = config
        self.network = construct(config)
        parts = {type(part).__name__: part for part in (config.backbone, config.head)}
        self.gathered = Gathered(simplified, frozenset(parts) | {"Role"})
        for kind in _built(self.network):
            self.gathered.add(*_home(kind))
        self.gathered.add(LAYERS, "Initialises")
        self.parts = {name: parts[name] for name in parts if name in self.gathered.stopped}
        self.members = {name: list(self._members(part)) for name, part in self.parts.items()}
        for part in self.parts.values():
            for value in _fields(part).values():
                if isinstance(value, Enum):
                    self.gathered.add(*_home(type(value)))
        self.renamed = self._renamed()

    def text(self) -> str:
        bodies = [
            *self._definitions("explorer.config."),
            *self._configuration(),
            *self._definitions("explorer.networks."),
            self._build(),
        ]
        return "\n\n\n".join((self._head(), *bodies)) + "\n"

    # The head

    def _head(self) -> str:
        config = self.config
        parameters = sum(parameter.numel() for parameter in self.network.parameters())
        _, c, h, w = config.default_input
        lines = [
            f"{config.title}: {parameters / 1e6:.2f} M parameters.",
            "",
            *textwrap.wrap(
                f"The input is (N, {c}, H, W) float32, usually {h}×{w}"
                + (
                    f", with sides that are multiples of {config.size_step}. "
                    if config.size_step > 1
                    else ". "
                )
                + "State-dict keys are those of the published code. Needs torch, and Python 3.11 or newer.",
                WIDTH,
            ),
            "",
            f"Written by layer-aggregation-explorer {__version__} (Apache License 2.0) from the configuration",
            "",
            *(f"    {line}" for line in config.to_yaml().strip().splitlines()),
        ]
        return '"""' + "\n".join(lines).replace("\\", "\\\\") + '\n"""\n\n' + "\n".join(self._imports())

    def _imports(self) -> Iterator[str]:
        wanted = dict(self.gathered.outside)
        if any(isinstance(value, Enum) for part in self.parts.values() for value in _fields(part).values()):
            wanted["StrEnum"] = ("enum", "StrEnum")
        if self.parts:
            wanted["dataclass"] = ("dataclasses", "dataclass")
        if any(isinstance(value, dict) for part in self.parts.values() for value in _fields(part).values()):
            wanted["field"] = ("dataclasses", "field")
        wanted |= {
            "sys": ("sys", None),
            "torch": ("torch", None),
            "nn": ("torch", "nn"),
            "Any": ("typing", "Any"),
        }
        for third_party in (False, True):
            plain: list[str] = []
            members: dict[str, list[str]] = defaultdict(list)
            for name, (module, original) in wanted.items():
                if module.startswith("torch") is not third_party:
                    continue
                if original is None:
                    plain.append(f"import {module}" + (f" as {name}" if name != module else ""))
                else:
                    members[module].append(original if original == name else f"{original} as {name}")
            yield from sorted(plain)
            for module in sorted(members):
                yield f"from {module} import {', '.join(sorted(members[module], key=_import_order))}"
            if not third_party:
                yield ""

    # The configuration

    def _configuration(self) -> Iterator[str]:
        for name, part in self.parts.items():
            lines = [
                "@dataclass(frozen=True)",
                f"class {name}:",
                f'    """{_first_paragraph(type(part))}"""',
                "",
            ]
            for key, value in _fields(part).items():
                lines.append(f"    {key}: {self._annotation(value)} = {self._default(value)}")
                description = type(part).model_fields[key].description
                if description:
                    lines += _docstring(description)
                lines.append("")
            for member in self.members[name]:
                lines += [*("    " + line if line else "" for line in member.splitlines()), ""]
            yield "\n".join(lines).rstrip()

    def _members(self, part: Part) -> Iterator[str]:
        """Source of the properties and methods of a part of the configuration that the network reads."""
        module = self.gathered.module(type(part).__module__)
        node = module.definitions[type(part).__name__]
        assert isinstance(node, ast.ClassDef)
        methods = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
        wanted = [name for name in methods if name in self.gathered.attributes or name in self._read_here()]
        chosen: list[str] = []
        while wanted:
            name = wanted.pop(0)
            if name not in chosen:
                chosen.append(name)
                read = {item.attr for item in ast.walk(methods[name]) if isinstance(item, ast.Attribute)}
                wanted += [other for other in methods if other in read]
        for name in sorted(chosen, key=list(methods).index):
            self.gathered.follow(module, methods[name])
            yield textwrap.dedent("    " + module.segment(methods[name], []))

    def _read_here(self) -> frozenset[str]:
        """What ``build`` in the script reads of the configuration."""
        return (
            frozenset({"pyramid"}) if isinstance(self.config.head, DLAUpHead | CenterNetHead) else frozenset()
        )

    def _annotation(self, value: Any) -> str:
        if isinstance(value, Enum):
            return self._name(*_home(type(value)))
        if isinstance(value, tuple):
            return f"tuple[{type(value[0]).__name__ if value else 'int'}, ...]"
        if isinstance(value, dict):
            return "dict[str, int]"
        return type(value).__name__

    def _default(self, value: Any) -> str:
        if isinstance(value, Enum):
            return f"{self._annotation(value)}.{value.name}"
        if isinstance(value, dict):
            return f"field(default_factory=lambda: {_literal(value)})"
        return _literal(value)

    # The network

    def _definitions(self, package: str) -> Iterator[str]:
        """What is taken from the modules of a package, under headings where these are networks."""
        for module in self._ordered():
            if module.name.startswith(package):
                taken = self.gathered.taken[module.name]
                first, *rest = (self._written(module, name) for name in module.definitions if name in taken)
                if package == "explorer.networks.":
                    subject = _HEADINGS.get(module.name, module.subject)
                    yield "\n".join(f"# {line}" for line in textwrap.wrap(subject, WIDTH - 2))
                yield first
                yield from rest

    def _ordered(self) -> list[SourceModule]:
        """The modules with definitions, each after those that it imports from."""
        found: list[SourceModule] = []
        names = sorted(name for name, taken in self.gathered.taken.items() if taken)

        def visit(name: str) -> None:
            module = self.gathered.module(name)
            for source, _ in module.imports.values():
                if source in names and self.gathered.module(source) not in found:
                    visit(source)
            if module not in found:
                found.append(module)

        for name in names:
            visit(name)
        return found

    def _written(self, module: SourceModule, name: str) -> str:
        node = module.definitions[name]
        edits, _ = simplified(module, node, lambda read: self.renamed.get(self._origin(module, read)))
        text = module.written(name, edits)
        here = self._name(module.name, name)
        if here == name:
            return text
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            keyword = "class" if isinstance(node, ast.ClassDef) else "def"
            return text.replace(f"{keyword} {name}", f"{keyword} {here}", 1)
        return here + text.removeprefix(name)

    def _origin(self, module: SourceModule, name: str) -> tuple[str, str]:
        """Where a name that a module uses is defined."""
        while name not in module.definitions and name in module.imports:
            source, original = module.imports[name]
            if not source.startswith("explorer.") or original is None:
                break
            module, name = self.gathered.module(source), original
        return module.name, name

    def _renamed(self) -> dict[tuple[str, str], str]:
        """New names for definitions of different modules that are called the same; the first network's stays."""
        homes: dict[str, list[str]] = defaultdict(list)
        for module, names in self.gathered.taken.items():
            for name in names:
                homes[name].append(module)
        return {
            (module, name): _own_name(module, name)
            for name, modules in homes.items()
            for module in sorted(modules, key=lambda module: module.startswith("explorer.config"))[1:]
        }

    def _name(self, module: str, name: str) -> str:
        return self.renamed.get((module, name), name)

    # What builds it

    def _build(self) -> str:
        return f'''def construct() -> nn.Module:
    """The network, with the values that torch gives its layers."""
    {self._construction()}
    return network.eval()


def build(seed: int = 0) -> nn.Module:
    """The network in evaluation mode, with the published initialisation drawn from ``seed``."""
    network = construct()
    generator = torch.Generator().manual_seed(seed)
    for module in reversed(list(network.modules())):  # children before the modules that have the last word
        if isinstance(module, Initialises):
            module.initialise(generator)
    return network


def load(network: nn.Module, path: str) -> None:
    """Load a state dict, ``.safetensors`` (which needs that package) or ``.pt``, every key of it."""
    if path.endswith(".safetensors"):
        from safetensors.torch import load_file

        state = load_file(path)
    else:
        state = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(state)


def shapes(outputs: Any) -> Any:
    """What a network returns, with shapes for tensors."""
    if isinstance(outputs, torch.Tensor):
        return tuple(outputs.shape)
    if isinstance(outputs, dict):
        return {{name: shapes(value) for name, value in outputs.items()}}
    return [shapes(value) for value in outputs]


if __name__ == "__main__":
    network = build()
    if len(sys.argv) > 1:
        load(network, sys.argv[1])
    print(f"{{sum(parameter.numel() for parameter in network.parameters()):,}} parameters")
    with torch.inference_mode():
        print(shapes(network(torch.zeros({self.config.default_input}))))'''

    def _construction(self) -> str:
        """The statements that make the network, as ``explorer.networks`` makes it."""
        backbone, head = f"{type(self.config.backbone).__name__}()", f"{type(self.config.head).__name__}()"
        named = {kind: self._name(*_home(kind)) for kind in _built(self.network)}
        match self.config.head:
            case DLAUpHead() | CenterNetHead() as chosen:
                outer, base = named.values()
                extra = f", {chosen.base_classes}" if chosen.base_classes else ""
                return (
                    f"backbone = {backbone}\n    "
                    f"network = {outer}({base}(backbone{extra}), backbone.pyramid, {head})"
                )
            case FeaturesHead():
                (only,) = named.values()
                return f"network = {only}({backbone})"
            case ClassifyHead():
                (only,) = named.values()
                return f"network = {only}({backbone}, {head})"
            case _:
                *around, inner = named.values()
                made = f"{inner}({backbone}, head)"
                made = f"{around[0]}({made}, head.scales)" if around else made
                return f"head = {head}\n    network = {made}"


def _built(network: Any) -> list[type]:
    """The classes that are constructed by name: the network's and, around a backbone, that one's."""
    kinds = [type(network)]
    base = getattr(network, "base", None)
    return [*kinds, type(base)] if base is not None else kinds


def _home(kind: type) -> tuple[str, str]:
    module = getmodule(kind)
    assert module is not None
    return module.__name__, kind.__name__


def _fields(part: Part) -> dict[str, Any]:
    """The fields that decide the network, by name."""
    return {name: getattr(part, name) for name in type(part).model_fields if name != "kind"}


def _first_paragraph(kind: type) -> str:
    return " ".join((kind.__doc__ or "").partition("\n\n")[0].split())


def _docstring(text: str) -> list[str]:
    lines = textwrap.wrap(" ".join(text.split()), WIDTH - 7)
    return textwrap.indent('"""' + "\n".join(lines) + '"""', "    ").splitlines()


def _literal(value: Any) -> str:
    return json.dumps(value) if isinstance(value, str | dict) else repr(value)


def _import_order(name: str) -> tuple[int, str]:
    """Constants, classes, the rest, as formatters sort them."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2), name


def _own_name(module: str, name: str) -> str:
    """Another name for a definition, after the file that it comes from."""
    stem = module.rpartition(".")[2]
    if module.startswith("explorer.config"):
        return f"{name}Kind"
    if name.startswith("_") and not name[1].isupper():
        return f"_{stem}{name}"
    return f"{stem.upper()}_{name}" if name.isupper() else f"{_OWN_WORDS.get(stem, stem.title())}{name}"
