"""Many models on a small node: a thousand registered, few in memory, idle ones that leave, and the repository."""

from __future__ import annotations

import concurrent.futures
import random
import re
import time
from collections.abc import Callable

import mlflow
import numpy as np
import pytest
import requests
import xgboost
from martlet_process import Martlet, wait_until
from mlflow import MlflowClient

pytestmark = pytest.mark.alone

MODELS = 1000
HOT = 50
FEATURES = 10
MEBIBYTE = 1 << 20


def train(trees: int, depth: int) -> tuple[xgboost.XGBRegressor, np.ndarray]:
    """A model of a smooth function, and rows to ask it about."""
    generator = np.random.default_rng(7)
    rows = generator.normal(size=(4000, FEATURES)).astype(np.float32)
    target = rows[:, 0] * rows[:, 1] + np.sin(rows[:, 2]) + generator.normal(scale=0.05, size=len(rows))
    model = xgboost.XGBRegressor(n_estimators=trees, max_depth=depth)
    model.fit(rows, target)
    return model, rows


def publish(server: Martlet, model: xgboost.XGBRegressor, rows: np.ndarray, name: str) -> str:
    """Registers a model by the MLflow client and returns the address of its files."""
    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    with mlflow.start_run(run_name=name):
        signature = mlflow.models.infer_signature(rows, model.predict(rows))
        info = mlflow.xgboost.log_model(
            model, name="model", registered_model_name=name, signature=signature, model_format="json"
        )
    MlflowClient(server.url).set_registered_model_alias(name, "production", str(info.registered_model_version))
    return info.model_uri


def apply(server: Martlet, deployments: dict[str, str]) -> None:
    """Deploys models by a manifest; the values are the lines below each deployment."""
    manifest = "version: 1\ndeployments:\n" + "".join(
        f"  {name}:\n    model: {name}\n" + "".join(f"    {line}\n" for line in lines.splitlines())
        for name, lines in deployments.items()
    )
    answer = requests.post(f"{server.api}/apply", json={"manifest": manifest, "directory": "."}, timeout=300)
    assert answer.status_code == 200, answer.text


def figure(server: Martlet, name: str) -> float:
    """One figure of the server's metrics without labels."""
    text = server.get("/metrics").text
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not in the metrics"
    return float(found.group(1))


