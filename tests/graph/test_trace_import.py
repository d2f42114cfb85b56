"""A page appears before torch has loaded: the graph room must not import it, nor what draws."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["explorer.graph", "explorer.graph.layer_graph", "explorer.analysis.cost"])
def test_importing_loads_no_torch(module: str) -> None:
    code = f"import sys, {module}; print(*{{'torch', 'streamlit', 'pygraphviz'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
