"""Logs a few runs, a trace and a registered model, so that a new user sees something.

Run with .venv/mlflow-new: sample.py TRACKING_URI
"""

from __future__ import annotations

import math
import random
import sys

import mlflow
from mlflow import MlflowClient

EXPERIMENT = "Sample: a small search"
MODEL = "sample-regressor"


def log_run(rate: float, dice: random.Random) -> str:
    with mlflow.start_run(run_name=f"rate {rate}") as run:
        mlflow.log_params({"learning_rate": rate, "layers": dice.choice([2, 4, 8])})
        for step in range(40):
            loss = math.exp(-rate * step) + dice.random() * 0.05
            mlflow.log_metrics({"loss": loss, "accuracy": 1 - loss / 2}, step=step)
        mlflow.log_text(f"# Learning rate {rate}\n\nA sample run.\n", "notes/about this run.md")
        mlflow.log_dict({"rate": rate}, "settings.json")
        mlflow.set_tag("team", "sample")
    return run.info.run_id


@mlflow.trace(name="answer")
def answer(question: str) -> str:
    return f"You asked: {question}"


def main() -> None:
    mlflow.set_tracking_uri(sys.argv[1])
    mlflow.set_experiment(EXPERIMENT)
    dice = random.Random(7)
    runs = [log_run(rate, dice) for rate in (0.05, 0.1, 0.2, 0.4)]
    answer("What does Signet do?")
    client = MlflowClient()
    if not client.search_registered_models(f"name = '{MODEL}'"):
        client.create_registered_model(MODEL, description="Made by ./run --sample")
    source = f"runs:/{runs[-1]}/notes"
    version = client.create_model_version(MODEL, source, run_id=runs[-1])
    client.set_registered_model_alias(MODEL, "champion", version.version)


if __name__ == "__main__":
    main()
