from explorer.ui import shell

shell.require_frame()

from importlib import import_module

import streamlit as st

from explorer.ui import concepts, layouts, strip

layouts.warm()
st.title("Concepts", anchor=False)
strip.show()
import_module(concepts.choose().module).show()
