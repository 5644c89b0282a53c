"""The API's description: every route is in it, it is valid, and what it says of the inference routes holds.

Schemathesis makes requests that fit the schemas and requests that do not, and checks the answers against them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_serving import Deployed


@pytest.fixture(scope="module")
def deployed(tmp_path_factory) -> Deployed:
    """One deployment on a server of its own, so that paths without a name mean it."""
    from martlet_process import Martlet

    server = Martlet(tmp_path_factory.mktemp("openapi")).start()
    try:
        yield Deployed(server)
        assert server.stop() == 0, server.log
    finally:
        server.kill()


def test_the_description_names_every_kind_of_route(deployed):
    """Tracking, registry, inference, pages: each with its permission and errors."""
    document = deployed.server.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    paths = document["paths"]
    for path, method in [
        ("/v2/models/{name}/infer", "post"),
        ("/v1/models/{name}:predict", "post"),
        ("/invocations", "post"),
        ("/predict", "post"),
        ("/api/2.0/mlflow/runs/create", "post"),
        ("/api/martlet/v1/apply", "post"),
        ("/metrics", "get"),
        (f"/v1/models/{deployed.name}:explain", "post"),
        (f"/v2/models/{deployed.name}/infer", "post"),
    ]:
        operation = paths[path][method]
        assert operation["x-martlet-permission"] in (
            "open",
            "account",
            "read",
            "predict",
            "write",
            "operate",
            "admin",
            "metrics",
            "server",
        )
        assert operation["responses"]


def test_examples_are_answered(deployed):
    """What the description shows as an example works."""
    document = deployed.server.get("/openapi.json").json()
    asked = 0
    for path, item in document["paths"].items():
        media = item.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        if "example" not in media or "{" in path:
            continue
        answer = deployed.server.post(path, media["example"])
        assert answer.status_code == 200, f"{path}: {answer.text}"
        asked += 1
    assert asked >= 8


def test_the_page_is_served(deployed):
    """The page, its script and its style, under a policy that lets nothing else in."""
    page = deployed.server.get("/docs/api")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    for name in ("page.js", "page.css"):
        assert name in page.text
        assert deployed.server.get(f"/docs/api/{name}").status_code == 200


def test_schemathesis_finds_nothing(deployed, tmp_path):
    """Generated requests, valid and invalid, against the inference routes, with every check."""
    name = deployed.name
    own = f"^/(v1/models/{name}:|v2/models/{name}/(infer|explain)$|predict|invocations|deployments/{name}/invocations)"
    general = r"|^/v1/models/\{name\}:|^/v2/models/\{name\}/(infer|explain)$"
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{deployed.server.url}/openapi.json",
            "--include-path-regex",
            own + general,
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            "25",
            "--seed",
            "7",
            "--request-timeout",
            "30",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert deployed.predict(0).status_code == 200
