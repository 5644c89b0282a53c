"""Two teams on one server, each with the stock MLflow client: neither sees anything of the other's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import mlflow
import pytest
import requests
from accounts import Accounts, credentials
from martlet_process import Martlet
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

NAME = "the same name"
MODEL = "the-same-model"


@dataclass
class Team:
    """One team's workspace, its token, and what it made."""

    workspace: str
    token: str
    url: str
    experiment: str = ""
    run: str = ""
    trace: str = ""

    def client(self) -> MlflowClient:
        """A stock client; use it within `credentials(MLFLOW_TRACKING_TOKEN=team.token)`."""
        return MlflowClient(self.url)

    def send(self, method: str, path: str, **options: object) -> requests.Response:
        """A request with the team's token."""
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=60, **options)

    def work(self) -> None:
        """Makes one of everything."""
        with credentials(MLFLOW_TRACKING_TOKEN=self.token):
            mlflow.set_tracking_uri(self.url)
            mlflow.set_registry_uri(self.url)
            client = self.client()
            self.experiment = mlflow.set_experiment(NAME).experiment_id
            with mlflow.start_run() as run:
                self.run = run.info.run_id
                mlflow.log_param("team", self.workspace)
                mlflow.log_metric("m", 1.0)
                mlflow.log_text(f"the secret of {self.workspace}", "secret.txt")
            client.create_registered_model(MODEL)
            source = f"runs:/{self.run}/secret.txt"
            client.create_model_version(MODEL, source, self.run, tags={"team": self.workspace})
            client.set_registered_model_alias(MODEL, "production", "1")
            with mlflow.start_span(name=f"span of {self.workspace}") as span:
                span.set_inputs({"team": self.workspace})
                self.trace = span.trace_id
            mlflow.flush_trace_async_logging()


@pytest.fixture(scope="module")
def teams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Team, Team]]:
    """Two teams that have each done the same work."""
    server = Martlet(tmp_path_factory.mktemp("teams"), "--auth", "required").start()
    accounts = Accounts(server)
    made = []
    for name in ("team-a", "team-b"):
        accounts.workspace(name)
        token = accounts.service(f"bot-of-{name}", {name: "operator"})
        team = Team(name, token, server.url)
        team.work()
        made.append(team)
    yield (made[0], made[1])
    assert server.stop() == 0, server.log


def pairs(teams: tuple[Team, Team]) -> list[tuple[Team, Team]]:
    """Each team, with the other."""
    return [teams, (teams[1], teams[0])]


def test_everybody_sees_their_own(teams: tuple[Team, Team]) -> None:
    for own, other in pairs(teams):
        with credentials(MLFLOW_TRACKING_TOKEN=own.token):
            client = own.client()
            assert {e.name for e in client.search_experiments()} == {"Default", NAME}
            experiments = [e.experiment_id for e in client.search_experiments()]
            runs = client.search_runs([*experiments, other.experiment])
            assert [run.info.run_id for run in runs] == [own.run]
            assert runs[0].data.params == {"team": own.workspace}
            assert [model.name for model in client.search_registered_models()] == [MODEL]
            versions = client.search_model_versions()
            assert [version.tags["team"] for version in versions] == [own.workspace]
            assert client.get_model_version_by_alias(MODEL, "production").run_id == own.run
            text = mlflow.artifacts.load_text(f"runs:/{own.run}/secret.txt")
            assert text == f"the secret of {own.workspace}"
            traces = client.search_traces(locations=[own.experiment])
            assert [trace.info.trace_id for trace in traces] == [own.trace]


