"""What a notebook does, with the real mlflow client, against one tracking URI.

Run in the client's own venv: client_checks.py URI SERVER NAME LARGEST_ARTIFACT_BYTES
SERVER is the version of the MLflow behind the URI: new or 310. NAME makes experiment and model
names unique. Prints one JSON line per check; exit code 0 when all hold. It runs unchanged with
mlflow 2.16.2, 3.10.1 and 3.17.2, so it keeps to what all have, and asks for the version where
they differ.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

URI, SERVER, NAME, LARGEST = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
MAJOR = int(mlflow.__version__.split(".")[0])
HOSTILE = [
    "plain",
    "a space and + plus",
    "100 % of 50%25 %2F",
    "quote ' and \" double",
    "naïve – 日本語 🚀",
    "semi;colon&amp=equals?question",
    "back`tick (brackets) [square] ~tilde @at :colon",
]
FILE_NAMES = [
    "plain.txt",
    "with space.txt",
    "plus+plus.txt",
    "percent 100%.txt",
    "naïve 日本語.txt",
    "tilde~(brackets)@at'quote.txt",
    "equals=and&.txt",
]

mlflow.set_tracking_uri(URI)
client = MlflowClient()


def new_experiment(label: str) -> str:
    return client.create_experiment(f"{NAME} {label}")


def experiments() -> None:
    for text in HOSTILE:
        name = f"{NAME} exp {text}"
        made = client.create_experiment(name, tags={"note": text})
        assert client.get_experiment_by_name(name).experiment_id == made
        assert client.get_experiment(made).tags["note"] == text
        client.set_experiment_tag(made, "key with space", text)
        assert client.get_experiment(made).tags["key with space"] == text
    found = client.search_experiments(filter_string=f"name LIKE '{NAME} exp %'")
    assert len(found) == len(HOSTILE), [item.name for item in found]
    renamed = new_experiment("to rename")
    client.rename_experiment(renamed, f"{NAME} renamed + 100%")
    client.delete_experiment(renamed)
    assert client.get_experiment(renamed).lifecycle_stage == "deleted"
    client.restore_experiment(renamed)
    assert client.get_experiment(renamed).lifecycle_stage == "active"


def runs_and_tags() -> None:
    experiment = new_experiment("runs")
    for text in HOSTILE:
        run = client.create_run(experiment, run_name=text, tags={"hostile": text})
        client.log_param(run.info.run_id, "param with space", text)
        client.log_metric(run.info.run_id, "metric/with slash", 0.5)
        client.set_tag(run.info.run_id, "tag.with.dots", text)
        client.set_terminated(run.info.run_id)
        back = client.get_run(run.info.run_id)
        assert back.info.run_name == text
        assert back.data.params["param with space"] == text
        assert back.data.metrics["metric/with slash"] == 0.5
        assert back.data.tags["tag.with.dots"] == text
        assert back.info.status == "FINISHED"
        client.delete_tag(run.info.run_id, "tag.with.dots")
        assert "tag.with.dots" not in client.get_run(run.info.run_id).data.tags
    client.delete_run(run.info.run_id)
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    client.restore_run(run.info.run_id)


def search() -> None:
    experiment = new_experiment("search")
    for index, text in enumerate(HOSTILE):
        run = client.create_run(experiment, tags={"text": text, "index": str(index)})
        client.log_metric(run.info.run_id, "score", index / 10)
    for text in HOSTILE:
        quoted = f'"{text}"' if "'" in text and '"' not in text else f"'{text}'"
        if "'" in text and '"' in text:
            continue
        found = client.search_runs([experiment], filter_string=f"tags.text = {quoted}")
        assert [run.data.tags["text"] for run in found] == [text], text
    assert len(client.search_runs([experiment], "tags.text LIKE '%+%'")) == 1
    assert len(client.search_runs([experiment], "metrics.score >= 0.3")) == len(HOSTILE) - 3
    first = client.search_runs([experiment], max_results=3, order_by=["metrics.score DESC"])
    second = client.search_runs(
        [experiment], max_results=3, order_by=["metrics.score DESC"], page_token=first.token
    )
    scores = [run.data.metrics["score"] for run in [*first, *second]]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) == 6, scores


def batches_and_history() -> None:
    run = client.create_run(new_experiment("batch")).info.run_id
    now = int(time.time() * 1000)
    for start in (0, 1000):
        points = [Metric("loss", 1 / (step + 1), now + step, step) for step in range(1000)]
        client.log_batch(
            run, metrics=[Metric("loss", p.value, p.timestamp, p.step + start) for p in points]
        )
    client.log_batch(
        run,
        params=[Param(f"p{index}", "x" * 200) for index in range(100)],
        tags=[RunTag(f"t{index}", HOSTILE[index % len(HOSTILE)]) for index in range(100)],
    )
    history = client.get_metric_history(run, "loss")
    assert len(history) == 2000 and {point.step for point in history} == set(range(2000))
    data = client.get_run(run).data
    assert len(data.params) == 100
    assert data.tags["t3"] == HOSTILE[3]


def registered_models() -> None:
    run = client.create_run(new_experiment("models")).info.run_id
    for text in ("plain", "with space + plus", "100 %", "日本語 'quote'"):
        name = f"{NAME} {text}"
        client.create_registered_model(name, tags={"note": text}, description=text)
        version = client.create_model_version(
            name, source=f"runs:/{run}/model", run_id=run, tags={"v": text}
        )
        client.set_registered_model_alias(name, "champion", version.version)
        back = client.get_model_version_by_alias(name, "champion")
        assert (back.name, back.version) == (name, version.version)
        client.set_model_version_tag(name, version.version, "key with space", text)
        assert client.get_model_version(name, version.version).tags["key with space"] == text
        client.update_model_version(name, version.version, description=text)
        client.delete_registered_model_alias(name, "champion")
        assert client.get_registered_model(name).aliases == {}
    found = client.search_registered_models(f"name LIKE '{NAME} %'")
    assert len(found) == 4, [item.name for item in found]
    assert len(client.search_model_versions(f"run_id = '{run}'")) == 4
    client.rename_registered_model(f"{NAME} plain", f"{NAME} renamed")
    client.delete_registered_model(f"{NAME} renamed")


def same_file(path: Path, want: bytes) -> None:
    assert path.read_bytes() == want, f"{path.name}: {path.stat().st_size} != {len(want)} bytes"


def artifacts() -> None:
    run = client.create_run(new_experiment("artifacts")).info.run_id
    with tempfile.TemporaryDirectory() as folder:
        for name in FILE_NAMES:
            local = Path(folder, name)
            local.write_text(f"this is {name}")
            client.log_artifact(run, str(local), "some folder/100 %")
        empty = Path(folder, "empty.bin")
        empty.touch()
        client.log_artifact(run, str(empty))
        listed = {item.path for item in client.list_artifacts(run)}
        assert listed == {"empty.bin", "some folder"}, listed
        inside = client.list_artifacts(run, "some folder/100 %")
        assert {Path(item.path).name for item in inside} == set(FILE_NAMES), inside
        out = Path(folder, "out")
        out.mkdir()
        for name in FILE_NAMES:
            # 3.10.1's own server answers 500 to a download whose name is not ASCII: it puts the
            # name into Content-Disposition, which its WSGI bridge then cannot encode.
            if SERVER == "310" and not name.isascii():
                continue
            got = client.download_artifacts(run, f"some folder/100 %/{name}", str(out))
            same_file(Path(got), f"this is {name}".encode())
        same_file(Path(client.download_artifacts(run, "empty.bin", str(out))), b"")


def sized_artifacts() -> None:
    run = client.create_run(new_experiment("sizes")).info.run_id
    sizes = [1, 4096, 65537, 1 << 20, 5_000_001]
    with tempfile.TemporaryDirectory() as folder:
        for size in [*(item for item in sizes if item < LARGEST), LARGEST]:
            sent = Path(folder, f"{size}.bin")
            write_pattern(sent, size)
            client.log_artifact(run, str(sent))
            back = Path(folder, "back")
            back.mkdir(exist_ok=True)
            got = Path(client.download_artifacts(run, sent.name, str(back)))
            assert digest(got) == digest(sent), size
            got.unlink()
            sent.unlink(missing_ok=True)


def write_pattern(path: Path, size: int) -> None:
    piece = bytes(range(256)) * 4096
    with path.open("wb") as out:
        left = size
        while left:
            left -= out.write(piece[: min(left, len(piece))])


def digest(path: Path) -> str:
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def many_artifacts_at_once() -> None:
    run = client.create_run(new_experiment("folder")).info.run_id
    with tempfile.TemporaryDirectory() as folder:
        for index in range(30):
            Path(folder, f"{index} of 30.txt").write_text(str(index) * 1000)
        client.log_artifacts(run, folder, "many")
        assert len(client.list_artifacts(run, "many")) == 30
        out = Path(folder, "out")
        out.mkdir()
        client.download_artifacts(run, "many", str(out))
        for index in range(30):
            same_file(out / f"many/{index} of 30.txt", (str(index) * 1000).encode())


def traces() -> None:
    experiment = new_experiment("traces")
    mlflow.set_experiment(experiment_id=experiment)

    @mlflow.trace(name="outer + 100% naïve")
    def outer(question: str) -> str:
        with mlflow.start_span(name="inner step") as span:
            span.set_inputs({"question": question})
            span.set_outputs({"answer": 42})
        return question.upper()

    for text in HOSTILE[:4]:
        outer(text)
    if hasattr(mlflow, "flush_trace_async_logging"):
        try:
            mlflow.flush_trace_async_logging()
        except AttributeError:
            pass  # nothing was logged asynchronously
    until = time.monotonic() + 30
    found = client.search_traces(experiment_ids=[experiment])
    while len(found) < 4 and time.monotonic() < until:
        found = client.search_traces(experiment_ids=[experiment])
    assert len(found) == 4, found
    trace_id = found[0].info.trace_id if MAJOR >= 3 else found[0].info.request_id
    client.set_trace_tag(trace_id, "reviewed by", "naïve + 100%")
    trace = client.get_trace(trace_id)
    assert trace.info.tags["reviewed by"] == "naïve + 100%"
    names = {span.name for span in trace.data.spans}
    assert names == {"outer + 100% naïve", "inner step"}, names


def models_logged_and_loaded() -> None:
    mlflow.set_experiment(experiment_id=new_experiment("pyfunc"))

    class Doubler(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return [2 * item for item in model_input]

    name = f"{NAME} doubler"
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            **({"name": "doubler"} if MAJOR >= 3 else {"artifact_path": "doubler"}),
            python_model=Doubler(),
            registered_model_name=name,
            pip_requirements=[],
        )
    client.set_registered_model_alias(name, "best", "1")
    loaded = mlflow.pyfunc.load_model(f"models:/{name}@best")
    assert list(loaded.unwrap_python_model().predict(None, [1, 2, 3])) == [2, 4, 6]


def parallel_clients() -> None:
    experiment = new_experiment("parallel")

    def one(index: int) -> str:
        own = MlflowClient()
        run = own.create_run(experiment, run_name=f"thread {index}").info.run_id
        for step in range(15):
            own.log_metric(run, "m", step, step=step)
        own.log_text(run, f"text of {index}", "note.txt")
        own.set_terminated(run)
        return run

    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(one, range(16)))
    assert len(set(runs)) == 16
    assert len(client.search_runs([experiment], max_results=100)) == 16
    for run in runs:
        assert len(client.get_metric_history(run, "m")) == 15


def errors_keep_their_shape() -> None:
    for call, code in (
        (lambda: client.get_run("0" * 32), "RESOURCE_DOES_NOT_EXIST"),
        (lambda: client.get_experiment("99999999"), "RESOURCE_DOES_NOT_EXIST"),
        (lambda: client.get_registered_model(f"{NAME} none"), "RESOURCE_DOES_NOT_EXIST"),
        (lambda: client.search_runs(["0"], "no such syntax"), "INVALID_PARAMETER_VALUE"),
    ):
        try:
            call()
        except MlflowException as error:
            assert error.error_code == code, (error.error_code, str(error))
        else:
            raise AssertionError(f"{code} was expected")


CHECKS: list[Callable[[], None]] = [
    experiments,
    runs_and_tags,
    search,
    batches_and_history,
    registered_models,
    artifacts,
    sized_artifacts,
    many_artifacts_at_once,
    traces,
    models_logged_and_loaded,
    parallel_clients,
    errors_keep_their_shape,
]


def main() -> int:
    failed = 0
    for check in CHECKS:
        started = time.monotonic()
        problem = ""
        try:
            check()
        except Exception:
            problem = traceback.format_exc()
            failed += 1
        seconds = round(time.monotonic() - started, 2)
        print(json.dumps({"check": check.__name__, "seconds": seconds, "problem": problem}))
        sys.stdout.flush()
    return min(failed, 1)


if __name__ == "__main__":
    raise SystemExit(main())
