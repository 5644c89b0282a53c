"""Deployments of a scikit-learn problem with good and bad versions, for the tests of replays and of checks."""

from __future__ import annotations

import uuid

import mlflow
from martlet_process import Martlet, wait_until
from mlflow import MlflowClient
from sklearn.datasets import load_breast_cancer

FEATURES = 6


class Models:
    """A registered classifier of the breast-cancer data: versions 1 and 2 are good, version 3 says the opposite."""

    def __init__(self, server: Martlet) -> None:
        """Registers the versions."""
        self.server = server
        self.name = f"replayed-{uuid.uuid4().hex[:8]}"
        rows, target = load_breast_cancer(return_X_y=True, as_frame=True)
        self.rows, self.target = rows.iloc[:, :FEATURES], target
        mlflow.set_tracking_uri(server.url)
        mlflow.set_registry_uri(server.url)
        for upside_down in (False, False, True):
            self.register(upside_down=upside_down)

    def register(self, *, upside_down: bool) -> None:
        """Registers one more version, trained well or on labels that are turned round."""
        import xgboost

        model = xgboost.XGBRegressor(objective="binary:logistic", n_estimators=10, max_depth=2)
        model.fit(self.rows.iloc[::3], 1 - self.target.iloc[::3] if upside_down else self.target.iloc[::3])
        with mlflow.start_run(run_name=self.name):
            mlflow.xgboost.log_model(
                model,
                name="model",
                registered_model_name=self.name,
                signature=mlflow.models.infer_signature(self.rows, model.predict(self.rows)),
                model_format="json",
                # Finding them out would import the model in a process of its own.
                pip_requirements=["xgboost"],
            )


class Replayed:
    """A deployment that follows an alias of its own, and its predictions."""

    def __init__(self, models: Models, rollout: str) -> None:
        """Declares the deployment and waits until it serves version 1; `rollout` is its section in YAML's flow form."""
        self.server, self.models = models.server, models
        self.rows, self.target = models.rows, models.target
        self.name = f"replay-{uuid.uuid4().hex[:8]}"
        self.point_at(1)
        entry = f"{{model: {models.name}, alias: {self.name}, rollout: {rollout}}}"
        manifest = f"version: 1\ndeployments: {{{self.name}: {entry}}}\n"
        answer = self.server.post("/api/martlet/v1/apply", {"manifest": manifest, "directory": "."})
        assert answer.status_code == 200, answer.text
        ready = f"/v2/models/{self.name}/ready"
        wait_until(lambda: self.server.get(ready).status_code == 200, what="the first version")

    def point_at(self, version: int) -> None:
        """Moves the alias, as any MLflow client does."""
        client = MlflowClient(self.server.url)
        client.set_registered_model_alias(self.models.name, self.name, str(version))

    def send(self, positions: range, *, labelled: bool = True) -> set[str]:
        """Predicts rows, each under an id of its own, tells what came true, and returns the versions that answered."""
        versions = set()
        for position in positions:
            identifier = f"{self.name}-{uuid.uuid4().hex[:8]}"
            body = {"features": self.rows.iloc[position].tolist(), "deployment": self.name}
            answer = self.server.post("/predict", body, headers={"X-Request-Id": identifier})
            assert answer.status_code == 200, answer.text
            versions.add(str(answer.json()["model_version"]))
            if labelled:
                feedback = {"request_id": identifier, "label": int(self.target.iloc[position])}
                told = self.server.post("/feedback", feedback)
                assert told.status_code in (200, 201), told.text
        return versions

    def deployment(self) -> dict:
        """The deployment as the API shows it."""
        answer = self.server.get(f"/api/martlet/v1/deployments/{self.name}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rollout_state(self) -> str:
        """Where the last rollout stands; empty when there is none."""
        return (self.deployment().get("rollout") or {}).get("state", "")

    def measurements(self) -> dict[str, dict]:
        """What was measured for the deployment's rollouts, by name."""
        answer = self.server.get(f"/api/martlet/v1/deployments/{self.name}/measurements")
        assert answer.status_code == 200, answer.text
        return {item["name"]: item for item in answer.json()["items"]}
