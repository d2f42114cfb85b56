"""Run the app's pages without a browser, as the router runs them."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def open_page():
    """``open_page("graph", model="dla60")`` runs that page through app.py and returns the AppTest."""

    def open_page(stem: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        if stem != "catalog":
            app.switch_page(str(ROOT / "pages" / f"{stem}.py"))
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()

    return open_page
