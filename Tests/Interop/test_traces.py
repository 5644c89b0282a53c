"""The unmodified MLflow client's tracing, and a plain OpenTelemetry exporter, against the server."""

from __future__ import annotations

import asyncio
import json
import time

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.entities import AssessmentError, AssessmentSource, SpanType
from mlflow.entities.trace_state import TraceState
from mlflow.tracing.assessment import override_feedback
from mlflow_fixtures import error_code
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Status, StatusCode

pytest_plugins = ["mlflow_fixtures"]


@pytest.fixture(autouse=True)
def experiment(client: MlflowClient, name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An experiment of the test's own; spans are sent before the traced function returns."""
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
    mlflow.tracing.reset()
    return mlflow.set_experiment(name).experiment_id


def last_trace() -> mlflow.entities.Trace:
    """The trace that was made last, as the server has it."""
    mlflow.flush_trace_async_logging()
    return mlflow.get_trace(mlflow.get_last_active_trace_id())


def found(experiment: str, filter_string: str, **options) -> list[str]:
    """The names of the traces that a search finds, in its order."""
    traces = mlflow.search_traces(
        locations=[experiment], filter_string=filter_string, return_type="list", include_spans=False, **options
    )
    return [trace.info.tags["mlflow.traceName"] for trace in traces]


@mlflow.trace(span_type=SpanType.TOOL, attributes={"kind": "sum"})
def add(a: int, b: int) -> int:
    return a + b


@mlflow.trace(name="answer", span_type=SpanType.AGENT)
def answer(question: str) -> dict:
    with mlflow.start_span("think", span_type=SpanType.CHAIN) as span:
        span.set_inputs({"question": question})
        span.set_attributes({"temperature": 0.5, "tags": ["a", "b"], "nested": {"x": None, "größe": "ä"}})
        result = add(20, 22)
        span.set_outputs(result)
    return {"result": result}


def test_nested_spans_come_back_as_they_were(experiment: str):
    assert answer("how much?") == {"result": 42}
    trace = last_trace()
    assert trace.info.state == TraceState.OK
    assert trace.info.experiment_id == experiment
    assert trace.info.tags["mlflow.trace.spansLocation"] == "TRACKING_STORE"
    assert trace.info.tags["mlflow.traceName"] == "answer"
    assert json.loads(trace.info.request_preview) == {"question": "how much?"}
    assert json.loads(trace.info.response_preview) == {"result": 42}
    root, think, tool = trace.data.spans
    assert [span.name for span in trace.data.spans] == ["answer", "think", "add"]
    assert think.parent_id == root.span_id
    assert tool.parent_id == think.span_id
    assert (root.span_type, think.span_type, tool.span_type) == ("AGENT", "CHAIN", "TOOL")
    assert think.get_attribute("nested") == {"x": None, "größe": "ä"}
    assert think.get_attribute("temperature") == 0.5
    assert think.get_attribute("tags") == ["a", "b"]
    assert tool.inputs == {"a": 20, "b": 22}
    assert tool.outputs == 42
    assert tool.get_attribute("kind") == "sum"
    assert root.start_time_ns <= think.start_time_ns <= tool.start_time_ns
    assert root.end_time_ns >= tool.end_time_ns
    assert trace.info.execution_duration == pytest.approx((root.end_time_ns - root.start_time_ns) / 1e6, abs=2)


def test_exceptions_are_recorded():
    @mlflow.trace
    def fails():
        raise ValueError("no luck")

    with pytest.raises(ValueError, match="no luck"):
        fails()
    trace = last_trace()
    assert trace.info.state == TraceState.ERROR
    (span,) = trace.data.spans
    assert span.status.status_code == "ERROR"
    assert "no luck" in span.status.description
    (event,) = span.events
    assert event.name == "exception"
    assert event.attributes["exception.type"] == "ValueError"
    assert "no luck" in event.attributes["exception.stacktrace"]


def test_async_functions_and_generators():
    @mlflow.trace
    async def fetch(n: int) -> int:
        await asyncio.sleep(0)
        return n * 2

    @mlflow.trace
    async def gather() -> list[int]:
        return await asyncio.gather(*(fetch(n) for n in range(5)))

    assert asyncio.run(gather()) == [0, 2, 4, 6, 8]
    assert len(last_trace().data.spans) == 6

    @mlflow.trace(output_reducer=lambda parts: "".join(parts))
    def stream():
        yield from "abc"

    assert list(stream()) == ["a", "b", "c"]
    (span,) = last_trace().data.spans
    assert span.outputs == "abc"
    assert len(span.events) == 3

    @mlflow.trace
    async def async_stream():
        for word in ("x", "y"):
            yield word

    async def consume() -> list[str]:
        return [word async for word in async_stream()]

    assert asyncio.run(consume()) == ["x", "y"]
    assert last_trace().data.spans[0].outputs == ["x", "y"]


def test_every_operator_of_search(experiment: str):
    def traced(name: str, fails: bool = False, **tags: str) -> str:
        try:
            with mlflow.start_span(name, span_type=SpanType.LLM) as span:
                mlflow.update_current_trace(tags=tags, metadata={"team": name.upper()}, client_request_id=f"id-{name}")
                span.set_inputs({"prompt": f"tell me about {name}"})
                span.set_attributes({"model": f"gpt-{name}", "tokens": len(name)})
                if fails:
                    raise RuntimeError(name)
        except RuntimeError:
            pass
        return mlflow.get_last_active_trace_id()

    first = traced("first", env="prod")
    second = traced("second", env="dev")
    third = traced("third", fails=True)
    start = mlflow.get_trace(second).info.request_time
    client = MlflowClient()
    mlflow.log_feedback(trace_id=first, name="score", value=0.9)
    mlflow.log_feedback(trace_id=second, name="score", value=0.2)
    mlflow.log_feedback(trace_id=third, name="verdict", value="bad", rationale="it failed")
    mlflow.log_expectation(trace_id=first, name="answer", value="yes")
    cases = {
        "status = 'OK'": ["second", "first"],
        "status != 'OK'": ["third"],
        "trace.status = 'ERROR'": ["third"],
        "status IN ('OK', 'ERROR')": ["third", "second", "first"],
        "status NOT IN ('OK')": ["third"],
        "name = 'first'": ["first"],
        "name LIKE '%ir%'": ["third", "first"],
        "name ILIKE 'SEC%'": ["second"],
        "name RLIKE '^(first|third)$'": ["third", "first"],
        f"timestamp_ms > {start}": ["third"],
        f"timestamp_ms <= {start}": ["second", "first"],
        "execution_time_ms >= 0": ["third", "second", "first"],
        f"request_id = '{second}'": ["second"],
        "client_request_id = 'id-third'": ["third"],
        "tags.env = 'prod'": ["first"],
        "tag.env != 'prod'": ["second"],
        "tag.env IS NULL": ["third"],
        "tag.env IS NOT NULL": ["second", "first"],
        "tag.env RLIKE '^d'": ["second"],
        "metadata.team = 'THIRD'": ["third"],
        "metadata.team ILIKE 'f%'": ["first"],
        "span.name = 'second'": ["second"],
        "span.type = 'LLM' AND span.name LIKE 'f%'": ["first"],
        "span.status = 'ERROR'": ["third"],
        "span.attributes.model = 'gpt-first'": ["first"],
        "span.attributes.model LIKE 'gpt-%'": ["third", "second", "first"],
        "span.attributes.model RLIKE 'd$'": ["third", "second"],
        "span.attributes.tokens = '6'": ["second"],
        "span.content LIKE '%about second%'": ["second"],
        "trace.text LIKE '%about third%'": ["third"],
        "feedback.score > 0.5": ["first"],
        "feedback.score <= 0.2": ["second"],
        "feedback.verdict = 'bad'": ["third"],
        "feedback.verdict RLIKE 'a.'": ["third"],
        "feedback.verdict IS NULL": ["second", "first"],
        "expectation.answer = 'yes'": ["first"],
        "status = 'OK' AND tags.env = 'dev' AND name = 'second'": ["second"],
    }
    for filter_string, names in cases.items():
        assert found(experiment, filter_string) == names, filter_string
    assert found(experiment, "", order_by=["name ASC"]) == ["first", "second", "third"]
    assert found(experiment, "", order_by=["timestamp_ms ASC"]) == ["first", "second", "third"]
    assert found(experiment, "", order_by=["tags.env DESC"]) == ["first", "second", "third"]
    page = client.search_traces(locations=[experiment], max_results=2)
    rest = client.search_traces(locations=[experiment], max_results=2, page_token=page.token)
    assert [trace.info.trace_id for trace in [*page, *rest]] == [third, second, first]
    frame = mlflow.search_traces(locations=[experiment])
    assert len(frame) == 3
    assert set(frame["trace_id"]) == {first, second, third}
    for wrong in ("status > 'OK'", "wrong = 'x'", "tags.env IN ('a')", "name RLIKE '('"):
        assert error_code(lambda wrong=wrong: found(experiment, wrong)) == "INVALID_PARAMETER_VALUE"


def test_tags_and_deletion(client: MlflowClient, experiment: str):
    ids = []
    for _ in range(4):
        add(1, 2)
        ids.append(last_trace().info.trace_id)
    client.set_trace_tag(ids[0], "colour", "red")
    mlflow.set_trace_tag(ids[0], "size", "9")
    assert client.get_trace(ids[0]).info.tags["colour"] == "red"
    client.delete_trace_tag(ids[0], "colour")
    assert "colour" not in client.get_trace(ids[0]).info.tags
    assert error_code(lambda: client.delete_trace_tag(ids[0], "colour")) == "RESOURCE_DOES_NOT_EXIST"
    assert client.delete_traces(experiment, trace_ids=ids[:2]) == 2
    assert client.delete_traces(experiment, max_timestamp_millis=int(time.time() * 1000) + 1000, max_traces=1) == 1
    assert [trace.info.trace_id for trace in client.search_traces(locations=[experiment])] == [ids[3]]
    assert error_code(lambda: client.get_trace(ids[0])) == "RESOURCE_DOES_NOT_EXIST"


def test_feedback_and_expectations(experiment: str):
    add(1, 2)
    trace_id = last_trace().info.trace_id
    human = AssessmentSource(source_type="HUMAN", source_id="ann")
    feedback = mlflow.log_feedback(
        trace_id=trace_id,
        name="quality",
        value={"score": 3, "why": ["a", "b"]},
        source=human,
        rationale="fine",
        metadata={"k": "v"},
    )
    assert feedback.assessment_id.startswith("a-")
    stored = mlflow.get_assessment(trace_id, feedback.assessment_id)
    assert stored.value == {"score": 3, "why": ["a", "b"]}
    assert (stored.source.source_type, stored.source.source_id) == ("HUMAN", "ann")
    assert (stored.rationale, stored.metadata, stored.valid) == ("fine", {"k": "v"}, True)
    for value in (True, 1, 2.5, "text", [1, 2], None):
        if value is not None:
            made = mlflow.log_expectation(trace_id=trace_id, name="expected", value=value)
            assert mlflow.get_assessment(trace_id, made.assessment_id).value == value
    failed = mlflow.log_feedback(
        trace_id=trace_id, name="judge", error=AssessmentError(error_code="RATE", error_message="too many")
    )
    assert mlflow.get_assessment(trace_id, failed.assessment_id).feedback.error.error_code == "RATE"
    changed = mlflow.entities.Feedback(name="quality", value="good", metadata={"more": "1"})
    updated = mlflow.update_assessment(trace_id, feedback.assessment_id, changed)
    assert updated.value == "good"
    assert updated.metadata == {"k": "v", "more": "1"}
    assert updated.last_update_time_ms >= updated.create_time_ms
    replacement = override_feedback(
        trace_id=trace_id, assessment_id=feedback.assessment_id, value="bad", source=human, rationale="second look"
    )
    by_id = {item.assessment_id: item for item in mlflow.get_trace(trace_id).info.assessments}
    assert by_id[feedback.assessment_id].valid is False
    assert by_id[replacement.assessment_id].overrides == feedback.assessment_id
    assert found(experiment, "feedback.quality = 'good'") == []
    assert found(experiment, "feedback.quality = 'bad'") == ["add"]
    mlflow.delete_assessment(trace_id, replacement.assessment_id)
    assert mlflow.get_assessment(trace_id, feedback.assessment_id).valid is True
    mlflow.delete_assessment(trace_id, replacement.assessment_id)
    missing = error_code(lambda: mlflow.get_assessment(trace_id, replacement.assessment_id))
    assert missing == "RESOURCE_DOES_NOT_EXIST"


def test_sessions_runs_and_prompts(client: MlflowClient, experiment: str):
    @mlflow.trace
    def turn(text: str) -> str:
        mlflow.update_current_trace(session_id="session-1", user="ann")
        return text

    turn("hello")
    first = last_trace().info
    turn("again")
    second = last_trace().info
    assert first.trace_metadata["mlflow.trace.session"] == "session-1"
    assert first.trace_metadata["mlflow.trace.user"] == "ann"
    assert len(found(experiment, "metadata.`mlflow.trace.session` = 'session-1'")) == 2
    with mlflow.start_run() as run:
        add(1, 2)
        inside = last_trace().info
    assert inside.trace_metadata["mlflow.sourceRun"] == run.info.run_id
    by_run = mlflow.search_traces(locations=[experiment], run_id=run.info.run_id, return_type="list")
    assert [trace.info.trace_id for trace in by_run] == [inside.trace_id]
    client.link_traces_to_run([first.trace_id, second.trace_id], run.info.run_id)
    by_run = mlflow.search_traces(locations=[experiment], run_id=run.info.run_id, return_type="list")
    assert {trace.info.trace_id for trace in by_run} == {first.trace_id, second.trace_id, inside.trace_id}
    prompt = mlflow.genai.register_prompt(name=f"qa-{experiment}", template="Answer {{question}}")
    client.link_prompt_versions_to_trace([prompt], first.trace_id)
    assert found(experiment, f"prompt = 'qa-{experiment}/1'") == ["turn"]


def test_tokens_and_cost_are_added_up(experiment: str):
    with mlflow.start_span("chain"):
        for words in (3, 4):
            with mlflow.start_span("chat", span_type=SpanType.CHAT_MODEL) as span:
                usage = {"input_tokens": words, "output_tokens": 2, "total_tokens": words + 2}
                span.set_attribute("mlflow.chat.tokenUsage", usage)
                span.set_attribute("mlflow.llm.model", "gpt-x")
                span.set_outputs({"choices": [{"message": {"role": "assistant", "content": "hi"}}]})
    trace = last_trace()
    assert trace.info.token_usage == {"input_tokens": 7, "output_tokens": 4, "total_tokens": 11}
    assert [span.model_name for span in trace.search_spans(name="chat")] == ["gpt-x", "gpt-x"]
    assert found(experiment, "span.type = 'CHAT_MODEL' AND span.attributes.`mlflow.llm.model` = 'gpt-x'") == ["chain"]


def test_low_level_client_and_copies(client: MlflowClient, experiment: str):
    root = client.start_trace("manual", inputs={"x": 1}, tags={"by": "hand"}, experiment_id=experiment)
    child = client.start_span("child", trace_id=root.trace_id, parent_id=root.span_id, inputs=[1])
    client.end_span(root.trace_id, child.span_id, outputs=2, attributes={"n": 3})
    client.end_trace(root.trace_id, outputs="done", status="ERROR")
    mlflow.flush_trace_async_logging()
    trace = client.get_trace(root.trace_id)
    assert trace.info.state == TraceState.ERROR
    assert trace.info.tags["by"] == "hand"
    assert [(span.name, span.outputs) for span in trace.data.spans] == [("manual", "done"), ("child", 2)]
    copied = mlflow.log_trace(name="logged", request="in", response="out", attributes={"a": 1})
    mlflow.flush_trace_async_logging()
    assert mlflow.get_trace(copied).data.spans[0].inputs == "in"
    ids = [trace.info.trace_id for trace in client.search_traces(locations=[experiment], include_spans=True)]
    assert set(ids) == {root.trace_id, copied}


def test_plain_opentelemetry(server, experiment: str):
    for number, compression in enumerate((Compression.NoCompression, Compression.Gzip, Compression.Deflate)):
        exporter = OTLPSpanExporter(
            endpoint=f"{server.url}/v1/traces",
            headers={"x-mlflow-experiment-id": experiment},
            compression=compression,
        )
        resource = Resource.create({"service.name": f"shop-{number}"})
        provider = TracerProvider(resource=resource)
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        tracer = provider.get_tracer("shop")
        with tracer.start_as_current_span(
            "order", attributes={"gen_ai.operation.name": "chat", "items": [1, 2]}
        ) as span:
            trace_id = f"tr-{span.get_span_context().trace_id:032x}"
            with tracer.start_as_current_span("pay") as inner:
                inner.add_event("declined", {"code": 51})
                inner.set_status(Status(StatusCode.ERROR, "declined"))
            half = mlflow.get_trace(trace_id, flush=False)
            assert half.info.state == TraceState.IN_PROGRESS
            span.set_attribute("gen_ai.usage.input_tokens", 5)
            span.set_attribute("gen_ai.usage.output_tokens", 6)
        provider.shutdown()
        trace = mlflow.get_trace(trace_id)
        assert trace.info.state == TraceState.OK
        assert trace.info.tags["service.name"] == f"shop-{number}"
        order, pay = trace.data.spans
        assert (order.name, order.span_type, order.get_attribute("items")) == ("order", "CHAT_MODEL", [1, 2])
        assert (pay.status.status_code, pay.status.description) == ("ERROR", "declined")
        assert pay.events[0].attributes == {"code": 51}
        assert trace.info.token_usage == {"input_tokens": 5, "output_tokens": 6, "total_tokens": 11}


def test_refusals_of_exports(server, experiment: str):
    url = f"{server.url}/v1/traces"
    headers = {"x-mlflow-experiment-id": experiment, "Content-Type": "application/x-protobuf"}
    assert (
        requests.post(url, data=b"", headers={"Content-Type": "application/x-protobuf"}, timeout=10).status_code == 422
    )
    for body in (b"", b"\xff" * 50, b"this is not protobuf"):
        reply = requests.post(url, data=body, headers=headers, timeout=10)
        assert (reply.status_code, list(reply.json())) == (400, ["detail"])
    deep = b""
    for level in range(20_000):
        size, prefix = len(deep), b""
        while size > 127:
            prefix += bytes([size & 127 | 128])
            size >>= 7
        deep = (b"\x2a" if level % 2 else b"\x0a") + prefix + bytes([size]) + deep
        if len(deep) > 100_000:
            break
    assert requests.post(url, data=deep, headers=headers, timeout=30).status_code == 400
    unknown = requests.post(url, data=b"\x0a\x00", headers=headers | {"x-mlflow-experiment-id": "999999"}, timeout=10)
    assert unknown.status_code in (200, 404)
    assert requests.post(url, data=b"x", headers=headers | {"Content-Encoding": "gzip"}, timeout=10).status_code == 400


def test_traces_survive_a_kill(own_server, monkeypatch: pytest.MonkeyPatch):
    mlflow.set_tracking_uri(own_server.url)
    experiment = mlflow.set_experiment("durable").experiment_id
    add(2, 3)
    trace_id = last_trace().info.trace_id
    own_server.kill()
    own_server.start()
    trace = mlflow.get_trace(trace_id)
    assert trace.info.experiment_id == experiment
    assert trace.data.spans[0].outputs == 5
