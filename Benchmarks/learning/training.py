"""Training beside the libraries' own Python packages: the same rows, parameters and threads, taking turns.

training.py --learning PATH/LearningBenchmark [--tries 7] [--rows 100000]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

BOUND = 1.05
ROUNDS = 100


def rows(count: int, width: int, task: str) -> tuple[np.ndarray, np.ndarray]:
    """Numbers with a signal in the first five columns, a tenth of them missing."""
    random = np.random.default_rng(7)
    values = random.normal(size=(count, width)).astype(np.float32)
    signal = values[:, 0] * values[:, 1] + np.sin(values[:, 2] * 2) + values[:, 3] - (values[:, 4] > 0.5)
    signal = signal + random.normal(size=count) * 0.3
    values[random.random(values.shape) < 0.1] = np.nan
    if task == "regression":
        return values, signal.astype(np.float32)
    cuts = [0.0] if task == "binary" else [-1.0, 0.0, 1.0]
    return values, np.digitize(signal, cuts).astype(np.float32)


def xgboost_seconds(values: np.ndarray, labels: np.ndarray, spec: dict) -> float:
    """One training with xgboost's Python package, until the model is saved."""
    import xgboost

    objective = {"binary": "binary:logistic", "multiclass": "multi:softprob", "regression": "reg:squarederror"}
    parameters = spec["parameters"] | {
        "objective": objective[spec["task"]],
        "nthread": spec["threads"],
        "seed": 0,
        "verbosity": 0,
        "tree_method": "hist",
    }
    if spec["task"] == "multiclass":
        parameters["num_class"] = int(labels.max()) + 1
    rounds = spec["rounds"]
    if spec["mode"] == "dart":
        parameters["booster"] = "dart"
    if spec["mode"] == "forest":
        parameters |= {"num_parallel_tree": rounds, "learning_rate": 1, "subsample": 0.8, "colsample_bynode": 0.8}
        parameters |= {"reg_lambda": 1e-5}
        rounds = 1
    start = time.perf_counter()
    matrix = xgboost.DMatrix(values, labels, nthread=spec["threads"])
    xgboost.train(parameters, matrix, rounds).save_raw("json")
    return time.perf_counter() - start


def lightgbm_seconds(values: np.ndarray, labels: np.ndarray, spec: dict) -> float:
    """One training with lightgbm's Python package, until the model is saved."""
    import lightgbm

    parameters = spec["parameters"] | {
        "objective": spec["task"],
        "num_threads": spec["threads"],
        "seed": 0,
        "verbosity": -1,
        "deterministic": True,
        "force_col_wise": True,
    }
    if spec["task"] == "multiclass":
        parameters["num_class"] = int(labels.max()) + 1
    if spec["mode"] == "dart":
        parameters["boosting"] = "dart"
    if spec["mode"] == "forest":
        parameters |= {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.8, "feature_fraction": 0.8}
    start = time.perf_counter()
    lightgbm.train(parameters, lightgbm.Dataset(values, labels), spec["rounds"]).model_to_string()
    return time.perf_counter() - start


def compare(binary: str, spec: dict, count: int, width: int, tries: int) -> dict:
    """Times of both, taking turns, so that what else the machine does meets both."""
    values, labels = rows(count, width, spec["task"])
    peer = {"xgboost": xgboost_seconds, "lightgbm": lightgbm_seconds}[spec["trainer"]]
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "values", Path(folder) / "labels"]
        for file, numbers in zip(files, (values, labels), strict=True):
            numbers.tofile(file)
        arguments = ["train", *map(str, files), str(width), json.dumps(spec), str(tries + 1)]
        process = subprocess.Popen([binary, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ours, theirs = [], []
        for attempt in range(tries + 1):
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"LearningBenchmark ended: {process.wait()}")
            seconds = json.loads(line)["seconds"]
            other = peer(values, labels, spec)
            # The first one warms up.
            if attempt > 0:
                ours.append(seconds)
                theirs.append(other)
            process.stdin.write("\n")
            process.stdin.flush()
        process.stdin.close()
        process.wait()
    ratio = statistics.median(ours) / statistics.median(theirs)
    return {"ours": statistics.median(ours), "peer": statistics.median(theirs), "ratio": ratio, "tries": tries}


def cases() -> list[tuple[str, dict]]:
    """What is compared, by name."""
    tree = {"xgboost": {"max_depth": 6, "learning_rate": 0.1}, "lightgbm": {"num_leaves": 31, "learning_rate": 0.1}}
    made = []
    for trainer in ("xgboost", "lightgbm"):
        for task, mode, threads in [
            ("binary", "trees", 1),
            ("binary", "trees", 2),
            ("multiclass", "trees", 1),
            ("regression", "trees", 1),
            ("binary", "forest", 1),
        ]:
            spec = {"trainer": trainer, "task": task, "mode": mode, "threads": threads, "parameters": tree[trainer]}
            spec["rounds"] = ROUNDS if mode == "trees" else 30
            made.append((f"{trainer}, {task}, {mode}, {threads} thread{'s' if threads > 1 else ''}", spec))
    return made


def measure(binary: str, tries: int, count: int, width: int = 30) -> dict[str, dict]:
    """All cases."""
    results = {}
    for name, spec in cases():
        results[name] = compare(binary, spec, count, width, tries)
        print(f"{name}: {results[name]['ours']:.3f} s, peer {results[name]['peer']:.3f} s", flush=True)
    return results


def section(results: dict[str, dict], count: int, width: int = 30) -> str:
    """What the page of results says."""
    lines = [
        "## Training",
        "",
        f"{count:,} rows of {width} columns, a tenth missing; the same parameters and threads in Python's packages"
        f" (xgboost 3.2.0, lightgbm 4.7.0), rows to saved model, turn by turn, medians. Bound: {BOUND} times theirs.",
        "",
        "| training | Martlet s | Python s | ratio | reached |",
        "| --- | --: | --: | --: | --- |",
    ]
    for name, figures in results.items():
        reached = "yes" if figures["ratio"] <= BOUND else "no"
        lines.append(f"| {name} | {figures['ours']:.3f} | {figures['peer']:.3f} | {figures['ratio']:.3f} | {reached} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Prints the section of the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learning", required=True, help="the program LearningBenchmark")
    parser.add_argument("--tries", type=int, default=7)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    print(section(measure(options.learning, options.tries, options.rows), options.rows))


if __name__ == "__main__":
    main()
