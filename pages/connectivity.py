from explorer.ui import shell

shell.require_frame()

import streamlit as st

from explorer.errors import ExplorerError
from explorer.ui import connectivity_page, services, strip
from explorer.ui.plain import plain

st.title("Connectivity", anchor=False)
here = strip.show()
try:
    graph = services.graph_of(here.config, here.size)
except ExplorerError as error:
    st.error(plain(error), icon=":material/error:")
    st.stop()
connectivity_page.explore(here, graph)
