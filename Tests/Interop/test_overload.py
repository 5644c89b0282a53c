"""More load than a model can carry, deadlines, alias flips under load, and a stop under load."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import cloudpickle
import mlflow
import numpy as np
import pandas as pd
import pytest
import requests
from martlet_process import Martlet, wait_until
from mlflow import MlflowClient

pytestmark = pytest.mark.alone

CALL_SECONDS = 0.05

# The workers do not know this file: the class travels with the model.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


class Slow(mlflow.pyfunc.PythonModel):
    """Takes as long for one row as for many; a negative number makes the whole call fail."""

    def predict(self, context, model_input, params=None):
        """The sum of each row."""
        time.sleep(CALL_SECONDS)
        if (model_input["a"] < -1000).any():
            raise ValueError("a is too small")
        return model_input["a"] + model_input["b"]


def deploy(server: Martlet, name: str, serving: str) -> None:
    """Registers the slow model and serves it by one worker."""
    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    rows = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    with mlflow.start_run(run_name=name):
        signature = mlflow.models.infer_signature(rows, np.array([4.0, 6.0]))
        info = mlflow.pyfunc.log_model(
            name="model", python_model=Slow(), registered_model_name=name, signature=signature
        )
    MlflowClient(server.url).set_registered_model_alias(name, "production", str(info.registered_model_version))
    manifest = (
        f"version: 1\ndeployments:\n  {name}:\n    model: {name}\n    serving:\n"
        f"      python: {{interpreter: '{sys.executable}', workers: 1}}\n"
        + "".join(f"      {line}\n" for line in serving.splitlines())
    )
    answer = server.post("/api/martlet/v1/apply", {"manifest": manifest, "directory": "."})
    assert answer.status_code == 200, answer.text
    wait_until(lambda: server.get(f"/v2/models/{name}/ready").status_code == 200, seconds=60, what=f"the model {name}")


def request_bytes(server: Martlet, name: str, a: float, b: float, headers: dict[str, str] | None = None) -> bytes:
    """One request of KServe V1 as it travels."""
    body = json.dumps({"instances": [{"a": a, "b": b}]}).encode()
    lines = [
        f"POST /v1/models/{name}:predict HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{key}: {value}" for key, value in (headers or {}).items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Outcome:
    """What became of the requests of one run."""

    seconds: float = 0
    counts: Counter[int] = field(default_factory=Counter)
    refusals: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    without_retry_after: int = 0

    @property
    def goodput(self) -> float:
        """Right answers in a second."""
        return self.counts[200] / self.seconds


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """One answer of HTTP/1.1 with a length."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    return int(lines[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"]))


