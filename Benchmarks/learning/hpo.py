#!/usr/bin/env python3
"""Martlet's TPE beside Optuna's, on 11 tasks with Optuna's own results per seed.

hpo.py                  checks, runs everything and prints a section of the page of results
hpo.py check            the objectives give the values of reference/check.json
hpo.py run [--jobs N]   all seeds of all tasks; best values are kept in --out
hpo.py judge            the rule: at least 10 of 11 tasks not worse than Optuna (one-sided Mann-Whitney, p > 0.05),
                        no median beyond Optuna's 75th percentile, random beaten (p < 0.01) on at least 9

Asks `LearningBenchmark sampler` for every trial. Needs numpy, scipy, scikit-learn and xgboost.
"""

import argparse
import io
import json
import math
import multiprocessing
import os
import pathlib
import subprocess
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

HERE = pathlib.Path(__file__).parent
REFERENCE = json.loads((HERE / "reference" / "hpo.json").read_text())
CHECK = json.loads((HERE / "reference" / "check.json").read_text())
SHIFT = np.array([0.31, -0.22, 0.43, -0.37, 0.12])
A = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
ALPHA = np.array([1, 1.2, 3, 3.2])
P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
ACTIVATION = {"relu": 0.0, "gelu": -0.1, "tanh": 0.35, "sigmoid": 0.8}
OPTIMISER = {"adam": (-3.0, 0.0), "sgd": (-1.3, 0.15), "rms": (-3.4, 0.05)}


def branin(x):
    """Branin, two numbers."""
    a, b = x
    return (
        (b - 5.1 / (4 * math.pi**2) * a * a + 5 / math.pi * a - 6) ** 2
        + 10 * (1 - 1 / (8 * math.pi)) * math.cos(a)
        + 10
    )


def hartmann(x):
    """Hartmann, six numbers."""
    return float(-(ALPHA * np.exp(-(A * (np.asarray(x) - P) ** 2).sum(1))).sum())


def rosenbrock(x):
    """Rosenbrock's valley."""
    return float(sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1)))


def ackley(x):
    """Ackley, its optimum moved."""
    z = np.asarray(x) - SHIFT * 32.768
    return float(
        -20 * math.exp(-0.2 * math.sqrt((z * z).mean())) - math.exp(np.cos(2 * math.pi * z).mean()) + 20 + math.e
    )


def rastrigin(x):
    """Rastrigin, its optimum moved."""
    z = np.asarray(x) - SHIFT * 5.12
    return float(10 * len(z) + (z * z - 10 * np.cos(2 * math.pi * z)).sum())


def mixed(p):
    """Numbers, steps and words together."""
    centre, offset = OPTIMISER[p["opt"]]
    rate = math.log10(p["lr"])
    return (
        (rate - centre) ** 2
        + 0.5 * ((p["depth"] - 6) / 3) ** 2
        + 2 * ((math.log2(p["units"]) - 7.4) / 2) ** 2
        + ACTIVATION[p["act"]]
        + offset
        + 4 * (p["dropout"] - 0.15 - 0.02 * (p["depth"] - 6)) ** 2
        + 0.1
    )


FUNCTIONS = {
    "branin2": branin,
    "hartmann6": hartmann,
    "rosenbrock5": rosenbrock,
    "ackley5_shifted": ackley,
    "rastrigin5_shifted": rastrigin,
}
_data = {}


def data(task):
    """Features, targets and folds, through the same text as the reference's files."""
    if task not in _data:
        from sklearn import datasets

        make = {
            "breast_cancer": lambda: datasets.load_breast_cancer(return_X_y=True),
            "wine": lambda: datasets.load_wine(return_X_y=True),
            "diabetes": lambda: datasets.load_diabetes(return_X_y=True),
            "digits": lambda: datasets.load_digits(return_X_y=True),
            "friedman1": lambda: datasets.make_friedman1(2000, 10, noise=1.0, random_state=3),
        }
        x, y = make[task]()
        generator = np.random.default_rng(11)
        fold = np.arange(len(y)) % (3 if len(CHECK[task]["valid_folds"]) == 3 else 4)
        generator.shuffle(fold)
        text = io.BytesIO()
        np.savetxt(text, np.c_[x, y, fold], delimiter=",", fmt="%.9g")
        text.seek(0)
        table = np.loadtxt(text, delimiter=",")
        _data[task] = (table[:, :-2].astype(np.float32), table[:, -2], table[:, -1].astype(int))
    return _data[task]


