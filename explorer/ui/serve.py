"""``python -m explorer.ui.serve [STREAMLIT'S OPTIONS]``: the server, ready for its first visitor.

Streamlit runs no code of an app before someone opens it. What the first page imports is loaded here meanwhile, while
the server starts and the browser fetches Streamlit's own files.
"""

import importlib
import sys
import threading
from pathlib import Path

from streamlit.web import cli

from explorer.errors import ExplorerError
from explorer.weights import library

APP = Path(__file__).parents[2] / "app.py"


def main() -> None:
    """Serve the app until it is stopped; options are those of ``streamlit run``."""
    try:
        library()
    except ExplorerError as error:
        # A setting that no page could work with is said once, here, and not to every visitor.
        sys.exit(str(error))
    threading.Thread(target=importlib.import_module, args=("explorer.ui.catalog_cards",), daemon=True).start()
    cli.main(["run", str(APP), *sys.argv[1:]])


if __name__ == "__main__":
    main()
