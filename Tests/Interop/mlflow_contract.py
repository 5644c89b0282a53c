"""The MLflow endpoints as a table, and the wrong requests that follow from it: each field with each wrong type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from databases import database_arguments
from martlet_process import Martlet

# Messages that occur inside requests: the fields of each as `name:type`, `!` when required, `[]` when repeated.
MESSAGES = {
    "Tag": "key:string value:string",
    "Metric": "key!:string value!:double timestamp!:int64 step:int64 model_id:string dataset_name:string",
    "Param": "key!:string value:string",
    "DatasetInput": "tags:Tag[] dataset!:Dataset",
    "Dataset": "name!:string digest!:string source_type!:string source!:string schema:string profile:string",
    "ModelInput": "model_id!:string",
    "ModelOutput": "model_id!:string step:int64",
    "SearchDataset": "dataset_name!:string dataset_digest:string",
    "OrderBy": "field_name!:string ascending:bool dataset_name:string dataset_digest:string",
    "Trace": "trace_info!:TraceInfo",
    "TraceInfo": "trace_id:string client_request_id:string request_preview:string state:enum",
    "Location": "",
    "PromptVersion": "name!:string",
    "Assessment": "assessment_name!:string span_id:string source:Source rationale:string",
    "Source": "source_type:enum source_id:string",
    "Event": "entity!:enum action!:enum",
}
LOCATION = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
INFO = {"trace_id": "tr-" + "1" * 32, "state": "OK", "trace_location": LOCATION, "request_time": "2026-01-01T00:00:00Z"}
# A right value for each message, to put one wrong field into.
EXAMPLES = {
    "Tag": {"key": "k", "value": "v"},
    "Metric": {"key": "m", "value": 1.5, "timestamp": 1, "step": 0},
    "Param": {"key": "p", "value": "v"},
    "DatasetInput": {"dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "{}"}},
    "Dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "{}"},
    "ModelInput": {"model_id": "m-" + "0" * 32},
    "ModelOutput": {"model_id": "m-" + "0" * 32, "step": 0},
    "SearchDataset": {"dataset_name": "d"},
    "OrderBy": {"field_name": "name"},
    "Trace": {"trace_info": INFO},
    "TraceInfo": INFO,
    "Location": LOCATION,
    "PromptVersion": {"name": "p", "version": "1"},
    "Assessment": {
        "assessment_name": "a",
        "source": {"source_type": "HUMAN", "source_id": "x"},
        "feedback": {"value": 1},
    },
    "Source": {"source_type": "HUMAN", "source_id": "x"},
    "Event": {"entity": "REGISTERED_MODEL", "action": "CREATED"},
}
# One endpoint per line: method, path after `/api/`, fields. `$x` in a path is an entity of the `Entities` below.
TABLE = """
GET 2.0/mlflow/experiments/get-by-name experiment_name!:string
POST 2.0/mlflow/experiments/create name!:string artifact_location:string tags:Tag[]
POST 2.0/mlflow/experiments/search max_results:int64 page_token:string filter:string order_by:string[] view_type:enum
GET 2.0/mlflow/experiments/search max_results:int64 page_token:string filter:string order_by:string[] view_type:enum
GET 2.0/mlflow/experiments/get experiment_id!:string
POST 2.0/mlflow/experiments/delete experiment_id!:string
POST 2.0/mlflow/experiments/restore experiment_id!:string
POST 2.0/mlflow/experiments/update experiment_id!:string new_name:string
POST 2.0/mlflow/experiments/set-experiment-tag experiment_id!:string key!:string value:string
POST 2.0/mlflow/experiments/delete-experiment-tag experiment_id!:string key!:string
POST 2.0/mlflow/runs/create experiment_id:string user_id:string run_name:string start_time:int64 tags:Tag[]
POST 2.0/mlflow/runs/update run_id:string run_uuid:string status:enum end_time:int64 run_name:string
POST 2.0/mlflow/runs/delete run_id!:string
POST 2.0/mlflow/runs/restore run_id!:string
GET 2.0/mlflow/runs/get run_id!:string
POST 2.0/mlflow/runs/search experiment_ids:string[] filter:string run_view_type:enum max_results:int32 \
order_by:string[] page_token:string
POST 2.0/mlflow/runs/log-batch run_id:string metrics:Metric[] params:Param[] tags:Tag[]
POST 2.0/mlflow/runs/log-model run_id!:string model_json!:string
POST 2.0/mlflow/runs/log-metric run_id:string key!:string value!:double timestamp!:int64 step:int64 model_id:string \
dataset_name:string dataset_digest:string
POST 2.0/mlflow/runs/log-parameter run_id:string key!:string value:string
POST 2.0/mlflow/runs/set-tag run_id:string key!:string value:string
POST 2.0/mlflow/runs/delete-tag run_id!:string key!:string
GET 2.0/mlflow/metrics/get-history run_id!:string metric_key!:string page_token:string max_results:int32
GET 2.0/mlflow/metrics/get-history-bulk-interval run_ids:string[] metric_key!:string start_step:int32 end_step:int32 \
max_results:int32
POST 2.0/mlflow/runs/log-inputs run_id!:string datasets:DatasetInput[] models:ModelInput[]
POST 2.0/mlflow/runs/outputs run_id!:string models!:ModelOutput[]
POST 2.0/mlflow/logged-models experiment_id!:string name:string model_type:string source_run_id:string params:Param[] \
tags:Tag[]
PATCH 2.0/mlflow/logged-models/$logged_model status!:enum
GET 2.0/mlflow/logged-models/$logged_model
DELETE 2.0/mlflow/logged-models/$missing_model
POST 2.0/mlflow/logged-models/search experiment_ids!:string[] filter:string datasets:SearchDataset[] max_results:int32 \
order_by:OrderBy[] page_token:string
PATCH 2.0/mlflow/logged-models/$logged_model/tags tags:Tag[]
POST 2.0/mlflow/logged-models/$logged_model/params params:Param[]
GET 2.0/mlflow/artifacts/list run_id!:string path:path
GET 2.0/mlflow-artifacts/artifacts path:path
POST 2.0/mlflow/registered-models/create name!:string tags:Tag[] description:string
POST 2.0/mlflow/registered-models/rename name!:string new_name:string
PATCH 2.0/mlflow/registered-models/update name!:string description:string
DELETE 2.0/mlflow/registered-models/delete name!:string
GET 2.0/mlflow/registered-models/get name!:string
GET 2.0/mlflow/registered-models/search filter:string max_results:int64 order_by:string[] page_token:string
POST 2.0/mlflow/registered-models/get-latest-versions name!:string stages:string[]
GET 2.0/mlflow/registered-models/get-latest-versions name!:string stages:string[]
POST 2.0/mlflow/model-versions/create name!:string source!:string run_id:string tags:Tag[] run_link:string \
description:string model_id:string
PATCH 2.0/mlflow/model-versions/update name!:string version!:version description:string
POST 2.0/mlflow/model-versions/transition-stage name!:string version!:version stage!:string \
archive_existing_versions!:bool
DELETE 2.0/mlflow/model-versions/delete name!:string version!:version
GET 2.0/mlflow/model-versions/get name!:string version!:version
GET 2.0/mlflow/model-versions/search filter:string max_results:int64 order_by:string[] page_token:string
GET 2.0/mlflow/model-versions/get-download-uri name!:string version!:version
POST 2.0/mlflow/registered-models/set-tag name!:string key!:string value:string
POST 2.0/mlflow/model-versions/set-tag name!:string version!:version key!:string value:string
DELETE 2.0/mlflow/registered-models/delete-tag name!:string key!:string
DELETE 2.0/mlflow/model-versions/delete-tag name!:string version!:version key!:string
POST 2.0/mlflow/registered-models/alias name!:string alias!:string version!:version
DELETE 2.0/mlflow/registered-models/alias name!:string alias!:string
GET 2.0/mlflow/registered-models/alias name!:string alias!:string
POST 3.0/mlflow/traces trace!:Trace
GET 3.0/mlflow/traces/get trace_id!:string allow_partial:bool
GET 3.0/mlflow/traces/batchGet trace_ids:string[]
POST 3.0/mlflow/traces/batchGetInfos trace_ids:string[]
POST 3.0/mlflow/traces/search locations!:Location[] filter:string max_results:int32 order_by:string[] page_token:string
POST 3.0/mlflow/traces/delete-traces experiment_id!:string max_timestamp_millis:int64 max_traces:int64 \
request_ids:string[]
PATCH 3.0/mlflow/traces/$trace/tags key!:string value:string
DELETE 3.0/mlflow/traces/$trace/tags key!:string
POST 2.0/mlflow/traces/link-to-run trace_ids:string[] run_id!:string
POST 2.0/mlflow/traces/link-prompts trace_id!:string prompt_versions:PromptVersion[]
POST 3.0/mlflow/traces/$trace/assessments assessment!:Assessment
POST 2.0/mlflow/webhooks name!:string description:string url!:string events!:Event[] secret:string status:enum
GET 2.0/mlflow/webhooks max_results:int32 page_token:string
PATCH 2.0/mlflow/webhooks/$webhook name:string description:string url:string events:Event[] secret:string status:enum
POST 2.0/mlflow/webhooks/$webhook/test event:Event
POST 3.0/mlflow/datasets/create name!:string experiment_ids:string[] tags:string
POST 3.0/mlflow/datasets/search experiment_ids:string[] filter_string:string max_results:int32 order_by:string[] \
page_token:string
PATCH 3.0/mlflow/datasets/$dataset/tags tags!:string
POST 3.0/mlflow/datasets/$dataset/records records!:string
GET 3.0/mlflow/datasets/$dataset/records max_results:int64 page_token:string
POST 3.0/mlflow/datasets/$dataset/add-experiments experiment_ids:string[]
POST 3.0/mlflow/scorers/register experiment_id!:string name!:string serialized_scorer!:string
GET 3.0/mlflow/scorers/list experiment_id:string
GET 3.0/mlflow/scorers/get experiment_id!:string name!:string version:int64
DELETE 3.0/mlflow/scorers/delete experiment_id!:string name!:string version:int64
"""
# Fields that a right request has although none of them is required by itself.
ALWAYS = ["run_id", "run_ids", "max_timestamp_millis"]
BIG = 2**63
# What is none of the type, in JSON. `null` counts as absent and is not among them.
WRONG: dict[str, list[object]] = {
    "string": [1, 1.5, True, [], {}, ["x"]],
    "path": [1, True, [], {}],
    "version": [True, [], {}, "abc", "1.5", str(BIG), 1.5],
    "int64": ["x", "", 1.5, True, [], {}, BIG, -BIG - 1, str(BIG), 1e300, "1e3", " 1"],
    "int32": ["x", "", 1.5, True, [], {}, BIG, 2**31, -(2**31) - 1, 1e300],
    "double": ["text", "", [], {}, True, "1.5x"],
    "bool": ["maybe", 2, [], {}, "", 1.5],
    "enum": ["WRONG", 99, -1, [], {}, True, 1.5],
}
# What is none of the type in a query, where everything is text.
WRONG_TEXT: dict[str, list[str]] = {
    "version": ["abc", "1.5", str(BIG)],
    "int64": ["x", "1.5", str(BIG), "1e3", "0x10", "NaN"],
    "int32": ["x", "1.5", str(BIG), str(2**31), "NaN"],
    "bool": ["maybe", "2"],
    "enum": ["WRONG", "99"],
    "path": ["..", "../x", "/etc", "a/../../b", "a\\b"],
}


@dataclass(frozen=True)
class Field:
    """One field of a request."""

    name: str
    type: str
    required: bool
    repeated: bool


def fields(text: str) -> list[Field]:
    """Reads `name!:type[] …`."""
    found = []
    for word in text.split():
        name, _, kind = word.partition(":")
        found.append(Field(name.rstrip("!"), kind.removesuffix("[]"), name.endswith("!"), kind.endswith("[]")))
    return found


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of the contract."""

    method: str
    path: str
    fields: tuple[Field, ...]

    def __str__(self) -> str:
        """The name of the endpoint in a test's id."""
        return f"{self.method} {self.path}"

    def send(self, server: Martlet, entities: Entities, values: dict[str, object]) -> requests.Response:
        """Sends one request, with the values in the query or in a JSON body as the method has it."""
        address = f"{server.url}/api/{entities.fill(self.path)}"
        where = {"params": values} if self.method == "GET" else {"json": values}
        return entities.session.request(self.method, address, timeout=30, **where)