def trained(task, given):
    """The validation loss of a model trained with these parameters."""
    import xgboost

    x, y, fold = data(task)
    parameters = dict(given)
    rounds = parameters.pop("n_estimators")
    metric = CHECK[task]["metric"]
    parameters.update(
        objective=CHECK[task]["objective"], eval_metric=metric, nthread=1, tree_method="hist", seed=0, verbosity=0
    )
    if "multi" in parameters["objective"]:
        parameters["num_class"] = int(y.max()) + 1
    values = []
    for k in CHECK[task]["valid_folds"]:
        train, valid = fold != k, fold == k
        booster = xgboost.train(parameters, xgboost.DMatrix(x[train], y[train], nthread=1), rounds)
        p, t = booster.predict(xgboost.DMatrix(x[valid], nthread=1)).astype(float), y[valid]
        if metric == "rmse":
            values.append(float(np.sqrt(np.mean((p - t) ** 2))))
        elif metric == "logloss":
            p = np.clip(p, 1e-15, 1 - 1e-15)
            values.append(float(-np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))))
        else:
            values.append(float(-np.mean(np.log(np.clip(p[np.arange(len(t)), t.astype(int)], 1e-15, 1)))))
    return float(np.mean(values))


def space(task):
    """The reference's space in Martlet's words."""
    key = task if REFERENCE["tasks"][task]["group"] == "functions" else "xgb_" + task
    fields = {}
    for name, (kind, *rest) in REFERENCE["spaces"][key].items():
        if kind == "c":
            fields[name] = {"type": "categorical", "choices": rest[0]}
            continue
        fields[name] = {"type": "int" if kind[0] == "i" else "float", "low": rest[0], "high": rest[1]}
        if kind == "flog":
            fields[name]["log"] = True
        if kind in ("fstep", "istep"):
            fields[name]["step"] = rest[2]
    return fields


def objective(task, parameters):
    """A trial's value."""
    if task == "mixed6":
        return mixed(parameters)
    if task in FUNCTIONS:
        return FUNCTIONS[task]([parameters[name] for name in space(task)])
    return trained(task, parameters)


