"""The databases that servers under test keep their data in: SQLite in their folder, or one of PostgreSQL's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

DATABASES = ["sqlite", "postgres"]


def program(name: str) -> str:
    """One of PostgreSQL's programs, of the newest version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4].split(".")[0]))
    if place := (str(found[-1]) if found else shutil.which(name)):
        return place
    pytest.fail(f"{name} of PostgreSQL is missing; install it (apt-get install postgresql)")


@contextmanager
def database_arguments(kind: str) -> Iterator[list[str]]:
    """The arguments of `martlet up` for an empty database of a kind, which is removed afterwards."""
    if kind == "sqlite":
        yield []
        return
    if not (url := os.environ.get("MARTLET_TEST_POSTGRES")):
        pytest.fail("Tests over PostgreSQL need a server: run them as `scripts/with-postgres python3 -m pytest …`.")
    name = f"interop_{uuid.uuid4().hex}"
    maintenance = f"--maintenance-db={url}"
    subprocess.run([program("createdb"), maintenance, name], check=True, capture_output=True, timeout=60)
    try:
        yield ["--database", urlsplit(url)._replace(path=f"/{name}").geturl()]
    finally:
        subprocess.run([program("dropdb"), maintenance, "--force", name], check=True, capture_output=True, timeout=60)
