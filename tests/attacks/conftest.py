"""Lends the attacks what other tests are made of: the simulated segment, and the kits of rooms."""

from __future__ import annotations

import sys
from pathlib import Path

for room in ("sim", "agent", "session"):
    sys.path.insert(0, str(Path(__file__).parents[1] / room))
