"""Models in Python that MLflow saves, and `martlet serve` over one of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cloudpickle
import mlflow
import numpy as np
import pandas as pd
import requests
from martlet_process import binary, environment, free_port
from mlflow.models import infer_signature
from mlflow.models.signature import ModelSignature
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec

# The workers do not know this file: classes travel with the model.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


class Scaled(mlflow.pyfunc.PythonModel):
    """Multiplies by a parameter of the call."""

    def predict(self, context, model_input, params=None):
        """A table of the same columns."""
        return model_input * params["factor"]


class Kinds(mlflow.pyfunc.PythonModel):
    """Tells the kinds of the columns that it got, or gives columns of every kind."""

    def predict(self, context, model_input, params=None):
        """One row for each row."""
        if params["tell"]:
            return [
                [str(model_input[name].dtype), str(type(model_input[name].iloc[0]).__name__)] for name in model_input
            ]
        count = len(model_input)
        return pd.DataFrame(
            {
                "float": np.array([0.5, np.nan] * count)[:count],
                "int": np.arange(count, dtype="int32"),
                "bool": [True] * count,
                "text": ["ä"] * count,
                "when": pd.to_datetime(["2026-01-02T03:04:05"] * count),
                "category": pd.Categorical(["low"] * count, categories=["low", "high"]),
            }
        )


class Shapes(mlflow.pyfunc.PythonModel):
    """Gives what its parameter names."""

    def predict(self, context, model_input, params=None):
        """A result of one of many kinds."""
        return {
            "named": {"twice": np.asarray(model_input) * 2, "sum": [float(np.sum(model_input))]},
            "nested": [{"label": "a", "scores": [0.5, float("nan")], "at": pd.Timestamp("2026-01-02")}],
            "matrix": np.asarray(model_input),
            "series": pd.Series([1, 2], name="s"),
            "texts": ["one", "two"],
            "scalar": 0.25,
            "missing": ["one", None],
            "nullable": pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}),
            "large": [2**80],
        }[params["what"]]


class Shout(mlflow.pyfunc.PythonModel):
    """Texts in capitals."""

    def predict(self, context, model_input, params=None):
        """One text for each."""
        return [text.upper() for text in model_input["text"]]


class Naughty(mlflow.pyfunc.PythonModel):
    """Does what its input says, none of which a model should do."""

    def predict(self, context, model_input, params=None):
        """The second column, if it comes to that."""
        what, value = model_input["what"].iloc[0], float(model_input["value"].iloc[0])
        if what == "sleep":
            time.sleep(value)
        elif what == "exit":
            os._exit(int(value))
        elif what == "eat":
            hoard = []
            for _ in range(int(value)):
                hoard.append(bytearray(64 * 1024 * 1024))
        elif what == "raise":
            raise RuntimeError(f"cannot read {__file__}")
        elif what == "refuse":
            raise ValueError("the value is too high")
        elif what == "print":
            print("a line of the model")
            sys.stderr.write("a line of its errors\n")
        elif what == "environment":
            return [json.dumps(dict(os.environ))]
        return [str(os.getpid())]


def sklearn_pipeline(path: Path) -> pd.DataFrame:
    """Saves a pipeline over numbers and texts; returns rows that it takes."""
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rows = pd.DataFrame({"size": [1.0, 2.0, 30.0, 40.0] * 5, "colour": ["red", "blue", "red", "green"] * 5})
    target = np.where(rows["size"] > 10, "large", "small")
    columns = ColumnTransformer([("n", StandardScaler(), ["size"]), ("t", OneHotEncoder(), ["colour"])])
    model = make_pipeline(columns, LogisticRegression()).fit(rows, target)
    mlflow.sklearn.save_model(
        model,
        path,
        signature=infer_signature(rows, model.predict(rows)),
        pip_requirements=["mlflow", "scikit-learn"],
        serialization_format="cloudpickle",
    )
    return rows


def save(path: Path, model: mlflow.pyfunc.PythonModel, inputs: Schema | None, **params: object) -> Path:
    """Saves a model with a signature."""
    kinds = {bool: "boolean", float: "double", str: "string"}
    specs = [ParamSpec(name, kinds[type(value)], value) for name, value in params.items()]
    signature = inputs and ModelSignature(inputs=inputs, params=ParamSchema(specs) if specs else None)
    mlflow.pyfunc.save_model(path, python_model=model, signature=signature, pip_requirements=["mlflow"])
    return path


def columns(**kinds: str) -> Schema:
    """Columns of a signature."""
    return Schema([ColSpec(kind, name) for name, kind in kinds.items()])


def matrix(kind: str, *shape: int) -> Schema:
    """One array without a name."""
    return Schema([TensorSpec(np.dtype(kind), shape)])


class Served:
    """`martlet serve` of one model in a process of its own."""

    def __init__(self, folder: Path, model: Path, *arguments: str, python: str | None = sys.executable) -> None:
        """Starts the server and waits until it is ready."""
        self.log_path = folder / f"{model.name}-{free_port()}.log"
        self.port = free_port()
        words = ["serve", str(model), "--port", str(self.port), "--name", "m", *arguments]
        if python is not None:
            words += ["--python", python]
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [str(binary()), *words],
                cwd=folder,
                env=environment() | {"SERVER_SECRET": "do not tell"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"martlet serve ended:\n{self.log}")
            try:
                if requests.get(f"{self.url}/v2/health/ready", timeout=2).status_code == 200:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"not ready:\n{self.log}")

    @property
    def url(self) -> str:
        """Address of the server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Everything that it has written."""
        return self.log_path.read_text(errors="replace")

    def invoke(self, body: object, timeout: float | None = None) -> requests.Response:
        """POSTs to `/invocations`."""
        headers = {"Request-Timeout": str(timeout)} if timeout else {}
        return requests.post(f"{self.url}/invocations", json=body, headers=headers, timeout=30)

    def predictions(self, body: object) -> object:
        """What the model gives for a body of `/invocations`."""
        answer = self.invoke(body)
        assert answer.status_code == 200, f"{answer.text}\n{self.log[-3000:]}"
        return answer.json()["predictions"]

    def infer(self, *inputs: dict, **more: object) -> requests.Response:
        """POSTs to the V2 protocol."""
        return requests.post(f"{self.url}/v2/models/m/infer", json={"inputs": list(inputs), **more}, timeout=30)

    def naughty(self, what: str, value: float = 0, timeout: float | None = None) -> requests.Response:
        """Tells a `Naughty` model what to do."""
        return self.invoke({"dataframe_records": [{"what": what, "value": value}]}, timeout)

    def workers(self) -> list[int]:
        """The ids of the model's processes."""
        path = f"/proc/{self.process.pid}/task"
        found = []
        for task in os.listdir(path):
            found += Path(path, task, "children").read_text().split()
        return sorted(int(number) for number in found)

    def descriptors(self) -> int:
        """How many descriptors the server has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self) -> int:
        """Drains and ends the server; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=40)
        finally:
            self.kill()

    def kill(self) -> None:
        """Ends the server at once."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=10)
