"""A view as Graphviz DOT."""

from explorer.graph.view_model import View, ViewFrame, ViewNode
from explorer.graph.view_text import EDGE_COLOURS, edge_caption, shape_of
from explorer.roles import ROLE_STYLES, Shape


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