def test_what_is_of_others_is_not_there(teams: tuple[Team, Team]) -> None:
    for own, other in pairs(teams):
        with credentials(MLFLOW_TRACKING_TOKEN=own.token):
            client = own.client()
            attempts = {
                "get": lambda c=client, o=other: c.get_run(o.run),
                "metric": lambda c=client, o=other: c.log_metric(o.run, "m", 2.0),
                "tag": lambda c=client, o=other: c.set_tag(o.run, "x", "y"),
                "delete": lambda c=client, o=other: c.delete_run(o.run),
                "list": lambda c=client, o=other: c.list_artifacts(o.run),
                "trace": lambda c=client, o=other: c.get_trace(o.trace),
            }
            # As for any run that is not there.
            assert client.get_metric_history(other.run, "m") == client.get_metric_history("0" * 32, "m") == []
            missing = re.compile(r"(?i)not found|does not exist|no such|RESOURCE_DOES_NOT_EXIST")
            for name, attempt in attempts.items():
                try:
                    attempt()
                except MlflowException as error:
                    assert missing.search(str(error)), (name, str(error))
                else:
                    pytest.fail(f"'{name}' reached the other team")
            # A version may name a run that is not there; it brings nothing along.
            version = client.create_model_version(MODEL, f"runs:/{other.run}/secret.txt", other.run)
            with pytest.raises(MlflowException):
                mlflow.artifacts.load_text(f"models:/{MODEL}/{version.version}/secret.txt")
            client.delete_model_version(MODEL, version.version)
    for own, _ in pairs(teams):
        with credentials(MLFLOW_TRACKING_TOKEN=own.token):
            run = own.client().get_run(own.run)
            assert run.data.metrics == {"m": 1.0}
            assert "x" not in run.data.tags
            assert run.info.lifecycle_stage == "active"
            assert [file.path for file in own.client().list_artifacts(own.run)] == ["secret.txt"]


def test_artifacts_by_their_addresses(teams: tuple[Team, Team]) -> None:
    for own, other in pairs(teams):
        path = f"/api/2.0/mlflow-artifacts/artifacts/{other.experiment}/{other.run}/artifacts"
        assert own.send("GET", f"{path}/secret.txt").status_code == 404
        assert own.send("GET", f"/get-artifact?run_id={other.run}&path=secret.txt").status_code == 404
        listing = own.send("GET", f"/api/2.0/mlflow-artifacts/artifacts?path={other.experiment}/{other.run}/artifacts")
        assert listing.status_code == 404 or not listing.json().get("files")
        # Whatever a write to such an address does, it does not touch the other's file.
        own.send("PUT", f"{path}/secret.txt", data=b"overwritten")
        own.send("DELETE", f"{path}/secret.txt")
        with credentials(MLFLOW_TRACKING_TOKEN=other.token):
            mlflow.set_tracking_uri(other.url)
            text = mlflow.artifacts.load_text(f"runs:/{other.run}/secret.txt")
            assert text == f"the secret of {other.workspace}"


def test_multipart_uploads(teams: tuple[Team, Team]) -> None:
    for own, other in pairs(teams):
        path = f"/api/2.0/mlflow-artifacts/mpu/create/{other.experiment}/{other.run}/artifacts"
        answer = own.send("POST", path, json={"path": "planted.bin", "num_parts": 1})
        # Whether or not the store has multipart uploads: nothing of the other's is opened by it.
        assert answer.status_code >= 400 or other.workspace not in answer.text
        with credentials(MLFLOW_TRACKING_TOKEN=other.token):
            assert [file.path for file in other.client().list_artifacts(other.run)] == ["secret.txt"]


def test_naming_the_other_workspace(teams: tuple[Team, Team]) -> None:
    for own, other in pairs(teams):
        for header in ("X-MLFLOW-WORKSPACE", "X-Martlet-Workspace"):
            path = f"/api/2.0/mlflow/runs/get?run_id={other.run}"
            refused = own.send("GET", path, headers={header: other.workspace})
            absent = own.send("GET", path, headers={header: "no-such-team"})
            assert refused.status_code == absent.status_code == 404
            assert refused.text.replace(other.workspace, "no-such-team") == absent.text
            assert own.send("GET", f"/api/2.0/mlflow/runs/get?run_id={own.run}").status_code == 200
        with credentials(MLFLOW_TRACKING_TOKEN=own.token, MLFLOW_WORKSPACE=own.workspace):
            assert own.client().get_run(own.run).data.params == {"team": own.workspace}


def test_one_account_in_two_workspaces(teams: tuple[Team, Team]) -> None:
    url = teams[0].url
    for team in teams:
        answer = team.send("GET", "/api/martlet/v1/whoami")
        assert answer.json()["workspaces"] == [team.workspace]
        assert requests.get(f"{url}/api/martlet/v1/whoami", timeout=30).status_code == 401
