from explorer.ui import shell

shell.require_frame()

import streamlit as st

from explorer.analysis.layers_text import csv_text
from explorer.ui import layers_depth, layers_stages, layers_table, layers_torchinfo, numbers, services, strip

st.title("Layers", anchor=False)
here = strip.show()
tabs = st.tabs(["Table", "Along the depth", "Stages", "torchinfo"], key="layers.tab", on_change="rerun")
table, depth, stages, torchinfo = tabs
identity = f"{here.config.digest}.{numbers.size(here.size)}"

with next((tab for tab in tabs if tab.open), table):
    graph = services.graph_or_stop(here)

    if torchinfo.open:
        layers_torchinfo.show(here.config, here.size)
    elif stages.open:
        layers_stages.show(graph)
    elif depth.open:
        with st.container(horizontal=True, gap="medium"):
            grain = layers_table.choose_grain()
            measure = layers_depth.choose_measure()
        rows = layers_table.rows_of(here.config.digest, here.size, grain, here.config)
        layers_depth.show(rows, f"{identity}.{grain}", measure)
    else:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            grain = layers_table.choose_grain()
            rows = layers_table.rows_of(here.config.digest, here.size, grain, here.config)
            wanted = layers_table.choose_filter(rows, identity)
        shown = [row for row in rows if wanted.admits(row)]
        answer = st.container(key="layers-choice")
        if shown:
            chosen = layers_table.table(shown, key=f"layers.table.{identity}.{grain}.{wanted.digest}")
            with answer:
                layers_table.show_choice(chosen, grain, graph, here)
        else:
            st.info(f"No row matches. Clear the filters to see all {len(rows)}.")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(layers_table.summary(shown, len(rows)))
            st.download_button(
                "Download CSV",
                csv_text(shown),
                file_name=f"{here.title}-{here.size[0]}x{here.size[1]}-{grain}.csv",
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
            )
