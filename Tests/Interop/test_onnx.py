"""ONNX models over V2: every datatype, text, ZipMap, several inputs, dynamic axes, weights beside the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
import requests
import tritonclient.http as triton
from onnx import TensorProto, helper, numpy_helper
from served_model import ServedModel, refused
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROWS, TARGET = load_iris(return_X_y=True)
ROWS = ROWS.astype(np.float32)

TYPES = {
    "FP32": (TensorProto.FLOAT, np.float32),
    "FP64": (TensorProto.DOUBLE, np.float64),
    "FP16": (TensorProto.FLOAT16, np.float16),
    "BOOL": (TensorProto.BOOL, np.bool_),
    "INT8": (TensorProto.INT8, np.int8),
    "INT16": (TensorProto.INT16, np.int16),
    "INT32": (TensorProto.INT32, np.int32),
    "INT64": (TensorProto.INT64, np.int64),
    "UINT8": (TensorProto.UINT8, np.uint8),
    "UINT16": (TensorProto.UINT16, np.uint16),
    "UINT32": (TensorProto.UINT32, np.uint32),
    "UINT64": (TensorProto.UINT64, np.uint64),
    "BYTES": (TensorProto.STRING, np.object_),
}


def save(path: Path, nodes, inputs, outputs, initializers=(), opset: int = 17, **options) -> Path:
    """Writes a graph."""
    infos = [[helper.make_tensor_value_info(*value) for value in side] for side in (inputs, outputs)]
    graph = helper.make_graph(nodes, "g", *infos, list(initializers))
    imports = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=min(9, 3 + opset // 3))
    onnx.save(model, path, **options)
    return path


def tensor(name: str, datatype: str, value: np.ndarray) -> triton.InferInput:
    """A tensor for tritonclient, in binary form."""
    made = triton.InferInput(name, list(value.shape), datatype)
    made.set_data_from_numpy(value)
    return made


def ask(served: ServedModel, tensors: list[triton.InferInput], **options) -> triton.InferResult:
    """Infers with the official Triton client."""
    with triton.InferenceServerClient(served.url.removeprefix("http://")) as client:
        return client.infer(served.name, tensors, **options)


def test_every_datatype(tmp_path: Path) -> None:
    """Each datatype goes through unchanged, in binary and, where JSON has it, as JSON."""
    save(
        tmp_path / "types.onnx",
        [helper.make_node("Identity", [f"in_{name}"], [f"out_{name}"]) for name in TYPES],
        [(f"in_{name}", kind, ["rows", 2]) for name, (kind, _) in TYPES.items()],
        [(f"out_{name}", kind, ["rows", 2]) for name, (kind, _) in TYPES.items()],
    )
    generator = np.random.default_rng(1)
    values = {}
    for name, (_, dtype) in TYPES.items():
        if name == "BYTES":
            values[name] = np.array([[b"\xc3\xa4", b""], [b"x" * 300, b'"\\']], dtype=np.object_)
        elif name == "BOOL":
            values[name] = np.array([[True, False], [False, True]])
        elif name.startswith("FP"):
            values[name] = generator.normal(size=(2, 2)).astype(dtype)
        else:
            limits = np.iinfo(dtype)
            values[name] = np.array([[limits.min, limits.max], [0, 1]], dtype=dtype)
    with ServedModel(tmp_path, "types.onnx") as served:
        metadata = served.metadata()
        assert [item["name"] for item in metadata["inputs"]] == [f"in_{name}" for name in TYPES]
        assert [item["datatype"] for item in metadata["outputs"]] == list(TYPES)
        assert all(item["shape"] == [-1, 2] for item in metadata["inputs"])
        result = ask(served, [tensor(f"in_{name}", name, values[name]) for name in TYPES])
        for name, value in values.items():
            assert np.array_equal(result.as_numpy(f"out_{name}"), value), name
        # The same as JSON, without the type that JSON has no numbers for.
        inputs = []
        for name, value in values.items():
            texts = name == "BYTES"
            data = [[text.decode() for text in row] for row in value] if texts else value.tolist()
            inputs.append({"name": f"in_{name}", "datatype": name, "shape": [2, 2], "data": data})
        answer = served.infer({"inputs": inputs})
        assert answer.status_code == 400, answer.text
        assert "FP16" in answer.json()["error"]


def test_random_forest_with_zipmap(tmp_path: Path) -> None:
    """A classifier as skl2onnx writes it by default: labels and a matrix of probabilities."""
    names = np.array(["setosa", "versicolor", "virginica"])
    model = RandomForestClassifier(n_estimators=10, random_state=1).fit(ROWS, names[TARGET])
    (tmp_path / "iris.onnx").write_bytes(to_onnx(model, ROWS[:1]).SerializeToString())
    expected = model.predict_proba(ROWS[:9])
    with ServedModel(tmp_path, "iris.onnx") as served:
        body = {"inputs": [{"name": "X", "datatype": "FP32", "shape": [9, 4], "data": ROWS[:9].tolist()}]}
        answer = served.infer(body)
        assert answer.status_code == 200, answer.text
        found = requests.post(
            f"{served.url}/v1/models/{served.name}:predict", json={"instances": ROWS[:9].tolist()}, timeout=30
        )
        assert found.status_code == 200, found.text
        assert np.allclose(np.array(found.json()["predictions"], dtype=float), expected, atol=1e-5)
        wrong = served.infer({"inputs": [{"name": "X", "datatype": "FP32", "shape": [1, 3], "data": [1, 2, 3]}]})
        assert wrong.status_code == 400 and "4" in wrong.json()["error"] and "3" in wrong.json()["error"], wrong.text


def test_table_with_text(tmp_path: Path) -> None:
    """One input a column, one of them text: by name over V2, as a table over MLflow's protocol."""
    frame = pd.DataFrame({"width": ROWS[:, 0], "colour": np.where(TARGET > 0, "rot", "blau")})
    pick = ColumnTransformer([("n", StandardScaler(), ["width"]), ("t", OneHotEncoder(), ["colour"])])
    model = make_pipeline(pick, LinearRegression()).fit(frame, ROWS[:, 1])
    types = [("width", FloatTensorType([None, 1])), ("colour", StringTensorType([None, 1]))]
    (tmp_path / "table.onnx").write_bytes(to_onnx(model, initial_types=types).SerializeToString())
    some = frame.head(3)
    with ServedModel(tmp_path, "table.onnx") as served:
        result = ask(
            served,
            [
                tensor("width", "FP32", some[["width"]].to_numpy()),
                tensor("colour", "BYTES", some[["colour"]].to_numpy().astype(np.object_)),
            ],
        )
        found = result.as_numpy(result.get_response()["outputs"][0]["name"])
        assert np.allclose(found.ravel(), model.predict(some).ravel(), atol=1e-5)
        with pytest.raises(triton.InferenceServerException, match="colour"):
            ask(served, [tensor("width", "FP32", some[["width"]].to_numpy())])
        with pytest.raises(triton.InferenceServerException, match="BYTES"):
            numbers = some[["width"]].to_numpy()
            ask(served, [tensor("width", "FP32", numbers), tensor("colour", "FP32", numbers)])


