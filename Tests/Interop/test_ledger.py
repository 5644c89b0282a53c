"""The ledger through HTTP and the command line: labels in any order, questions, exports, what is never kept."""

from __future__ import annotations

import csv
import io
import json
import time
import uuid
from collections import defaultdict

import mlflow
import pytest
from martlet_process import Martlet, command, wait_until
from mlflow import MlflowClient
from sklearn.datasets import load_diabetes

API = "/api/martlet/v1/ledger"
MANIFEST = """
version: 1
deployments:
  {name}:
    model: {name}
    ledger: {{redact: [age], entity: {{header: X-Patient}}}}
  {name}-sample:
    model: {name}
    ledger: {{sampling: 0.3, retention: {{age: 1d, rows: 1000}}}}
"""


class Kept:
    """A regression of the diabetes data with one deployment that redacts and one that samples."""

    def __init__(self, server: Martlet) -> None:
        """Registers the model and waits until both deployments serve it."""
        import xgboost

        self.server = server
        self.name = f"ledger-{uuid.uuid4().hex[:8]}"
        rows, self.target = load_diabetes(return_X_y=True, as_frame=True)
        self.rows = rows.iloc[:, :4]
        model = xgboost.XGBRegressor(n_estimators=5, max_depth=2).fit(self.rows, self.target)
        mlflow.set_tracking_uri(server.url)
        mlflow.set_registry_uri(server.url)
        with mlflow.start_run(run_name=self.name):
            signature = mlflow.models.infer_signature(self.rows, model.predict(self.rows))
            info = mlflow.xgboost.log_model(
                model, name="model", registered_model_name=self.name, signature=signature, model_format="json"
            )
        MlflowClient(server.url).set_registered_model_alias(self.name, "production", str(info.registered_model_version))
        manifest = MANIFEST.format(name=self.name)
        answer = server.post("/api/martlet/v1/apply", {"manifest": manifest, "directory": "."})
        assert answer.status_code == 200, answer.text
        for name in [self.name, f"{self.name}-sample"]:
            wait_until(lambda name=name: server.get(f"/v2/models/{name}/ready").status_code == 200, what=name)

    def predict(self, position: int, identifier: str, deployment: str | None = None) -> float:
        """Asks for one row under an id, about the patient of its number."""
        body = {"features": self.rows.iloc[position].tolist(), "deployment": deployment or self.name}
        headers = {"X-Request-Id": identifier, "X-Patient": f"patient-{position}"}
        answer = self.server.post("/predict", body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def label(self, **item: object) -> dict:
        """Sends one label."""
        answer = self.server.post("/feedback", item)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()

    def ask(self, path: str = "", **query: object) -> dict:
        """Asks the ledger."""
        answer = self.server.get(f"{API}{path}", params={"deployment": self.name} | query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def kept(server) -> Kept:
    """Predictions with labels that came late, out of order, twice, corrected, and before their prediction."""
    kept = Kept(server)
    early = kept.label(request_id=f"{kept.name}-7", label=float(kept.target[7]))
    assert early["outcome"] == "pending"
    for position in range(40):
        kept.predict(position, f"{kept.name}-{position}")
    return kept


def test_labels_come_in_any_order(kept: Kept) -> None:
    """The label observed last holds; the sums by hour are what the rows say."""
    now = int(time.time() * 1000)
    for position in [3, 1, 2]:
        item = {"request_id": f"{kept.name}-{position}"}
        final = float(kept.target[position])
        assert kept.label(**item, label=0, observed_at=now - 5000)["outcome"] == "stored"
        assert kept.label(**item, label=final, observed_at=now - 1000)["outcome"] == "corrected"
        assert kept.label(**item, label=1, observed_at=now - 9000)["outcome"] == "superseded"
        assert kept.label(**item, label=final, observed_at=now - 1000)["outcome"] == "duplicate"
        story = kept.server.get(f"{API}/rows/{kept.name}-{position}").json()
        assert [float(label["label"]) for label in story["labels"]] == [final, 0, 1]
    late = kept.label(deployment=kept.name, entity="patient-9", at=now + 1000, window="1h", label=5)
    assert late["request_ids"] == [f"{kept.name}-9"]
    rows = kept.ask(filter="labelled")["items"]
    assert {row["request_id"].rsplit("-", 1)[1] for row in rows} == {"1", "2", "3", "7", "9"}
    errors = defaultdict(float)
    for row in rows:
        errors[row["created_at"] // 3_600_000] += abs(float(row["prediction"]) - float(row["label"]))
    hours = kept.ask("/hours")["items"]
    assert sum(hour["predictions"] for hour in hours) == 40
    for hour in hours:
        if hour["measured"]:
            expected = errors[hour["hour"] // 3_600_000] / hour["measured"]
            assert hour["mean_absolute_error"] == pytest.approx(expected, abs=1e-9)


def test_many_labels_and_wrong_ones(kept: Kept) -> None:
    """Each label of a request is answered for itself; what is wrong says why."""
    items = [
        {"request_id": f"{kept.name}-20", "label": 7},
        {"request_id": f"{kept.name}-21", "label": "high"},
        {"request_id": f"{kept.name}-20", "label": 7},
        {"request_id": f"{kept.name}-22", "label": 1, "observed_at": "2200-01-01"},
        {"label": 1},
    ]
    answer = kept.server.post("/feedback", {"items": items}).json()
    assert [item["outcome"] for item in answer["items"]] == ["stored", "rejected", "duplicate", "rejected", "rejected"]
    assert "must be a number" in answer["items"][1]["error"]["message"]
    assert "still to come" in answer["items"][3]["error"]["message"]
    assert answer["counts"] == {"stored": 1, "duplicate": 1, "rejected": 3}
    assert kept.server.post("/feedback", {"items": [items[0]] * 1001}).status_code == 400
    big = {"request_id": "x" * 1_100_000, "label": 1}
    assert kept.server.post("/feedback", big).status_code == 413


def test_questions_pages_and_refusals(kept: Kept) -> None:
    """Filters by inputs, pages without gap, groups, and errors that name the place."""
    wanted = {f"{kept.name}-{n}" for n in range(40) if kept.rows.iloc[n]["bmi"] > 0.02}
    query = {"filter": "features.bmi > 0.02 and version = 1", "order": "oldest", "limit": 3}
    found, token = [], None
    while True:
        page = kept.ask(**query, **({"page_token": token} if token else {}))
        found += [row["request_id"] for row in page["items"]]
        token = page.get("next_page_token")
        if not token:
            break
    assert set(found) == wanted
    assert len(found) == len(wanted)
    groups = kept.ask(group="version,arm")["items"]
    assert [(group["version"], group["arm"], group["rows"]) for group in groups] == [(1, "stable", 40)]
    for query, message in [
        ({"filter": "verson = 1"}, "position 1"),
        ({"filter": "version = "}, "position 11"),
        ({"filter": "features.bmmi > 1"}, "did you mean 'bmi'"),
        ({"since": "soon"}, "'since'"),
        ({"group": "mood"}, "'mood'"),
        ({"fliter": "wrong"}, "did you mean 'filter'"),
        ({"page_token": "abc"}, "token"),
    ]:
        answer = kept.server.get(API, params={"deployment": kept.name} | query)
        assert answer.status_code == 400, query
        assert message in answer.json()["error"]["message"], answer.text
    assert kept.server.get(API, params={"deployment": "nobody"}).status_code == 404
    assert kept.server.get(f"{API}/rows/nothing").status_code == 404


def test_exports_and_what_is_never_kept(kept: Kept) -> None:
    """CSV and JSON Lines have every row; the redacted column is nowhere."""
    query = {"deployment": kept.name, "order": "oldest"}
    sheet = kept.server.get(f"{API}/export", params=query | {"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(sheet.text)))
    assert [row["request_id"] for row in rows] == [f"{kept.name}-{n}" for n in range(40)]
    assert {row["features.age"] for row in rows} == {"[redacted]"}
    assert float(rows[5]["features.bmi"]) == pytest.approx(kept.rows.iloc[5]["bmi"], rel=1e-6)
    lines = kept.server.get(f"{API}/export", params=query | {"format": "jsonl"}).text.splitlines()
    objects = [json.loads(line) for line in lines]
    assert len(objects) == 40
    assert all(row["redacted"] == ["age"] and "age" not in row["features"] for row in objects)
    assert objects[9]["entity"] == "patient-9"
    kept.predict(0, "=cmd|'/ccalc'!A1")
    sheet = kept.server.get(f"{API}/export", params=query | {"format": "csv", "filter": "entity = 'patient-0'"})
    assert "'=cmd|'/ccalc'!A1" in sheet.text


def test_sampling_counts_everything(kept: Kept) -> None:
    """A sample is kept, every request is counted, and a label of one that is not kept is told so."""
    name = f"{kept.name}-sample"
    for position in range(60):
        kept.predict(position % 40, f"{name}-{position}", name)
    hours = kept.ask("/hours", deployment=name)["items"]
    assert sum(hour["predictions"] for hour in hours) == 60
    rows = kept.ask(deployment=name, limit=1000)["items"]
    assert 0 < len(rows) < 60
    assert sum(hour["kept"] for hour in hours) == len(rows)
    present = {row["request_id"] for row in rows}
    absent = next(f"{name}-{n}" for n in range(60) if f"{name}-{n}" not in present)
    assert kept.label(request_id=absent, deployment=name, label=1)["outcome"] == "sampled_out"
    totals = {item["deployment"]: item for item in kept.server.get(f"{API}/totals").json()["items"]}
    assert totals[name]["rows"] == len(rows)
    assert totals[name]["ledger"]["retention"] == {"age": "86400000ms", "rows": 1000}


def test_command_line(kept: Kept, tmp_path) -> None:
    """query, hours, show, label and export say what the server says."""
    address = ["--server", kept.server.url]
    table = command("ledger", "query", kept.name, "--filter", "labelled", *address, cwd=tmp_path)
    assert table.returncode == 0, table.stderr
    assert f"{kept.name}-7" in table.stdout
    assert f"{kept.name}-30" not in table.stdout
    told = command("ledger", "label", f"{kept.name}-30", "99", *address, cwd=tmp_path)
    assert "stored" in told.stdout, told.stderr
    shown = command("ledger", "show", f"{kept.name}-30", *address, cwd=tmp_path)
    assert "99" in shown.stdout, shown.stderr
    hours = command("ledger", "hours", kept.name, "--json", *address, cwd=tmp_path)
    assert json.loads(hours.stdout)["items"][0]["deployment"] == kept.name
    file = tmp_path / "rows.jsonl"
    out = command("ledger", "export", kept.name, "--format", "jsonl", "--output", str(file), *address, cwd=tmp_path)
    assert out.returncode == 0, out.stderr
    assert len(file.read_text().splitlines()) == 41
    wrong = command("ledger", "query", kept.name, "--filter", "verson = 1", *address, cwd=tmp_path)
    assert wrong.returncode != 0
    assert "did you mean 'version'" in wrong.stderr
