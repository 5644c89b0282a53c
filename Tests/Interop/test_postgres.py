"""PostgreSQL as the database: several servers on one, its restarts, their deaths, and what is said about it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mlflow
import pytest
import requests
from martlet_process import Martlet, command, wait_until
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from postgres_fixtures import run_sql

ROUNDS = 40
POINTS = 25


def role(server: Martlet) -> str | None:
    """What a server says of its role; None while it is not there."""
    try:
        return server.get("/readyz").json().get("role")
    except requests.RequestException:
        return None


def log_until_stopped(server: Martlet, run_id: str, stop: threading.Event, acknowledged: list[int], lost: list[str]):
    """Logs step after step; a step counts once the server has said yes, and is repeated until then."""
    session = requests.Session()
    step = 0
    while not stop.is_set():
        body = {"run_id": run_id, "key": "loss", "value": step / 7, "timestamp": 1, "step": step}
        try:
            answer = session.post(f"{server.url}/api/2.0/mlflow/runs/log-metric", json=body, timeout=30)
        except requests.RequestException:
            time.sleep(0.05)
            continue
        if answer.status_code == 200:
            acknowledged.append(step)
            step += 1
        elif answer.status_code == 503:
            time.sleep(0.05)
        else:
            lost.append(f"{answer.status_code} {answer.text}")
            return


def wait_for_progress(acknowledged: list[list[int]]) -> None:
    """Waits until every writer has been told of twenty more points."""
    wanted = [len(steps) + 20 for steps in acknowledged]
    wait_until(lambda: all(len(s) > n for s, n in zip(acknowledged, wanted, strict=True)), what="acknowledged points")


def test_two_servers_share_everything(postgres: str, new_server, tmp_path: Path) -> None:
    artifacts = str(tmp_path / "artifacts")
    servers = [new_server("--database", postgres, "--artifacts", artifacts) for _ in range(2)]
    assert sorted(role(server) for server in servers) == ["follower", "leader"]
    clients = [MlflowClient(server.url) for server in servers]
    experiment = clients[0].create_experiment("shared")
    assert clients[1].get_experiment_by_name("shared").experiment_id == experiment

    def work(index: int) -> str:
        client = clients[index % 2]
        run = client.create_run(experiment, run_name=f"run-{index}").info.run_id
        for step in range(4):
            metrics = [Metric(f"m{step}-{point}", point, 1, step) for point in range(POINTS)]
            clients[(index + step) % 2].log_batch(run, metrics=metrics, params=[Param(f"p{step}", str(index))])
        client.set_tag(run, "owner", str(index))
        return run

    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(work, range(ROUNDS)))
    assert len(set(runs)) == ROUNDS
    for client in clients:
        found = client.search_runs([experiment], max_results=1000)
        assert {run.info.run_id for run in found} == set(runs)
        assert all(len(run.data.metrics) == 4 * POINTS and len(run.data.params) == 4 for run in found)
    # Experiments get numbers of their own, also when both servers give them at once.
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda index: clients[index % 2].create_experiment(f"numbered-{index}"), range(40)))
    assert len(set(ids)) == 40
    # Artifacts and the registry of one server are the other's.
    clients[0].log_text(runs[0], "hello", "notes/hello.txt")
    mlflow.set_tracking_uri(servers[1].url)
    assert mlflow.artifacts.load_text(f"runs:/{runs[0]}/notes/hello.txt") == "hello"
    clients[0].create_registered_model("shared-model")
    version = clients[1].create_model_version("shared-model", f"runs:/{runs[0]}/notes", runs[0])
    clients[0].set_registered_model_alias("shared-model", "production", version.version)
    assert clients[1].get_model_version_by_alias("shared-model", "production").version == version.version


def test_a_server_is_killed_and_the_other_takes_over(postgres: str, new_server) -> None:
    servers = [new_server("--database", postgres) for _ in range(2)]
    leader = next(server for server in servers if role(server) == "leader")
    follower = next(server for server in servers if server is not leader)
    refused = follower.get("/api/martlet/v1/deployments")
    assert refused.status_code == 503
    assert "follows" in refused.json()["error"]["message"]
    assert follower.get("/readyz").json()["not_run_here"] == ["deployments", "pipelines", "monitors", "loops"]
    assert leader.get("/api/martlet/v1/deployments").status_code == 200
    run = MlflowClient(leader.url).create_run("0").info.run_id
    stop, acknowledged, lost = threading.Event(), [], []
    writer = threading.Thread(target=log_until_stopped, args=(leader, run, stop, acknowledged, lost))
    writer.start()
    wait_until(lambda: len(acknowledged) > 50, what="50 acknowledged metrics")
    leader.kill()
    stop.set()
    writer.join()
    assert not lost
    steps = {point.step for point in MlflowClient(follower.url).get_metric_history(run, "loss")}
    assert set(acknowledged) <= steps
    wait_until(lambda: role(follower) == "leader", seconds=20, what="the follower's leadership")
    assert follower.get("/api/martlet/v1/deployments").status_code == 200


def test_a_restart_of_postgresql_loses_nothing(postgres: str, postgres_server, new_server) -> None:
    servers = [new_server("--database", postgres) for _ in range(2)]
    roles = [role(server) for server in servers]
    client = MlflowClient(servers[0].url)
    runs = [client.create_run("0").info.run_id for _ in range(4)]
    stop, lost = threading.Event(), []
    acknowledged = [[] for _ in runs]
    writers = [
        threading.Thread(target=log_until_stopped, args=(servers[index % 2], run, stop, acknowledged[index], lost))
        for index, run in enumerate(runs)
    ]
    for writer in writers:
        writer.start()
    for _ in range(2):
        wait_for_progress(acknowledged)
        postgres_server.stop("immediate")
        started = time.monotonic()
        answer = servers[0].get("/api/2.0/mlflow/experiments/get?experiment_id=0")
        assert answer.status_code == 503, answer.text
        assert answer.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"
        assert time.monotonic() - started < 2
        assert servers[0].get("/health").status_code == 200
        postgres_server.start()
    wait_for_progress(acknowledged)
    stop.set()
    for writer in writers:
        writer.join()
    assert not lost
    for run, steps in zip(runs, acknowledged, strict=True):
        history = [point.step for point in client.get_metric_history(run, "loss")]
        assert len(history) == len(set(history))
        assert set(steps) <= set(history)
    # The leader of before still leads, and there is one.
    wait_until(lambda: [role(server) for server in servers] == roles, what="the roles of before")
    for server in servers:
        assert server.process.poll() is None
        assert postgres_server.password not in server.log


def test_the_server_starts_with_a_clear_word_or_not_at_all(postgres: str, postgres_server, tmp_path: Path) -> None:
    secret = "not-the-password"
    wrong = postgres.replace(postgres_server.password, secret)
    result = command("up", "--port", "0", "--data", str(tmp_path / "a"), "--database", wrong, cwd=tmp_path)
    assert result.returncode != 0
    assert "PGPASSWORD" in result.stderr
    assert secret not in result.stderr + result.stdout
    absent = postgres_server.url_of("martlet", postgres_server.password, "absent")
    result = command("up", "--port", "0", "--data", str(tmp_path / "b"), "--database", absent, cwd=tmp_path)
    assert result.returncode != 0
    assert "createdb" in result.stderr
    assert postgres_server.password not in result.stderr + result.stdout


def test_the_password_may_come_from_the_environment(postgres: str, postgres_server, tmp_path: Path) -> None:
    without = postgres.replace(f":{postgres_server.password}@", "@")
    for variables, state in [({"PGPASSWORD": postgres_server.password}, "ok"), ({"PGPASSWORD": "wrong"}, "missing")]:
        result = command("doctor", "--json", "--port", "0", "--database", without, cwd=tmp_path, **variables)
        check = next(
            check for check in requests.compat.json.loads(result.stdout)["checks"] if check["name"] == "database"
        )
        assert check["state"] == state, check
        assert postgres_server.password not in result.stdout


def test_the_password_is_not_in_the_process_table(postgres: str, postgres_server, new_server) -> None:
    server = new_server("--database", postgres)
    arguments = Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
    assert postgres_server.password.encode() not in arguments
    name = postgres.rsplit("/", 1)[1]
    assert run_sql(
        postgres_server, f"SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = '{name}'"
    ) == ("martlet\n")


@pytest.mark.parametrize("writes", [1, 200])
def test_what_was_acknowledged_survives_a_crash_of_postgresql(postgres, postgres_server, new_server, writes) -> None:
    server = new_server("--database", postgres)
    client = MlflowClient(server.url)
    run = client.create_run("0").info.run_id
    client.log_batch(run, metrics=[Metric("m", index, 1, index) for index in range(writes)])
    postgres_server.stop("immediate")
    postgres_server.start()
    assert len(client.get_metric_history(run, "m")) == writes
