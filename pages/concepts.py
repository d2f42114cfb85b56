from explorer.ui import shell

shell.require_frame()

from importlib import import_module

import streamlit as st

from explorer.ui import concepts, fetching, layouts, state
from explorer.ui.plain import plain

layouts.warm()
st.title("Concepts", anchor=False)
# No strip: nothing here depends on the current network, which the links carry on all the same.
here = state.current()
for notice in here.notices:
    st.warning(plain(notice), icon=":material/info:")
fetching.show(here)
import_module(concepts.choose().module).show()
