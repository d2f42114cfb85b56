"""Text formats to carry away: SVG and DOT. See ``export_pdf`` for PDF and PNG; JSON is ``LayerGraph.to_json``."""

from xml.sax.saxutils import escape, quoteattr

from explorer.graph.export_scene import PAPER, Arrow, Outline, Text, arrowhead, scene
from explorer.graph.layout_model import Layout
from explorer.graph.view_model import View, ViewFrame, ViewNode
from explorer.graph.view_text import EDGE_COLOURS, edge_caption, shape_of
from explorer.roles import ROLE_STYLES, Shape

FONTS = "'Source Sans 3','Source Sans Pro','Helvetica Neue',Arial,sans-serif"


def to_svg(view: View, layout: Layout) -> str:
    """A self-contained SVG document of the view with its legend."""
    picture = scene(view, layout)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{picture.width:g}" height="{picture.height:g}" '
        f'viewBox="0 0 {picture.width:g} {picture.height:g}" font-family={quoteattr(FONTS)} role="img">',
        f"<title>{escape(picture.title)}</title>",
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        *(_svg_item(item) for item in picture.items),
        "</svg>",
    ]
    return "\n".join(lines)


def to_dot(view: View) -> str:
    """The view as Graphviz DOT with clusters, labels and colours; node names are the view's ids."""
    from graphviz import Digraph

    font = {"fontname": "Helvetica"}
    graph = Digraph(
        graph_attr={"rankdir": "LR", **font}, node_attr={"style": "filled", **font}, edge_attr=font
    )

    def fill(parent: Digraph, frame: str | None) -> None:
        for node in view.nodes:
            if node.frame == frame:
                text = "\n".join(line for line in (node.title, node.subtitle) if line)
                parent.node(_dot_name(node.id), text, shape=_DOT_SHAPES[shape_of(node)],
                            fillcolor=f"{_role_colour(node)}55", color=_role_colour(node))  # fmt: skip
        for inner in view.frames:
            if inner.frame == frame:
                with parent.subgraph(name=f"cluster_{inner.id}") as cluster:
                    cluster.attr(label=_dot_text(inner.label), color=_role_colour(inner), style="rounded")
                    fill(cluster, inner.id)

    fill(graph, None)
    for edge in view.edges:
        style = "dashed" if edge.dead else "solid"
        graph.edge(_dot_name(edge.source), _dot_name(edge.target), edge_caption(edge), color=EDGE_COLOURS[edge.kind],
                   style=style)  # fmt: skip
    return str(graph.source)


_DOT_SHAPES = {Shape.SQUARE: "box", Shape.ROUND: "circle", Shape.PILL: "oval"}


def _dot_name(identity: str) -> str:
    """An id as the graphviz package takes it: it would read a colon as a port."""
    return identity.replace(":", "_")


def _dot_text(text: str) -> str:
    from graphviz import escape as dot_escape

    return str(dot_escape(text))


def _role_colour(item: ViewNode | ViewFrame) -> str:
    return ROLE_STYLES[item.role].colour if item.role else "#9AA0A6"


def _svg_item(item: Outline | Arrow | Text) -> str:
    if isinstance(item, Outline):
        dash = f' stroke-dasharray="{_list(item.dash)}"' if item.dash else ""
        return (
            f'<rect x="{item.x:g}" y="{item.y:g}" width="{item.width:g}" height="{item.height:g}" rx="{item.radius:g}" '
            f'fill="{item.fill or "none"}" stroke="{item.stroke}" stroke-width="{item.line:g}"{dash}/>'
        )
    if isinstance(item, Arrow):
        (x, y), *rest = item.points
        dash = f' stroke-dasharray="{_list(item.dash)}"' if item.dash else ""
        run = " ".join(f"{px:g} {py:g}" for px, py in rest)
        tip = " ".join(f"{px:.1f},{py:.1f}" for px, py in arrowhead(item.points))
        return (
            f'<path d="M{x:g} {y:g}C{run}" fill="none" stroke="{item.stroke}" stroke-width="{item.line:g}"{dash}/>'
            f'<polygon points="{tip}" fill="{item.stroke}"/>'
        )
    weight = ' font-weight="600"' if item.bold else ""
    halo = (
        f' paint-order="stroke" stroke="{PAPER}" stroke-width="3" stroke-linejoin="round"'
        if item.halo
        else ""
    )
    # A baseline 0.35 em below the middle centres digits; dominant-baseline is not understood everywhere.
    return (
        f'<text x="{item.x:g}" y="{item.y + item.size * 0.35:.1f}" font-size="{item.size:g}" fill="{item.colour}" '
        f'text-anchor="{item.anchor}"{weight}{halo}>{escape(item.text)}</text>'
    )


def _list(lengths: tuple[float, ...]) -> str:
    return " ".join(f"{length:g}" for length in lengths)
