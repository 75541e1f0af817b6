"""What the browser visits: logged straight to MLflow. seed.py URI, prints a JSON of ids."""

from __future__ import annotations

import json
import struct
import sys
import tempfile
import zlib
from pathlib import Path

import mlflow
from mlflow import MlflowClient

PAGE = "<!doctype html><title>report</title><h1>A report in HTML</h1>"
ACTIVE = "<!doctype html><h1 id=h>before</h1><script>h.textContent = 'it ran'</script>"


def png() -> bytes:
    """A 16 × 16 red picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + b"\xcc\x22\x22" * 16 for _ in range(16))
    head = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


def log_run(index: int) -> str:
    with mlflow.start_run(run_name=f"visited run {index}") as run:
        mlflow.log_params({"depth": index, "kind": "a + b 100%"})
        for step in range(20):
            mlflow.log_metrics({"loss": 1 / (step + index), "accuracy": step / 20}, step=step)
        mlflow.log_text("The notes of this run.", "notes/read me.txt")
        mlflow.log_text(PAGE, "report.html")
        mlflow.log_text(ACTIVE, "active/page.html")
        with tempfile.TemporaryDirectory() as folder:
            picture = Path(folder, "picture.png")
            picture.write_bytes(png())
            mlflow.log_artifact(str(picture))
    return run.info.run_id


@mlflow.trace(name="visited trace")
def answer(question: str) -> str:
    with mlflow.start_span(name="inner step") as span:
        span.set_inputs({"question": question})
    return question.upper()


def main() -> None:
    mlflow.set_tracking_uri(sys.argv[1])
    client = MlflowClient()
    experiment = mlflow.set_experiment("Visited experiment").experiment_id
    runs = [log_run(index) for index in (1, 2, 3)]
    answer("what is this?")
    with mlflow.start_run(run_name="with a model"):
        info = mlflow.pyfunc.log_model(
            name="echo",
            python_model=Echo(),
            registered_model_name="visited-model",
            pip_requirements=[],
        )
    client.set_registered_model_alias("visited-model", "champion", "1")
    mlflow.flush_trace_async_logging()
    trace = client.search_traces(experiment_ids=[experiment])[0].info.trace_id
    ids = {"experiment": experiment, "runs": runs, "trace": trace, "model": info.model_id}
    print("\n" + json.dumps(ids))


if __name__ == "__main__":
    main()
