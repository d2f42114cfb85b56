"""The explorer's entry point: ``streamlit run app.py``, or ``make run``."""

import streamlit as st

from explorer.ui import shell

st.set_page_config(page_title="Layer aggregation explorer", page_icon=shell.ICON, layout="wide")
shell.run()
