"""Place a view: ``layout(view)``. Works here and now; the app calls it in a worker process with a time limit.

The paper view is placed by rules of our own, where position carries meaning (``layout_paper``); modules and
operations by Graphviz, left to right with nested clusters. Its engine comes inside the pygraphviz wheel, so that no
system package is needed. It may take many seconds for very large views, and holds the GIL all the while.
"""

from explorer.graph.layout_dot import place
from explorer.graph.layout_model import Layout
from explorer.graph.layout_paper import place_paper
from explorer.graph.view_model import Style, View

__all__ = ["Layout", "layout"]


def layout(view: View) -> Layout:
    """Geometry for every node, frame and edge of ``view``, in its order. Raises LayoutError if there is none."""
    return place_paper(view) if view.style is Style.PAPER else place(view)