def endpoints() -> list[Endpoint]:
    """Every endpoint of the table."""
    found = []
    for line in TABLE.replace("\\\n", "").strip().splitlines():
        method, path, *rest = line.split(maxsplit=2)
        found.append(Endpoint(method, path, tuple(fields(rest[0] if rest else ""))))
    return found


class Entities:
    """One of each entity on a server, and right values for the fields that name them."""

    def __init__(self, server: Martlet) -> None:
        """Creates the entities."""
        self.server = server
        self.session = requests.Session()
        self.experiment_id = self.post("experiments/create", {"name": "entity"})["experiment_id"]
        body = {"experiment_id": self.experiment_id, "start_time": 1, "run_name": "entity"}
        self.run_id = self.post("runs/create", body)["run"]["info"]["run_id"]
        self.post("runs/log-metric", {"run_id": self.run_id, "key": "m", "value": 1, "timestamp": 1})
        body = {"experiment_id": self.experiment_id, "name": "entity", "source_run_id": self.run_id}
        self.logged_model = self.post("logged-models", body)["model"]["info"]["model_id"]
        self.post("registered-models/create", {"name": "entity"})
        source = {"name": "entity", "source": f"runs:/{self.run_id}/model", "run_id": self.run_id}
        self.post("model-versions/create", source)
        self.post("registered-models/alias", {"name": "entity", "alias": "kept", "version": "1"})
        self.trace = "tr-" + "0" * 32
        self.location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": self.experiment_id}}
        info = {"trace_id": self.trace, "trace_location": self.location, "request_time": "2026-01-01T00:00:00Z"}
        self.post("traces", {"trace": {"trace_info": info | {"state": "OK"}}}, version="3.0")
        # An address, as a name would have to be resolved; disabled, so nothing is sent there.
        body = {"name": "entity", "url": "https://8.8.8.8/hook", "events": [EXAMPLES["Event"]], "status": "DISABLED"}
        self.webhook = self.post("webhooks", body)["webhook"]["webhook_id"]
        self.dataset = self.post("datasets/create", {"name": "entity"}, version="3.0")["dataset"]["dataset_id"]
        scorer = {"experiment_id": self.experiment_id, "name": "entity", "serialized_scorer": "{}"}
        self.post("scorers/register", scorer, version="3.0")

    def post(self, path: str, body: dict[str, object], version: str = "2.0") -> dict:
        """POSTs what must succeed."""
        answer = self.session.post(f"{self.server.url}/api/{version}/mlflow/{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str, **values: object) -> str:
        """GETs what must succeed, as text."""
        answer = self.session.get(f"{self.server.url}/api/2.0/mlflow/{path}", params=values, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.text

    def fill(self, path: str) -> str:
        """Puts the entities into a path."""
        filled = path.replace("$logged_model", self.logged_model).replace("$missing_model", "m-" + "0" * 32)
        return filled.replace("$trace", self.trace).replace("$webhook", self.webhook).replace("$dataset", self.dataset)

    def right(self, endpoint: Endpoint) -> dict[str, object]:
        """A request in which everything that must be there is right."""
        described = {"artifact_path": "m", "flavors": {}, "utc_time_created": "2026-01-01", "run_id": self.run_id}
        by_name = {
            "experiment_id": self.experiment_id,
            "experiment_ids": [self.experiment_id],
            "run_id": self.run_id,
            "run_ids": [self.run_id],
            "model_id": self.logged_model,
            "status": "LOGGED_MODEL_READY",
            "version": "1",
            "source": f"runs:/{self.run_id}/model",
            "archive_existing_versions": False,
            "value": 1.5 if endpoint.path.endswith("metric") else "v",
            "timestamp": 1,
            "metric_key": "m",
            "alias": "kept",
            "name": "entity",
            "new_name": "renamed",
            "experiment_name": "entity",
            "stage": "Staging",
            "key": "k",
            "models": [],
            "trace_id": self.trace,
            "locations": [LOCATION],
            "max_timestamp_millis": 1,
            "trace": EXAMPLES["Trace"],
            "assessment": EXAMPLES["Assessment"],
            "url": "https://8.8.8.8/hook",
            "events": [EXAMPLES["Event"]],
            "tags": "{}",
            "records": "[]",
            "serialized_scorer": "{}",
            "model_json": json.dumps(described),
        }
        if endpoint.path.endswith("/create"):
            by_name |= {"name": "never-created"}
        needed = [field for field in endpoint.fields if field.required or field.name in ALWAYS]
        return {field.name: by_name[field.name] for field in needed}

    def snapshot(self) -> list[str]:
        """Everything that the server would show of what is stored."""
        body = {"experiment_ids": [self.experiment_id, "0"], "run_view_type": "ALL"}
        return [
            self.get("experiments/search", max_results=1000, view_type="ALL"),
            str(self.post("runs/search", body)),
            self.get("runs/get", run_id=self.run_id),
            self.get("metrics/get-history", run_id=self.run_id, metric_key="m"),
            self.get("registered-models/search"),
            self.get("registered-models/get", name="entity"),
            self.get("model-versions/search"),
            str(self.post("logged-models/search", {"experiment_ids": [self.experiment_id, "0"]})),
            str(self.post("traces/search", {"locations": [self.location, LOCATION]}, version="3.0")),
            str(self.post("datasets/search", {"max_results": 100}, version="3.0")),
            self.get("webhooks"),
        ]


@contextmanager
def served(folder: Path, request: pytest.FixtureRequest, unchanged: bool = False) -> Iterator[Entities]:
    """A server with one of each entity, which must be alive at the end and, if asked, show what it showed before."""
    with database_arguments(request) as arguments:
        server = Martlet(folder, *arguments).start()
        try:
            made = Entities(server)
            before = made.snapshot()
            yield made
            if unchanged:
                assert made.snapshot() == before, "what was refused has changed something"
            assert server.process.poll() is None, server.log
            assert server.stop() == 0, server.log
        finally:
            server.kill()


def wrong_values(field: Field, query: bool) -> Iterator[tuple[str, object]]:
    """Pairs of the name that the message must mention and a value that the field must refuse."""
    if query:
        for value in WRONG_TEXT.get(field.type, []):
            yield field.name, value
        return
    if field.repeated:
        for value in [1, True, "text", {"a": 1}, 1.5]:
            yield field.name, value
        inner = Field(field.name, field.type, field.required, repeated=False)
        for name, value in wrong_values(inner, query):
            yield name, [value]
    elif field.type in MESSAGES:
        for value in [1, True, "text", []]:
            yield field.name, value
        example = EXAMPLES[field.type]
        for part in fields(MESSAGES[field.type]):
            for name, value in wrong_values(part, query):
                yield name, example | {part.name: value}
            if part.required:
                yield part.name, {key: value for key, value in example.items() if key != part.name}
    else:
        for value in WRONG[field.type]:
            yield field.name, value


def complaint(answer: requests.Response, name: str) -> str | None:
    """What is wrong with a refusal that should name `name`, or nothing."""
    text = answer.text
    if answer.status_code != 400:
        return f"{answer.status_code} {text[:200]}"
    try:
        body = answer.json()
    except ValueError:
        return f"not JSON: {text[:200]}"
    if body.get("error_code") not in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST"):
        return f"code {text[:200]}"
    message = body.get("message", "")
    if name not in message and name.replace("_", " ") not in message.lower():
        return f"does not name {name}: {message[:200]}"
    return leak(text)


def leak(text: str) -> str | None:
    """What an answer tells of the machine that it must not, or nothing."""
    for word in ["Traceback", ".swift", "/tmp/", "/home/", f"{Path.home()}/", "SQLITE", "sqlite", "SELECT ", "INSERT "]:
        if word in text:
            return f"leaks {word}: {text[:300]}"
    return None
