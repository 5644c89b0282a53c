"""A real PostgreSQL server, shared by the session's tests, each in a database of its own."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import secrets
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from martlet_process import ROOT


def _with_postgres() -> ModuleType:
    """The script that starts PostgreSQL, as a module."""
    loader = importlib.machinery.SourceFileLoader("with_postgres", str(ROOT / "scripts" / "with-postgres"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    module = importlib.util.module_from_spec(spec)
    # Data classes look their module up.
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def postgres_server() -> Iterator:
    """A running PostgreSQL server (`stop`, `start`, `run`, `url_of`); leave it running."""
    with _with_postgres().running() as server:
        yield server


@pytest.fixture
def postgres(postgres_server) -> Callable[[str], str]:
    """The URL of a fresh database."""
    name = f"test_{secrets.token_hex(6)}"
    run_sql(postgres_server, f"CREATE DATABASE {name}")
    yield postgres_server.url_of("martlet", postgres_server.password, name)
    run_sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def run_sql(server, sql: str, database: str = "postgres") -> str:
    """Runs one statement with psql and returns what it prints, without headings."""
    url = server.url_of("martlet", server.password, database)
    return server.run(
        "psql", "--no-psqlrc", "--tuples-only", "--no-align", f"--dbname={url}", f"--command={sql}"
    ).stdout
