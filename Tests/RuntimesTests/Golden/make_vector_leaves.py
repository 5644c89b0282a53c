"""Makes vector-leaves.json: XGBoost models whose leaves hold a value for every output, and the library's answers."""

import json
import pathlib

import numpy as np
import xgboost

random = np.random.default_rng(2)
X = random.normal(size=(200, 4)).astype(np.float32)
targets = np.stack([X[:, 0] + X[:, 1], X[:, 2] * X[:, 3], X[:, 0] > 0], 1).astype(np.float32)
labels = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])
rows = random.normal(size=(12, 4)).astype(np.float32)
rows[::4, 1] = np.nan

cases = []
for objective, label, extra in [
    ("reg:squarederror", targets, {}),
    ("multi:softprob", labels, {"num_class": 3}),
]:
    parameters = {"objective": objective, "multi_strategy": "multi_output_tree", "tree_method": "hist", "max_depth": 3}
    booster = xgboost.train(parameters | extra, xgboost.DMatrix(X, label), 4)
    matrix = xgboost.DMatrix(rows)
    cases.append(
        {
            "objective": objective,
            "model": json.loads(booster.save_raw("json")),
            "rows": [[None if np.isnan(cell) else float(cell) for cell in row] for row in rows],
            "margin": booster.predict(matrix, output_margin=True).astype(float).tolist(),
            "predict": booster.predict(matrix).astype(float).tolist(),
        }
    )
pathlib.Path(__file__).with_name("vector-leaves.json").write_text(json.dumps({"cases": cases}) + "\n")
