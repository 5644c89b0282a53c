"""Asks a server through the unmodified KServe client and prints what came back as JSON.

A process of its own: the protocol buffers of kserve, mlserver and tritonclient cannot live in one.
Arguments: address, model; the rows come as JSON on standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig


async def ask(url: str, model: str, rows: list) -> dict:
    """Health and predictions by both protocols."""
    found: dict = {}
    v1 = InferenceRESTClient(RESTConfig(protocol="v1"))
    found["v1_live"] = await v1.is_server_live(url)
    found["v1_ready"] = await v1.is_model_ready(url, model)
    found["v1"] = (await v1.infer(url, {"instances": rows}, model_name=model))["predictions"]
    found["v1_explain"] = len((await v1.explain(url, model, {"instances": rows[:1]}))["explanations"])
    v2 = InferenceRESTClient(RESTConfig(protocol="v2"))
    found["v2_live"] = await v2.is_server_live(url)
    found["v2_ready"] = await v2.is_server_ready(url)
    found["v2_model_ready"] = await v2.is_model_ready(url, model)
    for binary in (False, True):
        tensor = InferInput("input-0", [len(rows), len(rows[0])], "FP32")
        tensor.set_data_from_numpy(np.array(rows, dtype=np.float32), binary_data=binary)
        request = InferRequest(
            model_name=model,
            infer_inputs=[tensor],
            parameters={"binary_data_output": binary},
        )
        answer = await v2.infer(url, request, model_name=model)
        found[f"v2_{'binary' if binary else 'json'}"] = answer.outputs[0].as_numpy().ravel().tolist()
        found["id"] = answer.id
    try:
        await v1.infer(url, {"instances": [[1, 2]]}, model_name=model)
    except Exception as error:
        found["error"] = str(error)
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(ask(sys.argv[1], sys.argv[2], json.load(sys.stdin)))))
