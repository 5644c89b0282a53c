"""Trains the two models that are compared, on the same rows: `train_models.py DATA FOLDER`.

Gradient boosting with 100 trees of depth 6, once in scikit-learn (for the peer) and once in XGBoost as an MLflow model
directory with Martlet's description of the classes. Also writes 64 held-out rows as request bodies, and the answers
that each server must give.
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
    model = folder / "model"
    model.mkdir(exist_ok=True)
    booster.save_model(model / "model.json")
    inputs = [{"type": "double", "name": f"f{index}", "required": True} for index in range(features.shape[1])]
    text = MLMODEL.format(version=xgboost.__version__, run="0" * 32, inputs=json.dumps(inputs))
    (model / "MLmodel").write_text(text)
    digest = hashlib.sha256((model / "model.json").read_bytes()).hexdigest()
    described = {
        "format": 1,
        "flavor": "xgboost",
        "file": "model.json",
        "signature": {"inputs": inputs, "outputs": [{"type": "double", "name": "probability", "required": True}]},
        "classes": ["malignant", "benign"],
        "threshold": 0.5,
        "checksums": {"model.json": digest},
    }
    (model / "martlet.json").write_text(json.dumps(described))
    rows = features[rest][:REQUESTS]
    bodies = [json.dumps({"features": row.tolist()}) for row in rows]
    (folder / "requests.txt").write_text("\n".join(bodies) + "\n")
    expected = {"peer": peer.predict_proba(rows)[:, 1].tolist(), "martlet": booster.predict_proba(rows)[:, 1].tolist()}
    (folder / "expected.json").write_text(json.dumps(expected))
    nodes = {
        "peer": sum(int(tree.tree_.node_count) for tree in peer[-1].estimators_[:, 0]),
        "martlet": sum(len(tree.splitlines()) for tree in booster.get_booster().get_dump()),
    }
    accuracy = {
        "peer": peer.score(features[rest], target[rest]),
        "martlet": booster.score(features[rest], target[rest]),
    }
    print(json.dumps({"trees": TREES, "depth": DEPTH, "nodes": nodes, "held-out accuracy": accuracy}))


if __name__ == "__main__":
    main()
