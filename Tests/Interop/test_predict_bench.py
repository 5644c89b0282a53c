"""`martlet predict` and `martlet bench` against a real server, by every protocol."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator

import pytest
from martlet_process import Martlet, command, free_port
from test_serving import Deployed

pytestmark = pytest.mark.alone

PROTOCOLS = ["predict", "v1", "v2", "v2-binary", "grpc", "invocations"]


class Place:
    """A server with a deployment, and the flags that find it."""

    def __init__(self, deployed: Deployed, grpc_port: int) -> None:
        """Remembers what the tests ask with."""
        self.deployed = deployed
        self.flags = ["--server", deployed.server.url, "--grpc", f"127.0.0.1:{grpc_port}"]
        self.expected = deployed.model.predict(deployed.rows)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One server for the tests of this file."""
    port = free_port()
    server = Martlet(tmp_path_factory.mktemp("predict"), "--grpc-port", str(port)).start()
    try:
        yield Place(Deployed(server), port)
    finally:
        server.stop()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_file_comes_back_with_its_predictions(place, tmp_path, protocol):
    """A CSV file by each protocol, in several requests."""
    rows = place.deployed.rows.head(60)
    rows.to_csv(tmp_path / "in.csv", index=False)
    done = command(
        "predict", place.deployed.name, "--file", "in.csv", "--output", "out.csv", "--batch", "25",
        "--protocol", protocol, *place.flags, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "60 of 60 rows" in done.stderr
    with (tmp_path / "out.csv").open() as file:
        found = [float(line["prediction"]) for line in csv.DictReader(file)]
    assert found == pytest.approx(place.expected[:60].tolist(), abs=1e-6)


def test_a_row(place, tmp_path):
    """A row by position and by name."""
    row = place.deployed.rows.iloc[0]
    for text in (json.dumps(row.tolist()), json.dumps(row.to_dict())):
        done = command("predict", place.deployed.name, "--row", text, *place.flags, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert float(done.stdout) == pytest.approx(float(place.expected[0]), abs=1e-6)


def test_failures_are_named(place, tmp_path):
    """A row that is no number, a model and a server that there are not."""
    rows = place.deployed.rows.head(4).astype(object)
    rows.iloc[2, 0] = "much"
    rows.to_csv(tmp_path / "in.csv", index=False)
    flags = ["--protocol", "v1", *place.flags]
    done = command("predict", place.deployed.name, "--file", "in.csv", *flags, cwd=tmp_path)
    assert done.returncode == 1
    assert "row 3:" in done.stderr and "1 of 4 rows failed" in done.stderr
    assert len(done.stdout.splitlines()) == 5
    assert command("predict", "nobody", "--row", "[1]", *place.flags, cwd=tmp_path).returncode == 1
    away = command("predict", "m", "--row", "[1]", "--server", f"http://127.0.0.1:{free_port()}", cwd=tmp_path)
    assert away.returncode == 1
    assert "No server answers" in away.stderr


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_closed_loop(place, tmp_path, protocol):
    """Throughput, latencies and the server's CPU time; perf_analyzer's columns."""
    done = command(
        "bench", place.deployed.name, "--protocol", protocol, "--connections", "4", "--duration", "1",
        "--warmup", "0.2", "--csv", "perf.csv", "--json", *place.flags, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["answered"] > 20
    assert report["failed"] == 0
    assert report["server_cpu_us_per_request"] > 0
    latency = report["latency_us"]
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["max"]
    header, line = (tmp_path / "perf.csv").read_text().splitlines()
    assert header.startswith("Concurrency,Inferences/Second,Client Send,")
    assert len(header.split(",")) == len(line.split(",")) == 13


def test_open_loop_keeps_its_rate(place, tmp_path):
    """An open loop sends what is due, no more."""
    done = command(
        "bench", place.deployed.name, "--rate", "100", "--connections", "8", "--duration", "2", "--warmup", "0.5",
        "--json", *place.flags, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["loop"] == "open"
    assert report["answered"] + report["unsent"] == pytest.approx(200, abs=25)


def test_a_url(place, tmp_path):
    """Any address, and the table for people."""
    url = f"{place.deployed.server.url}/healthz"
    done = command("bench", url, "--connections", "2", "--duration", "0.5", "--warmup", "0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "requests/s" in done.stdout and "latency p99" in done.stdout


def test_what_cannot_work_is_said_before_the_load(place, tmp_path):
    """A model that there is not."""
    done = command("bench", "nobody", "--row", "[1]", "--duration", "5", *place.flags, cwd=tmp_path, timeout=20)
    assert done.returncode == 1
    assert "nobody" in done.stderr
