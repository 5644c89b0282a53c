"""Models that Martlet trains, read by MLflow and the libraries: the same answers everywhere, raw rows included."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import lightgbm
import mlflow
import numpy as np
import pandas as pd
import pytest
import xgboost
import yaml
from martlet_process import Martlet, wait_until

COLUMNS = ["size", "rooms", "town", "built"]

MANIFEST = """
version: 1
data:
  flats:
    source: {file: flats.csv, header: true}
    columns: [size, {name: rooms, type: integer}, {name: town, type: string}, built, rent, dear]
    target: {column: rent}
    split: {train: 0.6, validation: 0.2, test: 0.2, seed: 1}
  numbers:
    source: {file: numbers.csv, header: true}
    columns: [a, b, c, kind]
    target: {column: kind, classes: ["low", "middle", "high"]}
    split: {train: 0.6, validation: 0.2, test: 0.2, seed: 1}
pipelines: {}
"""


def pipeline(dataset: str, model: str, **options: object) -> dict:
    """Ingests, trains, judges and registers one model."""
    return {
        "tasks": {
            "ingest": {"step": "data.ingest", "with": {"dataset": dataset}},
            "split": {"step": "learning.split", "needs": ["ingest"], "with": {"dataset": dataset}},
            "train": {
                "step": "learning.train",
                "needs": ["split"],
                "with": {"dataset": dataset, "rounds": 25, "seed": 3} | options,
            },
            "evaluate": {
                "step": "learning.evaluate",
                "needs": ["train"],
                "with": {"dataset": dataset, "card": {"intended_use": "a <test> | only"}},
            },
            "register": {
                "step": "registry.register",
                "needs": ["evaluate"],
                "with": {"model": model, "alias": "production"},
            },
        }
    }


# Every step, and expressions over numbers and text, missing ones too.
TRANSFORM = [
    {"impute": {"columns": ["rooms"], "with": "mode"}},
    {
        "derive": {
            "per_room": "size / rooms",
            "late": "if(built >= 1960 and not is_missing(built), 1, 0.25)",
            "where": "concat(upper(town), '-', string(rooms))",
            "grown": "round(log1p(clip(size, 20, 110)) * 10, 2) + max(rooms, 2) ^ 1.5 - built % 7",
        }
    },
    {"derive": {"letters": "length(where)", "alpine": "in(town, 'Chur', 'Zug') or starts_with(town, 'B')"}},
    {"encode": {"columns": ["town"], "method": "one_hot", "max_categories": 3}},
    {"encode": {"columns": ["where"], "method": "target", "smoothing": 5}},
    {"scale": {"columns": ["size"], "method": "standard"}},
    {"scale": {"columns": ["built"], "method": "robust"}},
    {"rename": {"built": "year"}},
    {"drop": ["rooms"]},
]

PIPELINES = {
    "rent-xgboost": ("flats", {"trainer": "xgboost", "categorical": ["town"], "ignore": ["dear"]}),
    "rent-lightgbm": ("flats", {"trainer": "lightgbm", "categorical": ["town"], "ignore": ["dear"]}),
    "rent-derived": ("flats", {"trainer": "lightgbm", "ignore": ["dear"], "transform": TRANSFORM}),
    "rent-scaled": (
        "flats",
        {
            "ignore": ["dear", "town"],
            "transform": [
                {"impute": {"columns": "numbers", "with": "median"}},
                {"scale": {"columns": "numbers", "method": "min_max"}},
            ],
        },
    ),
    "kind-xgboost": ("numbers", {"trainer": "xgboost", "early_stopping": 5}),
    "kind-lightgbm": ("numbers", {"trainer": "lightgbm", "mode": "dart"}),
    "kind-forest": ("numbers", {"trainer": "xgboost", "mode": "forest"}),
}


def write(folder: Path) -> None:
    """Flats with text and missing values, and rows of numbers of three kinds."""
    draw = random.Random(11)
    lines = ["size,rooms,town,built,rent,dear"]
    for _ in range(400):
        size, rooms, town = draw.uniform(30, 140), draw.randint(1, 6), draw.choice(["Bern", "Chur", "Genf", "Zug"])
        rent = 12 * size + 90 * rooms + {"Bern": 100, "Chur": -200, "Genf": 500, "Zug": 400}[town] + draw.gauss(0, 30)
        cells = [f"{size:.2f}", str(rooms), town, str(draw.randint(1900, 2020)), f"{rent:.2f}", str(int(rent > 1500))]
        for place in (0, 2, 3):
            if draw.random() < 0.08:
                cells[place] = ""
        lines.append(",".join(cells))
    (folder / "flats.csv").write_text("\n".join(lines) + "\n")
    lines = ["a,b,c,kind"]
    for _ in range(300):
        kind = draw.randint(0, 2)
        lines.append(f"{kind + draw.gauss(0, 0.5):.4f},{draw.gauss(0, 1):.4f},{-kind + draw.gauss(0, 1):.4f},{kind}")
    (folder / "numbers.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Martlet]:
    """A server on which every pipeline has run and every model is served."""
    folder = tmp_path_factory.mktemp("learning")
    files = folder / "files"
    files.mkdir()
    write(files)
    document = yaml.safe_load(MANIFEST)
    for name, (dataset, options) in PIPELINES.items():
        document["pipelines"][name] = pipeline(dataset, name, **options)
    document["deployments"] = {name: {"model": name, "alias": "production"} for name in PIPELINES}
    server = Martlet(folder, "--files", str(files)).start()
    answer = server.post("/api/martlet/v1/apply", {"manifest": yaml.safe_dump(document), "directory": "."})
    assert answer.status_code == 200, answer.text
    runs = {}
    for name in PIPELINES:
        started = server.post(f"/api/martlet/v1/pipelines/{name}/runs", {"parameters": {}})
        assert started.status_code in (200, 201, 202), started.text
        runs[name] = started.json()["id"]
        # One after the other: two of them read the same dataset.
        path = f"/api/martlet/v1/pipeline-runs/{runs[name]}"
        ended = wait_until(
            lambda path=path: (run := server.get(path).json())["state"] in ("succeeded", "failed") and run, 120, name
        )
        assert ended["state"] == "succeeded", server.get(path).text
    yield server
    assert server.stop() == 0, server.log


def rows(model: str) -> pd.DataFrame:
    """Rows with everything that may come: missing numbers, missing text, towns that were not there."""
    if model.startswith("kind"):
        return pd.DataFrame({"a": [0.1, 1.7, None, 2.4], "b": [0.3, -1.0, 0.0, 9.0], "c": [0.1, -1.3, -2.2, None]})
    return pd.DataFrame(
        {
            "size": [55.5, None, 101.1, 80.0, 64.2],
            "rooms": [2.0, 3.0, 4.0, 1.0, 5.0],
            "town": ["Bern", "Genf", "Atlantis", "", "Zug"],
            "built": [1950.0, 2001.0, None, 1999.0, 1970.0],
        }
    )


def served(server: Martlet, model: str, frame: pd.DataFrame) -> np.ndarray:
    """What the deployment answers to the raw rows."""
    split = frame.astype(object).where(frame.notna(), None).to_dict("split")
    body = {"dataframe_split": {"columns": split["columns"], "data": split["data"]}}

    def ask() -> np.ndarray | None:
        answer = server.post(f"/deployments/{model}/invocations", body)
        if answer.status_code == 503:
            return None
        assert answer.status_code == 200, answer.text
        return np.array(answer.json()["predictions"], dtype=np.float64)

    return wait_until(lambda: [found] if (found := ask()) is not None else None, 60, f"{model} to serve")[0]


@pytest.mark.parametrize("model", PIPELINES)
def test_pyfunc_answers_raw_rows_as_martlet_does(trained: Martlet, model: str) -> None:
    mlflow.set_tracking_uri(trained.url)
    frame = rows(model)
    loaded = mlflow.pyfunc.load_model(f"models:/{model}@production")
    ours, theirs = served(trained, model, frame), np.asarray(loaded.predict(frame), dtype=np.float64)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=1e-7)
    signature = loaded.metadata.signature
    ignored = PIPELINES[model][1].get("ignore", [])
    assert signature.inputs.input_names() == [column for column in frame.columns if column not in ignored]
    assert loaded.input_example is not None


@pytest.mark.parametrize("model", ["kind-xgboost", "kind-lightgbm", "kind-forest"])
def test_the_libraries_own_flavors_read_the_models(trained: Martlet, model: str) -> None:
    mlflow.set_tracking_uri(trained.url)
    frame = rows(model)
    if model.endswith("lightgbm"):
        booster = mlflow.lightgbm.load_model(f"models:/{model}@production")
        assert isinstance(booster, lightgbm.Booster)
        theirs = booster.predict(frame.to_numpy())
    else:
        booster = mlflow.xgboost.load_model(f"models:/{model}@production")
        assert isinstance(booster, xgboost.Booster)
        theirs = booster.predict(xgboost.DMatrix(frame))
    np.testing.assert_allclose(served(trained, model, frame), theirs, rtol=2e-6, atol=1e-7)


def test_rounds_are_metrics_of_the_run(trained: Martlet) -> None:
    mlflow.set_tracking_uri(trained.url)
    client = mlflow.MlflowClient()
    version = client.get_model_version_by_alias("kind-xgboost", "production")
    history = client.get_metric_history(version.run_id, "validation_mlogloss")
    assert [point.step for point in history] == list(range(len(history)))
    assert len(history) >= 6
    run = client.get_run(version.run_id)
    assert run.data.metrics["best_round"] <= len(history)
    assert run.data.params["trainer"] == "xgboost"
    assert "test_accuracy" in run.data.metrics


def test_a_version_has_a_card(trained: Martlet) -> None:
    path = "/api/martlet/v1/models/rent-xgboost/versions/production/card"
    card = trained.get(path).json()
    titles = [section["title"] for section in card["card"]["sections"]]
    assert titles[0] == "Summary"
    assert "Results" in titles
    page = trained.get(path, params={"format": "html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "a &lt;test&gt; | only" in page.text
    assert "a &lt;test&gt; \\| only" in trained.get(path, params={"format": "markdown"}).text
    mlflow.set_tracking_uri(trained.url)
    client = mlflow.MlflowClient()
    version = client.get_model_version_by_alias("rent-xgboost", "production")
    stored = [file.path for file in client.list_artifacts(version.run_id, "model_cards")]
    assert stored == ["model_cards/rent-xgboost-1.html", "model_cards/rent-xgboost-1.md"]
