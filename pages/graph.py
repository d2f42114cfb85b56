from explorer.ui import shell

shell.require_frame()

import streamlit as st

from explorer.errors import ExplorerError
from explorer.ui import graph_against, graph_compare, layouts, services, state, strip
from explorer.ui.plain import plain

layouts.warm()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
    st.title("Graph", anchor=False, width="content")
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        graph_against.choose(state.current())
here = strip.show()
try:
    graph = services.graph_of(here.config, here.size)
except ExplorerError as error:
    st.error(plain(error), icon=":material/error:")
    st.stop()
graph_compare.explore(here, graph, graph_against.traced(here))
