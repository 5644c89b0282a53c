"""`martlet monitor compare`: scores against SciPy, the page, the JSON, and files that cannot be compared."""

from __future__ import annotations

import json
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from martlet_process import command
from scipy import stats
from scipy.spatial.distance import jensenshannon

ROWS = 400


def frames(rows: int = ROWS, shift: float = 0.4) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reference and current rows; the first column moves, the plan gains weight, the rest stays."""
    generator = np.random.default_rng(5)

    def frame(moved: float, weights: list[float]) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "age": generator.normal(40 + 10 * moved, 10, rows).round(3),
                "income": generator.lognormal(10, 1, rows).round(2),
                "plan": generator.choice(["A", "B", "C"], rows, p=weights),
                "active": generator.integers(0, 2, rows),
                "visits": generator.poisson(40, rows),
            }
        )

    return frame(0, [0.5, 0.3, 0.2]), frame(shift, [0.3, 0.3, 0.4])


def write(folder: Path, reference: pd.DataFrame | str, current: pd.DataFrame | str) -> None:
    """Writes both files."""
    for name, content in (("reference.csv", reference), ("current.csv", current)):
        text = content if isinstance(content, str) else content.to_csv(index=False)
        (folder / name).write_text(text, encoding="utf-8")


def compare(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Compares the files of the folder."""
    return command("monitor", "compare", "reference.csv", "current.csv", *flags, cwd=folder)


def report(folder: Path, *flags: str) -> dict:
    """The report of the files of the folder, as JSON."""
    done = compare(folder, "--json", "-", *flags)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def scores(found: dict) -> dict[str, float]:
    """The scores by column."""
    return {name: column["drift_score"] for name, column in found["drift_by_columns"].items()}


def test_small_files_get_the_tests_of_scipy(tmp_path: Path) -> None:
    reference, current = frames()
    write(tmp_path, reference, current)
    found = report(tmp_path)
    got = scores(found)
    for name in ("age", "income", "visits"):
        expected = stats.ks_2samp(reference[name], current[name]).pvalue
        assert got[name] == pytest.approx(expected, rel=1e-9), name
        assert found["drift_by_columns"][name]["stattest_name"] == "K-S p_value"
    shares = reference["plan"].value_counts().sort_index() / len(reference)
    counts = current["plan"].value_counts().sort_index()
    assert got["plan"] == pytest.approx(stats.chisquare(counts, shares * len(current)).pvalue, rel=1e-9)
    ones = [reference["active"].sum(), current["active"].sum()]
    pooled = sum(ones) / (2 * ROWS)
    z = (ones[0] - ones[1]) / ROWS / np.sqrt(pooled * (1 - pooled) * 2 / ROWS)
    assert got["active"] == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)
    assert found["number_of_drifted_columns"] == sum(value < 0.05 for value in got.values())


def test_large_files_get_distances(tmp_path: Path) -> None:
    reference, current = frames(1500)
    write(tmp_path, reference, current)
    got = scores(report(tmp_path))
    for name in ("age", "income", "visits"):
        expected = stats.wasserstein_distance(reference[name], current[name]) / reference[name].std(ddof=0)
        assert got[name] == pytest.approx(expected, rel=1e-9), name
    for name in ("plan", "active"):
        values = sorted(set(reference[name]))
        one, other = ([(frame[name] == value).mean() for value in values] for frame in (reference, current))
        assert got[name] == pytest.approx(jensenshannon(one, other), rel=1e-9), name


def test_methods_can_be_chosen(tmp_path: Path) -> None:
    reference, current = frames()
    write(tmp_path, reference, current)
    found = report(
        tmp_path, "--column", "age=t_test", "--column", "income=cramer_von_mises:0.2", "--kind", "visits=categorical"
    )
    got = scores(found)
    assert got["age"] == pytest.approx(stats.ttest_ind(reference["age"], current["age"]).pvalue, rel=1e-9)
    expected = stats.cramervonmises_2samp(reference["income"], current["income"]).pvalue
    assert got["income"] == pytest.approx(expected, rel=1e-8)
    assert found["drift_by_columns"]["income"]["stattest_threshold"] == 0.2
    assert found["drift_by_columns"]["visits"]["column_type"] == "cat"
    everywhere = report(tmp_path, "--detectors", "psi,mmd,energy", "--threshold", "0.3")
    assert {column["stattest_name"] for column in everywhere["drift_by_columns"].values()} == {"psi"}
    assert [detector["detector"] for detector in everywhere["detectors"]] == ["mmd", "energy"]


def test_summaries_are_those_of_pandas(tmp_path: Path) -> None:
    reference, current = frames()
    current.loc[:39, "age"] = np.nan
    write(tmp_path, reference, current)
    found = report(tmp_path)
    side = found["drift_by_columns"]["age"]["current"]
    described = current["age"].describe()
    for ours, theirs in (
        ("mean", "mean"),
        ("std", "std"),
        ("min", "min"),
        ("p25", "25%"),
        ("p50", "50%"),
        ("max", "max"),
    ):
        assert side[ours] == pytest.approx(described[theirs], rel=1e-9), ours
    assert side["number_of_missing_values"] == 40
    density, edges = np.array(side["small_distribution"]["y"]), np.array(side["small_distribution"]["x"])
    assert (density * np.diff(edges)).sum() == pytest.approx(1)
    (event,) = [event for event in found["data_events"] if event["kind"] == "missing_rise"]
    table = [[40, ROWS - 40], [0, ROWS]]
    assert event["p_value"] == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue, rel=1e-8)