def search(job):
    """One study; the best value after every trial is what counts at the end."""
    task, seed, binary, sampler = job
    peer = subprocess.Popen([binary, "sampler"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(message):
        peer.stdin.write(json.dumps(message) + "\n")
        peer.stdin.flush()
        answer = json.loads(peer.stdout.readline())
        if "error" in answer:
            raise SystemExit(answer["error"])
        return answer

    say({"do": "study", "space": space(task), "directions": ["minimize"], "sampler": {"type": sampler, "seed": seed}})
    best = math.inf
    for _ in range(REFERENCE["tasks"][task]["trials"]):
        trial = say({"do": "ask"})
        value = objective(task, trial["params"])
        say({"do": "tell", "number": trial["number"], "values": [value]})
        best = min(best, value)
    peer.stdin.close()
    peer.wait()
    return task, seed, best


def say(text):
    """Progress; the page goes to standard output."""
    print(text, file=sys.stderr, flush=True)


def page(passed, rows):
    """The section of the page of results."""
    lines = [
        "## Search: TPE beside Optuna 5",
        "",
        "Best value after 100 trials (functions, 20 seeds) or 50 (XGBoost, 15 seeds), less is better; Optuna's values are its own,",  # noqa: E501
        "per seed, from `reference/hpo.json`. p: one-sided Mann-Whitney, Martlet worse than Optuna; random worse than Martlet.",  # noqa: E501
        "",
        "| task | Martlet, median | Optuna, median | its 75th percentile | random | p worse | p random |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        lines.append(
            f"| {row['task']} | {row['martlet']:.4g} | {row['optuna']:.4g} | {row['optuna_q75']:.4g} | {row['random']:.4g}"  # noqa: E501
            f" | {row['p_worse']:.3f} | {row['p_random']:.1e} |"
        )
    fine = sum(row["p_worse"] > 0.05 for row in rows)
    within = sum(row["martlet"] <= row["optuna_q75"] for row in rows)
    beaten = sum(row["p_random"] < 0.01 for row in rows)
    lines += [
        "",
        f"Not worse on {fine} of 11 (10 asked), median within Optuna's 75th percentile on {within} (11 asked), random beaten on"  # noqa: E501
        f" {beaten} (9 asked): {'the rule is met' if passed else 'the rule is not met'}.",
    ]
    return "\n".join(lines)


def check():
    """Whether the objectives are those of the reference."""
    worst = 0.0
    for task, expected in CHECK.items():
        for row in expected["configs"]:
            worst = max(worst, abs(trained(task, row["params"]) - row["value"]) / abs(row["value"]))
    say(f"check.json: largest relative difference {worst:.2e}")
    return worst < 1e-6


def judge(results):
    """Compares with Optuna's values by the rule."""
    from scipy.stats import mannwhitneyu

    rows, fine, within, beaten = [], 0, 0, 0
    for task, reference in REFERENCE["tasks"].items():
        if task not in results:
            continue
        ours = [value for _, value in sorted((int(k), v) for k, v in results[task].items())]
        worse = mannwhitneyu(ours, reference["tpe"], alternative="greater").pvalue
        better = mannwhitneyu(ours, reference["random"], alternative="less").pvalue
        limit = float(np.quantile(reference["tpe"], 0.75))
        fine += int(worse > 0.05)
        within += int(np.median(ours) <= limit)
        beaten += int(better < 0.01)
        rows.append(
            {
                "task": task,
                "martlet": float(np.median(ours)),
                "optuna": float(np.median(reference["tpe"])),
                "optuna_q75": limit,
                "random": float(np.median(reference["random"])),
                "p_worse": float(worse),
                "p_random": float(better),
            }
        )
        say(
            f"{task:20s} martlet {np.median(ours):10.4g}  optuna {np.median(reference['tpe']):10.4g}  q75 {limit:10.4g}"
            f"  random {np.median(reference['random']):10.4g}  p(worse) {worse:.3f}  p(random) {better:.1e}"
        )
    passed = fine >= 10 and within == 11 and beaten >= 9
    say(
        f"not worse on {fine} of 11, median within on {within}, random beaten on {beaten}: {'PASS' if passed else 'FAIL'}"  # noqa: E501
    )
    return passed, rows


def main():
    """Does what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["page", "check", "run", "judge"], nargs="?", default="page")
    parser.add_argument("--binary", default=".build/release/LearningBenchmark")
    parser.add_argument("--sampler", default="tpe")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, help="how many; as many as the reference by default")
    parser.add_argument("--tasks", nargs="*", default=list(REFERENCE["tasks"]))
    parser.add_argument("--out", type=pathlib.Path, default=HERE.parent / "results" / "hpo.json")
    options = parser.parse_args()
    if options.what == "check":
        sys.exit(0 if check() else 1)
    if options.what == "page" and not check():
        sys.exit("the objectives are not the reference's")
    results = json.loads(options.out.read_text())["best"] if options.out.exists() else {}
    if options.what in ("run", "page"):
        jobs = []
        for task in options.tasks:
            results[task] = {}
            count = options.seeds or len(REFERENCE["tasks"][task]["tpe"])
            seeds = range(options.first_seed, options.first_seed + count)
            jobs += [(task, seed, options.binary, options.sampler) for seed in seeds]
        with multiprocessing.Pool(options.jobs) as pool:
            for task, seed, best in pool.imap_unordered(search, jobs):
                results[task][str(seed)] = best
    passed, rows = judge(results)
    options.out.write_text(
        json.dumps(
            {"sampler": options.sampler, "peer": REFERENCE["peer"], "passed": passed, "tasks": rows, "best": results},
            indent=1,
        )
        + "\n"
    )
    if options.what == "page":
        print(page(passed, rows))
        return
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
