"""Every format in which a network, or a view of it, leaves the explorer. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """A file format, by the name that the command line knows."""

    SVG = "svg"
    PDF = "pdf"
    PNG = "png"
    DOT = "dot"
    MERMAID = "mermaid"
    JSON = "json"
    MODEL_EXPLORER = "model-explorer"
    ONNX = "onnx"
    SCRIPT = "python"
    WEIGHTS = "safetensors"
    YAML = "yaml"


class Content(StrEnum):
    """What a file holds."""

    PICTURE = "picture"
    """The view as it is folded and placed."""

    VIEW = "view"
    """The view as it is folded, to be placed elsewhere."""

    GRAPH = "graph"
    """Every operation of the traced network."""

    NETWORK = "network"
    """The network itself, with or without its weights."""


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a format. ``ending`` is that of its files; ``opens`` names programs that read it."""

    title: str
    content: Content
    ending: str
    mime: str
    opens: str


ABOUT: Mapping[Format, About] = {
    Format.SVG: About("SVG", Content.PICTURE, "svg", "image/svg+xml", "browsers, Inkscape, Illustrator"),
    Format.PDF: About("PDF", Content.PICTURE, "pdf", "application/pdf", "LaTeX, printers"),
    Format.PNG: About("PNG", Content.PICTURE, "png", "image/png", "anything"),
    Format.DOT: About("DOT", Content.VIEW, "dot", "text/vnd.graphviz", "Graphviz, Gephi, yEd"),
    Format.MERMAID: About("Mermaid", Content.VIEW, "mmd", "text/vnd.mermaid", "GitHub, GitLab, Notion, mermaid.live"),
    Format.JSON: About("LayerGraph", Content.GRAPH, "json", "application/json", "LayerGraph.from_json, jq"),
    Format.MODEL_EXPLORER: About(
        "Model Explorer", Content.GRAPH, "model-explorer.json", "application/json", "Google's Model Explorer"
    ),
    Format.ONNX: About("ONNX", Content.NETWORK, "onnx", "application/octet-stream", "Netron, ONNX Runtime"),
    Format.SCRIPT: About("PyTorch script", Content.NETWORK, "py", "text/x-python", "Python with torch, an editor"),
    Format.WEIGHTS: About(
        "weights", Content.NETWORK, "safetensors", "application/octet-stream", "the script, safetensors"
    ),
    Format.YAML: About("YAML", Content.NETWORK, "yaml", "application/yaml", "this explorer"),
}  # fmt: skip
"""Format → what is said of it, in the order in which they are offered."""


def of_content(content: Content) -> tuple[Format, ...]:
    """The formats that hold that."""
    return tuple(form for form, about in ABOUT.items() if about.content is content)
