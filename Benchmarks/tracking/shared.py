"""What the benchmarks have in common: reading /proc."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "serving"))

import processes

__all__ = ["processes"]
