"""The sections of the Concepts page, and which of them the URL asks for."""

from __future__ import annotations

from enum import StrEnum

import streamlit as st


class Section(StrEnum):
    """A section of the Concepts page; the value is the URL's ``section``."""

    AGGREGATION = "aggregation"
    DENSE = "dense"
    SAMPLING = "sampling"
    ATROUS = "atrous"
    PEAKS = "peaks"

    @property
    def label(self) -> str:
        """How the chooser calls it."""
        return TITLES[self]

    @property
    def module(self) -> str:
        """The module that draws it, by its function ``show``."""
        return f"explorer.ui.concepts_{self.value}"


TITLES = {
    Section.AGGREGATION: "Aggregation",
    Section.DENSE: "Dense and one-shot",
    Section.SAMPLING: "Deformable sampling",
    Section.ATROUS: "Atrous convolution",
    Section.PEAKS: "Peaks",
}

SECTIONS = tuple(Section)
"""In the order of the chooser."""

PANEL = 610
"""Width of one of two things side by side; where the window is too narrow they stand one above the other."""


def choose() -> Section:
    """The section that the URL asks for, with the control to change it."""
    asked = st.query_params.get("section", "")
    section = next((each for each in SECTIONS if each == asked), SECTIONS[0])
    # Named after its value: the back button changes the URL, and a control keeps its value while its name stays.
    key = f"concepts.section.{section}"

    def follow() -> None:
        st.query_params["section"] = st.session_state[key].value

    st.segmented_control(
        "Section", SECTIONS, default=section, required=True, format_func=lambda each: each.label, key=key,
        on_change=follow, label_visibility="collapsed",
    )  # fmt: skip
    if asked and asked != section:
        st.info(
            f"There is no such section: use one of {', '.join(SECTIONS)}.", icon=":material/visibility_off:"
        )
    return section
