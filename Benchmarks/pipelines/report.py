"""Turns the measurements into a page: the marks, and what else was measured."""

from __future__ import annotations

import json
from pathlib import Path

RESULTS = Path(__file__).resolve().parent.parent / "results"
MIB = 2**20


def marks(cases: dict[str, dict]) -> list[tuple[str, str, float, float]]:
    """Each mark: what, its unit, the bound and the figure."""
    layers, small = cases["layers"], cases["small"]
    return [
        ("asking for a run to its first task at work, median", "ms", 20, cases["start"]["start_milliseconds"]["p50"]),
        ("the same, 99th percentile", "ms", 20, cases["start"]["start_milliseconds"]["p99"]),
        (
            "a command's start to the start of the one that needs it, median",
            "ms",
            20,
            cases["commands"]["gap_milliseconds"]["p50"],
        ),
        (f"overhead of a task, {layers['tasks']:,} in layers", "ms", 2, layers["milliseconds_per_task"]),
        (
            f"memory that {layers['tasks'] - small['tasks']:,} more tasks take while they run",
            "MiB",
            64,
            (layers["rss_peak"] - small["rss_peak"]) / MIB,
        ),
        ("200 schedules looked at in a tick, 99th percentile", "ms", 5, cases["schedules"]["tick_ms"]["p99"]),
    ]


def markdown(measured: dict) -> str:
    """The report as a page."""
    machine, cases = measured["machine"], measured["cases"]
    lines = [
        "# Pipelines",
        "",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}, kernel"
        f" {machine['kernel']}; {measured['date']}; load before {measured['load_before']:.1f}. {measured['version']}.",
        "",
        f"`make bench-pipelines`, {measured['took_s'] / 60:.1f} minutes. Tasks do nothing, so that all their time is"
        " the engine's; every start and end is on disk before it is acted upon.",
        "",
        "| mark | bound | measured | reached |",
        "| --- | --: | --: | --- |",
    ]
    for title, unit, bound, value in marks(cases):
        reached = "yes" if value <= bound else "**no**"
        lines.append(f"| {title} | ≤ {bound:,} {unit} | {value:,.3g} {unit} | {reached} |")
    lines += [
        "",
        "| graph | tasks | at once | ms a task | processor ms a task | asked in ms | most memory MiB |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for name in ["layers", "wide", "chain", "fanout", "small"]:
        one = cases[name]
        lines.append(
            f"| {name} | {one['tasks']:,} | {one['parallel']} | {one['milliseconds_per_task']:.3f} |"
            f" {one['processor_milliseconds_per_task']:.3f} | {one['asking_milliseconds']:.1f} |"
            f" {one['rss_peak'] / MIB:.0f} |"
        )
    if cases["peers"]:
        lines += ["", "| beside | tasks | ms a task |", "| --- | --: | --: |"]
        for name, one in cases["peers"].items():
            lines.append(f"| {name} | {one['tasks']} | {one['milliseconds_per_task']:.1f} |")
        lines.append(
            f"| Martlet, a chain of commands | {cases['commands']['tasks']} |"
            f" {cases['commands']['milliseconds_per_task']:.1f} |"
        )
    return "\n".join(lines) + "\n"


def write(measured: dict) -> None:
    """Keeps the figures and the page."""
    (RESULTS / "pipelines.json").write_text(json.dumps(measured, indent=1) + "\n")
    (RESULTS / "pipelines.md").write_text(markdown(measured))
