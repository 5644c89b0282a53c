"""Open Inference V2 over REST with the unmodified Triton client, sync and aio, and by hand where it cannot go."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib

import numpy as np
import pytest
import requests
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from test_serving import Deployed
from tritonclient.utils import InferenceServerException


@pytest.fixture(scope="module")
def deployed(server) -> Deployed:
    """One deployment of this file's own."""
    return Deployed(server)


@pytest.fixture(scope="module")
def client(deployed):
    """The Triton client."""
    client = triton.InferenceServerClient(deployed.server.url.removeprefix("http://"))
    yield client
    client.close()


def tensor(deployed: Deployed, count: int = 10, datatype: str = "FP32", binary: bool = True) -> triton.InferInput:
    """The first rows of the data."""
    dtype = {"FP16": np.float16, "FP32": np.float32, "FP64": np.float64}[datatype]
    rows = deployed.rows.head(count).values.astype(dtype)
    made = triton.InferInput("input", list(rows.shape), datatype)
    made.set_data_from_numpy(rows, binary_data=binary)
    return made


def test_server_and_model_metadata(client, deployed):
    """What clients ask before they predict."""
    assert client.is_server_live() and client.is_server_ready()
    metadata = client.get_server_metadata()
    assert metadata["name"] == "martlet"
    assert {"binary_tensor_data", "model_repository", "statistics", "model_configuration"} <= set(
        metadata["extensions"]
    )
    model = client.get_model_metadata(deployed.name, "1")
    assert model["inputs"] == [{"name": "input", "datatype": "FP32", "shape": [-1, 30]}]
    assert model["outputs"][0]["name"] == "predict"
    assert client.get_model_config(deployed.name)["name"] == deployed.name


def test_defaults_are_binary_both_ways(client, deployed):
    """Without outputs and options the client sends and wants blobs."""
    result = client.infer(deployed.name, [tensor(deployed)])
    assert result.as_numpy("predict") == pytest.approx(deployed.model.predict(deployed.rows.head(10)), abs=1e-6)
    output = result.get_response()["outputs"][0]
    assert output["parameters"]["binary_data_size"] == 40
    assert "data" not in output


@pytest.mark.parametrize("datatype", ["FP16", "FP64"])
def test_other_datatypes(client, deployed, datatype):
    """Half and double precision, as bytes."""
    result = client.infer(deployed.name, [tensor(deployed, datatype=datatype)])
    rows = deployed.rows.head(10).astype(np.float16 if datatype == "FP16" else np.float64)
    assert result.as_numpy("predict") == pytest.approx(deployed.model.predict(rows.astype(np.float32)), abs=1e-6)


@pytest.mark.parametrize("request_algorithm", [None, "gzip", "deflate"])
@pytest.mark.parametrize("response_algorithm", [None, "gzip", "deflate"])
def test_compression_both_ways(client, deployed, request_algorithm, response_algorithm):
    """Many rows, packed and unpacked by either side."""
    rows = np.tile(deployed.rows.values.astype(np.float32), (4, 1))
    made = triton.InferInput("input", list(rows.shape), "FP32")
    made.set_data_from_numpy(rows)
    result = client.infer(
        deployed.name,
        [made],
        request_compression_algorithm=request_algorithm,
        response_compression_algorithm=response_algorithm,
    )
    assert result.as_numpy("predict") == pytest.approx(deployed.model.predict(rows), abs=1e-6)


def test_async_client(deployed):
    """The aio client, several requests at once."""

    async def ask() -> list:
        client = triton_aio.InferenceServerClient(deployed.server.url.removeprefix("http://"))
        try:
            assert await client.is_model_ready(deployed.name)
            wishes = [client.infer(deployed.name, [tensor(deployed, count)]) for count in range(1, 9)]
            return await asyncio.gather(*wishes)
        finally:
            await client.close()

    for count, result in enumerate(asyncio.run(ask()), start=1):
        expected = deployed.model.predict(deployed.rows.head(count))
        assert result.as_numpy("predict") == pytest.approx(expected, abs=1e-6)