def test_several_inputs_and_dynamic_axes(tmp_path: Path) -> None:
    """Axes of any extent, a scalar, an output alone, and extents that do not go together."""
    save(
        tmp_path / "product.onnx",
        [helper.make_node("MatMul", ["a", "b"], ["ab"]), helper.make_node("Mul", ["ab", "scale"], ["scaled"])],
        [("a", 1, ["n", "k"]), ("b", 1, ["k", "m"]), ("scale", 1, [])],
        [("scaled", 1, ["n", "m"]), ("ab", 1, ["n", "m"])],
    )
    with ServedModel(tmp_path, "product.onnx") as served:
        assert [item["shape"] for item in served.metadata()["inputs"]] == [[-1, -1], [-1, -1], []]
        for n, k, m in [(1, 1, 1), (3, 2, 5), (64, 7, 1)]:
            a, b = np.random.rand(n, k).astype(np.float32), np.random.rand(k, m).astype(np.float32)
            inputs = [tensor("a", "FP32", a), tensor("b", "FP32", b), tensor("scale", "FP32", np.array(2, np.float32))]
            result = ask(served, inputs)
            assert np.allclose(result.as_numpy("scaled"), 2 * a @ b, atol=1e-5)
            only = ask(served, inputs, outputs=[triton.InferRequestedOutput("ab")])
            assert only.as_numpy("scaled") is None and np.allclose(only.as_numpy("ab"), a @ b, atol=1e-5)
        ones = [np.ones(shape, np.float32) for shape in ((2, 3), (2, 3), ())]
        with pytest.raises(triton.InferenceServerException) as raised:
            ask(served, [tensor(name, "FP32", value) for name, value in zip(["a", "b", "scale"], ones, strict=True)])
        assert "400" in str(raised.value.status()) and "/" not in raised.value.message()


@pytest.mark.parametrize("opset", [7, 9, 13, 17, 21])
def test_opsets(tmp_path: Path, opset: int) -> None:
    """Old and new operator sets."""
    weights = numpy_helper.from_array(np.arange(8, dtype=np.float32).reshape(4, 2), "w")
    save(
        tmp_path / "model.onnx",
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [("x", 1, ["n", 4])],
        [("y", 1, ["n", 2])],
        [weights],
        opset=opset,
    )
    expected = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, {"x": ROWS[:3]})[0]
    with ServedModel(tmp_path, "model.onnx") as served:
        result = ask(served, [tensor("x", "FP32", ROWS[:3])], outputs=[triton.InferRequestedOutput("y")])
        assert np.allclose(result.as_numpy("y"), expected)


def test_weights_beside_the_model(tmp_path: Path) -> None:
    """Weights in a file of the folder are read; one outside of it is not."""
    folder = tmp_path / "model"
    folder.mkdir()
    weights = numpy_helper.from_array(np.arange(4096, dtype=np.float32).reshape(4, 1024), "w")
    save(
        folder / "model.onnx",
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [("x", 1, ["n", 4])],
        [("y", 1, ["n", 1024])],
        [weights],
        save_as_external_data=True,
        location="model.onnx.data",
        size_threshold=0,
    )
    with ServedModel(tmp_path, folder / "model.onnx") as served:
        result = ask(served, [tensor("x", "FP32", ROWS[:2])], outputs=[triton.InferRequestedOutput("y")])
        found = result.as_numpy("y")
        assert np.allclose(found, ROWS[:2] @ np.arange(4096, dtype=np.float32).reshape(4, 1024), rtol=1e-5)
    model = onnx.load(folder / "model.onnx", load_external_data=False)
    (tmp_path / "secret").write_bytes(bytes(4096 * 4))
    for entry in model.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = "../secret"
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    assert "safe path" in refused(tmp_path, str(folder / "model.onnx"))
    (folder / "model.onnx.data").unlink()
