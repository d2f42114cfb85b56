"""How the DLA code's Tree realises hierarchical deep aggregation, read off the traced network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from explorer.concepts.trees import Child, Part, Projection, RootWiring, projections, roots
from explorer.config import ClassifyHead, DLABackbone, presets
from explorer.graph.layer_graph import LayerGraph
from explorer.ui import concepts_graph, numbers, shell, state

KEY = "concepts.tree"
_GENERATION = f"{KEY}.generation"

PREFERRED = ("dla34", "dla60", "dla102", "dla169")
"""Published networks to show a root in, before others with the same settings."""


@dataclass(frozen=True)
class Wired:
    """A Tree with its wiring."""

    graph: LayerGraph
    roots: tuple[RootWiring, ...]
    projections: tuple[Projection, ...]


@st.cache_resource(max_entries=24, show_spinner=False)
def wired(depth: int, level_root: bool, root_residual: bool) -> Wired:
    """Trace a Tree and read its wiring."""
    from explorer.concepts.tree_network import traced

    graph = traced(depth, level_root, root_residual)
    return Wired(graph, roots(graph), projections(graph))


@st.fragment
def show() -> None:
    """Draw the part."""
    st.subheader("How the code's Tree realises it", anchor="tree")
    st.markdown(
        "The published code has no *R* and no *L*: a `Tree` is two halves, `tree1` and `tree2`, and only the smallest "
        "has a `root`. What an outer tree has aggregated is handed inwards until the last root receives it: that is "
        "how nodes that end at the same block become one. Below is that `Tree`, 64 channels in and 128 out, stride 2."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
        depth = st.slider("Levels of the Tree", 1, 5, 3, key="tree", bind="query-params", width=300)
        level_root = st.toggle(
            "`level_root`", True, key="level_root", bind="query-params",
            help="Adds the tree's pooled input, the previous stage's aggregate, to the last root: the iterative "
            "connection between stages. Published networks have it in levels 3 to 5.",
        )  # fmt: skip
        residual = st.toggle(
            "`root_residual`", key="root_residual", bind="query-params",
            help="Every root adds its first child, the last block's output, before its ReLU (equation 5). Published "
            "in DLA-102, its variants and DLA-169.",
        )  # fmt: skip
    found = wired(depth, level_root, residual)
    home = f"{KEY}.{depth}.{level_root}.{residual}"
    known = st.session_state.get(f"{KEY}.root")
    chosen = next((root for root in found.roots if root.path == known), found.roots[-1])
    shown, placed = concepts_graph.folded(found.graph, home, KEY)
    picked, news = concepts_graph.graph(shown, placed, home, chosen.path, KEY)
    if news and picked is not None:
        st.session_state[f"{KEY}.root"] = picked
        st.session_state[_GENERATION] = st.session_state.get(_GENERATION, 0) + 1
        chosen = next((root for root in found.roots if root.path == picked), chosen)
    beside = st.container(horizontal=True, gap="large")
    with beside.container(width=480):
        _roots(found.roots, chosen, home)
    with beside.container(width=700):
        _children(chosen)
        _links(depth, level_root, residual, chosen)
    _switches(found, depth, level_root, residual)
    _dead(found)


def _roots(all_roots: Sequence[RootWiring], chosen: RootWiring, home: str) -> None:
    st.markdown("**Roots in the order in which they run**")
    key = f"{home}.roots.{st.session_state.get(_GENERATION, 0)}"
    by_path = {root.path: root for root in all_roots}

    def follow() -> None:
        st.session_state[f"{KEY}.root"] = st.session_state[key]

    with st.container(height=330 if len(all_roots) > 8 else "content", border=False):
        st.radio(
            "Roots", list(by_path), index=list(by_path).index(chosen.path), key=key, on_change=follow,
            label_visibility="collapsed", format_func=lambda path: _root_line(by_path[path]),
        )  # fmt: skip


def _root_line(root: RootWiring) -> str:
    channels = f"{root.width} → {root.out_channels} channels"
    return f"`{_short(root.path)}`, $T_{{{root.depth}}}$: {len(root.children)} children, {channels}"


def _short(path: str) -> str:
    """A path without the name of the tree that is drawn."""
    return path.removeprefix("tree.")


def _children(root: RootWiring) -> None:
    st.markdown(f"**What `{_short(root.path)}` concatenates, in this order**")
    st.dataframe(
        [
            {
                "Child": _meaning(child),
                "From": _short(child.source),
                "Channels": child.channels,
                "Columns of W": f"{child.columns[0]} to {child.columns[1]}",
                "Also added": child.added,
            }
            for child in root.children
        ],
        hide_index=True,
        column_config={
            "Columns of W": st.column_config.TextColumn(
                help="Input channels of the root's 1×1 convolution that read this child: its columns in the "
                "connectivity heatmaps, and why a checkpoint depends on the order."
            ),
            "Also added": st.column_config.CheckboxColumn(help="Added to the result before the ReLU"),
        },
    )
    widths = " + ".join(str(child.channels) for child in root.children)
    st.caption(
        f"{widths} = {root.width} channels in, {root.out_channels} out: {root.parameters:,} parameters with batch "
        f"norm. The paper lists the same children the other way round, as $N(R, …, L_1, L_2)$."
    )


def _meaning(child: Child) -> str:
    tree = "the whole tree" if child.owner == "tree" else _short(child.owner)
    return {
        Part.LAST: "x₂, the second block",
        Part.FIRST: "x₁, the first block",
        Part.BOTTOM: f"bottom: the pooled input of {tree}",
        Part.OUTER: f"x₁ of {tree}",
    }[child.part]


def _links(depth: int, level_root: bool, residual: bool, root: RootWiring) -> None:
    """The way to a published network that has this very tree."""
    place = published(depth, level_root, residual)
    room = next((room for room in shell.ROOMS if room.stem == "graph"), None)
    if place is None or room is None:
        st.caption("No published DLA has a Tree of these settings.")
        return
    name, level = place
    about = state.changed(state.current(), model=name)
    node = root.path.replace("tree", f"level{level}", 1)
    st.page_link(
        room.page(), label=f"This root in {name}: {node}", icon=room.icon,
        query_params=state.query(about) | {"node": node},
    )  # fmt: skip


def published(depth: int, level_root: bool, residual: bool) -> tuple[str, int] | None:
    """A published classifier, and its level, whose Tree has these settings."""
    known = presets()
    for name in (*PREFERRED, *known):
        config = known[name]
        backbone = config.backbone
        if not isinstance(backbone, DLABackbone) or not isinstance(config.head, ClassifyHead):
            continue
        for level in (2, 3, 4, 5):
            settings = backbone.levels[level], level > 2, backbone.root_residual
            if settings == (depth, level_root, residual):
                return name, level
    return None


def _switches(found: Wired, depth: int, level_root: bool, residual: bool) -> None:
    """What the two switches change, from the networks with and without."""
    other = wired(depth, not level_root, residual)
    with_it, without = (found, other) if level_root else (other, found)
    last, before = with_it.roots[-1], without.roots[-1]
    more = with_it.graph.totals.parameters - without.graph.totals.parameters
    sums = sum(child.added for root in wired(depth, level_root, True).roots for child in root.children)
    st.markdown(
        f"- `level_root` {'makes' if level_root else 'would make'} the last root, `{_short(last.path)}`, read "
        f"{last.width} channels instead of {before.width}: {more:,} parameters more, and one more child, the pooled "
        "input. The other roots stay as they are.\n"
        f"- `root_residual` {'adds' if residual else 'would add'} {sums} sum{'s' if sums > 1 else ''}, one per root, "
        "each of the last block's output; no parameters. The paper uses it in its deepest networks only."
    )


def _dead(found: Wired) -> None:
    """Projections that are computed and dropped."""
    dead = [each for each in found.projections if not each.live]
    live = [each for each in found.projections if each.live]
    st.markdown(
        "**Dead projections.** Every `Tree` owns a 1×1 `project` for the shortcut of its first block, wherever "
        f"channels change. Only the block of the smallest tree reads one: `{_short(live[0].path)}`."
    )
    if not dead:
        st.caption("With one level there is only that one. Add levels to see what the published code drops.")
        return
    st.dataframe(
        [
            {
                "Projection": _short(each.path),
                "Its result": "the first block's shortcut" if each.live else "read by nobody",
                "Parameters": each.parameters,
                "MACs": each.macs,
            }
            for each in found.projections
        ],
        hide_index=True,
        width="content",
        column_config={
            "Parameters": st.column_config.NumberColumn(format="localized"),
            "MACs": st.column_config.NumberColumn(
                format="localized", help="Multiply-accumulates for one image"
            ),
        },
    )
    st.caption(
        f"{len(dead)} of {len(found.projections)} {'is' if len(dead) == 1 else 'are'} computed and never used: "
        f"{numbers.parameters(sum(each.parameters for each in dead))} and "
        f"{numbers.macs(sum(each.macs for each in dead))}. They are kept, so that published checkpoints load and "
        "counts agree; *live* parameters leave them out."
    )
