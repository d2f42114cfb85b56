"""The frame around every page: navigation, and the guard that keeps pages inside it."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from explorer.ui import state, warm

ROOT = Path(__file__).parents[2]
ICON = str(ROOT / "assets" / "icon.svg")
"""The browser tab's picture: a file of ours, because Streamlit fetches a named icon's from the internet."""
_ROUTED = "frame.routed"


@dataclass(frozen=True, slots=True)
class Room:
    """A page: its file's stem in ``pages/`` (and its path in the URL), its name in the navigation, its icon."""

    stem: state.PageName
    title: str
    icon: str

    @property
    def file(self) -> Path:
        """The page's script."""
        return ROOT / "pages" / f"{self.stem}.py"

    def page(self) -> st.Page:
        """The page as the router takes it; the catalog is the one at ``/``."""
        return st.Page(self.file, title=self.title, icon=self.icon, default=self.stem == "catalog")


_KNOWN = (
    Room("catalog", "Networks", ":material/grid_view:"),
    Room("concepts", "Concepts", ":material/school:"),
    Room("build", "Build", ":material/construction:"),
    Room("graph", "Graph", ":material/account_tree:"),
    Room("layers", "Layers", ":material/table_rows:"),
    Room("connectivity", "Connectivity", ":material/grid_on:"),
    Room("predict", "Predict", ":material/image_search:"),
    Room("compare", "Compare", ":material/balance:"),
)

ROOMS = tuple(room for room in _KNOWN if room.file.exists())
"""The pages there are, in the order of the navigation."""


def run() -> None:
    """Draw the navigation and the page that the URL asks for; ``app.py`` calls this and nothing else."""
    pages = {room.stem: room.page() for room in ROOMS}
    page = st.navigation(list(pages.values()), position="hidden")
    st.html(ROOT / "assets" / "frame.css")
    _navigation(pages)
    st.session_state[_ROUTED] = True
    try:
        page.run()
    finally:
        del st.session_state[_ROUTED]
    warm.torch()


def require_frame() -> None:
    """Send a page that ran without ``app.py`` back through it; the first line of every page.

    Streamlit runs the files of a folder called ``pages`` by itself until some session has called
    ``st.navigation``: the first visitor of a fresh server would see a deep link's page without its frame.
    """
    if _ROUTED not in st.session_state:
        # Set before the pages: an icon of theirs would become the tab's, and be fetched from the internet.
        st.set_page_config(page_icon=ICON)
        st.navigation([room.page() for room in ROOMS], position="hidden")
        st.rerun()


def page_link(
    stem: state.PageName, about: state.Current, label: str | None = None, icon: str | None = None
) -> None:
    """A link, inside the app, to a page about a network; nothing where that page does not exist."""
    room = next((room for room in ROOMS if room.stem == stem), None)
    if room is not None:
        st.page_link(
            room.page(), label=label or room.title, icon=icon or room.icon, query_params=state.query(about)
        )


def _navigation(pages: dict[state.PageName, st.Page]) -> None:
    # Streamlit's own menu drops the query when it changes pages; these links carry the current network along.
    query = state.query(state.current())
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="navigation"):
        st.html('<span class="brand">Layer aggregation explorer</span>', width="content")
        for page in pages.values():
            st.page_link(page, query_params=query)
