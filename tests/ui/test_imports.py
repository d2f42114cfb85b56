"""A page appears before torch has loaded: nothing that is imported to draw one may import it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = ["explorer", "explorer.config", "explorer.graph", "explorer.weights"]
MODULES += [f"explorer.ui.{path.stem}" for path in (ROOT / "explorer" / "ui").glob("[!_]*.py")]
PAGES = sorted((ROOT / "pages").glob("*.py"))

CHECK = """
import importlib, runpy, sys
for name in sys.argv[1].split(","):
    importlib.import_module(name)
    assert "torch" not in sys.modules, f"{name} imports torch"
"""


def run(code, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_no_module_that_draws_imports_torch():
    run(CHECK, ",".join(MODULES))


def imports_of(script):
    """The import statements at the top level of a page, without what it draws."""
    import ast

    tree = ast.parse(script.read_text())
    return "\n".join(ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))


@pytest.mark.parametrize("script", PAGES, ids=lambda script: script.stem)
def test_no_page_imports_torch(script):
    run(f"{imports_of(script)}\nimport sys\nassert 'torch' not in sys.modules")


def test_the_first_page_is_drawn_without_torch():
    # The import in the background is held back, so that only what the page itself needs is seen.
    code = """
import sys
from streamlit.testing.v1 import AppTest
from explorer.ui import warm
warm._HEAD_START = 3600
at = AppTest.from_file("app.py", default_timeout=60).run()
assert not at.exception, at.exception
assert at.title[0].value == "Networks"
assert "torch" not in sys.modules
"""
    run(code)
