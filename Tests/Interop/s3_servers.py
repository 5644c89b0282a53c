"""S3 servers for tests: moto's, a proxy in front of it that breaks things, and a sink for objects of any size."""

from __future__ import annotations

import hashlib
import http.client
import http.server
import os
import random
import re
import subprocess
import sys
import threading
import time
import urllib.parse
from pathlib import Path

import boto3
from botocore.config import Config
from martlet_process import free_port

BUCKET = "martlet-test"
ACCESS_KEY = "test-key"
SECRET_KEY = "test-secret"
STARTING_SECONDS = 30
BLOCK = bytes(range(256)) * 4096


class Moto:
    """moto's S3 server as a process of its own, with one bucket."""

    def __init__(self, folder: Path) -> None:
        """Starts the server and makes the bucket."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = (folder / "moto.log").open("wb")
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + STARTING_SECONDS
        while True:
            try:
                client(self.url).create_bucket(Bucket=BUCKET)
                return
            except Exception:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    self.stop()
                    raise
                time.sleep(0.1)

    def stop(self) -> None:
        """Ends the server."""
        self.process.kill()
        self.process.wait(timeout=10)
        self.log.close()


def client(url: str):
    """Amazon's own client for the server."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


def environment(url: str) -> dict[str, str]:
    """What a server needs to know of the store, and nothing of the caller's own."""
    mine = {key: "" for key in os.environ if key.startswith("AWS_")}
    return mine | {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A connection that the other side dropped is no news here."""


class Background:
    """A handler served on a free port by a thread."""

    def __init__(self, handler: type[http.server.BaseHTTPRequestHandler]) -> None:
        """Starts serving; `handler.owner` is this object."""
        self.server = _Server(("127.0.0.1", 0), type("Handler", (handler,), {"owner": self}))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Stops serving."""
        self.server.shutdown()
        self.server.server_close()


class _FaultHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: FaultProxy

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.owner.fault()
        if fault == "slow down":
            error = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
            self.send_response(503)
            self.send_header("Content-Length", str(len(error)))
            self.end_headers()
            self.wfile.write(error if self.command != "HEAD" else b"")
            return
        if fault == "reset":
            self.close_connection = True
            return
        if fault == "stall":
            time.sleep(self.owner.stall_seconds)
        upstream = http.client.HTTPConnection("127.0.0.1", self.owner.port, timeout=60)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            upstream.putheader(name, value)
        upstream.endheaders(body or None)
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault == "truncate" and len(content) > 1:
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _handle  # noqa: N815


class FaultProxy(Background):
    """A proxy that answers some requests with SlowDown, drops, cuts or holds up others, always the same ones."""

    def __init__(self, moto: Moto, rates: dict[str, float], stall_seconds: float = 1) -> None:
        """Stands in front of `moto`; `rates` are the shares of requests for each fault."""
        self.port = moto.port
        self.rates = rates
        self.stall_seconds = stall_seconds
        self.random = random.Random(7)
        self.lock = threading.Lock()
        self.counts: dict[str, int] = {}
        super().__init__(_FaultHandler)

    def fault(self) -> str | None:
        """What happens to the next request."""
        with self.lock:
            draw = self.random.random()
            for name, rate in self.rates.items():
                if draw < rate:
                    self.counts[name] = self.counts.get(name, 0) + 1
                    return name
                draw -= rate
            self.counts["none"] = self.counts.get("none", 0) + 1
            return None


class _SinkHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Sink

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""

    def _answer(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _take(self) -> tuple[int, str]:
        left = int(self.headers.get("Content-Length") or 0)
        size, digest = left, hashlib.md5(usedforsecurity=False)
        while left:
            chunk = self.rfile.read(min(left, 1 << 20))
            if not chunk:
                raise ConnectionError("cut")
            digest.update(chunk)
            left -= len(chunk)
        return size, digest.hexdigest()

    def do_PUT(self) -> None:
        """Takes a part and forgets its bytes."""
        size, digest = self._take()
        with self.owner.lock:
            number = re.search(r"partNumber=(\d+)", self.path)
            self.owner.parts[int(number[1]) if number else 0] = (size, digest)
        self._answer(ETag=f'"{digest}"')

    def do_POST(self) -> None:
        """Begins or completes an upload."""
        self._take()
        if "uploads" in self.path:
            self.owner.parts.clear()
            self._answer(body=b"<R><UploadId>sink</UploadId></R>")
            return
        digests = b"".join(bytes.fromhex(digest) for _, (_, digest) in sorted(self.owner.parts.items()))
        tag = hashlib.md5(digests, usedforsecurity=False).hexdigest()
        body = f'<CompleteMultipartUploadResult><ETag>"{tag}-{len(self.owner.parts)}"</ETag>'
        self._answer(body=f"{body}</CompleteMultipartUploadResult>".encode())

    def do_GET(self) -> None:
        """Lists nothing, or makes up the bytes of an object as they are sent."""
        if "list-type" in self.path:
            self._answer(body=b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
            return
        start, end = 0, self.owner.size
        if asked := re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or ""):
            start = int(asked[1])
            end = min(int(asked[2] or end) + 1, end)
        self.send_response_only(206 if asked else 200)
        self.send_header("Content-Length", str(end - start))
        self.send_header("ETag", '"sink"')
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{self.owner.size}")
        self.end_headers()
        while start < end:
            offset = start % len(BLOCK)
            chunk = BLOCK[offset : offset + end - start]
            self.wfile.write(chunk)
            start += len(chunk)

    def do_HEAD(self) -> None:
        """Knows no object."""
        self._answer(404)

    def do_DELETE(self) -> None:
        """Deletes nothing."""
        self._answer(204)


class Sink(Background):
    """A store that counts what is sent to it and makes up what is asked of it, so that objects may be of any size."""

    def __init__(self, size: int) -> None:
        """Answers downloads with `size` bytes: `BLOCK` again and again."""
        self.size = size
        self.parts: dict[int, tuple[int, str]] = {}
        self.lock = threading.Lock()
        super().__init__(_SinkHandler)


def quoted(path: str) -> str:
    """A path as it stands in an address."""
    return urllib.parse.quote(path)
