"""What is asked of the servers: the same rows in every protocol, as files that the load generators send."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

MODEL = "bench"
BATCH_ROWS = 1000


@dataclass(frozen=True)
class Workload:
    """One kind of request."""

    name: str
    server: str
    target: str
    bodies: Path
    content_type: str = "application/json"
    json_length: str = ""
    rows: int = 1
    is_grpc: bool = False


def varint(value: int) -> bytes:
    """A number as protobuf writes it."""
    result = bytearray()
    while value > 0x7F:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    result.append(value)
    return bytes(result)


def field(number: int, content: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def model_infer_request(row: list[float]) -> bytes:
    """`inference.ModelInferRequest` of one FP32 row with raw contents."""
    shape = varint(1) + varint(len(row))
    tensor = field(1, b"input") + field(2, b"FP32") + field(3, shape)
    return field(1, MODEL.encode()) + field(5, tensor) + field(7, struct.pack(f"<{len(row)}f", *row))


def grpc_frame(message: bytes) -> bytes:
    """A message as gRPC frames it."""
    return b"\0" + struct.pack(">I", len(message)) + message


def v2_json(rows: list[list[float]]) -> bytes:
    """An Open Inference V2 request in JSON."""
    values = [value for row in rows for value in row]
    tensor = {"name": "input", "shape": [len(rows), len(rows[0])], "datatype": "FP32", "data": values}
    return json.dumps({"inputs": [tensor]}).encode()


def v2_binary(rows: list[list[float]]) -> tuple[bytes, int]:
    """An Open Inference V2 request with a binary tensor, its answer binary too, and the length of its JSON part."""
    blob = b"".join(struct.pack(f"<{len(row)}f", *row) for row in rows)
    tensor = {
        "name": "input",
        "shape": [len(rows), len(rows[0])],
        "datatype": "FP32",
        "parameters": {"binary_data_size": len(blob)},
    }
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    return head + blob, len(head)


def write(folder: Path, name: str, bodies: list[bytes]) -> Path:
    """Writes bodies as files 0, 1, …"""
    place = folder / "bodies" / name
    place.mkdir(parents=True)
    for index, body in enumerate(bodies):
        (place / str(index)).write_bytes(body)
    return place


def prepare(folder: Path) -> dict[str, Workload]:
    """Writes every body and returns the workloads by name."""
    rows: list[list[float]] = json.loads((folder / "rows.json").read_text())
    batch = (rows * (BATCH_ROWS // len(rows) + 1))[:BATCH_ROWS]
    one = [json.dumps({"features": row}).encode() for row in rows]
    singles = write(folder, "features", one)
    v1 = write(folder, "v1", [json.dumps({"instances": [row]}).encode() for row in rows])
    v2 = write(folder, "v2", [v2_json([row]) for row in rows])
    binary = [v2_binary([row]) for row in rows]
    instances = write(folder, "instances", [json.dumps({"instances": batch}).encode()])
    batch_binary, batch_length = v2_binary(batch)
    infer, octets = f"/v2/models/{MODEL}/infer", "application/octet-stream"
    found = [
        Workload("fastapi", "fastapi", "/predict", singles),
        Workload("nginx", "nginx", "/predict", singles),
        Workload("/predict", "martlet", "/predict", singles),
        Workload("V1", "martlet", f"/v1/models/{MODEL}:predict", v1),
        Workload("V2 JSON", "martlet", infer, v2),
        Workload(
            "V2 binary", "martlet", infer, write(folder, "binary", [b for b, _ in binary]), octets, str(binary[0][1])
        ),
        Workload(
            "V2 gRPC",
            "martlet",
            "/inference.GRPCInferenceService/ModelInfer",
            write(folder, "grpc", [grpc_frame(model_infer_request(row)) for row in rows]),
            "application/grpc",
            is_grpc=True,
        ),
        Workload("fastapi batch", "fastapi", "/predict_batch", instances, rows=BATCH_ROWS),
        Workload("V1 batch", "martlet", f"/v1/models/{MODEL}:predict", instances, rows=BATCH_ROWS),
        Workload(
            "V2 binary batch",
            "martlet",
            infer,
            write(folder, "binary-batch", [batch_binary]),
            octets,
            str(batch_length),
            BATCH_ROWS,
        ),
    ]
    return {workload.name: workload for workload in found}
