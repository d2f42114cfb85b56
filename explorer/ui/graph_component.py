"""The clickable graph: a typed wrapper around one custom component, whose parts lie in ``assets/graph``."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.graph.layout_model import Curve, Layout
from explorer.graph.layout_size import frame_title
from explorer.graph.view_model import EdgeKind, NodeKind, Style, View, ViewEdge, ViewFrame, ViewNode
from explorer.graph.view_text import EDGE_LABELS, EDGE_MEANINGS, edge_caption, shape_of, spoken, tooltip
from explorer.roles import FRAMES, ROLE_STYLES, Role

ASSETS = Path(__file__).parents[2] / "assets"

NO_ROLE = "#9AA0A6"


def _bundle(suffix: str) -> str:
    """The files of ``assets/graph`` as one: they share a scope, so that their order does not matter."""
    return "\n".join(file.read_text() for file in sorted((ASSETS / "graph").glob(f"*.{suffix}")))


_mount = st.components.v2.component(
    "architecture_graph", html='<div class="graph"></div>', css=_bundle("css"), js=_bundle("js")
)
_mount_marks = st.components.v2.component(
    "architecture_graph_marks",
    html="<span hidden></span>",
    js=(ASSETS / "graph_marks.js").read_text(),
)

Place = tuple[float, float, float]
"""Where a reader looks: the middle of what is in sight, in units of the layout, and the zoom."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What the browser reported: the id of the node or frame that is picked, and the search."""

    picked: str | None
    query: str | None


def drawing(view: View, layout: Layout, home: str) -> dict[str, Any]:
    """Everything the component draws, as JSON-plain data that is equal for equal input.

    ``home`` names what the reader looks at; while it stays, zoom and position are kept.
    """
    index = {node.id: number for number, node in enumerate(view.nodes)}
    data: dict[str, Any] = {
        "home": home,
        "file": f"{view.name}-{view.style}-view",
        "width": layout.width,
        "height": layout.height,
        "titles": "bottom" if view.style is Style.PAPER else "top",
        "say": f"{view.name}: {len(view.nodes)} nodes, {len(view.edges)} edges",
        "nodes": [_node(node, layout) for node in view.nodes],
        "frames": [_frame(frame, layout) for frame in view.frames],
        "edges": [
            {"i": index[edge.source], "j": index[edge.target], **_edge(edge, curve)}
            for edge, curve in zip(view.edges, layout.edges, strict=True)
        ],
        "roles": _roles(view),
        "kinds": [
            {"kind": kind.value, "label": EDGE_LABELS[kind], "meaning": EDGE_MEANINGS[kind]}
            for kind in EdgeKind
            if any(edge.kind is kind for edge in view.edges)
        ],
    }
    return data | {"digest": sha256(dumps(data).encode()).hexdigest()[:16]}


def graph_component(
    data: dict[str, Any],
    *,
    at: Place | None = None,
    on_toggle: Callable[[], None],
    on_reveal: Callable[[], None] | None = None,
    on_choose: Callable[[], None] | None = None,
    key: str,
) -> Reader:
    """Draw what ``drawing`` made; return what the reader picked and searches for.

    ``at`` is where a first look goes. ``on_toggle`` is called before the run in which
    ``st.session_state[key].toggled`` names a group to open or close, ``on_reveal`` where ``.revealed`` names a
    folded hit to open. One of two drawings that are compared reports no pick, but calls ``on_choose``, where
    ``.chosen`` is what was picked, empty for nothing. Nothing is reported when the component is mounted. Keep
    ``data`` equal between runs: an equal message is sent as a hash, and what changes often has ``graph_marks``.
    """
    result = _mount(
        key=key,
        data=data | {"at": list(at) if at else None},
        on_picked_change=_nothing,
        on_query_change=_nothing,
        on_toggled_change=on_toggle,
        on_revealed_change=on_reveal or _nothing,
        on_chosen_change=on_choose or _nothing,
    )
    return Reader(text_sent(result.picked), text_sent(result.query))


def graph_marks(
    home: str,
    *,
    select: tuple[str | None, int],
    overlay: dict[str, Any] | None,
    route: dict[str, Any] | None,
    find: dict[str, Any],
    pair: dict[str, Any] | None = None,
    key: str,
) -> None:
    """What is laid over the drawing of ``home``: a small message of its own beside the large one.

    ``select`` is an id to pick from Python, with a number that is new for each request. ``pair`` is what a comparison
    says of each item, and the other drawing's home.
    """
    data = {
        "home": home,
        "select": list(select),
        "overlay": overlay,
        "route": route,
        "find": find,
        "pair": pair,
    }
    _mount_marks(key=key, data=data, height=1)


def _nothing() -> None:
    """Streamlit keeps a component's state only where a callback names it."""


def text_sent(value: object) -> str | None:
    """What the browser sent, if it is text at all."""
    return value if isinstance(value, str) and len(value) < 1000 else None


def _node(node: ViewNode, layout: Layout) -> dict[str, Any]:
    box = layout.boxes[node.id]
    frame_like = node.role in FRAMES or node.role is None
    return {
        "id": node.id,
        "x": box.x,
        "y": box.y,
        "w": box.width,
        "h": box.height,
        "t": node.title,
        "s": node.subtitle,
        "o": shape_of(node).value,
        "kind": node.kind.value,
        "in": node.frame,
        "role": node.role.value if node.role else None,
        "colour": _colour(node.role),
        "n": node.repeat,
        "open": node.openable,
        "quiet": node.openable and not frame_like,
        "dead": node.dead,
        "say": spoken(node),
        "tip": tooltip(node),
    }


def _frame(frame: ViewFrame, layout: Layout) -> dict[str, Any]:
    box = layout.boxes[frame.id]
    return {
        "id": frame.id,
        "x": box.x,
        "y": box.y,
        "w": box.width,
        "h": box.height,
        "t": frame_title(frame, box.width),
        "role": frame.role.value if frame.role else None,
        "colour": _colour(frame.role),
        "in": frame.frame,
        "say": spoken(frame),
    }


def _edge(edge: ViewEdge, curve: Curve) -> dict[str, Any]:
    return {
        "kind": edge.kind.value,
        "d": " ".join(path(stroke) for stroke in curve.strokes),
        "way": None if curve.strokes == (curve.points,) else path(curve.points),
        "l": edge_caption(edge),
        "x": curve.label[0],
        "y": curve.label[1],
        "clear": curve.clear,
        "dead": edge.dead,
    }


def path(points: tuple[tuple[float, float], ...]) -> str:
    """Control points of cubic curves as SVG path data."""
    (x, y), *rest = points
    return f"M{x:g} {y:g}C" + " ".join(f"{px:g} {py:g}" for px, py in rest)


def _roles(view: View) -> list[dict[str, Any]]:
    """The legend: roles that are present, nodes before frames."""
    nodes = {node.role for node in view.nodes if node.role and node.kind is not NodeKind.OPERATION}
    frames = {frame.role for frame in view.frames if frame.role} - nodes
    return [
        {
            "role": role.value,
            "label": ROLE_STYLES[role].label,
            "meaning": ROLE_STYLES[role].meaning,
            "colour": ROLE_STYLES[role].colour,
            "o": ROLE_STYLES[role].shape.value,
            "frame": role in frames or role in FRAMES,
        }
        for role in Role
        if role in nodes | frames
    ]


def _colour(role: Role | None) -> str:
    return ROLE_STYLES[role].colour if role else NO_ROLE
