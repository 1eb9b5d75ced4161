"""`python -P -m engine.cli`: what the launcher `techo` runs for every command but the window."""

from __future__ import annotations

import sys

from engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
