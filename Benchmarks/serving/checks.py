"""Stops the benchmark when a server does not compute what its model says."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

from servers import Server, call
from workloads import Workload

TOLERANCE = 1e-4


def verify(server: Server, work: dict[str, Workload], python: Path) -> None:
    """Sends every body of a server's work once and compares the answers."""
    if server.name == "nginx":
        return
    expected = json.loads((server.folder / "expected.json").read_text())[server.name]
    for name, workload in work.items():
        if workload.server != server.name:
            continue
        got = grpc(server, workload, python) if workload.is_grpc else http(server, workload)
        wanted = expected if workload.rows == 1 else (expected * (workload.rows // len(expected) + 1))[: workload.rows]
        if len(got) != len(wanted) or any(abs(a - b) > TOLERANCE for a, b in zip(got, wanted, strict=True)):
            raise SystemExit(f"{name}: expected {wanted[:3]}… got {got[:3]}…")


def http(server: Server, workload: Workload) -> list[float]:
    """The answers to all bodies over HTTP, in order."""
    answers: list[float] = []
    for index in range(len(list(workload.bodies.iterdir()))):
        body = (workload.bodies / str(index)).read_bytes()
        headers = {"Content-Type": workload.content_type}
        if workload.json_length:
            headers["Inference-Header-Content-Length"] = workload.json_length
        status, found, answer = call(server.port, "POST", workload.target, body, headers=headers)
        if status != 200:
            raise SystemExit(f"{workload.name}: {status} {answer[:300]!r}")
        answers += numbers(answer, found.get("inference-header-content-length"))
    return answers


def numbers(answer: bytes, json_length: str | None) -> list[float]:
    """The probabilities in an answer of any protocol."""
    if json_length:
        blob = answer[int(json_length) :]
        return list(struct.unpack(f"<{len(blob) // 4}f", blob))
    found = json.loads(answer)
    if "probability" in found:
        return [found["probability"]]
    return found["predictions"] if "predictions" in found else found["outputs"][0]["data"]


def grpc(server: Server, workload: Workload, python: Path) -> list[float]:
    """The answers to all calls over gRPC, by the peers' Python, which has grpcio."""
    program = Path(__file__).with_name("grpc_answers.py")
    command = [str(python), str(program), str(server.grpc_port), workload.target, str(workload.bodies)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        sys.stderr.write(finished.stderr)
        raise SystemExit(f"{workload.name}: no answer over gRPC")
    return json.loads(finished.stdout)
