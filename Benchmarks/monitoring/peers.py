"""One peer, measured in a process of its own: `peers.py CASE FOLDER ROUNDS` prints one line of JSON.

Every case imports its library first, so that the time of importing and the memory are the peer's own. The libraries are
imported inside the cases for that reason.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

SIZES = {"mmd_small": (1000, 100), "mmd_large": (3000, 1000), "ks": (10_000, 10_000), "report": (10_000, 10_000)}
FEATURES = 30
PERMUTATIONS = 100


def timed(work: Callable[[], object], rounds: int) -> tuple[dict[str, float], object]:
    """The first time, the median and the least of some more, in milliseconds, and what the work gave."""
    times = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        result = work()
        times.append((time.perf_counter() - started) * 1e3)
    later = sorted(times[1:])
    return {"first_ms": times[0], "p50_ms": later[len(later) // 2], "min_ms": later[0], "rounds": rounds}, result


def load(folder: Path, case: str) -> tuple:
    """Reference and current rows."""
    import numpy as np

    rows = SIZES[case]
    return np.load(folder / f"ref_{rows[0]}.npy"), np.load(folder / f"cur_{rows[0]}_{rows[1]}.npy")


def standardised(reference: object, current: object) -> tuple:
    """Both samples in the reference's units, as Martlet's detector sees them."""
    mean, deviation = reference.mean(0), reference.std(0, ddof=1)
    return ((reference - mean) / deviation).astype("float32"), ((current - mean) / deviation).astype("float32")


def make(folder: Path) -> None:
    """Writes the samples: normal values, every third column of the current rows moved by 0.3."""
    import numpy as np

    header = ",".join(f"f{index}" for index in range(FEATURES))
    for first, second in sorted(set(SIZES.values())):
        generator = np.random.default_rng(7)
        reference, current = generator.normal(0, 1, (first, FEATURES)), generator.normal(0, 1, (second, FEATURES))
        current[:, ::3] += 0.3
        for name, sample in ((f"ref_{first}", reference), (f"cur_{first}_{second}", current)):
            np.savetxt(folder / f"{name}.csv", sample, delimiter=",", fmt="%.7g", header=header, comments="")
            # What is in the file is what everybody reads.
            np.save(folder / f"{name}.npy", np.loadtxt(folder / f"{name}.csv", delimiter=",", skiprows=1))


def alibi_mmd(folder: Path, case: str, rounds: int) -> dict:
    """`MMDDrift` with PyTorch."""
    started = time.perf_counter()
    import torch
    from alibi_detect.cd import MMDDrift

    result: dict = {"import_s": time.perf_counter() - started, "threads": torch.get_num_threads()}
    reference, current = standardised(*load(folder, case))
    started = time.perf_counter()
    detector = MMDDrift(reference, backend="pytorch", device="cpu", n_permutations=PERMUTATIONS)
    result["prepare_ms"] = (time.perf_counter() - started) * 1e3
    times, found = timed(lambda: detector.predict(current), rounds)
    return result | times | {"statistic": float(found["data"]["distance"])}


def numpy_mmd(folder: Path, case: str, rounds: int) -> dict:
    """The same test with nothing but NumPy: the kernel once, and only the test block summed per permutation."""
    started = time.perf_counter()
    import numpy as np

    result: dict = {"import_s": time.perf_counter() - started}
    reference, current = standardised(*load(folder, case))
    count = len(reference)

    def kernel(rows: object, sigma: float | None) -> tuple:
        squares = (rows * rows).sum(1)
        distances = np.maximum(squares[:, None] + squares[None, :] - 2 * rows @ rows.T, 0)
        if sigma is None:
            between = distances[:count, :count].ravel()
            sigma = np.sqrt(
                0.5
                * np.partition(between, count + (count * count - count) // 2 - 1)[
                    count + (count * count - count) // 2 - 1
                ]
            )
        matrix = np.exp(-distances / (2 * sigma * sigma))
        np.fill_diagonal(matrix, 0)
        return matrix, sigma

    def test() -> tuple[float, float]:
        rows = np.vstack([reference, current])
        matrix, _ = kernel(rows, None)
        sums = matrix.sum(1, dtype=np.float64)
        total, test_rows = sums.sum(), len(current)
        rest = len(rows) - test_rows

        def statistic(chosen: object) -> float:
            within = matrix[np.ix_(chosen, chosen)].sum(dtype=np.float64)
            across = sums[chosen].sum() - within
            left = total - 2 * across - within
            return left / (rest * (rest - 1)) + within / (test_rows * (test_rows - 1)) - 2 * across / (rest * test_rows)

        generator = np.random.default_rng(0)
        observed = statistic(np.arange(count, len(rows)))
        permuted = [statistic(generator.permutation(len(rows))[:test_rows]) for _ in range(PERMUTATIONS)]
        return observed, float(np.mean(np.array(permuted) >= observed))

    times, found = timed(test, rounds)
    return result | times | {"prepare_ms": 0.0, "statistic": found[0]}


def alibi_ks(folder: Path, case: str, rounds: int) -> dict:
    """`KSDrift`."""
    started = time.perf_counter()
    from alibi_detect.cd import KSDrift

    result: dict = {"import_s": time.perf_counter() - started}
    reference, current = load(folder, case)
    started = time.perf_counter()
    detector = KSDrift(reference)
    result["prepare_ms"] = (time.perf_counter() - started) * 1e3
    times, found = timed(lambda: detector.predict(current), rounds)
    return result | times | {"statistics": [float(value) for value in found["data"]["distance"]]}


def scipy_ks(folder: Path, case: str, rounds: int) -> dict:
    """`ks_2samp` with asymptotic p-values, column by column."""
    started = time.perf_counter()
    from scipy.stats import ks_2samp

    result: dict = {"import_s": time.perf_counter() - started}
    reference, current = load(folder, case)

    def test() -> list:
        return [ks_2samp(reference[:, index], current[:, index], method="asymp") for index in range(FEATURES)]

    times, found = timed(test, rounds)
    return result | times | {"prepare_ms": 0.0, "statistics": [float(value.statistic) for value in found]}


def evidently_report(folder: Path, case: str, rounds: int) -> dict:
    """`DataDriftPreset` from CSV files to an HTML file."""
    started = time.perf_counter()
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    result: dict = {"import_s": time.perf_counter() - started}
    rows = SIZES[case]
    names = [f"f{index}" for index in range(FEATURES)]

    def report() -> dict:
        definition = DataDefinition(numerical_columns=names)
        reference, current = (
            Dataset.from_pandas(pd.read_csv(folder / f"{name}.csv"), data_definition=definition)
            for name in (f"ref_{rows[0]}", f"cur_{rows[0]}_{rows[1]}")
        )
        snapshot = Report([DataDriftPreset()]).run(current, reference)
        snapshot.save_html(str(folder / "evidently.html"))
        return snapshot.dict()

    times, found = timed(report, rounds)
    scores = [float(metric["value"]) for metric in found["metrics"][1:]]
    page = (folder / "evidently.html").stat().st_size / 2**20
    return result | times | {"prepare_ms": 0.0, "statistics": scores, "html_mib": page}


CASES = {
    "alibi_mmd_small": (alibi_mmd, "mmd_small"),
    "alibi_mmd_large": (alibi_mmd, "mmd_large"),
    "numpy_mmd_small": (numpy_mmd, "mmd_small"),
    "numpy_mmd_large": (numpy_mmd, "mmd_large"),
    "alibi_ks": (alibi_ks, "ks"),
    "scipy_ks": (scipy_ks, "ks"),
    "evidently_report": (evidently_report, "report"),
}


def main() -> None:
    """Measures one case, or makes the samples."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    name, folder, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if name == "make":
        make(folder)
        return
    function, case = CASES[name]
    # Progress bars and greetings are not the answer.
    with contextlib.redirect_stdout(io.StringIO()):
        result = function(folder, case, rounds)
    result["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(result))


if __name__ == "__main__":
    main()
