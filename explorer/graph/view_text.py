"""The words on nodes, frames and edges: the same on screen, in exports and for screen readers."""

from collections.abc import Mapping

from explorer.graph.layer_graph import LayerGraph
from explorer.graph.view_model import EdgeKind, NodeKind, Style, ViewEdge, ViewFrame, ViewNode, shape_text
from explorer.roles import FRAMES, ROLE_STYLES, Role, Shape

EDGE_LABELS: Mapping[EdgeKind, str] = {
    EdgeKind.FLOW: "Flow",
    EdgeKind.HDA: "HDA link",
    EdgeKind.IDA: "IDA link",
    EdgeKind.DOWNSAMPLE: "Downsampling",
    EdgeKind.UPSAMPLE: "Upsampling",
    EdgeKind.DENSE: "Concatenation",
    EdgeKind.RESIDUAL: "Residual",
}
"""Edge kinds as the legend names them."""

EDGE_MEANINGS: Mapping[EdgeKind, str] = {
    EdgeKind.FLOW: "the next layer reads it",
    EdgeKind.HDA: "hierarchical: into a root, from inside its own tree",
    EdgeKind.IDA: "iterative: into an aggregation node, from another stage",
    EdgeKind.DOWNSAMPLE: "the resolution is reduced on the way, or by what reads it",
    EdgeKind.UPSAMPLE: "the resolution is raised on the way",
    EdgeKind.DENSE: "kept, and concatenated with what other layers yield",
    EdgeKind.RESIDUAL: "added to the result of the block that it skips",
}
"""What the legend explains."""

EDGE_COLOURS: Mapping[EdgeKind, str] = {
    EdgeKind.FLOW: "#5F6B7A",
    EdgeKind.HDA: "#009E73",
    EdgeKind.IDA: "#E69F00",
    EdgeKind.DOWNSAMPLE: "#0072B2",
    EdgeKind.UPSAMPLE: "#56B4E9",
    EdgeKind.DENSE: "#CC79A7",
    EdgeKind.RESIDUAL: "#5F6B7A",
}
"""Edge kinds in the palette of the roles they belong to; flow and residual follow the theme on screen."""


def shape_of(node: ViewNode) -> Shape:
    """The outline of a node: that of its role; frames that are closed stay boxes, terminals are pills."""
    if node.kind in (NodeKind.INPUT, NodeKind.OUTPUT):
        return Shape.PILL
    if node.role is None or node.role in FRAMES or node.kind is NodeKind.OPERATION:
        return Shape.SQUARE
    return ROLE_STYLES[node.role].shape


def captions(node: ViewNode, style: Style, graph: LayerGraph) -> tuple[str, str]:
    """The one or two lines written on a node: what it is, and what it yields. The second may be empty."""
    result = shape_text(node.outputs[0]) if node.outputs else ""
    if node.kind in (NodeKind.INPUT, NodeKind.OUTPUT):
        return node.label, shape_text((node.outputs or node.inputs)[0])
    if node.kind is NodeKind.OPERATION:
        return node.label, _setting(node, graph) or result
    if style is Style.PAPER and node.role is Role.ASPP_BRANCH:
        return _sampling(node, graph), channels(node)
    times = f"× {node.repeat}" if node.repeat > 1 else ""
    if style is Style.PAPER and node.role not in (None, *FRAMES) and shape_of(node) is not Shape.PILL:
        return channels(node), times
    if shape_of(node) is Shape.ROUND:
        return node.label, channels(node)
    # The parts of a Sequential are only numbered: their type says more.
    name = node.type if node.label.isdigit() else node.label
    if times:
        shapes = dict.fromkeys(shape_text(shape) for shape in node.outputs)
        return f"{name} {times}", result if len(shapes) == 1 else f"{len(shapes)} sizes"
    return name, _setting(node, graph) or result


def channels(node: ViewNode) -> str:
    """The number of channels a node yields."""
    shape = node.outputs[0] if node.outputs else ()
    return str(shape[1] if len(shape) > 1 else "")


def _sampling(node: ViewNode, graph: LayerGraph) -> str:
    """How a branch of atrous spatial pyramid pooling samples: ``3×3, rate 12``, ``1×1``, or the whole image."""
    for operation in (graph.operations[number] for number in node.operations):
        kernel, dilation = operation.attributes.get("kernel"), operation.attributes.get("dilation")
        if operation.kind == "adaptive_avg_pool2d":
            return "image pool"
        if isinstance(kernel, tuple):
            rate = f", rate {dilation[0]}" if isinstance(dilation, tuple) and kernel[0] != 1 else ""
            return "×".join(map(str, kernel)) + rate
    return node.label


def _setting(node: ViewNode, graph: LayerGraph) -> str:
    """Kernel and channels of a node that is a single operation, such as ``3×3 · 64 · /2``."""
    if len(node.operations) != 1:
        return ""
    operation = graph.operations[node.operations[0]]
    kernel, stride = operation.attributes.get("kernel"), operation.attributes.get("stride")
    if not isinstance(kernel, tuple):
        return ""
    step = f"/{stride[0]}" if isinstance(stride, tuple) and stride[0] != 1 else ""
    return " · ".join(part for part in ("×".join(map(str, kernel)), channels(node), step) if part)


def edge_caption(edge: ViewEdge) -> str:
    """The shape that an edge carries, how often, and what scaling it passes: ``2 × 64×56×56 ↓2``."""
    count = f"{len(edge.tensors)} × " if len(edge.tensors) > 1 else ""
    return f"{count}{shape_text(edge.shape)}{scaling(edge)}"


def scaling(edge: ViewEdge) -> str:
    """How an edge changes resolution on its way, such as `` ↓2`` or `` ↑4``; empty if it does not."""
    if len(edge.shape) < 4 or len(edge.arrival) < 4 or edge.shape[-1] == edge.arrival[-1]:
        return ""
    before, after = edge.shape[-1], edge.arrival[-1]
    return f" ↓{round(before / after)}" if after < before else f" ↑{round(after / before)}"


def role_label(role: Role | None, fallback: str) -> str:
    """A role as the legend names it, or ``fallback`` for a module without one."""
    return ROLE_STYLES[role].label if role is not None else fallback


def tooltip(node: ViewNode) -> list[str]:
    """What a pointer resting on a node shows, line by line."""
    kind = node.type if node.role is None else f"{ROLE_STYLES[node.role].label} · {node.type}"
    shapes = " → ".join(
        " + ".join(shape_text(shape) for shape in side) for side in (node.inputs, node.outputs) if side
    )
    name = f"{node.members[0]} … {node.members[-1]}" if node.repeat > 1 else node.path or node.label
    lines = [name, f"{node.repeat} × {kind}" if node.repeat > 1 else kind, shapes]
    if node.parameters or node.macs:
        lines.append(f"{count(node.parameters)} parameters · {count(node.macs)} MACs")
    if node.dead:
        lines.append("Not used by any output")
    return [line for line in lines if line]


def count(number: int) -> str:
    """A count with a decimal prefix: ``15.78 M``."""
    for factor, prefix in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= factor:
            return f"{number / factor:.2f} {prefix}"
    return str(number)


def spoken(item: ViewNode | ViewFrame) -> str:
    """One sentence for a screen reader: name, role, result."""
    name = f"{len(item.members)} × {item.path}" if item.members else item.path or item.label
    result = f", yields {shape_text(item.outputs[0])}" if item.outputs else ""
    dead = ", not used by any output" if isinstance(item, ViewNode) and item.dead else ""
    return f"{name}: {role_label(item.role, item.type)}{result}{dead}"