def test_statistics_count_rows_and_requests(client, deployed):
    """Two samples differ by what was asked between them."""
    before = client.get_inference_statistics(deployed.name)["model_stats"][0]
    for _ in range(3):
        client.infer(deployed.name, [tensor(deployed, 5)])
    after = client.get_inference_statistics(deployed.name, "1")["model_stats"][0]
    assert after["inference_count"] - before["inference_count"] == 15
    success = [sample["inference_stats"]["success"]["count"] for sample in (before, after)]
    assert success[1] - success[0] == 3
    assert any(entry["name"] == deployed.name for entry in client.get_inference_statistics()["model_stats"])


def test_repository_unload_and_load(client, deployed):
    """A model leaves and comes back; it stays listed."""

    def states() -> set:
        return {row["state"] for row in client.get_model_repository_index() if row["name"] == deployed.name}

    assert states() == {"READY"}
    client.unload_model(deployed.name)
    assert states() == {"UNAVAILABLE"}
    assert not client.is_model_ready(deployed.name)
    with pytest.raises(InferenceServerException):
        client.infer(deployed.name, [tensor(deployed)])
    client.load_model(deployed.name)
    assert states() == {"READY"}
    client.infer(deployed.name, [tensor(deployed)])
    with pytest.raises(InferenceServerException, match=r"nobody"):
        client.load_model("nobody")


def test_settings_and_shared_memory_answer_in_words(client):
    """What can be read is read; what is not there says so."""
    assert "trace_level" in client.get_trace_settings()
    assert "log_info" in client.get_log_settings()
    for call in (
        lambda: client.update_trace_settings(settings={"trace_rate": "7"}),
        lambda: client.update_log_settings({"log_verbose_level": 3}),
        client.get_system_shared_memory_status,
        client.get_cuda_shared_memory_status,
        lambda: client.register_system_shared_memory("a", "/a", 64),
    ):
        with pytest.raises(InferenceServerException) as caught:
            call()
        assert caught.value.status() in ("501", None) or "501" in str(caught.value.status())
        assert len(caught.value.message()) > 20


def infer(deployed: Deployed, body: object, **headers: str) -> requests.Response:
    """Posts a V2 request by hand."""
    url = f"{deployed.server.url}/v2/models/{deployed.name}/infer"
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return requests.post(url, data=data, headers=headers, timeout=30)


def row(deployed: Deployed, **more: object) -> dict:
    """A request for the first row."""
    data = deployed.rows.iloc[0].tolist()
    return {"inputs": [{"name": "input", "shape": [1, 30], "datatype": "FP64", "data": data}], **more}


def test_raw_body(deployed):
    """A header length of 0: the body is the one input's bytes, and the answer comes in kind."""
    rows = deployed.rows.head(3).values.astype("<f4")
    answer = infer(deployed, rows.tobytes(), **{"Inference-Header-Content-Length": "0"})
    assert answer.status_code == 200, answer.text
    length = int(answer.headers["Inference-Header-Content-Length"])
    values = np.frombuffer(answer.content[length:], dtype="<f4")
    assert values == pytest.approx(deployed.model.predict(deployed.rows.head(3)), abs=1e-6)
    assert infer(deployed, rows.tobytes()[:-1], **{"Inference-Header-Content-Length": "0"}).status_code == 400


