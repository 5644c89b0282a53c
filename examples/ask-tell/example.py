"""Finds the smallest value of Branin's function (0.398) with a server that proposes where to look."""

import math
import os

from martlet_study import Study, Trial


def branin(trial: Trial) -> float:
    """The value at a trial's point."""
    x, y = trial.params["x"], trial.params["y"]
    bend = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bend**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


study = Study.create(
    "branin",
    {"x": {"type": "float", "low": -5, "high": 10}, "y": {"type": "float", "low": 0, "high": 15}},
    url=os.environ.get("MARTLET_ADDRESS", "http://127.0.0.1:5000"),
)
study.optimize(branin, trials=60)
best = study.best[0]
print(f"best {best['value']:.4f} at {best['params']}, importance {study.importance}")
