"""Turns the measurements into a page: figures, ratios, and which marks are reached."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SMALL, MIDDLE, LARGE = 1_000, 20_000, 100_000
TIMES = "\N{MULTIPLICATION SIGN}"
TITLES = {
    "log-metric": "`log-metric`",
    "log-batch": "`log-batch`, 100 metrics",
    "create": "`runs/create`",
    "get": "`runs/get`, 10 metrics, 10 params",
    "search-100": "search, 100 results",
    "search-filter": "search, metric and param filter, by metric, ≤ 100 results",
    "search-1000": "search, 1,000 results",
    "history-interval": "history of 1,000,000 points in 320 (`get-history-bulk-interval`)",
    "history-interval-2500": "history of 1,000,000 points in 2,500",
    "history-page": "history of 1,000,000 points, first page of 1,000 (`get-history`)",
    "console-run": "console, page of that run",
    "names-search": "search in an experiment of 12,000 names",
    "names-console": "console, page of that experiment",
}


class Figures:
    """The measurements by server, step, runs stored and connections."""

    def __init__(self, measured: dict) -> None:
        """Takes what `bench.py` measured."""
        self.measured = measured
        self.martlet = measured["servers"]["martlet"]
        self.peers = {name: server for name, server in measured["servers"].items() if name != "martlet"}

    def step(self, server: dict, name: str, runs: int = 0, connections: int = 1) -> dict | None:
        """The figures of a step, or None when it was not measured."""
        for step in server["steps"]:
            if (step["step"], step["runs"], step["connections"]) == (name, runs, connections):
                return step
        return None

    def own(self, name: str, key: str, runs: int = 0, connections: int = 1) -> float | None:
        """A figure of Martlet."""
        step = self.step(self.martlet, name, runs, connections)
        return step[key] if step else None

    def ratio(self, name: str, connections: int) -> float | None:
        """How many times less CPU Martlet needs than the thriftiest MLflow."""
        own = self.own(name, "cpu_ms", connections=connections)
        peers = [step for peer in self.peers.values() if (step := self.step(peer, name, connections=connections))]
        return min(step["cpu_ms"] for step in peers) / own if own and peers else None

    def least_ratio(self, name: str) -> float | None:
        """The least of the ratios over the numbers of connections."""
        ratios = [ratio for connections in (1, 8) if (ratio := self.ratio(name, connections))]
        return min(ratios) if ratios else None


@dataclass(frozen=True)
class Mark:
    """Something to reach: at most, or at least, a figure."""

    text: str
    unit: str
    mark: float
    value: Callable[[Figures], float | None]
    at_least: bool = False

    def line(self, figures: Figures) -> str:
        """The mark, the figure and whether it is reached."""
        value = self.value(figures)
        bound = f"{'≥' if self.at_least else '≤'} {self.mark:,g}{self.unit}"
        if value is None:
            return f"| {self.text} | {bound} | not measured | |"
        reached = value >= self.mark if self.at_least else value <= self.mark
        return f"| {self.text} | {bound} | {value:,.3g}{self.unit} | {'yes' if reached else '**no**'} |"


def cpu(name: str, runs: int) -> Callable[[Figures], float | None]:
    """CPU per request with so many runs stored, one connection."""
    return lambda figures: figures.own(name, "cpu_ms", runs)


def p50(name: str) -> Callable[[Figures], float | None]:
    """Median latency of a step, one connection."""
    return lambda figures: figures.own(name, "p50_ms")


def p99(name: str) -> Callable[[Figures], float | None]:
    """Latency that 99 of 100 requests keep, one connection."""
    return lambda figures: figures.own(name, "p99_ms")


def latency(figures: Figures) -> float | None:
    """The median latency of a sequential client without the disk's sync."""
    value = figures.own("log-metric", "p50_ms")
    return None if value is None else max(0.0, value - figures.measured["disk_sync_ms"])


def start(figures: Figures) -> float | None:
    """The median start over the greatest database."""
    return statistics.median(figures.martlet["starts_ms"]) if LARGE in figures.measured["sizes"] else None