def test_json_whatever_the_media_type(deployed):
    """Without the length header the body is JSON."""
    for media in ("application/json", "application/octet-stream", None):
        headers = {"Content-Type": media} if media else {}
        answer = infer(deployed, row(deployed), **headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "application/json"


def test_ids(deployed):
    """Given ids come back, others are made."""
    assert infer(deployed, row(deployed, id="my-id")).json()["id"] == "my-id"
    made = [infer(deployed, row(deployed)).json()["id"] for _ in range(2)]
    assert made[0] and made[0] != made[1]


def test_timeout_and_deadline(deployed):
    """Enough time is enough; nonsense is refused."""
    assert infer(deployed, row(deployed, parameters={"timeout": 10_000_000})).status_code == 200
    assert infer(deployed, row(deployed), **{"Request-Timeout": "2.5"}).status_code == 200
    assert infer(deployed, row(deployed, parameters={"timeout": -1})).status_code == 400
    for header in ("soon", "-1", "0", "1e9", "nan"):
        assert infer(deployed, row(deployed), **{"Request-Timeout": header}).status_code == 400, header


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"shape": [1, 31]}, "31 elements", id="shape"),
        pytest.param({"shape": [1, 2], "data": [1, 2]}, "expected [n, 30]", id="width"),
        pytest.param({"datatype": "FP99"}, "not known", id="datatype"),
        pytest.param({"data": ["x"] * 30}, "expected a number", id="text"),
        pytest.param({"shape": [2**40, 2**40], "data": []}, "more than", id="overflow"),
        pytest.param({"datatype": "FP16"}, "JSON", id="half"),
    ],
)
def test_bad_tensors_are_400_in_words(deployed, change, reason):
    """Always `{"error": text}`, never a stack."""
    body = row(deployed)
    body["inputs"][0] |= change
    answer = infer(deployed, body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    assert reason in answer.json()["error"]
    assert "Traceback" not in answer.text


def test_bad_compression(deployed):
    """A body that is not what its coding says, one that is unknown, and one that grows without end."""
    packed = gzip.compress(json.dumps(row(deployed)).encode())
    assert infer(deployed, packed, **{"Content-Encoding": "gzip"}).status_code == 200
    assert infer(deployed, packed[:-9], **{"Content-Encoding": "gzip"}).status_code == 400
    assert infer(deployed, b"plain", **{"Content-Encoding": "deflate"}).status_code == 400
    assert infer(deployed, packed, **{"Content-Encoding": "br"}).status_code == 415
    bomb = zlib.compress(b" " * (64 * 1024 * 1024))
    assert len(bomb) < 100_000
    assert infer(deployed, bomb, **{"Content-Encoding": "deflate"}).status_code == 413


def test_explanations_add_up(deployed):
    """Tree SHAP by V2 and V1: the parts add up to the margin, and agree with XGBoost's own."""
    import xgboost

    rows = deployed.rows.head(4)
    margins = deployed.model.get_booster().predict(xgboost.DMatrix(rows), output_margin=True)
    contributions = deployed.model.get_booster().predict(xgboost.DMatrix(rows), pred_contribs=True)
    body = {"inputs": [{"name": "x", "shape": [4, 30], "datatype": "FP64", "data": rows.values.ravel().tolist()}]}
    url = f"{deployed.server.url}/v2/models/{deployed.name}/explain"
    answer = requests.post(url, json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    outputs = {output["name"]: output for output in answer.json()["outputs"]}
    assert outputs["shap_values"]["shape"] == [4, 30]
    assert outputs["sum"]["data"] == pytest.approx(margins.tolist(), abs=1e-4)
    assert outputs["shap_values"]["data"] == pytest.approx(contributions[:, :-1].ravel().tolist(), abs=1e-4)
    assert answer.json()["parameters"]["method"] == "tree_shap"
    v1 = deployed.server.post(f"/v1/models/{deployed.name}:explain", {"instances": rows.values.tolist()})
    assert v1.status_code == 200, v1.text
    for index, explanation in enumerate(v1.json()["explanations"]):
        total = explanation["base_value"] + sum(explanation["values"])
        assert total == pytest.approx(margins[index], abs=1e-4)
        assert explanation["sum"] == pytest.approx(total, abs=1e-9)
    assert v1.json()["features"] == list(deployed.rows.columns)
