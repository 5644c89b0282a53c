"""Asks a server through the unmodified KServe gRPC client and prints what came back as JSON.

A process of its own: the protocol buffers of kserve and tritonclient cannot live in one.
Arguments: address of gRPC, model; the rows come as JSON on standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys

import grpc
import numpy as np
from kserve import InferenceGRPCClient, InferInput, InferRequest
from kserve.protocol.grpc import grpc_predict_v2_pb2 as messages
from kserve.protocol.grpc import grpc_predict_v2_pb2_grpc as services


async def ask(address: str, model: str, rows: list) -> dict:
    """Health, predictions with typed and raw tensors, KServe's own layout of load and unload."""
    client = InferenceGRPCClient(address)
    found: dict = {
        "live": await client.is_server_live(),
        "ready": await client.is_server_ready(),
        "model_ready": await client.is_model_ready(model),
    }
    for binary in (False, True):
        tensor = InferInput("input-0", [len(rows), len(rows[0])], "FP32")
        tensor.set_data_from_numpy(np.array(rows, dtype=np.float32), binary_data=binary)
        answer = await client.infer(InferRequest(model_name=model, infer_inputs=[tensor], request_id="mine"))
        found["raw" if binary else "typed"] = answer.outputs[0].as_numpy().ravel().tolist()
        found["id"] = answer.id
    async with grpc.aio.insecure_channel(address) as channel:
        stub = services.GRPCInferenceServiceStub(channel)
        loaded = await stub.RepositoryModelLoad(messages.RepositoryModelLoadRequest(model_name=model))
        found["loaded"] = [loaded.model_name, loaded.isLoaded]
    await client.close()
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(ask(sys.argv[1], sys.argv[2], json.load(sys.stdin)))))
