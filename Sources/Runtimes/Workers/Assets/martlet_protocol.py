"""The frames between Martlet and its Python workers, and the values of their tensors; see docs/python-models.md."""

from __future__ import annotations

import functools
import json
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    # What travels in a body; each element is a byte.
    Blob = bytes | bytearray | memoryview

PRELUDE = struct.Struct("<4sHHQIIQ")
MAGIC = b"MTLW"
VERSION = 1
LOAD, READY, FAILED, CALL, RESULT, ERROR = range(1, 7)

HEADER_LIMIT = 4 * 1024 * 1024
BODY_LIMIT = 512 * 1024 * 1024
DTYPES = {
    "BOOL": "?",
    "UINT8": "u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "BF16": "<u2",
    "FP32": "<f4",
    "FP64": "<f8",
}
DATATYPES = {
    ("b", 1): "BOOL",
    ("u", 1): "UINT8",
    ("u", 2): "UINT16",
    ("u", 4): "UINT32",
    ("u", 8): "UINT64",
    ("i", 1): "INT8",
    ("i", 2): "INT16",
    ("i", 4): "INT32",
    ("i", 8): "INT64",
    ("f", 2): "FP16",
    ("f", 4): "FP32",
    ("f", 8): "FP64",
}
# The dtypes of MLflow's column types that a cast from another number keeps exactly enough.
COLUMN_DTYPES = {
    "boolean": "bool",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
}

SCALARS = (*COLUMN_DTYPES, "string", "binary", "datetime")


class ProtocolError(Exception):
    """The other side does not speak this protocol; the process ends."""


class UnfitError(Exception):
    """A value that no tensor holds; it travels as JSON."""


def compact(value: Any) -> bytes:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


class Channel:
    """Frames over a stream socket."""

    def __init__(self, connection: socket.socket) -> None:
        """Takes a connected socket."""
        self.connection = connection

    def receive(self) -> tuple[int, int, bytes, bytearray] | None:
        """The next frame as (kind, id, header bytes, body); None when the server has closed the connection."""
        prelude = self._exactly(PRELUDE.size, at_start=True)
        if not prelude:
            return None
        magic, version, kind, number, header, reserved, body = PRELUDE.unpack(prelude)
        if magic != MAGIC or version != VERSION or reserved != 0:
            raise ProtocolError(f"not a frame of protocol version {VERSION}")
        if header > HEADER_LIMIT or body > BODY_LIMIT:
            raise ProtocolError(f"a frame of {header} + {body} bytes is too large")
        return kind, number, bytes(self._exactly(header)), self._exactly(body)

    def _exactly(self, count: int, at_start: bool = False) -> bytearray:
        """The next bytes; none when the connection has ended before a frame."""
        data = bytearray(count)
        view = memoryview(data)
        done = 0
        while done < count:
            received = self.connection.recv_into(view[done:])
            if received == 0:
                if at_start and done == 0:
                    return bytearray()
                raise ProtocolError("the connection ended within a frame")
            done += received
        return data

    def send(self, kind: int, number: int, header: bytes | dict[str, Any], blobs: Sequence[Blob] = ()) -> None:
        """Sends a frame; `header` is JSON or can be, `blobs` are bytes-like and become the body."""
        head = header if isinstance(header, bytes) else compact(header)
        size = sum(len(blob) for blob in blobs)
        if len(head) > HEADER_LIMIT or size > BODY_LIMIT:
            raise ValueError(f"The model's answer of {len(head) + size} bytes is too large.")
        start = PRELUDE.pack(MAGIC, VERSION, kind, number, len(head), 0, size) + head
        if size <= 65536:
            self.connection.sendall(b"".join((start, *blobs)))
            return
        self.connection.sendall(start)
        for blob in blobs:
            self.connection.sendall(blob)


@functools.lru_cache(maxsize=64)
def parsed(header: bytes) -> dict[str, Any]:
    """The header of a call; requests of one shape have the same bytes."""
    found: dict[str, Any] = json.loads(header)
    return found


def texts(blob: Blob, count: int) -> list[bytes]:
    """The elements of a BYTES tensor: each is its length in four bytes, then its bytes."""
    found = []
    at = 0
    for _ in range(count):
        if at + 4 > len(blob):
            raise ProtocolError("a BYTES tensor ends early")
        size = int.from_bytes(blob[at : at + 4], "little")
        at += 4
        if at + size > len(blob):
            raise ProtocolError("a BYTES tensor ends early")
        found.append(bytes(blob[at : at + size]))
        at += size
    if at != len(blob):
        raise ProtocolError("a BYTES tensor has bytes left over")
    return found


def nested(value: bytes) -> Any:
    """The value of a cell that came as JSON text; text that is no JSON stays text."""
    try:
        return json.loads(value)
    except ValueError:
        return as_text(value)


def as_text(value: bytes) -> str | bytes:
    """Text where the bytes are UTF-8, else the bytes."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
