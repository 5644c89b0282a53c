#!/usr/bin/env python3
"""SHAP values of 1,000 rows beside the libraries' own: 100 trees of depth 6 over 30 features, one thread.

shap.py --learning PATH/LearningBenchmark

Prints one JSON object with the times in milliseconds, the largest difference between the values, and whether
1,000 rows take at most 1.2 times as long as in XGBoost. Needs numpy, scikit-learn, xgboost and lightgbm.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import lightgbm
import numpy as np
import xgboost
from sklearn.datasets import make_classification

ROWS, FEATURES, TREES, DEPTH = 1000, 30, 100, 6
LIMIT = 1.2


def best(tries, work):
    """The shortest time in milliseconds, and what came of the last try."""
    times = []
    for _ in range(tries):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3, result


def ours(program, model, rows, folder):
    """The own walker's figures and values."""
    out = folder / "values.bin"
    done = subprocess.run(
        [program, "explain", str(model), str(rows), str(FEATURES), str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{program} explain failed: {done.stderr}")
    return json.loads(done.stdout), np.fromfile(out, np.float32).reshape(ROWS, FEATURES + 1)


def measure(program):
    """Both libraries beside Martlet."""
    x, y = make_classification(20_000, FEATURES, n_informative=15, random_state=0)
    x = x.astype(np.float32)
    rows = x[:ROWS].copy()
    trees = xgboost.train(
        {"max_depth": DEPTH, "objective": "binary:logistic", "eta": 0.1, "nthread": 1}, xgboost.DMatrix(x, y), TREES
    )
    leaves = lightgbm.train(
        {"max_depth": DEPTH, "num_leaves": 2**DEPTH, "objective": "binary", "num_threads": 1, "verbose": -1},
        lightgbm.Dataset(x, y),
        TREES,
    )
    matrix, one = xgboost.DMatrix(rows), xgboost.DMatrix(rows[:1])
    result = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rows.tofile(folder / "rows.bin")
        trees.save_model(folder / "model.json")
        leaves.save_model(folder / "model.txt")
        figures, values = ours(program, folder / "model.json", folder / "rows.bin", folder)
        peer, theirs = best(3, lambda: trees.predict(matrix, pred_contribs=True))
        peer_one, _ = best(100, lambda: trees.predict(one, pred_contribs=True))
        pairs, _ = best(1, lambda: trees.predict(xgboost.DMatrix(rows[:10]), pred_interactions=True))
        result["xgboost"] = {
            "martlet_ms": figures["values_ms"],
            "library_ms": peer,
            "ratio": figures["values_ms"] / peer,
            "martlet_one_row_ms": figures["one_row_ms"],
            "library_one_row_ms": peer_one,
            "martlet_interactions_per_row_ms": figures["interactions_ms"] / figures["interaction_rows"],
            "library_interactions_per_row_ms": pairs / 10,
            "largest_difference": float(np.abs(values - theirs).max()),
        }
        figures, values = ours(program, folder / "model.txt", folder / "rows.bin", folder)
        wide = rows.astype(float)
        peer, theirs = best(3, lambda: leaves.predict(wide, pred_contrib=True, num_threads=1))
        result["lightgbm"] = {
            "martlet_ms": figures["values_ms"],
            "library_ms": peer,
            "ratio": figures["values_ms"] / peer,
            "martlet_one_row_ms": figures["one_row_ms"],
            "largest_difference": float(np.abs(values - theirs).max()),
        }
    result["limit"] = LIMIT
    result["passed"] = all(
        result[name]["ratio"] <= LIMIT and result[name]["largest_difference"] < 1e-4 for name in ("xgboost", "lightgbm")
    )
    return result


def main():
    """Prints the figures; ends with status 1 when a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learning", required=True, help="the program LearningBenchmark")
    result = measure(parser.parse_args().learning)
    print(json.dumps(result, indent=2))
    sys.exit(0 if result["passed"] else 1)


if __name__ == "__main__":
    main()
