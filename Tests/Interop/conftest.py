"""Fixtures of the interop tests: a shared server for tests that only add, and one of their own for the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest
from martlet_process import ROOT, Martlet
from postgres_fixtures import postgres, postgres_server  # noqa: F401 (fixtures)

# The official clients report home and cache files by themselves; the tests must not depend on either.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_ENABLE_ASYNC_LOGGING", "false")
# A server that is gone fails a test at once; by default the client would try again for minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")


def forget_servers() -> None:
    """Lets the client forget the experiment that it made active on an earlier test's server."""
    mlflow.tracking.fluent._active_experiment_id = None
    # `set_experiment` also leaves it in the environment, for processes that the program starts.
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
    # A registry that an earlier test named would outlive its server; without one it is the tracking server.
    mlflow.set_registry_uri(None)
    os.environ.pop("MLFLOW_REGISTRY_URI", None)


@pytest.fixture(autouse=True, scope="module")
def no_server_of_another_file() -> None:
    """A file's own fixtures start with a client that knows no server, whatever ran before in this process."""
    forget_servers()


@pytest.fixture(autouse=True)
def no_server_of_another_test() -> None:
    """Each test starts with a client that knows no server."""
    forget_servers()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Martlet]:
    """A running server that tests share; use names of your own in it and do not stop it."""
    martlet = Martlet(tmp_path_factory.mktemp("shared")).start()
    yield martlet
    assert martlet.stop() == 0, martlet.log


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., Martlet]]:
    """Makes servers for one test: `new_server(*arguments)` returns one that runs; all are ended afterwards."""
    made: list[Martlet] = []

    def make(*arguments: str) -> Martlet:
        folder = tmp_path / f"server-{len(made)}"
        folder.mkdir()
        made.append(Martlet(folder, *arguments))
        return made[-1].start()

    yield make
    for martlet in made:
        martlet.kill()


@pytest.fixture
def own_server(new_server: Callable[..., Martlet]) -> Martlet:
    """A running server of the test's own, which it may stop, kill and restart."""
    return new_server()


@pytest.fixture(scope="session")
def examples() -> Path:
    """The examples folder of the repository."""
    return ROOT / "examples"
