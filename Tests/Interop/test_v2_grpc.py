"""Open Inference V2 over gRPC: the unmodified Triton client, gRPC's health and reflection clients, and bad input."""

from __future__ import annotations

import asyncio
import json
import queue
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from martlet_process import Martlet, free_port
from test_serving import Deployed
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

HERE = Path(__file__).parent


class Served:
    """A deployment and the address of gRPC."""

    def __init__(self, deployed: Deployed, port: int) -> None:
        """Remembers both, and what XGBoost itself predicts."""
        self.deployed = deployed
        self.address = f"127.0.0.1:{port}"
        self.name = deployed.name
        self.rows = deployed.rows.values.astype(np.float32)
        self.expected = deployed.model.predict(deployed.rows)

    def input(self, count: int, datatype: str = "FP32", first: int = 0) -> triton.InferInput:
        """Rows as one tensor."""
        rows = self.rows[first : first + count]
        tensor = triton.InferInput("input", list(rows.shape), datatype)
        tensor.set_data_from_numpy(rows.astype(np.float64) if datatype == "FP64" else rows)
        return tensor


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server with gRPC and one deployment, shared by the tests of this file."""
    port = free_port()
    server = Martlet(tmp_path_factory.mktemp("grpc"), "--grpc-port", str(port)).start()
    try:
        yield Served(Deployed(server), port)
    finally:
        assert server.stop() == 0, server.log


@pytest.fixture
def client(served: Served) -> Iterator[triton.InferenceServerClient]:
    """Triton's client."""
    with triton.InferenceServerClient(served.address) as client:
        yield client


def test_server_and_model(served, client):
    """Live, ready, metadata, configuration, index."""
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(served.name)
    assert client.get_server_metadata().name == "martlet"
    metadata = client.get_model_metadata(served.name)
    assert metadata.versions == ["1"]
    assert list(metadata.inputs[0].shape) == [-1, 30]
    assert metadata.outputs[0].name == "predict"
    config = client.get_model_config(served.name).config
    assert config.name == served.name
    assert served.name in [model.name for model in client.get_model_repository_index().models]


@pytest.mark.parametrize("datatype", ["FP32", "FP64"])
@pytest.mark.parametrize("count", [1, 100, 569])
def test_infer_agrees_with_xgboost(served, client, datatype, count):
    """Raw tensors; the id is echoed."""
    result = client.infer(served.name, [served.input(count, datatype)], request_id="mine")
    np.testing.assert_allclose(result.as_numpy("predict"), served.expected[:count], atol=1e-6)
    assert result.get_response().id == "mine"
    assert result.get_response().model_version == "1"


def test_columns_by_name(served, client):
    """One tensor for each column."""
    inputs = []
    for name in served.deployed.rows.columns:
        tensor = triton.InferInput(name, [5], "FP64")
        tensor.set_data_from_numpy(served.deployed.rows[name].values[:5].astype(np.float64))
        inputs.append(tensor)
    result = client.infer(served.name, inputs)
    np.testing.assert_allclose(result.as_numpy("predict"), served.expected[:5], atol=1e-6)


def test_compressed(served, client):
    """Messages compressed by the client."""
    for algorithm in ("gzip", "deflate"):
        result = client.infer(served.name, [served.input(300)], compression_algorithm=algorithm)
        np.testing.assert_allclose(result.as_numpy("predict"), served.expected[:300], atol=1e-6)


def test_large_message(served, client):
    """Many rows, whose bytes come in many frames and windows."""
    rows = np.tile(served.rows, (40, 1))
    tensor = triton.InferInput("input", list(rows.shape), "FP32")
    tensor.set_data_from_numpy(rows)
    result = client.infer(served.name, [tensor])
    np.testing.assert_allclose(result.as_numpy("predict"), np.tile(served.expected, 40), atol=1e-6)


