"""The explorer's entry point: ``make run``, or ``streamlit run app.py``."""

import streamlit as st

from explorer.ui import shell

st.set_page_config(page_title="Layer aggregation explorer", page_icon=shell.ICON, layout="wide")
shell.run()
