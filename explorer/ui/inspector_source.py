"""The Python behind a node."""

import streamlit as st

from explorer.config import ModelConfig
from explorer.graph.view_model import NodeKind, ViewFrame, ViewNode
from explorer.graph.view_source import source_of


def show(config: ModelConfig, item: ViewNode | ViewFrame) -> None:
    """The source of the module, or of the one that calls the operation."""
    found = source_of(config, item.path)
    if found is None:
        st.caption("This module has no Python source.")
        return
    calls = isinstance(item, ViewNode) and item.kind is NodeKind.OPERATION
    whose = "The module that calls it: " if calls else ""
    st.caption(f"{whose}`{found.name}`, line {found.line}")
    st.code(found.text, language="python", line_numbers=False, height=420)
