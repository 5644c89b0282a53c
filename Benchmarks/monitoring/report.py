"""Turns the measurements into a page: figures, ratios, and which marks are reached."""

from __future__ import annotations

import json
from pathlib import Path

TIMES = "\N{MULTIPLICATION SIGN}"
WORKS = {
    "mmd_small": f"MMD, 100 permutations, 1,000 {TIMES} 30 against 100 {TIMES} 30",
    "mmd_large": f"MMD, 100 permutations, 3,000 {TIMES} 30 against 1,000 {TIMES} 30",
    "ks": f"KS, 10,000 against 10,000, {TIMES} 30",
    "report": f"whole drift report, 10,000 {TIMES} 30 against as many, CSV to HTML",
}
LIBRARIES = {
    "martlet": "Martlet",
    "numpy": "NumPy, no kernel copies",
    "alibi": "alibi-detect",
    "scipy": "SciPy",
    "evidently": "Evidently",
}
# The work, what of it, the bound and its unit.
MARKS = [
    ("mmd_small", "p50_ms", 8, "ms"),
    ("mmd_small", "beyond_data_mib", 20, "MiB beyond the data"),
    ("mmd_large", "p50_ms", 200, "ms"),
    ("ks", "p50_ms", 15, "ms"),
    ("report", "p50_ms", 150, "ms from process start"),
]


def mark_lines(cases: dict[str, dict]) -> list[str]:
    """The marks and whether they are reached."""
    lines = ["| mark | at most | measured | reached |", "| --- | --: | --: | --- |"]
    for work, key, bound, unit in MARKS:
        value = cases[f"martlet_{work}"][key]
        reached = "yes" if value <= bound else "**no**"
        lines.append(f"| {WORKS[work]} | {bound:g} {unit} | {value:,.3g} | {reached} |")
    return lines


def work_lines(cases: dict[str, dict]) -> list[str]:
    """Every work with everybody's figures, the peers' as multiples of Martlet's."""
    lines = [
        "| work | by | import s | prepare ms | first ms | p50 ms | least ms | its least ÷ ours | peak MiB | others |",
        "| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for work, title in WORKS.items():
        ours = cases[f"martlet_{work}"]
        for library, name in LIBRARIES.items():
            case = cases.get(f"{library}_{work}")
            if case is None:
                continue
            cells = [
                f"{case['import_s']:.2f}" if "import_s" in case else "",
                f"{case['prepare_ms']:,.1f}" if case.get("prepare_ms") else "",
                f"{case['first_ms']:,.1f}" if "first_ms" in case else "",
                f"{case['p50_ms']:,.1f}",
                f"{case['min_ms']:,.1f}",
                "" if library == "martlet" else f"{case['min_ms'] / ours['min_ms']:,.0f}{TIMES}",
                f"{case['peak_mib'] if 'peak_mib' in case else case['data_mib'] + case['beyond_data_mib']:,.0f}",
                f"{case['others']:.0%}" if "others" in case else "",
            ]
            lines.append(f"| {title if library == 'martlet' else ''} | {name} | {' | '.join(cells)} |")
    return lines


def markdown(measured: dict) -> str:
    """The report as a page."""
    machine, cases = measured["machine"], measured["cases"]
    versions = ", ".join(f"{name} {version}" for name, version in measured["versions"].items())
    report, evidently = cases["martlet_report"], cases["evidently_report"]
    from_start = evidently["import_s"] * 1e3 + evidently["first_ms"]
    parts = ", ".join(
        f"{name.removesuffix('_seconds').replace('seconds', 'all')} {value * 1e3:.1f}"
        for name, value in report["parts"].items()
    )
    lines = [
        "# Monitoring beside alibi-detect, SciPy, NumPy and Evidently",
        "",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}, kernel"
        f" {machine['kernel']}; {measured['date']}; load before {measured['load_before']:.1f}. {versions}.",
        "",
        f"`make bench-monitoring`, {measured['took_s'] / 60:.1f} minutes. Every figure is of this one run, in processes"
        " of their own; “others” is the share of the machine that other work took meanwhile, and the ratios are of the"
        " least times, which such work moves least. How it is done: [README](../monitoring/README.md).",
        "",
        *mark_lines(cases),
        "",
        *work_lines(cases),
        "",
        f"From the start of the process to the HTML file, importing included: Martlet {report['p50_ms']:,.0f} ms"
        f" ({report['cpu_ms']:,.0f} ms of processor time, page {report['html_mib']:.2f} MiB), Evidently"
        f" {from_start:,.0f} ms (page {evidently['html_mib']:.2f} MiB): {from_start / report['p50_ms']:,.0f}{TIMES}."
        f" Inside Martlet's process, ms: {parts}.",
        "",
        "Statistics are the same on all sides: MMD within 0.1 % (the peers compute in 32-bit floats), KS distances and"
        " Evidently's scores within 1e-6.",
        "",
    ]
    return "\n".join(lines)


def write(measured: dict, folder: Path | None) -> str:
    """Writes monitoring.json and monitoring.md, if a folder is given, and returns the page."""
    page = markdown(measured)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "monitoring.json").write_text(json.dumps(measured, indent=1) + "\n")
        (folder / "monitoring.md").write_text(page)
    return page
