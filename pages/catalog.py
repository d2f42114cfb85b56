from explorer.ui import shell

shell.require_frame()

import streamlit as st

from explorer.ui import catalog_cards, catalog_chart, state
from explorer.ui.catalog import Family, entries
from explorer.ui.plain import plain

here = state.current()
for notice in here.notices:
    st.warning(plain(notice), icon=":material/info:")

top = st.grid(2, min_column_width=420, gap="large")
with top.cell():
    st.title("Networks", anchor=False)
    st.markdown(
        "Vision networks that aggregate their layers. Pick one, see its recursive structure with the tensor shape "
        "on every edge, read it layer by layer, and run it on a picture."
    )
    catalog_cards.legend()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.text_input("Find", placeholder="dla60, OSA, rates …", key="catalog-find", width=190)
        order = st.selectbox("Sort by", list(catalog_cards.Order), key="catalog-order", width=190)
        shell.page_link("build", here, "Build your own")
    families = st.pills("Show", list(Family), selection_mode="multi", wrap=True, key="catalog-families")
with top.cell():
    catalog_chart.accuracy(list(entries().values()))

shown = catalog_cards.select(list(entries().values()), wanted, families, order or catalog_cards.Order.PAPER)
if not shown:
    st.info(f"No network matches “{plain(wanted)}”. Clear the field to see all {len(entries())}.")
for family in Family:
    members = [entry for entry in shown if entry.family is family]
    if members:
        catalog_cards.heading(family, members)
        catalog_cards.cards(members, here)
