from explorer.ui import shell

shell.require_frame()

import streamlit as st

from explorer.ui import graph_against, graph_compare, layouts, services, state, strip

layouts.warm()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
    st.title("Graph", anchor=False, width="content")
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        graph_against.choose(state.current())
here = strip.show()
graph = services.graph_or_stop(here)
graph_compare.explore(here, graph, graph_against.traced(here))
