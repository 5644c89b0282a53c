"""W3C trace context in and out, spans of predictions at an OTLP receiver, a log line for each logged request."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import requests
from martlet_process import Martlet, wait_until
from otlp_receiver import Receiver, otlp_receiver
from test_serving import Deployed

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def attributes(span: object) -> dict[str, object]:
    """The attributes of a span by name."""
    values = {}
    for pair in span.attributes:
        values[pair.key] = getattr(pair.value, pair.value.WhichOneof("value"))
    return values


def predict(deployed: Deployed, **headers: str) -> requests.Response:
    """One prediction over V1."""
    return requests.post(
        f"{deployed.server.url}/v1/models/{deployed.name}:predict",
        json={"instances": deployed.rows.head(2).values.tolist()},
        headers=headers,
        timeout=30,
    )


def spans_of(receiver: Receiver, trace: str, count: int) -> list:
    """The spans of a trace once there are enough of them."""
    wait_until(lambda: len(receiver.of_trace(trace)) >= count, what="the spans")
    return receiver.of_trace(trace)


def test_a_callers_trace_goes_on(new_server: Callable[..., Martlet]) -> None:
    with otlp_receiver() as receiver:
        deployed = Deployed(new_server("--otlp-endpoint", receiver.url))
        answer = predict(deployed, traceparent=PARENT, tracestate="vendor=1")
        assert answer.status_code == 200
        echoed = answer.headers["traceparent"]
        assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-01", echoed)
        assert answer.headers["tracestate"] == "vendor=1"

        spans = spans_of(receiver, TRACE, 3)
        server = next(span for span in spans if span.parent_span_id.hex() == "00f067aa0ba902b7")
        assert server.span_id.hex() == echoed.split("-")[2]
        assert server.kind == server.SPAN_KIND_SERVER
        assert server.trace_state == "vendor=1"
        known = attributes(server)
        assert known["http.request.method"] == "POST"
        assert known["http.response.status_code"] == 200
        assert known["martlet.deployment"] == deployed.name
        assert known["martlet.model_version"] == "1"
        assert known["martlet.rows"] == 2
        assert known["martlet.request_id"] == answer.headers["x-request-id"]
        parts = {span.name: span for span in spans if span.parent_span_id == server.span_id}
        assert set(parts) == {"queue", "compute"}
        for span in parts.values():
            assert server.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
            assert span.end_time_unix_nano <= server.end_time_unix_nano
        assert receiver.services == {"martlet"}

        # Only what the caller wants kept is kept, and a context that is not valid counts as none.
        assert predict(deployed, traceparent=PARENT[:-1] + "0").headers["traceparent"].endswith("-00")
        assert "traceparent" not in predict(deployed, traceparent="00-nonsense").headers
        assert "traceparent" not in predict(deployed).headers
        assert len(receiver.spans) == 3


def test_sampled_requests_and_failures(new_server: Callable[..., Martlet]) -> None:
    with otlp_receiver() as receiver:
        deployed = Deployed(new_server("--otlp-endpoint", receiver.url, "--trace-requests", "1"))
        trace = predict(deployed).headers["traceparent"].split("-")[1]
        assert {span.name for span in spans_of(receiver, trace, 3)} >= {"queue", "compute"}

        refused = requests.post(
            f"{deployed.server.url}/v1/models/{deployed.name}:predict",
            json={"instances": [[1, 2]]},
            headers={"traceparent": PARENT},
            timeout=30,
        )
        assert refused.status_code == 400
        (span,) = spans_of(receiver, TRACE, 1)
        assert attributes(span)["http.response.status_code"] == 400
        assert attributes(span)["error.type"] == "invalidArgument"
        # An error of the client's is no error of the server's span (OpenTelemetry's rule for HTTP servers).
        assert span.status.code == span.status.STATUS_CODE_UNSET


def test_a_receiver_that_is_away_costs_no_prediction(new_server: Callable[..., Martlet]) -> None:
    with otlp_receiver() as receiver:
        address = receiver.url
    deployed = Deployed(new_server("--otlp-endpoint", address, "--trace-requests", "1"))
    for _ in range(20):
        assert predict(deployed).status_code == 200

    def dropped() -> bool:
        text = requests.get(f"{deployed.server.url}/metrics", timeout=10).text
        return re.search(r"^martlet_spans_dropped_total [1-9]", text, re.MULTILINE) is not None

    wait_until(dropped, what="the dropped spans to be counted")


def test_a_line_for_each_logged_request(new_server: Callable[..., Martlet]) -> None:
    deployed = Deployed(new_server("--log-format", "json", "--log-requests", "1"))
    answer = predict(deployed, **{"X-Request-Id": "order-4711"})
    assert answer.headers["x-request-id"] == "order-4711"

    def lines() -> list[dict[str, object]]:
        records = [json.loads(line) for line in deployed.server.log.splitlines() if line.startswith("{")]
        return [record["metadata"] for record in records if record["logger"] == "martlet.requests"]

    wait_until(lambda: bool(lines()), what="the line")
    (line,) = lines()
    assert line["request"] == "order-4711"
    assert line["deployment"] == deployed.name
    assert line["rows"] == "2"
    assert line["status"] == "ok"
    assert int(line["duration_us"]) >= int(line["compute_us"]) >= 0
