"""The peer: a model server as most teams write it first.

FastAPI with a pydantic body, a scikit-learn pipeline, a Prometheus counter and histogram, and one log line a request,
in one uvicorn process (uvloop and httptools). `async def`, which is the faster form for a model this small.
"""

import logging
import os
import time

import joblib
import numpy as np
from fastapi import FastAPI, HTTPException, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from pydantic import BaseModel

FEATURES = 30

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("peer")
model = joblib.load(os.environ["PEER_MODEL"])
requests = Counter("predict_requests_total", "Prediction requests", ["outcome"])
latency = Histogram("predict_latency_seconds", "Time to predict")
app = FastAPI()


class Sample(BaseModel):
    """One row."""

    features: list[float]


class Prediction(BaseModel):
    """The answer for one row."""

    prediction: int
    probability: float


@app.post("/predict")
async def predict(sample: Sample) -> Prediction:
    """Predicts one row."""
    started = time.perf_counter()
    if len(sample.features) != FEATURES:
        requests.labels("rejected").inc()
        raise HTTPException(422, f"expected {FEATURES} features, got {len(sample.features)}")
    probability = float(model.predict_proba(np.array([sample.features]))[0, 1])
    answer = Prediction(prediction=int(probability >= 0.5), probability=probability)
    elapsed = time.perf_counter() - started
    latency.observe(elapsed)
    requests.labels("answered").inc()
    log.info("prediction=%d probability=%.6f ms=%.3f", answer.prediction, probability, elapsed * 1e3)
    return answer


class Batch(BaseModel):
    """Many rows."""

    instances: list[list[float]]


@app.post("/predict_batch")
async def predict_batch(batch: Batch) -> dict[str, list[float]]:
    """Predicts many rows."""
    started = time.perf_counter()
    if any(len(row) != FEATURES for row in batch.instances):
        requests.labels("rejected").inc()
        raise HTTPException(422, f"expected {FEATURES} features")
    probabilities = model.predict_proba(np.array(batch.instances))[:, 1].tolist()
    elapsed = time.perf_counter() - started
    latency.observe(elapsed)
    requests.labels("answered").inc()
    log.info("rows=%d ms=%.3f", len(probabilities), elapsed * 1e3)
    return {"predictions": probabilities}


@app.get("/metrics")
async def metrics() -> Response:
    """Metrics for Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
