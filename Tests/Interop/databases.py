"""The databases that servers under test keep their data in: SQLite in their folder, or one of PostgreSQL's own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from postgres_fixtures import run_sql

# Parameters of a fixture that passes its `request` to `database_arguments`.
DATABASES = ["sqlite", "postgres"]


@contextmanager
def database_arguments(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The arguments of `martlet up` for an empty database of the kind `request.param`, which is removed afterwards."""
    if request.param == "sqlite":
        yield []
        return
    server = request.getfixturevalue("postgres_server")
    name = f"interop_{secrets.token_hex(6)}"
    run_sql(server, f"CREATE DATABASE {name}")
    try:
        yield ["--database", server.url_of("martlet", server.password, name)]
    finally:
        run_sql(server, f"DROP DATABASE {name} WITH (FORCE)")
