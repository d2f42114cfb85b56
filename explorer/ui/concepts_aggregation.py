"""Aggregation, from none to hierarchical: the DLA paper's Fig. 2, drawn from networks that are traced."""

import streamlit as st


@st.fragment
def show() -> None:
    """Draw the section."""
    st.caption("Deep Layer Aggregation, arXiv 1707.06484, Fig. 2.")