async def drive(server: Martlet, name: str, rate: float | None, connections: int, seconds: float) -> Outcome:
    """Asks at a fixed rate however long answers take, or, without a rate, each connection one after the other."""
    outcome = Outcome(seconds=seconds)
    began = time.perf_counter()
    end = began + seconds
    tickets: asyncio.Queue[float] = asyncio.Queue()

    async def clock() -> None:
        assert rate is not None
        sent = 0
        while (now := time.perf_counter()) < end:
            due = int((now - began) * rate)
            for _ in range(due - sent):
                tickets.put_nowait(now)
            sent = due
            await asyncio.sleep(0.002)

    async def connection(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        turn = 0
        while time.perf_counter() < end:
            if rate is not None:
                try:
                    await asyncio.wait_for(tickets.get(), timeout=max(0.001, end - time.perf_counter()))
                except TimeoutError:
                    break
            turn += 1
            a, b = float(number), float(turn)
            started = time.perf_counter()
            writer.write(request_bytes(server, name, a, b))
            status, headers, body = await read_answer(reader)
            finished = time.perf_counter()
            outcome.counts[status] += 1
            if status == 200:
                outcome.answers.append(finished - started)
                if json.loads(body)["predictions"] != [a + b]:
                    outcome.wrong.append(body.decode())
            elif status in (429, 503):
                outcome.refusals.append(finished - started)
                outcome.without_retry_after += "retry-after" not in headers
        writer.close()

    tasks = [connection(number) for number in range(connections)]
    if rate is not None:
        tasks.append(clock())
    await asyncio.gather(*tasks)
    return outcome


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    """A server of this file's own, because it is overloaded."""
    martlet = Martlet(tmp_path_factory.mktemp("overload")).start()
    yield martlet
    assert martlet.stop() == 0, martlet.log


def test_ten_times_the_load(server: Martlet):
    """At ten times what the model carries goodput stays, and what is too much is refused within 50 ms."""
    deploy(server, "narrow", "batch: {max_rows: 1}\nqueue: 8")
    peak = asyncio.run(drive(server, "narrow", None, 4, 5)).goodput
    over = asyncio.run(drive(server, "narrow", 10 * peak, 64, 8))
    print(f"peak {peak:.1f}/s, at ten times the load {over.goodput:.1f}/s, {dict(over.counts)}")
    assert not over.wrong
    assert set(over.counts) <= {200, 429, 503}
    assert over.goodput >= 0.9 * peak
    assert sum(over.counts.values()) > 5 * peak * over.seconds
    assert over.without_retry_after == 0
    times = sorted(over.refusals)
    print(
        f"refusals: median {1000 * statistics.median(times):.1f} ms, p99 {1000 * times[int(0.99 * len(times))]:.1f} ms"
    )
    assert times[int(0.95 * len(times))] < 0.05
    stats = server.get("/metrics").text
    assert 'martlet_model_refusals_total{deployment="narrow",reason="queue_full",version="1"}' in stats


def test_calls_are_joined_under_load_and_only_then(server: Martlet):
    """Sixteen callers at once get many times what one gets, each the answer to its own row; one waits for nobody."""
    deploy(server, "wide", "batch: {max_rows: 64}")
    alone = asyncio.run(drive(server, "wide", None, 1, 3))
    many = asyncio.run(drive(server, "wide", None, 16, 4))
    print(f"one caller {alone.goodput:.1f}/s, sixteen {many.goodput:.1f}/s")
    assert not alone.wrong
    assert not many.wrong
    assert set(many.counts) == {200}
    assert statistics.median(alone.answers) < CALL_SECONDS + 0.03
    assert many.goodput > 5 * alone.goodput
    entry = server.get("/v2/models/wide/stats").json()["model_stats"][0]
    assert entry["inference_count"] == alone.counts[200] + many.counts[200]
    assert entry["execution_count"] < entry["inference_count"] / 2
    assert any(part["batch_size"] > 8 for part in entry["batch_stats"])


def test_one_bad_call_does_not_spoil_the_others(server: Martlet):
    """Calls that were joined with a failing one are answered."""
    deploy(server, "mixed", "batch: {max_rows: 64}")

    async def ask(value: float) -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request_bytes(server, "mixed", value, 1))
        status, _, body = await read_answer(reader)
        writer.close()
        return status, body

    async def all_at_once() -> list[tuple[int, bytes]]:
        return await asyncio.gather(*(ask(-5000.0 if index == 5 else float(index)) for index in range(12)))

    for _ in range(3):
        answers = asyncio.run(all_at_once())
        for index, (status, body) in enumerate(answers):
            if index == 5:
                assert status >= 400
                assert "Traceback" not in body.decode()
            else:
                assert status == 200, body
                assert json.loads(body)["predictions"] == [index + 1.0]


