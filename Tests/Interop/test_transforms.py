"""What Martlet's transforms compute, held against scikit-learn."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import requests
from martlet_process import Martlet

sklearn = pytest.importorskip("sklearn")
from sklearn.impute import SimpleImputer  # noqa: E402
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler  # noqa: E402

ROWS = 400


def table() -> dict[str, list[Any]]:
    """Numbers with gaps, and categories."""
    random = np.random.default_rng(8)
    gaps = random.normal(50, 12, ROWS)
    gaps[random.random(ROWS) < 0.1] = np.nan
    return {
        "gaps": gaps.tolist(),
        "a": random.lognormal(1, 1, ROWS).tolist(),
        "b": random.uniform(-5, 5, ROWS).tolist(),
        "c": random.normal(0, 3, ROWS).tolist(),
        "city": random.choice(["Rome", "Oslo", "Bern", "Århus"], ROWS).tolist(),
        "size": random.choice(["S", "M", "L"], ROWS).tolist(),
    }


def transformed(server: Martlet, rows: dict[str, list[Any]]) -> dict[str, np.ndarray]:
    """The rows as Martlet transforms them, fitted on all."""
    names = list(rows)
    lines = [",".join(names)]
    for values in zip(*rows.values(), strict=True):
        lines.append(",".join("" if value != value else str(value) for value in values))
    (server.folder / "rows.csv").write_text("\n".join(lines) + "\n")
    steps = [
        {"impute": {"columns": ["gaps"], "with": "median"}},
        {"derive": {"sum": "round(a + b * 2, 6)"}},
        {"scale": {"columns": ["a"], "method": "standard"}},
        {"scale": {"columns": ["b"], "method": "min_max"}},
        {"scale": {"columns": ["c"], "method": "robust"}},
        {"encode": {"columns": ["city"], "method": "one_hot"}},
        {"encode": {"columns": ["size"], "method": "ordinal"}},
    ]
    manifest = {"version": 1, "data": {"t": {"source": {"file": "rows.csv"}, "transform": steps}}}
    body = {"manifest": json.dumps(manifest), "directory": str(server.folder)}
    answer = requests.post(f"{server.api}/apply", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    assert requests.post(f"{server.api}/data/t/ingest", json={}, timeout=60).status_code == 200
    preview = requests.get(f"{server.api}/data/t/transform/preview", params={"limit": ROWS}, timeout=60).json()
    columns = [column["name"] for column in preview["columns"]]
    values = np.array(preview["items"], dtype=float)
    return {name: values[:, place] for place, name in enumerate(columns)}


def test_as_scikit_learn(own_server: Martlet) -> None:
    """Every step gives scikit-learn's numbers."""
    rows = table()
    made = transformed(own_server, rows)

    def column(name: str) -> np.ndarray:
        return np.array(rows[name]).reshape(-1, 1)

    expected = {
        "gaps": SimpleImputer(strategy="median").fit_transform(column("gaps")),
        "a": StandardScaler().fit_transform(column("a")),
        "b": MinMaxScaler().fit_transform(column("b")),
        "c": RobustScaler().fit_transform(column("c")),
        "size": OrdinalEncoder().fit_transform(column("size")),
        "sum": np.round(column("a") + column("b") * 2, 6),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(made[name], values[:, 0], rtol=1e-9, atol=1e-9, err_msg=name)
    encoder = OneHotEncoder(sparse_output=False)
    hot = encoder.fit_transform(column("city"))
    for place, name in enumerate(encoder.get_feature_names_out(["city"])):
        np.testing.assert_array_equal(made[name], hot[:, place])
