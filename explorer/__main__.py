"""``python -m explorer``: what the pages do, without a browser."""

import sys

from explorer.cli import main

if __name__ == "__main__":
    sys.exit(main())
