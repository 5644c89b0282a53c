"""Prints the first output of each call as JSON: `grpc_answers.py PORT METHOD FOLDER`, the folder of framed messages."""

import json
import struct
import sys
from pathlib import Path

import grpc

RAW_OUTPUT_CONTENTS = 6


def number(data: bytes, offset: int) -> tuple[int, int]:
    """A variable-length number and where it ends."""
    value = shift = 0
    while True:
        byte = data[offset]
        offset += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, offset


def field(data: bytes, wanted: int) -> bytes:
    """The first length-delimited field of a number in a message without fixed-width fields."""
    offset = 0
    while offset < len(data):
        key, offset = number(data, offset)
        length, offset = number(data, offset)
        if key & 7 == 0:
            continue
        if key >> 3 == wanted:
            return data[offset : offset + length]
        offset += length
    raise SystemExit(f"no field {wanted} in the answer")


def main() -> None:
    """Calls the method with every message."""
    port, method, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    answers = []
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(method, request_serializer=bytes, response_deserializer=bytes)
        for index in range(len(list(folder.iterdir()))):
            message = (folder / str(index)).read_bytes()[5:]
            answers.append(struct.unpack_from("<f", field(call(message, timeout=20), RAW_OUTPUT_CONTENTS))[0])
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
