from explorer.ui import shell

shell.require_frame()

import streamlit as st

from explorer.ui import build_page, strip

st.title("Build", anchor=False)
here = strip.show(building=True)
build_page.workbench(here)
