"""The page must appear before torch has loaded."""

import subprocess
import sys


def test_what_the_page_needs_first_imports_no_torch() -> None:
    modules = ("inference", "inference.samples", "inference.drawing", "runtime", "config.protocol")
    pages = ("ui.predict_source", "ui.predict_run", "ui.predict_result", "ui.predict_advice")
    imports = "; ".join(f"import explorer.{name}" for name in (*modules, *pages))
    code = f"{imports}; import sys; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