def ask(session: requests.Session, server: Martlet, name: str, row: np.ndarray) -> float:
    """One prediction by Open Inference V2."""
    tensor = {"name": "input", "shape": [1, FEATURES], "datatype": "FP32", "data": [float(v) for v in row]}
    answer = session.post(f"{server.url}/v2/models/{name}/infer", json={"inputs": [tensor]}, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()["outputs"][0]["data"][0]


def test_a_thousand_models_fifty_hot(new_server: Callable[..., Martlet]):
    """All answer, none fails, and the models in memory never take more than they may."""
    budget = 6 * MEBIBYTE
    server = new_server("--model-memory", "6MiB")
    model, rows = train(trees=20, depth=5)
    expected = model.predict(rows[:100])
    source = publish(server, model, rows, "model-0")
    names = [f"model-{index}" for index in range(MODELS)]
    session = requests.Session()
    for name in names[1:]:
        for path, body in [
            ("registered-models/create", {"name": name}),
            ("model-versions/create", {"name": name, "source": source, "model_id": source.split("/")[-1]}),
        ]:
            answer = session.post(f"{server.url}/api/2.0/mlflow/{path}", json=body, timeout=30)
            assert answer.status_code == 200, answer.text
        alias = {"name": name, "alias": "production", "version": "1"}
        answer = session.post(f"{server.url}/api/2.0/mlflow/registered-models/alias", json=alias, timeout=30)
        assert answer.status_code == 200, answer.text
    before = figure(server, "process_resident_memory_bytes")
    apply(server, dict.fromkeys(names, ""))
    wait_until(
        lambda: (
            len(session.post(f"{server.url}/v2/repository/index", json={"ready": True}, timeout=30).json()) == MODELS
        ),
        seconds=120,
        what="all models in service",
    )
    assert 0 < figure(server, "martlet_model_memory_bytes") <= budget

    generator = random.Random(3)
    hot = generator.sample(names, HOT)
    plan = [(hot if generator.random() < 0.95 else names)[0:] for _ in range(4000)]

    def worker(part: list[list[str]]) -> int:
        with requests.Session() as own:
            for choice in part:
                row = generator.randrange(100)
                value = ask(own, server, generator.choice(choice), rows[row])
                assert value == pytest.approx(float(expected[row]), abs=1e-5)
        return len(part)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answered = sum(pool.map(worker, [plan[index::8] for index in range(8)]))
    assert answered == len(plan)
    for name in names:
        ask(session, server, name, rows[0])
    assert 0 < figure(server, "martlet_model_memory_bytes") <= budget
    assert figure(server, "martlet_model_evictions_total") > 0
    # The bookkeeping of a thousand deployments beside the models themselves.
    growth = figure(server, "process_resident_memory_bytes") - before
    print(f"resident memory grew by {growth / MEBIBYTE:.1f} MiB for {MODELS} models within {budget / MEBIBYTE:.0f} MiB")
    assert growth < budget + 96 * MEBIBYTE
    series = [line for line in server.get("/metrics").text.splitlines() if line.startswith("martlet_requests_total")]
    assert 0 < len(series) <= 500
    assert any('deployment="other"' in line for line in series)

    # After a restart nothing is loaded before it is asked.
    server.restart()
    assert figure(server, "martlet_models_resident") == 0
    assert ask(session, server, hot[0], rows[1]) == pytest.approx(float(expected[1]), abs=1e-5)
    assert figure(server, "martlet_models_resident") == 1


def test_scale_to_zero_and_back(new_server: Callable[..., Martlet]):
    """A model of a megabyte leaves after its idle time; the next request brings it back and is answered."""
    server = new_server()
    model, rows = train(trees=100, depth=6)
    publish(server, model, rows, "sleeper")
    apply(server, {"sleeper": "serving: {idle: 500ms}"})
    session = requests.Session()
    wait_until(lambda: server.get("/v2/models/sleeper/ready").status_code == 200, what="the model")
    times = []
    for row in range(5):
        wait_until(lambda: figure(server, "martlet_models_resident") == 0, what="the model's leave")
        began = time.perf_counter()
        value = ask(session, server, "sleeper", rows[row])
        times.append(time.perf_counter() - began)
        assert value == pytest.approx(float(model.predict(rows[row : row + 1])[0]), abs=1e-5)
        assert figure(server, "martlet_models_resident") == 1
        index = server.post("/v2/repository/index", {}).json()
        assert ("sleeper", "READY") in [(entry["name"], entry["state"]) for entry in index]
    print(f"first answers after a cold load: {[round(1000 * t, 1) for t in times]} ms")
    # The mark of 30 ms holds for release builds, which the benchmark measures; this bound holds for any.
    assert min(times) < 1.0


def test_a_model_larger_than_the_memory(new_server: Callable[..., Martlet]):
    """It is refused with the setting's name, and the small one beside it keeps serving."""
    server = new_server("--model-memory", "200KiB")
    small, rows = train(trees=5, depth=3)
    large, _ = train(trees=300, depth=8)
    publish(server, small, rows, "small")
    publish(server, large, rows, "large")
    apply(server, {"small": "", "large": ""})
    session = requests.Session()
    wait_until(lambda: server.get("/v2/models/small/ready").status_code == 200, what="the small model")
    ask(session, server, "small", rows[0])
    answer = server.get("/api/martlet/v1/deployments/large")
    assert "--model-memory" in answer.json()["message"]
    assert server.get("/v2/models/large/ready").status_code != 200
    ask(session, server, "small", rows[1])


def test_the_repository_loads_and_unloads(new_server: Callable[..., Martlet]):
    """A registered model that no manifest names is served on demand, leaves, and comes back, also after a restart."""
    server = new_server()
    model, rows = train(trees=10, depth=3)
    publish(server, model, rows, "on-demand")
    session = requests.Session()

    def states() -> dict[str, tuple[str, str]]:
        index = session.post(f"{server.url}/v2/repository/index", data=b"", timeout=30)
        assert index.status_code == 200, index.text
        return {entry["name"]: (entry["state"], entry["reason"]) for entry in index.json()}

    def post(path: str, body: object = None) -> requests.Response:
        return session.post(f"{server.url}/v2/repository/models/{path}", json=body, timeout=30)

    assert states()["on-demand"] == ("UNAVAILABLE", "not loaded")
    assert post("nothing/load").status_code == 404
    assert post("nothing/unload").status_code == 404
    assert post("on-demand/load", {"parameters": {"version": "7"}}).status_code == 404
    for _ in range(2):
        answer = post("on-demand/load")
        assert answer.status_code == 200, answer.text
        assert states()["on-demand"][0] == "READY"
        ask(session, server, "on-demand", rows[0])
        assert post("on-demand/unload").status_code == 200
        assert states()["on-demand"][0] in ("UNAVAILABLE", "UNLOADING")
        assert server.get("/v2/models/on-demand/ready").status_code == 503
    assert post("on-demand/load", {"parameters": {"alias": "production"}}).status_code == 200
    server.restart()
    session = requests.Session()
    ask(session, server, "on-demand", rows[0])
    stats = server.get("/v2/models/on-demand/stats").json()["model_stats"]
    assert [(entry["name"], entry["version"]) for entry in stats] == [("on-demand", "1")]
    assert stats[0]["inference_count"] == 1
    assert stats[0]["execution_count"] == 1
    assert stats[0]["inference_stats"]["success"]["count"] == 1
    assert stats[0]["inference_stats"]["success"]["ns"] > 0
    assert stats[0]["batch_stats"][0]["batch_size"] == 1
    assert stats[0]["memory_usage"][0]["byte_size"] > 0
    config = server.get("/v2/models/on-demand/config").json()
    assert config["name"] == "on-demand"
    assert config["max_batch_size"] >= 1
    assert config["input"][0]["dims"] == [FEATURES]


def test_metrics_by_other_servers_names(new_server: Callable[..., Martlet]):
    """The names of Triton, KServe and MLServer appear when they are asked for, and count what was done."""
    server = new_server("--metrics-compat", "triton,kserve,mlserver")
    model, rows = train(trees=5, depth=3)
    publish(server, model, rows, "named")
    apply(server, {"named": ""})
    wait_until(lambda: server.get("/v2/models/named/ready").status_code == 200, what="the model")
    session = requests.Session()
    for row in range(7):
        ask(session, server, "named", rows[row])
    text = server.get("/metrics").text
    labels = 'model="named",version="1"'
    for line in [
        f"nv_inference_request_success{{{labels}}} 7",
        f"nv_inference_count{{{labels}}} 7",
        f"nv_inference_exec_count{{{labels}}} 7",
        f"nv_inference_pending_request_count{{{labels}}} 0",
        f"model_infer_request_success_total{{{labels}}} 7",
        f"model_infer_request_duration_count{{{labels}}} 7",
        'request_preprocess_seconds_count{model_name="named"} 7',
        'request_predict_seconds_count{model_name="named"} 7',
        'request_postprocess_seconds_count{model_name="named"} 7',
        'martlet_model_batch_rows_count{deployment="named",version="1"} 7',
    ]:
        assert line in text.splitlines(), line
    assert re.search(rf"^nv_inference_compute_infer_duration_us{{{labels}}} \d+$", text, re.MULTILINE)
    plain = new_server()
    assert "nv_inference" not in plain.get("/metrics").text
