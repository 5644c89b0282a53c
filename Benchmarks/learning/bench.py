"""Measures learning and writes the page of results: training, search, sampling, explanations and ingestion.

bench.py --martlet PATH --learning PATH/LearningBenchmark [--only training|hpo|overhead|shap|ingest]

Each part is a script of its own beside this one and can be run alone. Needs numpy, xgboost, lightgbm; the search needs
scipy and scikit-learn, too.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "results" / "learning.md"
PARTS = ["training", "hpo", "overhead", "shap", "ingest"]


def machine() -> str:
    """Processor, cores, memory and system in a line."""
    cpu = next((line.split(":")[1].strip() for line in lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    cores = sum(line.startswith("processor") for line in lines("/proc/cpuinfo"))
    memory = next((int(line.split()[1]) for line in lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    load = Path("/proc/loadavg").read_text().split()[0] if Path("/proc/loadavg").exists() else "?"
    return (
        f"{cpu}, {cores} cores, {round(memory / 2**20)} GiB, {platform.system()} {platform.release().split('-')[0]};"
        f" {datetime.now(UTC):%Y-%m-%d}; load before {load}."
    )


def lines(path: str) -> list[str]:
    """The lines of a file; none where there is no such file."""
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def run(script: str, *arguments: str) -> str | None:
    """What one part says of itself; nothing when there is no such part."""
    path = HERE / script
    if not path.exists():
        return None
    done = subprocess.run([sys.executable, str(path), *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{script} failed with status {done.returncode}.")
    text = done.stdout.strip()
    return f"## Explanations\n\n```json\n{text}\n```" if text.startswith("{") else text


def part(name: str, options: argparse.Namespace) -> str | None:
    """One section of the page."""
    if name == "training":
        import training

        return training.section(training.measure(options.learning, options.tries, options.rows), options.rows).strip()
    if name == "hpo":
        return run("hpo.py", "--binary", options.learning)
    if name == "overhead":
        return run("overhead.py", "--learning", options.learning, "--martlet", options.martlet)
    if name == "shap":
        return run("shap.py", "--learning", options.learning)
    return run("ingest.py", "--learning", options.learning, "--martlet", options.martlet)


def sections() -> dict[str, str]:
    """The sections of the page as it is, by their part's mark."""
    found: dict[str, str] = {}
    text = PAGE.read_text() if PAGE.exists() else ""
    for block in text.split("\n<!-- part: ")[1:]:
        name, _, body = block.partition(" -->\n")
        found[name] = body.strip()
    return found


def write(parts: dict[str, str]) -> None:
    """The page with its sections in order."""
    how = "`make bench-learning`. How it is done: the scripts in [learning](../learning/)."
    head = f"# Learning\n\n{machine()}\n\n{how}\n"
    body = "".join(f"\n<!-- part: {name} -->\n{parts[name]}\n" for name in PARTS if name in parts)
    PAGE.write_text(head + body)


def main() -> None:
    """Measures what was asked for; sections of other parts stay as they are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--martlet", required=True, help="the program martlet")
    parser.add_argument("--learning", required=True, help="the program LearningBenchmark")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part; may be repeated")
    parser.add_argument("--tries", type=int, default=7)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    sys.path.insert(0, str(HERE))
    parts = sections()
    for name in options.only or PARTS:
        text = part(name, options)
        if text:
            parts[name] = text
            write(parts)


if __name__ == "__main__":
    main()