def test_deadlines(server: Martlet):
    """A request that cannot be run in its time leaves with 504 or is refused, without costing the model a call."""
    deploy(server, "late", "batch: {max_rows: 1}\nqueue: 64")

    async def ask(timeout: str) -> tuple[int, float]:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        began = time.perf_counter()
        writer.write(request_bytes(server, "late", 1, 1, {"Request-Timeout": timeout}))
        status, _, _ = await read_answer(reader)
        writer.close()
        return status, time.perf_counter() - began

    async def crowd() -> list[tuple[int, float]]:
        return await asyncio.gather(*(ask("0.25") for _ in range(40)))

    before = server.get("/v2/models/late/stats").json()["model_stats"][0]["execution_count"]
    answers = asyncio.run(crowd())
    counts = Counter(status for status, _ in answers)
    print(f"forty at once with a quarter of a second each: {dict(counts)}")
    assert set(counts) <= {200, 503, 504}
    assert counts[200] >= 2
    assert counts[503] + counts[504] >= 20
    assert max(seconds for _, seconds in answers) < 2
    time.sleep(0.3)
    after = server.get("/v2/models/late/stats").json()["model_stats"][0]["execution_count"]
    assert after - before <= counts[200] + 1
    bad = requests.post(
        f"{server.url}/v1/models/late:predict",
        json={"instances": [{"a": 1, "b": 1}]},
        headers={"Request-Timeout": "soon"},
        timeout=10,
    )
    assert bad.status_code == 400


def test_alias_flips_under_load(server: Martlet):
    """Every request is answered by one version, and by what that version predicts."""
    import xgboost

    generator = np.random.default_rng(1)
    rows = generator.normal(size=(500, 4)).astype(np.float32)
    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    client = MlflowClient(server.url)
    expected = {}
    for version in ("1", "2"):
        model = xgboost.XGBRegressor(n_estimators=10, max_depth=3)
        model.fit(rows, rows[:, 0] * (1 if version == "1" else -1))
        expected[version] = model.predict(rows)
        with mlflow.start_run(run_name="flips"):
            signature = mlflow.models.infer_signature(rows, expected[version])
            mlflow.xgboost.log_model(
                model, name="model", registered_model_name="flips", signature=signature, model_format="json"
            )
    client.set_registered_model_alias("flips", "production", "1")
    manifest = "version: 1\ndeployments:\n  flips: {model: flips, rollout: {steps: [100], bake: 0s}}\n"
    answer = server.post("/api/martlet/v1/apply", {"manifest": manifest, "directory": "."})
    assert answer.status_code == 200, answer.text
    wait_until(lambda: server.get("/v2/models/flips/ready").status_code == 200, what="the first version")
    stop = threading.Event()
    seen: Counter[str] = Counter()
    faults: list[str] = []

    def asker(number: int) -> None:
        with requests.Session() as session:
            row = number
            while not stop.is_set():
                row = (row + 7) % len(rows)
                body = {"features": rows[row].tolist(), "deployment": "flips"}
                reply = session.post(f"{server.url}/predict", json=body, timeout=10)
                if reply.status_code != 200:
                    faults.append(reply.text)
                    continue
                version = reply.json()["model_version"]
                seen[version] += 1
                if abs(reply.json()["prediction"] - float(expected[version][row])) > 1e-5:
                    faults.append(f"version {version} answered {reply.text}")

    threads = [threading.Thread(target=asker, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        for flip in range(100):
            client.set_registered_model_alias("flips", "production", "2" if flip % 2 == 0 else "1")
            time.sleep(0.05)
        # What the alias names last serves within a second.
        wait_until(lambda: seen["1"] > 100 and seen["2"] > 0, what="answers of both versions")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    print(f"answers by version: {dict(seen)}")
    assert not faults, faults[:3]


def test_a_stop_under_load_answers_what_was_accepted(tmp_path):
    """SIGTERM: requests under way are answered whole, new connections are refused, and the server ends by itself."""
    server = Martlet(tmp_path).start()
    deploy(server, "stopped", "batch: {max_rows: 1}\nqueue: 64")

    async def ask(number: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request_bytes(server, "stopped", number, 1))
        await writer.drain()
        status, _, body = await read_answer(reader)
        assert json.loads(body)["predictions"] == [number + 1.0]
        writer.close()
        return status

    async def stop_in_between() -> list[int]:
        waiting = [asyncio.create_task(ask(number)) for number in range(30)]
        await asyncio.sleep(0.2)
        assert server.process is not None
        server.process.terminate()
        return await asyncio.gather(*waiting)

    assert set(asyncio.run(stop_in_between())) == {200}
    assert server.stop() == 0, server.log
    with pytest.raises(requests.ConnectionError):
        server.get("/healthz")
