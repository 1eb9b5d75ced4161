from __future__ import annotations

TAPS = ("embd", "l_out-13", "l_out-25", "l_out-29")
"""Those of the shipped memory weights."""
