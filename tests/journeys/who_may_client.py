"""What somebody may do with the real mlflow client: who_may_client.py URI EXPERIMENT RUN MODEL.

Tries each operation and goes on. Prints one JSON line per operation: its class in Signet's table
and what went wrong, or "". What it deletes it has made; who could not make it tries with what is
there.
"""

from __future__ import annotations

import json
import sys
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

import mlflow
from mlflow import MlflowClient

URI, EXPERIMENT, RUN, MODEL = sys.argv[1:5]
mlflow.set_tracking_uri(URI)
client = MlflowClient()
name = f"who may {uuid.uuid4().hex[:8]}"
made = {"experiment": EXPERIMENT, "run": RUN, "model": MODEL}


def make_experiment() -> None:
    made["experiment"] = client.create_experiment(name)


def make_run() -> None:
    made["run"] = client.create_run(made["experiment"]).info.run_id


def make_model() -> None:
    client.create_registered_model(name)
    made["model"] = name


def log_artifact() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "note.txt")
        file.write_text("a note")
        client.log_artifact(made["run"], str(file))


STEPS: list[tuple[str, Callable[[], object]]] = [
    ("read", lambda: client.search_experiments()),
    ("read", lambda: client.get_experiment(EXPERIMENT)),
    ("read", lambda: client.search_runs([EXPERIMENT])),
    ("read", lambda: client.get_run(RUN)),
    ("read", lambda: client.get_metric_history(RUN, "loss")),
    ("read", lambda: client.list_artifacts(RUN)),
    ("read", lambda: client.download_artifacts(RUN, "report.html", tempfile.mkdtemp())),
    ("read", lambda: client.search_registered_models()),
    ("read", lambda: client.get_model_version(MODEL, "1")),
    ("read", lambda: client.search_traces([EXPERIMENT])),
    ("write", make_experiment),
    ("write", make_run),
    ("write", lambda: client.log_metric(made["run"], "loss", 0.1)),
    ("write", lambda: client.log_param(made["run"], "depth-2", 3)),
    ("write", lambda: client.set_tag(made["run"], "team", "a")),
    ("write", log_artifact),
    ("write", make_model),
    ("write", lambda: client.set_registered_model_tag(made["model"], "team", "a")),
    ("write", lambda: client.rename_experiment(made["experiment"], name + " renamed")),
    ("delete", lambda: client.delete_run(made["run"])),
    ("delete", lambda: client.delete_registered_model(made["model"])),
    ("delete", lambda: client.delete_experiment(made["experiment"])),
    ("admin", lambda: client.list_webhooks()),
]

for kind, step in STEPS:
    try:
        step()
        problem = ""
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    print(json.dumps({"class": kind, "problem": problem}), flush=True)
