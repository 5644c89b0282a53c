"""Makes onnx-trees.json: tree ensembles as the converters export them, with what ONNX Runtime answers."""

import base64
import json
import pathlib

import lightgbm
import numpy as np
import onnxmltools
import onnxruntime
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import to_onnx
from sklearn import ensemble, tree
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

random = np.random.default_rng(5)
X = random.normal(size=(300, 4)).astype(np.float32)
two = (X[:, 0] * X[:, 1] + X[:, 2] > 0).astype(int)
three = np.digitize(X[:, 0] + X[:, 3], [-0.6, 0.6])
value = (X[:, 0] * 2 + np.abs(X[:, 1])).astype(np.float32)
rows = np.concatenate([random.normal(size=(6, 4)), np.zeros((1, 4)), X[:3]]).astype(np.float32)
holes = rows.copy()
holes[::3, 1] = np.nan


def skl(name, model, target, taken=True, **options):
    model.fit(X, target)
    extra = {id(model): options} if options else None
    return name, to_onnx(model, X[:1], options=extra, target_opset={"": 15, "ai.onnx.ml": 3}), taken, False


def other(name, model, target, convert, missing=True):
    model.fit(X, target)
    return name, convert(model, initial_types=[("input", FloatTensorType([None, 4]))], target_opset=15), True, missing


small = {"n_estimators": 3, "max_depth": 3, "random_state": 0}
boosted = {"n_estimators": 3, "max_depth": 3, "num_leaves": 6, "verbose": -1, "n_jobs": 1}
models = [
    skl("forest of two", ensemble.RandomForestClassifier(**small), two),
    skl("forest of two, matrix", ensemble.RandomForestClassifier(**small), two, zipmap=False),
    skl("forest of three", ensemble.RandomForestClassifier(**small), three, zipmap=False),
    skl("boosting of two", ensemble.GradientBoostingClassifier(**small), two, zipmap=False),
    skl("boosting of three", ensemble.GradientBoostingClassifier(**small), three, zipmap=False),
    skl("scaled", make_pipeline(StandardScaler(), ensemble.GradientBoostingClassifier(**small)), two),
    skl("scaled trees", make_pipeline(StandardScaler(), ensemble.RandomForestRegressor(**small)), value),
    skl("one tree", tree.DecisionTreeClassifier(max_depth=3), three, zipmap=False),
    skl("one tree of values", tree.DecisionTreeRegressor(max_depth=3), value),
    skl("extra trees", ensemble.ExtraTreesRegressor(**small), np.stack([value, -value], 1)),
    skl("boosting", ensemble.GradientBoostingRegressor(**small), value),
    skl("bagging", ensemble.BaggingRegressor(n_estimators=2, random_state=0), value, taken=False),
    other("xgboost of two", xgboost.XGBClassifier(**small), two, onnxmltools.convert_xgboost),
    other("xgboost of three", xgboost.XGBClassifier(**small), three, onnxmltools.convert_xgboost),
    other("xgboost", xgboost.XGBRegressor(**small), value, onnxmltools.convert_xgboost),
    other("lightgbm of two", lightgbm.LGBMClassifier(**boosted), two, onnxmltools.convert_lightgbm, missing=False),
    other("lightgbm of three", lightgbm.LGBMClassifier(**boosted), three, onnxmltools.convert_lightgbm, missing=False),
    other("lightgbm", lightgbm.LGBMRegressor(**boosted), value, onnxmltools.convert_lightgbm, missing=False),
]

cases = []
for name, model, taken, missing in models:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    given = holes if missing else rows
    output = session.run(None, {session.get_inputs()[0].name: given})[-1]
    if isinstance(output, list):
        output = np.array([[row[key] for key in sorted(row)] for row in output], np.float32)
    output = np.asarray(output, np.float32).reshape(len(rows), -1)
    if output.shape[1] == 2 and len(session.get_outputs()) > 1:
        output = output[:, 1:]
    print(name, [node.op_type for node in model.graph.node], output.shape)
    cases.append(
        {
            "name": name,
            "model": base64.b64encode(model.SerializeToString()).decode(),
            "taken": taken,
            "rows": [[None if np.isnan(cell) else float(cell) for cell in row] for row in given],
            "expected": [float(cell) for cell in output.flatten()],
        }
    )
path = pathlib.Path(__file__).with_name("onnx-trees.json")
path.write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")
print(path.stat().st_size)
