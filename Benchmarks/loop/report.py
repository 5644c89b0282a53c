"""Turns the measurements into a page: the marks, and what else was measured."""

from __future__ import annotations

import json
from pathlib import Path


def marks(cases: dict[str, dict]) -> list[tuple[str, str, float, float, bool]]:
    """Each mark: what, its unit, the bound, the figure, and whether more is better."""
    table = cases["table"]
    found = [
        ("bad version to rollback, 200 requests/s with labels", "s", 5, cases["rollback_labelled"]["median_s"], False),
        ("the same without labels", "s", 20, cases["rollback_unlabelled"]["median_s"], False),
        ("alias moved to first answer of the new version", "s", 1, cases["alias"]["longest_ms"] / 1e3, False),
        ("ledger rows a second, sustained", "rows/s", 20_000, table["rows_per_second"], True),
        (
            f"figures by version and hour over {table['rows']:,} rows",
            "s",
            1,
            table["by_version_and_hour_ms"] / 1e3,
            False,
        ),
    ]
    if "request_path_us" in table:
        found.insert(3, ("a request in the data plane, ledger included", "µs", 5, table["request_path_us"], False))
    return found


def markdown(measured: dict) -> str:
    """The report as a page."""
    machine, cases = measured["machine"], measured["cases"]
    lines = [
        "# Rollouts and ledger",
        "",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}, kernel"
        f" {machine['kernel']}; {measured['date']}; load before {measured['load_before']:.1f}. {measured['version']}.",
        "",
        f"`make bench-loop`, {measured['took_s'] / 60:.1f} minutes. How it is done: [README](../loop/README.md).",
        "",
        "| mark | bound | measured | reached |",
        "| --- | --: | --: | --- |",
    ]
    for title, unit, bound, value, more in marks(cases):
        reached = "yes" if (value >= bound if more else value <= bound) else "**no**"
        lines.append(f"| {title} | {'≥' if more else '≤'} {bound:,} {unit} | {value:,.3g} {unit} | {reached} |")
    lines += [
        "",
        "| rollback | rounds | median s | longest s | the bad version answered for s | requests | failed | others |",
        "| --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for title, name in (("with labels", "rollback_labelled"), ("without labels", "rollback_unlabelled")):
        case = cases[name]
        others = f"{case['others']:.0%}" if "others" in case else ""
        lines.append(
            f"| {title} | {case['rounds']} | {case['median_s']:.2f} | {case['longest_s']:.2f} |"
            f" {case['answering_median_s']:.2f} | {case['requests']:,} | {case['failed']} | {others} |"
        )
    alias, cost, table = cases["alias"], cases["processor_time"], cases["table"]
    lines += [
        "",
        f"Alias moved to the first answer of the new version, {alias['rounds']} moves:"
        f" median {alias['median_ms']:.0f} ms, longest {alias['longest_ms']:.0f} ms;"
        f" {alias['failed']} of {alias['requests']:,} requests failed.",
        "",
        f"Processor time of the whole server for a request over HTTP: {cost['with_us']:.1f} µs with the ledger,"
        f" {cost['without_us']:.1f} µs without; the difference, writing and committing included, is"
        f" {cost['cost_us']:.1f} µs.",
        "",
        "The ledger's table: "
        + ", ".join(f"{name} {value:,.6g}" for name, value in table.items() if isinstance(value, int | float))
        + ".",
        "",
    ]
    return "\n".join(lines)


def write(measured: dict, folder: Path | None) -> str:
    """Writes loop.json and loop.md, if a folder is given, and returns the page."""
    page = markdown(measured)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "loop.json").write_text(json.dumps(measured, indent=1) + "\n")
        (folder / "loop.md").write_text(page)
    return page
