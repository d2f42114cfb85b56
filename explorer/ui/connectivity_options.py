"""What the Connectivity page shows, as its part of the URL says, and the controls that change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from explorer.analysis.heatmaps import Scale
from explorer.config import presets
from explorer.ui import state
from explorer.weights import WeightsKind

MOST_OTHERS = 2
SCALES = {Scale.FIGURE: "Figure", Scale.BLOCK: "Block", Scale.TARGET: "Target", Scale.RAW: "Raw"}
_ON = "1"

Place = tuple[int, int, int, int]
"""A connection: network in the figure, aggregation, source, target."""


@dataclass(frozen=True, slots=True)
class Options:
    """``others`` are presets beside the current network; ``random`` puts its random weights beside its own."""

    scale: Scale
    fold: bool
    others: tuple[str, ...]
    random: bool


def choose(here: state.Current) -> Options:
    """Draw the controls; what they say comes from the URL, so that links and the back button work."""
    options = _read(here)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="connectivity-options"):
        _control(
            "scale", options.scale.value,
            lambda key: st.segmented_control(
                "1 is the largest of each", list(SCALES), default=options.scale, format_func=SCALES.__getitem__,
                required=True, key=key, on_change=_write, args=("scale", key, Scale.FIGURE),
                help="Strengths are divided by the largest of the figure (all networks shown), of their block, or of "
                "the layer that reads; or shown as they are, with one range of colours.",
            ),
        )  # fmt: skip
        _control(
            "with", ",".join(options.others),
            lambda key: st.multiselect(
                "Beside it", [name for name in presets() if name != here.preset], default=options.others,
                max_selections=MOST_OTHERS, placeholder="Compare with other networks", width=340, key=key,
                on_change=_write, args=("with", key, ()),
            ),
        )  # fmt: skip
        with st.container(gap=None, width="content"):
            _control(
                "fold", str(options.fold),
                lambda key: st.toggle(
                    "Fold the norms’ scale in", value=options.fold, key=key, on_change=_write,
                    args=("fold", key, False),
                    help="Multiplies each channel’s weights by |γ| / √(σ² + ε) of the batch norm before the reader, as "
                    "if the norm were part of the filter: what the reader does to the feature itself. The papers’ "
                    "figures do not.",
                ),
            )  # fmt: skip
            _control(
                "random", str(options.random),
                lambda key: st.toggle(
                    "Beside random weights", value=options.random, key=key, on_change=_write,
                    args=("random", key, False), disabled=here.weights == WeightsKind.RANDOM,
                    help="The same network before it has learned anything.",
                ),
            )  # fmt: skip
    return options


def chosen() -> Place | None:
    """The connection that the URL names, not yet looked up."""
    parts = st.query_params.get("cell", "")[:40].split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    network, aggregation, source, target = map(int, parts)
    return network, aggregation, source, target


def choose_cell(sent: object) -> None:
    """Put the connection that the browser sent into the URL."""
    if isinstance(sent, list | tuple) and len(sent) == 4 and all(isinstance(part, int) for part in sent):
        st.query_params["cell"] = ".".join(map(str, sent))


def choose_cell_of_first(sent: object) -> None:
    """As ``choose_cell``, in a figure that shows the first network only."""
    if isinstance(sent, list | tuple) and len(sent) == 4:
        choose_cell([0, *sent[1:]])


def close_cell() -> None:
    """Forget the connection."""
    st.query_params.pop("cell", None)


def _read(here: state.Current) -> Options:
    query = st.query_params
    asked = query.get("scale", "")
    others = [
        name for name in query.get("with", "")[:200].split(",") if name in presets() and name != here.preset
    ]
    return Options(
        scale=Scale(asked) if asked in set(Scale) else Scale.FIGURE,
        fold=query.get("fold") == _ON,
        others=tuple(dict.fromkeys(others))[:MOST_OTHERS],
        random=query.get("random") == _ON and here.weights != WeightsKind.RANDOM,
    )


def _control(name: str, value: str, draw: Callable[[str], object]) -> None:
    # Named after its value: the back button changes the URL, and a control keeps its value while its name stays.
    draw(f"connectivity.{name}.{value}")


def _write(name: str, key: str, default: object) -> None:
    value = st.session_state[key]
    if (tuple(value) if isinstance(value, list) else value) == default:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = (
            _ON if value is True else ",".join(value) if isinstance(value, list) else str(value)
        )
    if name in ("with", "random"):
        close_cell()
