"""Rows on what an answer may do in a browser: design.md §1.3 ("Isolation")."""

from __future__ import annotations

PAGE = "/"
STATIC = "/static-files/main.abc.js"
API = [
    "/api/2.0/mlflow/experiments/get?experiment_id=1",
    "/ajax-api/2.0/mlflow/experiments/get?experiment_id=1",
    "/version",
]
DATA = [
    "/get-artifact?path=a.html&run_id=1",
    "/model-versions/get-artifact?path=a.html&name=m&version=1",
    "/api/2.0/mlflow-artifacts/artifacts/0/a.html",
    "/ajax-api/2.0/mlflow-artifacts/artifacts/0/a.html",
    "/ajax-api/2.0/mlflow/get-trace-artifact?request_id=1",
    "/ajax-api/3.0/mlflow/get-trace-artifact?request_id=1",
    "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files?artifact_file_path=a.html",
]
REFUSED_DESTINATIONS = [
    "script", "style", "worker", "sharedworker", "serviceworker", "object", "embed", "frame",
    "iframe",
]  # fmt: skip
PASSING_DESTINATIONS = ["empty", "document", "image", "audio", "video", "font", "track"]

HTML = (
    b'<!doctype html><html><head><!-- <script src="/static-files/c.js"></script> -->'
    b"<link href=\"/static-files/a.css\" rel=\"stylesheet\"><link rel='icon' href='/favicon.ico'>"
    b'<script defer src="/static-files/main.js"></script><script>let a = "<a href=/x>";</script>'
    b'<script src="//cdn.example/x.js"></script><script src="https://cdn.example/x.js"></script>'
    b'<script src="static-files/rel.js"></script></head><body data-src="/x">/static-files/</body>'
    b"</html>"
)
EDITED = (
    b'<!doctype html><html><head><!-- <script src="/static-files/c.js"></script> -->'
    b"<link href=\"./static-files/a.css\" rel=\"stylesheet\"><link rel='icon' href='./favicon.ico'>"
    b'<script defer src="./static-files/main.js"></script><script>let a = "<a href=/x>";</script>'
    b'<script src="//cdn.example/x.js"></script><script src="https://cdn.example/x.js"></script>'
    b'<script src="static-files/rel.js"></script></head><body data-src="/x">/static-files/</body>'
    b"</html>"
)