MARKS = [
    Mark("`log-metric`: times less CPU", TIMES, 50, lambda f: f.least_ratio("log-metric"), at_least=True),
    Mark("`log-metric`, 1 connection: CPU", " ms", 0.2, lambda f: f.own("log-metric", "cpu_ms")),
    Mark("`log-metric`, 8 connections: CPU", " ms", 0.2, lambda f: f.own("log-metric", "cpu_ms", connections=8)),
    Mark(
        "`log-metric`, 8 connections: requests/s",
        "",
        5000,
        lambda f: f.own("log-metric", "requests_per_second", connections=8),
        at_least=True,
    ),
    Mark("`log-batch`, 100 metrics: times less CPU", TIMES, 40, lambda f: f.least_ratio("log-batch"), at_least=True),
    Mark("`runs/create`: times less CPU", TIMES, 50, lambda f: f.least_ratio("create"), at_least=True),
    Mark("search, 100 results, 20,000 runs: CPU", " ms", 2, cpu("search-100", MIDDLE)),
    Mark("search with filter and order, 20,000 runs: CPU", " ms", 15, cpu("search-filter", MIDDLE)),
    Mark("search with filter and order, 100,000 runs: CPU", " ms", 50, cpu("search-filter", LARGE)),
    Mark("search, 1,000 results, 20,000 runs: CPU", " ms", 20, cpu("search-1000", MIDDLE)),
    Mark("history of 1,000,000 points for a chart: p50", " ms", 100, p50("history-interval")),
    Mark("console page of that run: p50", " ms", 100, p50("console-run")),
    Mark("12,000 names, search: p99", " ms", 500, p99("names-search")),
    Mark("12,000 names, console page: p99", " ms", 500, p99("names-console")),
    Mark("start until `/health`, 100,000 runs: median", " ms", 300, start),
    Mark("resident memory, idle over the full database", " MiB", 60, lambda f: max(f.martlet["idle_mib"])),
    Mark("resident memory, greatest under all of this load", " MiB", 200, lambda f: f.martlet["peak_mib"]),
    Mark("one sequential client, `log-metric`, p50 less the disk's sync", " ms", 1, latency),
]


def step_lines(figures: Figures) -> list[str]:
    """A table of all steps and servers."""
    lines = [
        "| step | runs | connections | server | requests/s | p50 ms | p99 ms | CPU ms/request | MLflow's CPU ÷ ours |"
    ]
    lines.append("| --- | --: | --: | --- | --: | --: | --: | --: | --: |")
    for own in figures.martlet["steps"]:
        place = (own["step"], own["runs"], own["connections"])
        for server in [figures.martlet, *figures.peers.values()]:
            row = figures.step(server, *place)
            if row is None:
                continue
            is_own = server is figures.martlet
            ratio = "" if is_own or not own["cpu_ms"] else f"{row['cpu_ms'] / own['cpu_ms']:,.0f}{TIMES}"
            title = TITLES[own["step"]] if is_own else ""
            runs = f"{own['runs']:,}" if is_own and own["runs"] else ""
            lines.append(
                f"| {title} | {runs} | {own['connections']} | {server['title']} | {row['requests_per_second']:,.1f} |"
                f" {row['p50_ms']:,.2f} | {row['p99_ms']:,.2f} | {row['cpu_ms']:,.3f} | {ratio} |"
            )
    return lines


def markdown(measured: dict) -> str:
    """The report as a page."""
    figures, machine = Figures(measured), measured["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in measured["versions"].items())
    lines = [
        "# Tracking beside a real MLflow server",
        "",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}, kernel"
        f" {machine['kernel']}; {measured['date']}; load before {measured['load_before']:.1f};"
        f" a sync of the disk takes {measured['disk_sync_ms']:.2f} ms. {versions}.",
        "",
        f"`make bench-tracking`, {measured['seconds']:g} s a step, {measured['took_s'] / 60:.1f} minutes in all. All"
        " servers keep their data in SQLite on the same disk; Martlet with `synchronous=FULL` in a write-ahead log,"
        " MLflow with its defaults. Clients and server share the cores, so CPU per request (user and system, with the"
        " server's children) is the figure to compare. How it is done: [README](../tracking/README.md).",
        "",
        "| mark | | measured | reached |",
        "| --- | --- | --: | --- |",
        *[mark.line(figures) for mark in MARKS],
        "",
        "“Times less CPU” is against the thriftier of MLflow's set-ups and the lesser of 1 and 8 connections.",
        "",
        *step_lines(figures),
        "",
        "| server | first start s | idle, empty MiB | greatest under load MiB |",
        "| --- | --: | --: | --: |",
    ]
    for server in measured["servers"].values():
        lines.append(
            f"| {server['title']} | {server['first_start_s']:.2f} | {server['idle_empty_mib']:,.0f} |"
            f" {server['peak_mib']:,.0f} |"
        )
    lines += ["", f"Martlet took {figures.martlet['points_per_second']:,.0f} points/s in batches of 1,000.", ""]
    return "\n".join(lines)


def write(measured: dict, folder: Path | None) -> str:
    """Writes tracking.json and tracking.md, if a folder is given, and returns the page."""
    page = markdown(measured)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tracking.json").write_text(json.dumps(measured, indent=1) + "\n")
        (folder / "tracking.md").write_text(page)
    return page
