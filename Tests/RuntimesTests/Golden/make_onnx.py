"""Makes the ONNX models beside this file; `expected-onnx.json` holds what ONNX Runtime's own package answers.

Run with onnx, skl2onnx, scikit-learn and onnxruntime installed: `python make_onnx.py`.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

FOLDER = Path(__file__).parent
EXPECTED = {}
FLOAT = FloatTensorType([None, 1])


def session(name):
    return onnxruntime.InferenceSession(FOLDER / name, providers=["CPUExecutionProvider"])


def save(name, model):
    onnx.save(model, FOLDER / name)


def plain(value):
    if isinstance(value, list):
        return [{str(k): float(v) for k, v in item.items()} for item in value]
    return np.asarray(value).tolist()


def expect(name, feed):
    results = session(name).run(None, feed)
    EXPECTED[name] = {
        "inputs": {key: value.tolist() for key, value in feed.items()},
        "outputs": [plain(result) for result in results],
    }


def classifiers():
    rows = np.random.default_rng(1).normal(size=(90, 3)).astype(np.float32)
    numbers = np.digitize(rows[:, 0], [-0.5, 0.5]) * 5 + 2
    model = LogisticRegression().fit(rows, numbers)
    save("zipmap-numbers.onnx", to_onnx(model, rows[:1], target_opset=17))
    expect("zipmap-numbers.onnx", {"X": rows[:5]})
    texts = np.where(rows[:, 1] > 0, "yes", "no")
    model = LogisticRegression().fit(rows, texts)
    save("zipmap-texts.onnx", to_onnx(model, rows[:1], target_opset=17))
    expect("zipmap-texts.onnx", {"X": rows[:5]})


def columns():
    rows = np.random.default_rng(2).normal(size=(50, 2))
    target = rows @ [1.5, -2] + 3
    types = [("width", FLOAT), ("count", Int64TensorType([None, 1]))]
    pick = ColumnTransformer([("all", "passthrough", ["width", "count"])])
    import pandas as pd

    frame = pd.DataFrame({"width": rows[:, 0].astype(np.float32), "count": (rows[:, 1] * 4).astype(np.int64)})
    model = make_pipeline(pick, LinearRegression()).fit(frame, target)
    save("columns-numbers.onnx", to_onnx(model, initial_types=types, target_opset=17))
    expect(
        "columns-numbers.onnx",
        {"width": frame[["width"]].to_numpy()[:4], "count": frame[["count"]].to_numpy()[:4]},
    )
    frame = frame.assign(colour=np.where(rows[:, 0] > 0, "rot", "blau"))
    types = [("width", FLOAT), ("colour", StringTensorType([None, 1]))]
    pick = ColumnTransformer([("n", "passthrough", ["width"]), ("t", OneHotEncoder(), ["colour"])])
    model = make_pipeline(pick, LinearRegression()).fit(frame[["width", "colour"]], target)
    save("columns-texts.onnx", to_onnx(model, initial_types=types, target_opset=17))
    expect(
        "columns-texts.onnx",
        {
            "width": frame[["width"]].to_numpy()[:4],
            "colour": frame[["colour"]].to_numpy()[:4].astype(object),
        },
    )


TYPES = {
    "FP32": TensorProto.FLOAT,
    "FP64": TensorProto.DOUBLE,
    "FP16": TensorProto.FLOAT16,
    "BF16": TensorProto.BFLOAT16,
    "BOOL": TensorProto.BOOL,
    "INT8": TensorProto.INT8,
    "INT16": TensorProto.INT16,
    "INT32": TensorProto.INT32,
    "INT64": TensorProto.INT64,
    "UINT8": TensorProto.UINT8,
    "UINT16": TensorProto.UINT16,
    "UINT32": TensorProto.UINT32,
    "UINT64": TensorProto.UINT64,
    "BYTES": TensorProto.STRING,
}


def graph_model(name, nodes, inputs, outputs, initializers=(), opset=17):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    onnx.checker.check_model(model)
    save(name, model)


def values(pairs):
    return [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in pairs]


def graphs():
    graph_model(
        "types.onnx",
        [helper.make_node("Identity", [f"in_{name}"], [f"out_{name}"]) for name in TYPES],
        values((f"in_{name}", kind, ["rows", 2]) for name, kind in TYPES.items()),
        values((f"out_{name}", kind, ["rows", 2]) for name, kind in TYPES.items()),
    )
    graph_model(
        "two-inputs.onnx",
        [helper.make_node("MatMul", ["a", "b"], ["ab"]), helper.make_node("Mul", ["ab", "scale"], ["scaled"])],
        values([("a", 1, ["n", "k"]), ("b", 1, ["k", "m"]), ("scale", 1, [])]),
        values([("scaled", 1, ["n", "m"]), ("ab", 1, ["n", "m"])]),
    )
    expect(
        "two-inputs.onnx",
        {
            "a": np.arange(6, dtype=np.float32).reshape(3, 2),
            "b": np.arange(8, dtype=np.float32).reshape(2, 4),
            "scale": np.array(0.5, dtype=np.float32),
        },
    )
    table = numpy_helper.from_array(np.arange(12, dtype=np.float32).reshape(4, 3), "table")
    graph_model(
        "gather.onnx",
        [helper.make_node("Gather", ["table", "index"], ["rows"])],
        values([("index", TensorProto.INT64, ["n"])]),
        values([("rows", 1, ["n", 3])]),
        [table],
    )
    sequence = helper.make_tensor_sequence_value_info
    graph_model(
        "sequence.onnx",
        [helper.make_node("SplitToSequence", ["x"], ["parts"], axis=0, keepdims=0)],
        values([("x", 1, ["n", 2])]),
        [sequence("parts", 1, None)],
    )
    graph_model(
        "double.onnx",
        [helper.make_node("ReduceSum", ["x", "axes"], ["total"], keepdims=0)],
        values([("x", TensorProto.DOUBLE, ["n", 3])]),
        values([("total", TensorProto.DOUBLE, ["n"])]),
        [numpy_helper.from_array(np.array([1], dtype=np.int64), "axes")],
    )


def external():
    weights = numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(3, 2), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        values([("x", 1, ["n", 3])]),
        values([("y", 1, ["n", 2])]),
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(
        model, FOLDER / "external.onnx", save_as_external_data=True, location="external.onnx.data", size_threshold=0
    )
    expect("external.onnx", {"x": np.ones((2, 3), dtype=np.float32)})
    outside = onnx.load(FOLDER / "external.onnx", load_external_data=False)
    for entry in outside.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = "../secret"
    (FOLDER / "outside.onnx").write_bytes(outside.SerializeToString())


classifiers()
columns()
graphs()
external()
(FOLDER / "expected-onnx.json").write_text(json.dumps(EXPECTED, indent=1) + "\n")
