"""An engine process whose memory has one thing less: `python -P -m tests.benchmarks.evidence.switched SWITCH ...`.

The rest of the command line is the engine's own.
"""

from __future__ import annotations

import sys

from tests.benchmarks.evidence.switches import SWITCHES


def main() -> int:
    """Throws the switch, then is the engine."""
    name = sys.argv.pop(1)
    SWITCHES[name].throw()
    from engine.__main__ import main as engine

    return engine()


if __name__ == "__main__":
    sys.exit(main())
