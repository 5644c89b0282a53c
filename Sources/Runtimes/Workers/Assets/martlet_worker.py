"""Runs one MLflow python_function model for Martlet, which starts this file and talks to it over descriptor 3.

The protocol is described in docs/python-models.md. Nothing that arrives is unpickled or evaluated.
"""

from __future__ import annotations

import copy
import functools
import inspect
import json
import os
import resource
import socket
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

# An isolated interpreter does not look beside its script, and the model's own imports must not either.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from martlet_inputs import Inputs
from martlet_outputs import Outputs
from martlet_protocol import (
    CALL,
    ERROR,
    FAILED,
    LOAD,
    READY,
    RESULT,
    Channel,
    ProtocolError,
    parsed,
)

sys.path.pop(0)

if TYPE_CHECKING:
    from collections.abc import Callable

    from martlet_protocol import Blob

MESSAGE_LIMIT = 1000
TRACEBACK_LINES = 40


def log(text: str) -> None:
    """Writes to the server's log."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def described(error: BaseException) -> dict[str, str]:
    """Type and message of an exception, without its stack."""
    if getattr(error, "error_class", None) == "SCHEMA_ENFORCEMENT_FAILED" and error.__context__ is not None:
        # MLflow's own text says only that something does not fit, or else repeats the whole input.
        error = error.__context__
    return {"type": type(error).__name__, "message": str(error)[:MESSAGE_LIMIT]}


def log_traceback() -> None:
    """Writes the stack to the server's log, its last lines only."""
    lines = traceback.format_exc().splitlines()
    log("\n".join(lines[-TRACEBACK_LINES:]))


def failure_code(error: BaseException) -> str:
    """Whose fault an exception is: that of the request, of the memory limit, or of the model."""
    if isinstance(error, MemoryError):
        return "memory"
    code = getattr(error, "error_code", None)
    if type(error).__name__ == "MlflowException":
        return "request" if code in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST") else "model"
    return "request" if isinstance(error, (ValueError, TypeError, KeyError)) else "model"


def resident_bytes() -> int:
    """The memory of this process."""
    try:
        with open("/proc/self/statm") as status:
            return int(status.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Model:
    """The loaded model and its translations."""

    def __init__(self, path: str) -> None:
        """Loads the model at `path`."""
        from mlflow import pyfunc

        self.model = pyfunc.load_model(path)
        metadata = self.model.metadata
        self.schema = metadata.get_input_schema() if metadata is not None else None
        self.inputs = Inputs(self.schema)
        self.outputs = Outputs()
        self.direct = direct_predict(self.model, metadata)

    def call(self, header: dict[str, Any], body: bytearray) -> tuple[bytes, list[Blob]]:
        """The header and blobs of an answer."""
        value, is_exact = self.inputs.decode(header, body)
        params = header.get("params")
        begun = time.perf_counter_ns()
        if params:
            result = self.model.predict(value, params=copy.deepcopy(params))
        elif self.direct is not None and (is_exact or self.schema is None):
            result = self.direct(value)
        else:
            result = self.model.predict(value)
        return self.outputs.encode(result, time.perf_counter_ns() - begun)


def direct_predict(model: Any, metadata: Any) -> Callable[[Any], Any] | None:
    """The model's own function without MLflow's check of the schema, where that check would change nothing.

    The check takes milliseconds for a wide table, even if every column is what the signature says. None for models
    whose calls MLflow completes in other ways, and for versions of MLflow that are built otherwise.
    """
    from mlflow import pyfunc

    try:
        if type(model) is not pyfunc.PyFuncModel or metadata.get_params_schema() is not None:
            return None
        if metadata._is_signature_from_type_hint() or metadata._is_type_hint_from_example():
            return None
        if (metadata.metadata or {}).get("dependencies_schemas"):
            return None
        function: Callable[..., Any] = model._predict_fn
        params = inspect.signature(function).parameters.get("params")
    except (AttributeError, TypeError, ValueError):
        return None
    if params is not None and params.kind != inspect.Parameter.VAR_KEYWORD:
        return functools.partial(function, params=None)
    return function


def load(channel: Channel) -> Model | None:
    """Waits for the path and loads the model; says what is wrong when that fails."""
    frame = channel.receive()
    if frame is None:
        return None
    kind, number, header, _ = frame
    if kind != LOAD:
        raise ProtocolError("the first frame must name the model")
    try:
        model = Model(json.loads(header)["path"])
    except BaseException as error:
        log_traceback()
        answer = described(error)
        if isinstance(error, ModuleNotFoundError):
            answer["module"] = (error.name or "").split(".")[0]
        answer["code"] = "memory" if isinstance(error, MemoryError) else "model"
        channel.send(FAILED, number, answer)
        return None
    python = ".".join(map(str, sys.version_info[:3]))
    channel.send(READY, number, {"python": python, "memory_bytes": resident_bytes()})
    return model


def serve(channel: Channel, model: Model) -> None:
    """Answers calls until the server closes the connection."""
    while True:
        frame = channel.receive()
        if frame is None:
            return
        kind, number, header, body = frame
        if kind != CALL:
            raise ProtocolError("only calls follow the model's path")
        try:
            answer, blobs = model.call(parsed(header), body)
            channel.send(RESULT, number, answer, blobs)
        except (ProtocolError, OSError):
            raise
        except Exception as error:
            code = failure_code(error)
            complaint = described(error)
            complaint["code"] = code
            if code != "request":
                log_traceback()
            channel.send(ERROR, number, complaint)
            if code == "memory":
                # What the model holds after this is unknown; the server starts another process.
                return


def main() -> None:
    """Loads and serves."""
    channel = Channel(socket.socket(fileno=3))
    # Processes that the model starts must not hold the connection open.
    os.set_inheritable(3, False)
    try:
        model = load(channel)
        if model is not None:
            serve(channel, model)
    except (ProtocolError, OSError) as error:
        log(f"The connection to the server ended: {error}")
    sys.stdout.flush()
    # Threads of the model must not keep the process alive.
    os._exit(0)


if __name__ == "__main__":
    main()
