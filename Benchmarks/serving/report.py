"""Turns the measurements into medians, ratios and the two result files."""

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
MARKS = [
    ("CPU per request at 16 connections, share of FastAPI's", 0.1),
    ("start to first prediction, ms", 300),
    ("resident memory after load, MiB", 100),
]


def median(rows: list[dict], key: str) -> float:
    """The middle of a figure over the repetitions."""
    return statistics.median(row[key] for row in rows)


def summary(measured: dict) -> dict:
    """Medians by server and number of connections, and the ratios within each repetition."""
    servers = measured["servers"]
    result: dict = {"medians": {}, "ratios": {}}
    for name, server in servers.items():
        result["medians"][name] = {
            connections: {key: median(rows, key) for key, _, _ in COLUMNS}
            for connections, rows in server["runs"].items()
        }
    for connections, rows in servers["martlet"]["runs"].items():
        pairs = list(zip(rows, servers["fastapi"]["runs"][connections], strict=True))
        result["ratios"][connections] = {
            "cpu_fastapi_over_martlet": statistics.median(peer["cpu_us"] / own["cpu_us"] for own, peer in pairs),
            "requests_martlet_over_fastapi": statistics.median(
                own["requests_per_second"] / peer["requests_per_second"] for own, peer in pairs
            ),
        }
    return result


def marks(measured: dict, figures: dict) -> list[str]:
    """The first marks and whether this run reaches them."""
    martlet = measured["servers"]["martlet"]
    values = [
        1 / figures["ratios"]["16"]["cpu_fastapi_over_martlet"],
        statistics.median(martlet["first_prediction_ms"]),
        martlet["resident_mib"],
    ]
    return [
        f"- {text}: {value:.3g}, mark {mark:g}: {'reached' if value <= mark else 'missed'}"
        for (text, mark), value in zip(MARKS, values, strict=True)
    ]


def markdown(measured: dict, figures: dict) -> str:
    """The report as a page."""
    machine, model = measured["machine"], measured["model"]
    lines = [
        "# Serving beside FastAPI and scikit-learn",
        "",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}, kernel"
        f" {machine['kernel']}; {measured['date']}.",
        "",
        f"Model: breast cancer, 30 features, {model['trees']} trees of depth {model['depth']};"
        f" {model['nodes']['peer']:,} nodes in scikit-learn, {model['nodes']['martlet']:,} in XGBoost. One row a"
        " request, keep-alive, server on one core, wrk on another, both servers in turn within each repetition;"
        f" medians of {measured['repetitions']} repetitions of {measured['seconds']} s.",
        "",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in measured["versions"].items()) + ".",
        "",
        "| server | connections | " + " | ".join(title for _, title, _ in COLUMNS) + " |",
        "| --- | --: |" + " --: |" * len(COLUMNS),
    ]
    for connections in figures["ratios"]:
        for name in ("fastapi", "martlet"):
            row = figures["medians"][name][connections]
            cells = " | ".join(form.format(row[key]) for key, _, form in COLUMNS)
            lines.append(f"| {name} | {connections} | {cells} |")
    lines.append("")
    for connections, ratio in figures["ratios"].items():
        lines.append(
            f"- {connections} connection{'s' if connections != '1' else ''}: FastAPI needs"
            f" {ratio['cpu_fastapi_over_martlet']:.1f} times the CPU per request; Martlet answers"
            f" {ratio['requests_martlet_over_fastapi']:.1f} times the requests per second."
        )
    lines += ["", "| server | start to first prediction, ms | resident after load, MiB |", "| --- | --: | --: |"]
    for name, server in measured["servers"].items():
        first = statistics.median(server["first_prediction_ms"])
        lines.append(f"| {name} | {first:,.0f} | {server['resident_mib']:,.0f} |")
    lines += ["", "First marks:", "", *marks(measured, figures), ""]
    lines += [
        "CPU per request is the server's own time, its children's included, from /proc; it is the figure to trust when"
        " the last column shows that something else was running.",
        "",
    ]
    return "\n".join(lines)


def write(measured: dict, folder: Path) -> str:
    """Writes serving.json and serving.md and returns the page."""
    figures = summary(measured)
    page = markdown(measured, figures)
    folder.mkdir(exist_ok=True)
    (folder / "serving.json").write_text(json.dumps(measured | {"summary": figures}, indent=1) + "\n")
    (folder / "serving.md").write_text(page)
    return page
