"""Measures how fast a million rows go in, and in how much memory; prints a section of the page of results.

ingest.py --learning PATH/LearningBenchmark [--martlet PATH] [--rows N]
"""

from __future__ import annotations

import argparse
import json
import subprocess


def measure(binary: str, rows: int) -> dict[str, float]:
    """The figures of one run."""
    done = subprocess.run([binary, "ingest", str(rows)], capture_output=True, text=True, check=True, timeout=3600)
    return json.loads(done.stdout.strip().splitlines()[-1])


def section(figures: dict[str, float]) -> str:
    """The figures as Markdown."""
    mib = 1024 * 1024
    rows = [
        ("rows, ten columns", f"{figures['rows']:,.0f} ({figures['bytes'] / mib:,.0f} MiB of CSV)"),
        ("into the raw and the clean table", f"{figures['seconds']:.1f} s, {figures['rows_per_second']:,.0f} rows/s"),
        ("the same cells inserted with nothing around", f"{figures['bare_insert_seconds']:.1f} s"),
        ("again, nothing has changed", f"{figures['unchanged_seconds']:.2f} s"),
        ("memory at the first block", f"{figures['memory_at_first_block'] / mib:.0f} MiB"),
        ("memory at the last block", f"{figures['memory_at_last_block'] / mib:.0f} MiB"),
        ("memory at most", f"{figures['memory_at_most'] / mib:.0f} MiB"),
    ]
    lines = ["## Ingestion", "", "| what | figure |", "| --- | ---: |"]
    lines += [f"| {what} | {figure} |" for what, figure in rows]
    return "\n".join(lines)


def main() -> None:
    """Reads the command line, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learning", required=True)
    parser.add_argument("--martlet")
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    print(section(measure(options.learning, options.rows)))


if __name__ == "__main__":
    main()