class _Page(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remembers the tag and what it points to."""
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        """Remembers the text."""
        self.text.append(data)


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    reference, current = frames()
    names = {"age": "<img src=x onerror=alert(1)>"}
    write(tmp_path, reference.rename(columns=names), current.rename(columns=names))
    done = compare(tmp_path, "--html", "report.html", "--segment", "plan", "--target", "active")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert page.links == []
    assert "<img src=x onerror=alert(1)>" in page.text
    assert page.tags.count("svg") == 5
    assert "Content-Security-Policy" in text and "Segments by plan" in text


def test_the_status_tells_drift(tmp_path: Path) -> None:
    reference, current = frames()
    write(tmp_path, reference, current)
    assert compare(tmp_path).returncode == 0
    done = compare(tmp_path, "--fail-on-drift", "--timing", "--drift-share", "0.4")
    assert done.returncode == 3
    assert done.stdout.startswith("drift: ")
    assert json.loads(done.stderr.splitlines()[0])["seconds"] > 0
    write(tmp_path, reference, reference)
    assert compare(tmp_path, "--fail-on-drift").returncode == 0


@pytest.mark.parametrize(
    ("reference", "current"),
    [
        ("a,b\n1,2\n3,4\n", "a,b\n"),
        ("a,b\n", "a,b\n1,2\n3,4\n"),
        ("a,b\n1,2\n3,4\n", "c,d\n1,2\n3,4\n"),
        ("a\n1\n2\n3\n", "a\n1\n"),
        ("a\n1\n2\n3\n", "a\n\n\n"),
        ('a\n""\n""\n', 'a\n""\n""\n'),
    ],
)
def test_what_cannot_be_judged_has_no_verdict(tmp_path: Path, reference: str, current: str) -> None:
    write(tmp_path, reference, current)
    done = compare(tmp_path, "--json", "report.json", "--html", "report.html")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("insufficient data: ")
    assert json.loads((tmp_path / "report.json").read_text())["verdict"] == "insufficient_data"
    assert compare(tmp_path, "--fail-on-drift").returncode == 1


@pytest.mark.parametrize(
    ("current", "kind"),
    [
        ("x\n" + "\n".join(str(row / 7) for row in range(99)) + "\noops\n", "type_change"),
        ("x\n" + "\n".join(str(row / 7) for row in range(99)) + "\ninf\n", "infinities"),
        ("x\n" + "nan\n" * 100, "all_missing"),
        ("x\n" + "1.5\n" * 100, "constant"),
        ("y\n" + "1.5\n" * 100 + "", "missing_column"),
    ],
)
def test_what_happens_to_the_data_is_drift(tmp_path: Path, current: str, kind: str) -> None:
    reference = "x,z\n" + "".join(f"{row / 7},{row / 3}\n" for row in range(100))
    rows = current.splitlines()
    current = "\n".join([rows[0] + ",z"] + [f"{cell},{row / 3}" for row, cell in enumerate(rows[1:])]) + "\n"
    write(tmp_path, reference, current)
    found = report(tmp_path)
    assert found["verdict"] == "drift"
    assert kind in {event["kind"] for event in found["data_events"] if event["column_name"] == "x"}
    assert "NaN" not in json.dumps(found)


def test_ten_thousand_categories(tmp_path: Path) -> None:
    cells = "".join(f"k{row % 10_000}\n" for row in range(30_000))
    write(tmp_path, "id\n" + cells, "id\n" + cells)
    found = report(tmp_path)
    assert found["verdict"] == "no_drift"
    assert found["drift_by_columns"]["id"]["current"]["number_of_unique_values"] == 10_000
    assert len(found["drift_by_columns"]["id"]["current"]["small_distribution"]["x"]) == 21


@pytest.mark.parametrize(
    ("flags", "content", "message"),
    [
        ([], "a,b\n1\n", "'current.csv': Line 2 of the CSV has 1 fields; expected 2."),
        ([], "", "'current.csv': The CSV has no header line."),
        ([], 'a,b\n"1,2\n', "'current.csv': Line 2 of the CSV opens a quote that is never closed."),
        (["--column", "nope=ks"], "a,b\n1,2\n", "There is no column 'nope'"),
        (["--column", "a=nope"], "a,b\n1,2\n", "'--column' names no detector: 'nope'"),
        (["--segment", "nope"], "a,b\n1,2\n", "There is no column 'nope'"),
        (["--kind", "b=numeric"], "a,b\n1,2\n", "The column 'b' cannot be numeric: it holds no number."),
        (["--html", "no/where.html"], "a,b\n1,2\n", "'no/where.html' cannot be written."),
    ],
)
def test_errors_name_the_file_or_the_column(tmp_path: Path, flags: list[str], content: str, message: str) -> None:
    write(tmp_path, "a,b\n1,x\n2,y\n3,x\n", content)
    done = compare(tmp_path, *flags)
    assert done.returncode == 1
    assert message in done.stderr


def test_files_that_are_not_there(tmp_path: Path) -> None:
    done = compare(tmp_path)
    assert done.returncode == 1
    assert "'reference.csv' cannot be read: No such file or directory." in done.stderr
