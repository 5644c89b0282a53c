"""An OTLP receiver over HTTP that keeps the spans it is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Receiver(ThreadingHTTPServer):
    """The server; `spans` are those received so far."""

    def __init__(self) -> None:
        """Listens on a free port of the loopback interface."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.spans: list[Span] = []
        self.services: set[str] = set()

    @property
    def url(self) -> str:
        """The base address to export to."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def of_trace(self, trace: str) -> list[Span]:
        """The spans of one trace."""
        with self.lock:
            return [span for span in self.spans if span.trace_id.hex() == trace]


class Handler(BaseHTTPRequestHandler):
    """Reads one export request."""

    server: Receiver

    def do_POST(self) -> None:
        """Keeps the spans of a body at the path of the protocol."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        known = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
        if known:
            request = ExportTraceServiceRequest.FromString(body)
            with self.server.lock:
                for resource in request.resource_spans:
                    attributes = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
                    self.server.services.add(attributes.get("service.name", ""))
                    for scope in resource.scope_spans:
                        self.server.spans.extend(scope.spans)
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def otlp_receiver() -> Iterator[Receiver]:
    """A receiver that runs until the block ends."""
    receiver = Receiver()
    thread = threading.Thread(target=receiver.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.shutdown()
        thread.join()
        receiver.server_close()
