"""make bench: every section in a process of its own. ``python bench/run.py [SECTION …]`` runs some of them.

``PRESETS="dla34 vovnet57" make bench`` measures those networks where a section has a choice, ``PRESETS=all`` every one.

A section is a file of this folder with a function ``run() -> bool`` that prints its table and says whether what it
requires was reached.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("run", "timing", "browser", "peers")
"""Files that are no sections."""
SECTIONS = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in TOOLS)


def main(names: list[str]) -> int:
    """Run the sections named, or all; 0 when each reached what it requires, 1 otherwise."""
    sys.path.insert(0, str(ROOT))
    if len(names) == 1:
        passed = importlib.import_module(f"bench.{names[0]}").run()
        return 0 if passed else 1
    codes = [
        subprocess.run([sys.executable, __file__, name], cwd=ROOT, check=False).returncode
        for name in names or SECTIONS
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
