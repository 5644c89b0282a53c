"""Trains the two models that are compared, on the same rows: `train_models.py DATA FOLDER`.

Gradient boosting with 100 trees of depth 6, once in scikit-learn (for the peer) and once in XGBoost as an MLflow model
directory with Martlet's description of the classes. Also writes 64 held-out rows, the answers that each server must
give, a model of about a megabyte and a small one.
"""

import hashlib
import json
import sys
from pathlib import Path

import joblib
import numpy as np
import xgboost
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

TREES, DEPTH, TRAINING_ROWS, REQUESTS = 100, 6, 455, 64
REFERENCE_ROWS, LARGE_ROWS = 300, 12_000
MLMODEL = """\
artifact_path: model
flavors:
  python_function:
    data: model.json
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.xgboost
    python_version: 3.11.7
  xgboost:
    code: null
    data: model.json
    model_class: xgboost.sklearn.XGBClassifier
    model_format: json
    xgb_version: {version}
model_uuid: 00000000000000000000000000000001
run_id: {run}
signature:
  inputs: '{inputs}'
  outputs: '[{{"type": "float", "required": true}}]'
  params: null
utc_time_created: '2026-01-01 00:00:00.000000'
"""


def write_model(folder: Path, booster: xgboost.XGBClassifier, rows: np.ndarray) -> None:
    """Writes an MLflow model directory with Martlet's description of classes and training rows."""
    folder.mkdir(exist_ok=True)
    booster.save_model(folder / "model.json")
    names = [f"f{index}" for index in range(rows.shape[1])]
    inputs = [{"type": "double", "name": name, "required": True} for name in names]
    text = MLMODEL.format(version=xgboost.__version__, run="0" * 32, inputs=json.dumps(inputs))
    (folder / "MLmodel").write_text(text)
    lines = [",".join(names)] + [",".join(map(repr, row.tolist())) for row in rows[:REFERENCE_ROWS]]
    (folder / "reference.csv").write_text("\n".join(lines) + "\n")
    digests = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("model.json", "reference.csv")
    }
    described = {
        "format": 1,
        "flavor": "xgboost",
        "file": "model.json",
        "signature": {"inputs": inputs, "outputs": [{"type": "double", "name": "probability", "required": True}]},
        "classes": ["malignant", "benign"],
        "threshold": 0.5,
        "reference": "reference.csv",
        "checksums": digests,
    }
    (folder / "martlet.json").write_text(json.dumps(described))


def large_model(folder: Path) -> None:
    """A model of about a megabyte, on rows whose classes no tree can learn by heart."""
    random = np.random.default_rng(1)
    rows = random.normal(size=(LARGE_ROWS, 30))
    target = (rows[:, 0] + random.normal(size=LARGE_ROWS) > 0).astype(int)
    booster = xgboost.XGBClassifier(n_estimators=2 * TREES, max_depth=DEPTH, random_state=0, n_jobs=1)
    booster.fit(rows, target)
    write_model(folder, booster, rows)


def main() -> None:
    """Trains, and writes what the benchmark needs into the folder."""
    data, folder = Path(sys.argv[1]), Path(sys.argv[2])
    table = np.loadtxt(data, delimiter=",", skiprows=1)
    features, target = table[:, :-1], table[:, -1].astype(int)
    order = np.random.default_rng(0).permutation(len(target))
    train, rest = order[:TRAINING_ROWS], order[TRAINING_ROWS:]
    peer = make_pipeline(
        StandardScaler(), GradientBoostingClassifier(n_estimators=TREES, max_depth=DEPTH, random_state=0)
    )
    peer.fit(features[train], target[train])
    joblib.dump(peer, folder / "peer.joblib")
    booster = xgboost.XGBClassifier(n_estimators=TREES, max_depth=DEPTH, learning_rate=0.1, random_state=0, n_jobs=1)
    booster.fit(features[train], target[train])
    write_model(folder / "model", booster, features[train])
    large_model(folder / "large")
    small = xgboost.XGBClassifier(n_estimators=10, max_depth=3, random_state=0, n_jobs=1)
    small.fit(features[train], target[train])
    write_model(folder / "small", small, features[train])
    rows = features[rest][:REQUESTS]
    (folder / "rows.json").write_text(json.dumps(rows.tolist()))
    expected = {
        "fastapi": peer.predict_proba(rows)[:, 1].tolist(),
        "martlet": booster.predict_proba(rows)[:, 1].tolist(),
    }
    (folder / "expected.json").write_text(json.dumps(expected))
    nodes = {
        "peer": sum(int(tree.tree_.node_count) for tree in peer[-1].estimators_[:, 0]),
        "martlet": sum(len(tree.splitlines()) for tree in booster.get_booster().get_dump()),
    }
    accuracy = {
        "peer": peer.score(features[rest], target[rest]),
        "martlet": booster.score(features[rest], target[rest]),
    }
    large = (folder / "large" / "model.json").stat().st_size
    print(
        json.dumps(
            {"trees": TREES, "depth": DEPTH, "nodes": nodes, "held-out accuracy": accuracy, "large bytes": large}
        )
    )


if __name__ == "__main__":
    main()