def test_async_infer(served, client):
    """Callbacks of the client."""
    answers: queue.Queue = queue.Queue()
    for first in range(20):
        client.async_infer(
            served.name, [served.input(1, first=first)], lambda result, error: answers.put((result, error))
        )
    for _ in range(20):
        result, error = answers.get(timeout=10)
        assert error is None
        assert result.as_numpy("predict").shape == (1,)


def test_stream(served, client):
    """A stream answers in order; an error is an answer and the stream goes on."""
    answers: queue.Queue = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    for first in range(10):
        client.async_stream_infer(served.name, [served.input(1, first=first)], request_id=str(first))
    client.async_stream_infer("nobody", [served.input(1)], request_id="bad")
    client.async_stream_infer(served.name, [served.input(1)], request_id="last")
    seen = [answers.get(timeout=10) for _ in range(12)]
    client.stop_stream()
    assert [result.get_response().id for result, error in seen if error is None] == [*map(str, range(10)), "last"]
    assert "nobody" in str(seen[10][1])


def test_aio(served):
    """The asynchronous client, with calls side by side and a stream."""

    async def run() -> None:
        async with triton_aio.InferenceServerClient(served.address) as client:
            assert await client.is_server_live()
            tensors = [served.input(1, first=first) for first in range(50)]
            results = await asyncio.gather(*(client.infer(served.name, [tensor]) for tensor in tensors))
            got = np.concatenate([result.as_numpy("predict") for result in results])
            np.testing.assert_allclose(got, served.expected[:50], atol=1e-6)

            async def requests():
                for tensor in tensors[:5]:
                    yield {"model_name": served.name, "inputs": [tensor]}

            count = 0
            async for result, error in client.stream_infer(requests()):
                assert error is None
                np.testing.assert_allclose(result.as_numpy("predict"), served.expected[count], atol=1e-6)
                count += 1
            assert count == 5

    asyncio.run(run())


def test_typed_contents(served):
    """Typed in, typed out."""
    with grpc.insecure_channel(served.address) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        request = service_pb2.ModelInferRequest(model_name=served.name)
        tensor = request.inputs.add(name="input", datatype="FP32", shape=[1, 30])
        tensor.contents.fp32_contents.extend(served.rows[0].tolist())
        answer = stub.ModelInfer(request)
        assert not answer.raw_output_contents
        assert answer.outputs[0].contents.fp32_contents[0] == pytest.approx(float(served.expected[0]), abs=1e-6)


def test_repository_and_statistics(served, client):
    """Load again, and Triton's counters."""
    client.load_model(served.name)
    client.infer(served.name, [served.input(7)])
    before = client.get_inference_statistics(served.name).model_stats[0]
    client.infer(served.name, [served.input(7)])
    after = client.get_inference_statistics(served.name).model_stats[0]
    assert after.inference_count - before.inference_count == 7
    assert after.inference_stats.success.count - before.inference_stats.success.count == 1
    with pytest.raises(InferenceServerException, match="nobody"):
        client.load_model("nobody")


def test_settings_and_shared_memory(served, client):
    """Settings can be read; shared memory is refused in words."""
    assert "trace_level" in client.get_trace_settings().settings
    assert client.get_log_settings().settings["log_error"].bool_param
    with pytest.raises(InferenceServerException, match="UNIMPLEMENTED"):
        client.get_system_shared_memory_status()


def test_refusals(served, client):
    """Wrong width, datatype, name, version: the code, and what was expected and received."""
    narrow = triton.InferInput("input", [1, 2], "FP32")
    narrow.set_data_from_numpy(served.rows[:1, :2])
    with pytest.raises(InferenceServerException, match=r"INVALID_ARGUMENT.*30"):
        client.infer(served.name, [narrow])
    with pytest.raises(InferenceServerException, match="NOT_FOUND"):
        client.infer("nobody", [served.input(1)])
    with pytest.raises(InferenceServerException, match="NOT_FOUND"):
        client.infer(served.name, [served.input(1)], model_version="99")
    text = triton.InferInput("input", [1, 30], "BYTES")
    text.set_data_from_numpy(np.array([[b"x"] * 30], dtype=object))
    with pytest.raises(InferenceServerException, match="INVALID_ARGUMENT"):
        client.infer(served.name, [text])


