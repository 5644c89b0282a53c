"""Studies on a Martlet server, from any Python program: needs the standard library only.

study = Study.create("branin", {"x": {"type": "float", "low": -5, "high": 10}}, url="http://127.0.0.1:5000")
trial = study.ask()
trial.tell(objective(**trial.params))
"""

from __future__ import annotations

import json
import math
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


class StudyError(Exception):
    """The server refused; `code` says why, such as `failedPrecondition` when a study has all its trials."""

    def __init__(self, code: str, message: str) -> None:
        """Takes the server's code and message."""
        super().__init__(message)
        self.code = code


class TrialPruned(Exception):  # noqa: N818 (the name that Optuna users know)
    """Raised by an objective that ends its trial early."""


def _number(value: float) -> float | str:
    value = float(value)
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


@dataclass
class Trial:
    """One trial: its number, its parameters, and the ways to say how it goes."""

    study: Study
    number: int
    params: dict[str, Any]

    def report(self, step: int, value: float) -> bool:
        """Reports a value on the way; True says that the trial should be ended now."""
        answer = self.study._call("POST", f"/trials/{self.number}/report", {"step": step, "value": _number(value)})
        return bool(answer["should_prune"])

    def heartbeat(self) -> None:
        """Says that this worker lives."""
        self.study._call("POST", f"/trials/{self.number}/heartbeat", {})

    def tell(self, value: float | Sequence[float]) -> None:
        """Ends the trial with its value, or one for each objective."""
        values = list(value) if isinstance(value, Sequence) else [value]
        self.study._call("POST", f"/trials/{self.number}/tell", {"values": [_number(v) for v in values]})

    def prune(self) -> None:
        """Ends the trial early."""
        self.study._call("POST", f"/trials/{self.number}/tell", {"state": "pruned"})

    def fail(self, message: str) -> None:
        """Ends the trial without a value."""
        self.study._call("POST", f"/trials/{self.number}/tell", {"state": "failed", "message": message[:1000]})


@dataclass
class Study:
    """A study on a server; any number of programs may ask and tell at once."""

    name: str
    url: str = "http://127.0.0.1:5000"
    token: str | None = None
    timeout: float = 60.0
    _headers: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def create(
        cls,
        name: str,
        space: dict[str, Any],
        *,
        url: str = "http://127.0.0.1:5000",
        token: str | None = None,
        **options: Any,
    ) -> Study:
        """Creates a study, or takes up the one of that name when it searches for the same.

        Options: direction or directions, objectives, sampler, pruner, trials, heartbeat, experiment, summary.
        """
        study = cls(name, url, token)
        study._request("POST", "/api/martlet/v1/studies", {"name": name, "space": space, "reuse": True, **options})
        return study

    def ask(self, key: str | None = None) -> Trial:
        """Asks for a trial; a request that is sent again gets the same one."""
        answer = self._call("POST", "/ask", {"idempotency_key": key or uuid.uuid4().hex})
        return Trial(self, answer["number"], answer["params"])

    def enqueue(self, params: dict[str, Any]) -> int:
        """Puts a trial in line, with some or all of its parameters given."""
        return int(self._call("POST", "/enqueue", {"params": params, "idempotency_key": uuid.uuid4().hex})["number"])

    def optimize(self, objective: Callable[[Trial], float | Sequence[float]], trials: int) -> None:
        """Makes trials one after the other; an objective that raises fails its trial only."""
        for _ in range(trials):
            try:
                trial = self.ask()
            except StudyError as error:
                if error.code == "failedPrecondition":
                    return
                raise
            try:
                trial.tell(objective(trial))
            except TrialPruned:
                trial.prune()
            except StudyError:
                raise
            except Exception as error:
                trial.fail(f"{type(error).__name__}: {error}")

    @property
    def best(self) -> list[dict[str, Any]]:
        """The best trial, or with several objectives those that no other beats."""
        return list(self._call("GET", "/best")["items"])

    @property
    def importance(self) -> dict[str, float]:
        """How much each parameter matters."""
        return dict(self._call("GET", "/importance")["importance"])

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._request(method, f"/api/martlet/v1/studies/{urllib.parse.quote(self.name, safe='')}{path}", body)

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", **self._headers}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        # A request that got no answer is safe to send once more: keys and numbers make every call repeatable.
        for is_last in (False, True):
            try:
                with urllib.request.urlopen(request, timeout=self.timeout) as response:
                    return json.load(response)
            except urllib.error.HTTPError as error:
                failure = json.load(error).get("error", {})
                raise StudyError(failure.get("code", str(error.code)), failure.get("message", "")) from None
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if is_last:
                    raise
        raise AssertionError("not reached")
