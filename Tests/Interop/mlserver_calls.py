"""Encodes requests with MLServer's unmodified codecs, sends them, decodes the answers and prints them as JSON.

A process of its own: the protocol buffers of kserve, mlserver and tritonclient cannot live in one.
Arguments: address, model; the rows come as JSON on standard input: {"columns": [...], "data": [[...]]}.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
import requests
from mlserver.codecs import NumpyRequestCodec, PandasCodec, StringRequestCodec
from mlserver.types import InferenceRequest, InferenceResponse, RequestOutput


def send(url: str, model: str, request: InferenceRequest) -> requests.Response:
    """Posts what a codec made, as MLServer's users do."""
    return requests.post(
        f"{url}/v2/models/{model}/infer", json=json.loads(request.model_dump_json(exclude_none=True)), timeout=30
    )


def decoded(answer: requests.Response, codec: object) -> object:
    """Decodes an answer as MLServer's client does."""
    answer.raise_for_status()
    return codec.decode_response(InferenceResponse.model_validate_json(answer.text))


def ask(url: str, model: str, table: dict) -> dict:
    """One request for each codec."""
    frame = pd.DataFrame(table["data"], columns=table["columns"])
    found: dict = {}
    pandas_request = PandasCodec.encode_request(frame)
    answer = send(url, model, pandas_request)
    found["pandas_content_type"] = answer.json()["parameters"]["content_type"]
    found["pandas"] = decoded(answer, PandasCodec)["predict"].tolist()
    shuffled = PandasCodec.encode_request(frame[frame.columns[::-1]])
    found["shuffled"] = decoded(send(url, model, shuffled), PandasCodec)["predict"].tolist()
    numpy_request = NumpyRequestCodec.encode_request(frame.to_numpy(dtype=np.float32))
    answer = send(url, model, numpy_request)
    found["numpy_content_type"] = answer.json()["outputs"][0]["parameters"]["content_type"]
    found["numpy"] = np.ravel(decoded(answer, NumpyRequestCodec)).tolist()
    missing = frame.to_numpy(dtype=np.float64, copy=True)
    missing[0, 0] = np.nan
    found["missing"] = len(
        np.ravel(decoded(send(url, model, NumpyRequestCodec.encode_request(missing)), NumpyRequestCodec))
    )
    numpy_request.outputs = [RequestOutput(name="predict")]
    found["named"] = np.ravel(decoded(send(url, model, numpy_request), NumpyRequestCodec)).tolist()
    numpy_request.outputs = [RequestOutput(name="transform")]
    found["unknown_output"] = send(url, model, numpy_request).status_code
    texts = StringRequestCodec.encode_request(["a", "b"], use_bytes=False)
    found["texts"] = send(url, model, texts).status_code
    return found


if __name__ == "__main__":
    print(json.dumps(ask(sys.argv[1], sys.argv[2], json.load(sys.stdin))))