def test_deadlines_free_the_server(served):
    """Calls that are given up at once, many of them, leave a server that answers."""
    with grpc.insecure_channel(served.address) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        request = service_pb2.ModelInferRequest(model_name=served.name)
        rows = np.tile(served.rows, (20, 1))
        request.inputs.add(name="input", datatype="FP32", shape=rows.shape)
        request.raw_input_contents.append(rows.tobytes())

        def call(_: int) -> grpc.StatusCode:
            try:
                stub.ModelInfer(request, timeout=0.001)
            except grpc.RpcError as error:
                return error.code()
            return grpc.StatusCode.OK

        with ThreadPoolExecutor(8) as pool:
            codes = set(pool.map(call, range(100)))
        assert codes <= {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.OK}
        assert stub.ServerLive(service_pb2.ServerLiveRequest(), timeout=5).live


def test_health(served):
    """gRPC's own health client: check and watch."""
    with grpc.insecure_channel(served.address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for service in ("", "inference.GRPCInferenceService"):
            answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=""), timeout=5)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        watch.cancel()
        with pytest.raises(grpc.RpcError) as refused:
            stub.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=5)
        assert refused.value.code() == grpc.StatusCode.NOT_FOUND


def test_reflection_agrees_with_triton(served):
    """Reflection lists the services, and every field that both have has the number and type that Triton gives it."""
    with grpc.insecure_channel(served.address) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert "inference.GRPCInferenceService" in database.get_services()
        file = database.FindFileContainingSymbol("inference.GRPCInferenceService")
        ours: dict[str, descriptor_pb2.DescriptorProto] = {message.name: message for message in file.message_type}
        assert {method.name for method in file.service[0].method} == {
            method.name for method in service_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"].methods
        }
        for name, theirs in service_pb2.DESCRIPTOR.message_types_by_name.items():
            assert name in ours, name
            fields = {field.name: field for field in ours[name].field}
            for field in theirs.fields:
                if name.endswith("StatusResponse"):
                    continue
                assert fields[field.name].number == field.number, f"{name}.{field.name}"
                assert fields[field.name].type == field.type, f"{name}.{field.name}"


def test_trace_context(served):
    """A caller's context goes in and its child comes back."""
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with grpc.insecure_channel(served.address) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        request = service_pb2.ModelInferRequest(model_name=served.name)
        request.inputs.add(name="input", datatype="FP32", shape=[1, 30])
        request.raw_input_contents.append(served.rows[:1].tobytes())
        _, call = stub.ModelInfer.with_call(request, metadata=[("traceparent", parent)])
        child = dict(call.initial_metadata())["traceparent"]
        assert child.startswith("00-0af7651916cd43dd8448eb211c80319c-")
        assert child != parent


def test_stopping_lets_calls_finish(tmp_path):
    """A server that stops ends its connections in order, and its process with status 0."""
    port = free_port()
    server = Martlet(tmp_path, "--grpc-port", str(port)).start()
    with triton.InferenceServerClient(f"127.0.0.1:{port}") as client:
        assert client.is_server_live()
        assert server.stop() == 0, server.log
        with pytest.raises(InferenceServerException):
            client.is_server_live(client_timeout=2)


def test_kserve_client(served):
    """KServe's own client, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(HERE / "kserve_grpc_calls.py"), served.address, served.name],
        input=json.dumps(served.rows[:5].tolist()),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["live"] and found["ready"] and found["model_ready"]
    assert found["typed"] == pytest.approx(served.expected[:5].tolist(), abs=1e-6)
    assert found["raw"] == pytest.approx(served.expected[:5].tolist(), abs=1e-6)
    assert found["id"] == "mine"
    assert found["loaded"] == [served.name, True]
