"""The stand-in refuses what AWS refuses: otherwise "every request signed" would prove nothing."""

from __future__ import annotations

import hashlib
import http.client
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.session import Session

from apps import ACCOUNT, LEGACY, REGION, RESEARCH, SERVICES, App
from stack import Stack

ARN_HEADER = {
    "sagemaker-app": "x-sm-mlflow-app-arn",
    "sagemaker-tracking-server": "x-mlflow-sm-tracking-server-arn",
}
SEARCH = "/api/2.0/mlflow/experiments/search"
BODY = b'{"max_results": 1}'
Headers = dict[str, str]


@pytest.fixture(scope="module")
def aws(out: Path) -> Iterator[Stack]:
    with Stack(out / "standin", gateway=False) as running:
        yield running


def sts(stack: Stack, secret: str = "") -> object:
    user = stack.standin.credentials()
    return Session().create_client(
        "sts",
        region_name=REGION,
        endpoint_url=stack.sts,
        aws_access_key_id=user["access_key"],
        aws_secret_access_key=secret or user["secret_key"],
        config=Config(retries={"max_attempts": 0}),
    )


def assume(stack: Stack, app: App, **changes: object) -> Credentials:
    wanted = {
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{app.role_name}",
        "RoleSessionName": "signet",
        "ExternalId": app.external_id,
    } | changes
    made = sts(stack).assume_role(**wanted)["Credentials"]  # type: ignore[attr-defined]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


def send(
    stack: Stack,
    app: App,
    credentials: Credentials | None,
    *,
    method: str = "POST",
    target: str = SEARCH,
    body: bytes = BODY,
    sent_body: bytes | None = None,
    sent_target: str = "",
    alter: Callable[[Headers], object] = lambda headers: None,
    region: str = REGION,
    service: str = "",
) -> tuple[int, str, bytes]:
    """Signs with botocore, spoils what the test wants spoilt, sends. (status, error type, body)"""
    base = stack.planes[app.name]
    request = AWSRequest(method, base + target, data=body, headers={ARN_HEADER[app.kind]: app.arn})
    request.headers["Content-Type"] = "application/json"
    request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()
    if credentials:
        SigV4Auth(credentials, service or SERVICES[app.kind], region).add_auth(request)
    headers = dict(request.headers)
    alter(headers)
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)
    wire = body if sent_body is None else sent_body
    connection.request(method, sent_target or target, body=wire, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.headers.get("x-amzn-ErrorType", ""), answer.read()


@pytest.mark.parametrize("app", [RESEARCH, LEGACY], ids=lambda app: app.name)
def test_signed_requests_pass(aws: Stack, app: App) -> None:
    credentials = assume(aws, app)
    before = aws.standin.counts()
    assert send(aws, app, credentials)[0] == 200
    odd = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=a%20%2B%25%C3%A9%2F"
    assert send(aws, app, credentials, method="GET", target=odd, body=b"")[0] == 404
    folder = "/api/2.0/mlflow-artifacts/artifacts/9/with%20space/100%25.bin"
    blob = bytes(range(256)) * 20_000
    put = send(aws, app, credentials, method="PUT", target=folder, body=blob)
    assert put[0] == 200, put
    got = send(aws, app, credentials, method="GET", target=folder, body=b"")
    assert (got[0], got[2]) == (200, blob)
    after = aws.standin.counts()
    assert after["signed"] - before["signed"] == 4 == after["received"] - before["received"]


def drop(name: str) -> Callable[[Headers], object]:
    return lambda headers: headers.pop(name)


def put(name: str, value: str) -> Callable[[Headers], object]:
    return lambda headers: headers.__setitem__(name, value)


SPOILT = {
    "unsigned": {"alter": drop("Authorization")},
    "not-sigv4": {"alter": put("Authorization", "Bearer abc")},
    "other body": {"sent_body": b'{"max_results": 2}'},
    "other target": {"sent_target": SEARCH + "?max_results=2"},
    "other path": {"sent_target": "/api/2.0/mlflow/experiments/create"},
    "other content type": {"alter": put("Content-Type", "text/plain")},
    "header added unsigned": {"alter": put("X-Amz-Meta", "1")},
    "no token": {"alter": drop("X-Amz-Security-Token")},
    "other token": {"alter": put("X-Amz-Security-Token", "abc")},
    "no arn": {"alter": drop(ARN_HEADER["sagemaker-app"])},
    "other arn": {"alter": put(ARN_HEADER["sagemaker-app"], RESEARCH.arn[:-1] + "Z")},
    "no date": {"alter": drop("X-Amz-Date")},
    "other region": {"region": "us-east-1"},
    "other service": {"service": "sagemaker-mlflow"},
}


@pytest.mark.parametrize("name", SPOILT)
def test_spoilt_requests_are_refused(aws: Stack, name: str) -> None:
    before = aws.standin.counts()
    status, error_type, body = send(aws, RESEARCH, assume(aws, RESEARCH), **SPOILT[name])
    after = aws.standin.counts()
    assert status == 403 and error_type.endswith("Exception") and b'"message"' in body
    assert after["refused"] - before["refused"] == 1
    assert after["signed"] == before["signed"]


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_wrong_clock_is_refused(
    aws: Stack, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    credentials = assume(aws, RESEARCH)
    wrong = datetime.now(UTC) + timedelta(minutes=minutes)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: wrong)
    assert send(aws, RESEARCH, credentials)[0] == 403
    reasons = [item["reason"] for item in aws.standin.refusals()]
    assert reasons[-1] in ("skewed", "wrong-day")


def test_keys_end(aws: Stack) -> None:
    aws.standin.faults(sts={"expires_in": 1.0})
    try:
        credentials = assume(aws, RESEARCH)
        until = time.monotonic() + 5
        while send(aws, RESEARCH, credentials)[1] != "ExpiredTokenException":
            assert time.monotonic() < until
    finally:
        aws.standin.clear_faults()
    fresh = assume(aws, RESEARCH)
    assert send(aws, RESEARCH, fresh)[0] == 200
    assert aws.standin.forget_keys() >= 1
    assert send(aws, RESEARCH, fresh)[1] == "UnrecognizedClientException"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ExternalId": "another"}, "AccessDenied"),
        ({"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/unknown-role"}, "AccessDenied"),
        ({"RoleSessionName": "has space"}, "ValidationError"),
        ({"DurationSeconds": 43201}, "ValidationError"),
    ],
)
def test_sts_refuses(aws: Stack, changes: dict[str, object], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        assume(aws, RESEARCH, **changes)
    assert refused.value.response["Error"]["Code"] == code


def test_sts_checks_the_signature(aws: Stack) -> None:
    with pytest.raises(ClientError) as refused:
        sts(aws, secret="wrong").get_caller_identity()  # type: ignore[attr-defined]
    assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_a_managed_mlflow_serves_no_artifacts(aws: Stack) -> None:
    credentials = assume(aws, RESEARCH)
    target = "/api/2.0/mlflow-artifacts/artifacts?path=9"
    aws.standin.faults(plane={"managed": True})
    try:
        assert send(aws, RESEARCH, credentials, method="GET", target=target, body=b"")[0] == 503
        assert send(aws, RESEARCH, credentials)[0] == 200
    finally:
        aws.standin.faults(plane={})
