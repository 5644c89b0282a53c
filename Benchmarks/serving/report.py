"""Turns the measurements into medians, ratios and marks, and writes the two result files."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

COLUMNS = [
    ("requests_per_second", "requests/s", "{:,.0f}"),
    ("cpu_us", "CPU µs/request", "{:,.1f}"),
    ("p50_us", "p50 µs", "{:,.0f}"),
    ("p99_us", "p99 µs", "{:,.0f}"),
    ("others", "core used by others", "{:.2f}"),
]
SINGLE = ["/predict", "V1", "V2 JSON"]


def pick(measured: dict, work: str, connections: int) -> list[list[dict]]:
    """The runs of one kind of work by repetition; work that is in the plan twice has two in each."""
    found: dict[int, list[dict]] = {}
    for run in measured["runs"]:
        if run["work"] == work and run["connections"] == connections:
            found.setdefault(run["repetition"], []).append(run)
    return [found[repetition] for repetition in sorted(found)]


def median(measured: dict, work: str, connections: int, key: str) -> float:
    """The middle of a figure over all runs."""
    return statistics.median(run[key] for runs in pick(measured, work, connections) for run in runs)


def ratio(measured: dict, above: str, below: str, connections: int, key: str) -> float:
    """The median over the repetitions of how often the one figure holds the other; both were taken side by side."""
    pairs = zip(pick(measured, above, connections), pick(measured, below, connections), strict=True)
    return statistics.median(
        statistics.mean(run[key] for run in left) / statistics.mean(run[key] for run in right) for left, right in pairs
    )


def marks(measured: dict) -> list[dict]:
    """Every mark with what was measured and whether that reaches it."""
    rows: list[dict] = []

    def add(
        work: str, value: float, mark: float, unit: str, more_is_better: bool = True, aim: float | None = None
    ) -> None:
        reached = value >= mark if more_is_better else value <= mark
        rows.append({"work": work, "value": value, "mark": mark, "unit": unit, "reached": reached, "aim": aim})

    less = "of FastAPI's CPU"
    for work in SINGLE:
        add(f"{work}, 16 connections", ratio(measured, "fastapi", work, 16, "cpu_us"), 18, f"times less {less}", aim=40)
    for work in SINGLE:
        add(f"{work}, 1 connection", ratio(measured, work, "nginx", 1, "cpu_us"), 2, "times nginx's CPU", False)
        add(f"{work}, 1 connection, p99", ratio(measured, work, "nginx", 1, "p99_us"), 2, "times nginx's p99", False)
    add("V2 binary, 16 connections", ratio(measured, "fastapi", "V2 binary", 16, "cpu_us"), 18, f"times less {less}")
    add("V2 gRPC, 16 connections", ratio(measured, "fastapi", "V2 gRPC", 16, "cpu_us"), 10, f"times less {less}")
    rows_per_second = "times FastAPI's rows per CPU second"
    for work, mark in (("V1 batch", 7), ("V2 binary batch", 9)):
        value = ratio(measured, work, "fastapi batch", 1, "rows_per_cpu_second")
        add(f"{work}, 1,000 rows", value, mark, rows_per_second)
    add("one row in the model alone", measured["one_row_alone"]["microseconds"], 5, "µs", False)
    add("first answer of a cold model of 1 MB", measured["cold_load"]["median_ms"], 30, "ms", False)
    many = measured["many_models"]
    add("1,000 models, 50 hot: failed requests", many["failed"], 0, "", False)
    growth = many["resident_after_mib"] - many["resident_before_mib"]
    add("1,000 models, 50 hot: growth of resident memory", growth, many["memory_mib"], "MiB", False)
    return rows


def markdown(measured: dict, found: list[dict]) -> str:
    """The report as a page."""
    machine, model = measured["machine"], measured["model"]
    lines = [
        "# Serving beside FastAPI with scikit-learn, and nginx",
        "",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}, kernel"
        f" {machine['kernel']}; {measured['date']}.",
        "",
        f"Model: breast cancer, 30 features, {model['trees']} trees of depth {model['depth']};"
        f" {model['nodes']['peer']:,} nodes in scikit-learn, {model['nodes']['martlet']:,} in XGBoost. Server on one"
        " core, load generator on another, connections kept open, all servers in turn within each repetition; medians"
        f" of {measured['repetitions']} repetitions of {measured['seconds']} s. Martlet with metrics, ledger and"
        " drift on. nginx gives a fixed answer: what the system and a lean loop cost.",
        "",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in measured["versions"].items()) + ".",
        "",
        "| work | measured | mark | |",
        "| --- | --: | --: | --- |",
    ]
    for row in found:
        aim = f" (aim {row['aim']:g})" if row["aim"] else ""
        lines.append(
            f"| {row['work']} | {row['value']:,.3g} {row['unit']} | {row['mark']:g}{aim} |"
            f" {'reached' if row['reached'] else 'missed'} |"
        )
    lines += ["", "| work | connections | " + " | ".join(title for _, title, _ in COLUMNS) + " |"]
    lines.append("| --- | --: |" + " --: |" * len(COLUMNS))
    seen = dict.fromkeys((run["work"], run["connections"]) for run in measured["runs"])
    for work, connections in seen:
        cells = " | ".join(form.format(median(measured, work, connections, key)) for key, _, form in COLUMNS)
        lines.append(f"| {work} | {connections} | {cells} |")
    lines += ["", "| server | start to first answer, ms | resident after load, MiB |", "| --- | --: | --: |"]
    for name, server in measured["servers"].items():
        first = statistics.median(server["first_prediction_ms"])
        lines.append(f"| {name} | {first:,.0f} | {server['resident_mib']:,.0f} |")
    many = measured["many_models"]
    lines += [
        "",
        f"1,000 models with {many['memory_mib']} MiB for models: {many['requests']:,} requests, 95 % of them to 50"
        f" models, {many['failed']} failed; resident {many['resident_before_mib']:,.0f} MiB before the first load,"
        f" {many['resident_after_mib']:,.0f} MiB after all; p50 {many['p50_ms']:.2f} ms, p99 {many['p99_ms']:.2f} ms.",
        "",
        "CPU per request is the server's own time, its children's included, from /proc; it is the figure to trust when"
        " the last column shows that something else was running.",
        "",
    ]
    return "\n".join(lines)


def write(measured: dict, folder: Path) -> str:
    """Writes serving.json and serving.md and returns the page."""
    found = marks(measured)
    page = markdown(measured, found)
    folder.mkdir(exist_ok=True)
    (folder / "serving.json").write_text(json.dumps(measured | {"marks": found}, indent=1) + "\n")
    (folder / "serving.md").write_text(page)
    return page
