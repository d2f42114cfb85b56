"""A view as a Mermaid flowchart, which GitHub, GitLab, Notion and many editors draw from text."""

from collections import defaultdict
from collections.abc import Iterator

from explorer.exports.scene_model import LIGHT, mixed
from explorer.graph.view_model import EdgeKind, View, ViewEdge, ViewNode
from explorer.graph.view_text import EDGE_COLOURS, edge_caption, shape_of
from explorer.roles import FRAMES, ROLE_STYLES, Role, Shape

MOST_CHARACTERS = 50_000
MOST_EDGES = 500
"""What Mermaid draws unless whoever runs it allows more; a diagram cannot allow it itself."""

_BRACKETS = {Shape.SQUARE: ('["', '"]'), Shape.ROUND: ('(("', '"))'), Shape.PILL: ('(["', '"])')}
_DASHED = frozenset({EdgeKind.RESIDUAL})


def to_mermaid(view: View) -> str:
    """The view as a flowchart: frames as subgraphs, roles as classes, shapes on edges."""
    nodes = {node.id: f"n{index}" for index, node in enumerate(view.nodes)}
    frames = {frame.id: f"f{index}" for index, frame in enumerate(view.frames)}
    roles = [role for role in Role if any(item.role is role for item in view.everything)]
    lines = [
        "---",
        f"title: {_quoted(f'{view.name}, {view.style} view')}",
        "---",
        "flowchart LR",
        *_inside(view, None, nodes, frames, "    "),
        *(f"    {_edge(edge, nodes)}" for edge in view.edges),
        *(_class(role) for role in roles),
        *_link_styles(view),
    ]
    return "\n".join(lines) + "\n"


def excess(view: View, text: str) -> str | None:
    """A sentence for a diagram that Mermaid refuses at its usual limits, or None."""
    for count, most, what in (
        (len(text), MOST_CHARACTERS, "characters"),
        (len(view.edges), MOST_EDGES, "edges"),
    ):
        if count > most:
            return (
                f"Mermaid draws at most {most:,} {what} unless maxTextSize and maxEdges are raised where it runs, and "
                f"this view has {count:,}: close some groups for a smaller one."
            )
    return None


def _inside(
    view: View, frame: str | None, nodes: dict[str, str], frames: dict[str, str], indent: str
) -> Iterator[str]:
    """What lies directly in a frame, or in none."""
    for node in view.nodes:
        if node.frame == frame:
            opening, closing = _BRACKETS[shape_of(node)]
            style = f":::{node.role.value}" if node.role else ""
            yield f"{indent}{nodes[node.id]}{opening}{_words(node)}{closing}{style}"
    for inner in view.frames:
        if inner.frame == frame:
            yield f'{indent}subgraph {frames[inner.id]}["{_escaped(inner.label)}"]'
            yield from _inside(view, inner.id, nodes, frames, indent + "    ")
            yield f"{indent}end"
            if inner.role:
                yield f"{indent}class {frames[inner.id]} {inner.role.value}"


def _words(node: ViewNode) -> str:
    return "<br/>".join(_escaped(line) for line in (node.title, node.subtitle) if line) or " "


def _edge(edge: ViewEdge, nodes: dict[str, str]) -> str:
    arrow = "-.->" if edge.dead or edge.kind in _DASHED else "-->"
    return f'{nodes[edge.source]} {arrow}|"{_escaped(edge_caption(edge))}"| {nodes[edge.target]}'


def _class(role: Role) -> str:
    colour = ROLE_STYLES[role].colour
    fill = mixed(colour, 0.12 if role in FRAMES else 0.35)
    return f"    classDef {role.value} fill:{fill},stroke:{colour},color:{LIGHT.ink}"


def _link_styles(view: View) -> Iterator[str]:
    """Edges in the colours of their kinds, by their places in the list of edges."""
    places: dict[EdgeKind, list[str]] = defaultdict(list)
    for index, edge in enumerate(view.edges):
        places[edge.kind].append(str(index))
    for kind, indices in places.items():
        yield f"    linkStyle {','.join(indices)} stroke:{EDGE_COLOURS[kind]}"


def _quoted(text: str) -> str:
    """A YAML string in double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    """Text inside a quoted label: characters that Mermaid or HTML would read are written as entities."""
    for character, name in (("#", "35"), ("&", "amp"), ('"', "quot"), ("<", "lt"), (">", "gt"), ("`", "96")):
        text = text.replace(character, f"\0{name};")
    return text.replace("\0", "#")
