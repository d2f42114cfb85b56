from explorer.ui import shell

shell.require_frame()

import streamlit as st

from explorer.ui import connectivity_page, services, strip

st.title("Connectivity", anchor=False)
here = strip.show()
graph = services.graph_or_stop(here)
connectivity_page.explore(here, graph)
