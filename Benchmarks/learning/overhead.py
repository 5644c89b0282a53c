#!/usr/bin/env python3
"""What a sampler and its storage cost per trial: ask and tell of five numbers, in memory and durable in SQLite.

overhead.py --learning PATH/LearningBenchmark [--peer]

Prints a section of the page of results; --peer measures Optuna, too.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time

# Optuna 5.0.0 on two cores, median milliseconds per trial: memory TPE 1.4 (10-100), SQLite TPE 32.
RECORDED = {"memory tpe": 1.4, "memory random": 0.16, "sqlite tpe": 32.0, "sqlite random": 18.0}


def peer():
    """Optuna's own median over trials 10 to 100."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for place in ("memory", "sqlite"):
            for name, make in (("tpe", optuna.samplers.TPESampler), ("random", optuna.samplers.RandomSampler)):
                storage = None if place == "memory" else f"sqlite:///{folder}/{name}.db"
                study, times = optuna.create_study(sampler=make(seed=0), storage=storage), []
                for _ in range(100):
                    start = time.perf_counter()
                    trial = study.ask()
                    study.tell(trial, sum(trial.suggest_float(f"x{k}", 0, 1) ** 2 for k in range(5)))
                    times.append(1000 * (time.perf_counter() - start))
                found[f"{place} {name}"] = statistics.median(times[10:])
    return found


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learning", required=True, help="the program LearningBenchmark")
    parser.add_argument("--martlet", help="not needed; other parts take it")
    parser.add_argument("--peer", action="store_true", help="measure Optuna instead of showing what was recorded")
    options = parser.parse_args()
    ours = {}
    for what, place in (("memory", "memory"), ("studies", "sqlite")):
        output = subprocess.run([options.learning, what], check=True, capture_output=True, text=True).stdout
        ours[place] = json.loads(output.strip().splitlines()[-1])
    optuna = peer() if options.peer else RECORDED
    print("## Search: milliseconds per trial\n")
    print("Ask and tell of five numbers, median. Durable: every ask and tell is on the disk before the next begins.\n")
    print("| storage | sampler | trials 10-100 | 90-100 | 900-1000 | Optuna, 10-100 |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for place, figures in ours.items():
        for sampler, row in figures.items():
            if not isinstance(row, dict):
                continue
            beside = optuna.get(f"{place} {sampler}")
            cells = [f"{row[f'trials_{part}']:.3f}" for part in ("10_100", "90_100", "900_1000")]
            print(f"| {place} | {sampler} | {' | '.join(cells)} | {'' if beside is None else f'{beside:.3g}'} |")
    print(f"\nOne durable write of one row takes {ours['sqlite']['commit_ms']:.2f} ms on this disk.")
    print(f"Optuna 5.0.0 {'on this machine' if options.peer else 'as recorded on a machine with two cores'}.")


if __name__ == "__main__":
    main()
