"""What is not load: a model that comes back from disk, a thousand models on little memory, one row alone."""

from __future__ import annotations

import http.client
import json
import random
import statistics
import time

import processes
from servers import Martlet

COLD_LOADS = 7
MODELS, HOT_MODELS, REQUESTS, MEMORY_MIB = 1000, 50, 5000, 16
IDLE_SECONDS = 30


def is_in_memory(server: Martlet, name: str) -> bool:
    """Whether a deployment's model is loaded; the repository index says of the others that they come on demand."""
    index = server.require("POST", "/v2/repository/index", {})
    entry = next(entry for entry in index if entry["name"] == name)
    return entry["state"] == "READY" and entry["reason"] != "loaded on demand"


def cold_load(server: Martlet) -> dict[str, float]:
    """Milliseconds until the first answer of a model that had left memory, over a connection that is open already."""
    body = json.dumps({"instances": [json.loads(server.body)["features"]]})
    headers = {"Content-Type": "application/json"}
    times = []
    for _ in range(COLD_LOADS):
        limit = time.time() + IDLE_SECONDS
        while is_in_memory(server, "cold"):
            if time.time() > limit:
                raise SystemExit("the idle model does not leave memory")
            time.sleep(0.1)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.connect()
        started = time.perf_counter()
        connection.request("POST", "/v1/models/cold:predict", body, headers)
        response = connection.getresponse()
        answer = response.read()
        times.append((time.perf_counter() - started) * 1e3)
        connection.close()
        if response.status != 200:
            raise SystemExit(f"cold load: {response.status} {answer[:300]!r}")
    return {"median_ms": statistics.median(times), "longest_ms": max(times)}


def one_row_alone(server: Martlet) -> dict[str, float]:
    """Microseconds in the model for one row, from the statistics of all single-row requests so far."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/v2/models/bench/stats")
    stats = json.loads(connection.getresponse().read())["model_stats"][0]
    connection.close()
    batches = {entry["batch_size"]: entry["compute_infer"] for entry in stats["batch_stats"]}
    single = batches[1]
    return {"microseconds": single["ns"] / single["count"] / 1e3, "calls": single["count"]}


def many_models(server: Martlet) -> dict[str, float]:
    """Registers a thousand models, asks mostly fifty of them, and looks at memory and failures."""
    server.open_for_registration()
    run, source = server.log_model(server.folder / "small")
    names = [f"model-{index}" for index in range(MODELS)]
    for name in names:
        server.register_version(name, run, source)
    before = processes.resident_mebibytes(server.process.pid)
    failed = 0
    for name in names:
        try:
            server.require("POST", f"/v2/repository/models/{name}/load", {})
        except SystemExit as error:
            failed += 1
            print(error)
    body = json.dumps({"instances": [json.loads(server.body)["features"]]})
    generator = random.Random(3)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    times = []
    for _ in range(REQUESTS):
        hot = generator.random() < 0.95
        name = names[generator.randrange(HOT_MODELS if hot else MODELS)]
        started = time.perf_counter()
        connection.request("POST", f"/v1/models/{name}:predict", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        times.append((time.perf_counter() - started) * 1e3)
        failed += response.status != 200
    connection.close()
    after = processes.resident_mebibytes(server.process.pid)
    server.stop()
    times.sort()
    return {
        "models": MODELS,
        "requests": REQUESTS,
        "failed": failed,
        "memory_mib": MEMORY_MIB,
        "resident_before_mib": before,
        "resident_after_mib": after,
        "p50_ms": times[len(times) // 2],
        "p99_ms": times[len(times) * 99 // 100],
    }
