"""What the heatmaps mean: the question, the formula with its papers, and summaries in numbers and sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.analysis import Kind
from explorer.analysis.connectivity_summary import STRONG, Summary, summary
from explorer.analysis.connectivity_text import scaled
from explorer.analysis.heatmaps import Scale
from explorer.ui.connectivity_networks import Shown
from explorer.ui.plain import plain

FORMULA = (
    r"\operatorname{strength}(s \to \ell) = \frac{1}{|F_\ell|\;|C_s|\;k^2}"
    r"\sum_{f \in F_\ell} \; \sum_{c \in C_s} \; \sum_{i,j} \bigl|\,w^{(\ell)}_{f c i j}\bigr|"
)
DENSENET = "[DenseNet, section 5, Fig. 5](https://arxiv.org/abs/1608.06993)"
VOVNET = "[VoVNet, section 3, Fig. 2](https://arxiv.org/abs/1904.09730)"


def question() -> None:
    """What the page answers, and how, in two lines; the formula opens."""
    st.markdown(
        "Which earlier layers does an aggregation really use? Each cell is the mean magnitude of the "
        "weights with which "
        f"target ℓ (across) reads the channels of source s (down), as in {DENSENET} and {VOVNET}."
    )
    with st.expander("How it is computed", icon=":material/function:"):
        st.latex(FORMULA)
        st.markdown(
            "$F_\\ell$ are the filters of the layer that reads, $C_s$ the channels that source $s$ made, $k$ "
            "the kernel’s "
            "side. The papers write the filters’ L1 norm divided by the number of input feature maps; the mean also "
            "divides by the number and size of the filters, so that layers of different size, 1×1 "
            "transitions and the "
            "classifier share one scale. Within one layer the two differ by a constant.\n\n"
            "Channels keep their maker through norms, activations, poolings, resizings, depthwise "
            "convolutions and channel "
            "attention. Where features are **added**, no weight reads them apart: each branch is shown by the mean "
            "magnitude of its own last convolution, another quantity, with its own scale, and marked as a sum."
        )


def warn_of_random(shown: Sequence[Shown]) -> None:
    """A banner that cannot be overlooked where weights have learned nothing, unless that is what was asked for."""
    names = [network.here.title for network in shown if network.random and not network.beside]
    if not names:
        return
    st.warning(
        f"**Random weights** in {plain(', '.join(dict.fromkeys(names)))}: this is the initialisation, not "
        f"what a trained "
        "network uses. An initialisation gives every source of a layer the same strength; differences "
        "between layers are "
        "those of their size. Choose other weights in the strip above for an answer.",
        icon=":material/casino:",
    )


def show(shown: Sequence[Shown], scale: Scale) -> None:
    """A table of summaries for each network, with a sentence for each column."""
    st.subheader("What the numbers say", anchor=False)
    for network in shown:
        units = scaled(network.aggregations, Scale.FIGURE if scale is Scale.RAW else scale)
        found = [summary(item, unit) for item, unit in zip(network.aggregations, units, strict=True)]
        if len(shown) > 1:
            st.markdown(f"**{plain(network.here.title)}**{', random weights' if network.random else ''}")
        _table(network, found)
        for sentence in _sentences(network, found):
            st.markdown(f"- {sentence}")


def _table(network: Shown, found: Sequence[Summary]) -> None:
    number = st.column_config.NumberColumn
    rows = [
        {
            "Aggregation": one.path,
            "Kind": item.kind.value.upper() if item.kind is not Kind.SUM else "sum",
            "Connections": one.connections,
            "Strong": one.strong / one.connections if one.connections else None,
            "Into intermediate": one.intermediate,
            "Into last": one.last,
            "Correlation": one.correlation,
            "Effective sources": " ".join(_effective(one)),
            "Evenness": one.evenness,
        }
        for item, one in zip(network.aggregations, found, strict=True)
    ]
    # A column in which no aggregation has a number, as correlation has none in trees, says nothing.
    filled = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    st.dataframe(
        [{name: row[name] for name in filled} for row in rows],
        hide_index=True,
        height="auto" if len(found) <= 9 else 340,
        column_config={
            "Strong": number(format="percent", help=f"Connections of at least {STRONG} on the scale chosen"),
            "Into intermediate": number(
                format="%.4g", help="Mean strength of connections into layers inside the block"
            ),
            "Into last": number(
                format="%.4g",
                help="Mean strength into what reads the whole block: transition, classifier, last convolution",
            ),
            "Correlation": number(
                format="%.2f",
                help="Pearson’s, over sources: mean strength into intermediate layers against that into the last one",
            ),
            "Effective sources": st.column_config.TextColumn(
                help="exp of the entropy of a target’s strengths, of the sources it reads; the mean over targets of a "
                "block"
            ),
            "Evenness": number(
                format="percent", help="Effective over read, mean over targets with several sources"
            ),
        },
    )


def _effective(one: Summary) -> list[str]:
    several = [(number, read) for number, read in one.effective if read > 1]
    if not several:
        return []
    mean, read = np.mean([number for number, _ in several]), np.mean([read for _, read in several])
    return [f"{mean:.2f} of {read:.3g}"]


def _sentences(network: Shown, summaries: Sequence[Summary]) -> list[str]:
    """What the numbers show here; of sums nothing, because no weight reads their branches apart."""
    found = [
        one
        for item, one in zip(network.aggregations, summaries, strict=True)
        if item.kind is not Kind.SUM and one.connections
    ]
    if not found:
        return [
            "All features are **added** here, and no weight reads them apart: see below what each contributes."
        ]
    connections = sum(one.connections for one in found)
    strong = sum(one.strong for one in found)
    lines = [
        f"**Strong links**: {strong:,} of {connections:,} connections ({strong / connections:.0%}) reach "
        f"half of the scale" + (", which follows from the layers’ sizes alone." if network.random else ".")
    ]
    pairs = [one for one in found if one.intermediate is not None and one.last is not None]
    if pairs:
        stronger = sum(one.last > one.intermediate for one in pairs)  # type: ignore[operator]  # both are numbers here
        lines.append(
            f"**Intermediate against last**: the last layer aggregates more strongly than those inside in "
            f"{stronger} of "
            f"{len(pairs)} blocks" + (", which follows from their sizes alone." if network.random else ".")
        )
    rated = [one for one in found if one.correlation is not None]
    if rated:
        values = [one.correlation for one in rated if one.correlation is not None]
        negative = sum(value < 0 for value in values)
        lines.append(
            f"**The VoVNet paper’s hypothesis** (section 3), that what intermediate layers use strongly the "
            f"last one uses "
            f"weakly: the correlation over sources is {np.mean(values):+.2f} on average, negative in {negative} of "
            f"{len(rated)} blocks. " + _verdict(network, float(np.mean(values)))
        )
    evenness = [one.evenness for one in found if any(read > 1 for _, read in one.effective)]
    if evenness:
        lines.append(
            f"**Effective sources**: on average a target uses {np.mean(evenness):.1%} of the number it reads"
            + (
                ": all alike, as random weights do."
                if network.random
                else ", 100 % meaning all alike and less meaning that few dominate."
            )
        )
    return lines


def _verdict(network: Shown, correlation: float) -> str:
    if network.random:
        return "On random weights this says nothing about the hypothesis."
    if correlation < -0.3:
        return "These weights support it."
    return (
        "These weights contradict it."
        if correlation > 0.3
        else "These weights neither support nor contradict it."
    )
