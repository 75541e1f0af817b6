"""Workloads with nothing but AWS credentials: a signed question to STS, and a token for an hour."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from aws_sts_standin import AwsSts, Caller
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from own_tokens import (
    ME,
    RUNS_CREATE,
    TOKENS,
    Start,
    apps_of,
    browser_of,
    config,
    listed,
)
from test_bearer import bearer

from hostile_provider import HostileProvider
from programs import ROOT, environment
from scripted_origin import Origin
from signet_process import Signet, in_threads
from waiting import until
from wire import API, Answer, ask

sys.path.append(str(ROOT / "clients/python/src"))

from signet_mlflow.aws import prove

ADDRESS = f"{TOKENS}/aws"
ACCOUNT = "123456789012"
TRAINER = f"arn:aws:sts::{ACCOUNT}:assumed-role/train-a/i-0abc"
ROLES = [
    {"arn": f"arn:aws:iam::{ACCOUNT}:role/train-*", "groups": ["ci"]},
    {"arn": f"arn:aws:iam::{ACCOUNT}:role/train-a", "groups": ["team-a"]},
]
OPERATION = "Action=GetCallerIdentity&Version=2011-06-15"
REGION = "eu-west-1"
LOOK = "import mlflow; print(len(mlflow.search_experiments()), 'experiments')"
# Ready to send, each waits for the same moment: so all prove within one second.
RANK = f"""
import botocore.session, requests, signet_mlflow, sys, time
session = botocore.session.get_session()
session.get_credentials(), session.get_data("partitions")
auth = signet_mlflow.SignetAuth()
print("ready", flush=True)
time.sleep(max(0.0, float(sys.stdin.readline()) - time.time()))
began = time.monotonic()
answer = requests.get(sys.argv[1] + "/apps/plain{API}", auth=auth, timeout=60)
print(answer.status_code, round(time.monotonic() - began, 1), flush=True)
"""
_keys = iter(range(1, 10**6))


@pytest.fixture
def sts() -> Iterator[AwsSts]:
    with AwsSts() as made:
        yield made


@pytest.fixture
def signet(start: Start, provider: HostileProvider, origin: Origin, sts: AwsSts) -> Signet:
    return start(
        apps_of(origin),
        config=config(provider, aws_roles=ROLES),
        env={"AWS_ENDPOINT_URL_STS": sts.address},
    )


def caller(sts: AwsSts, arn: str = TRAINER, mode: str = "") -> Caller:
    """Somebody new with credentials: two proofs of one second with the same ones are one proof."""
    number = next(_keys)
    keys = Credentials(f"ASIA{number:012d}", f"secret-{number}", f"session/token+{number}==")
    return sts.add(Caller(keys, arn, mode))


def authority(signet: Signet) -> str:
    return f"127.0.0.1:{signet.port}"


def proof_of_the_client(who: Caller, signet: Signet) -> bytes:
    session = botocore.session.Session()
    session.set_config_variable("region", REGION)
    url, headers = prove(session, who.credentials, f"http://{authority(signet)}")
    return json.dumps({"url": url, "headers": headers}).encode()


def proof(
    who: Caller,
    signet: Signet,
    *,
    host: str = f"sts.{REGION}.amazonaws.com",
    operation: str = OPERATION,
    expires: int = 60,
    signed: dict[str, str] | None = None,
    sent: dict[str, str] | None = None,
    secret: str = "",
) -> bytes:
    good = {"x-signet-gateway": authority(signet)}
    signed = good if signed is None else signed
    keys = who.credentials
    if secret:
        keys = Credentials(keys.access_key, secret, keys.token)
    request = AWSRequest("GET", f"https://{host}/?{operation}", headers=signed)
    SigV4QueryAuth(keys, "sts", REGION, expires=expires).add_auth(request)
    return json.dumps({"url": request.url, "headers": good if sent is None else sent}).encode()


def put(signet: Signet, body: bytes, **headers: str) -> Answer:
    return ask(signet.port, ADDRESS, "POST", body, {"Content-Type": "application/json"} | headers)


def why(signet: Signet, answer: Answer) -> str:
    """What the operator is told."""
    wanted = answer.headers["x-request-id"]

    def lines() -> list[str]:
        told = signet.log_lines("request-refused")
        return [line["why"] for line in told if line["request_id"] == wanted]

    return until("it is in the log", lines)[0]


def test_a_role_is_known(
    signet: Signet, sts: AwsSts, provider: HostileProvider, origin: Origin
) -> None:
    who = caller(sts)
    body = proof_of_the_client(who, signet)
    answer = put(signet, body)
    assert answer.status == 200, answer
    assert answer.headers["cache-control"] == "no-store"
    said = json.loads(answer.body)
    secret = said.pop("access_token")
    assert re.fullmatch(r"sgn_[0-9A-Za-z]{49}", secret)
    assert said == {"token_type": "Bearer", "expires_in": 3600}

    me = json.loads(ask(signet.port, ME, headers=bearer(secret)).body)
    assert me["person"]["id"] == f"aws:{ACCOUNT}:role/train-a"
    assert me["person"]["groups"] == ["ci", "team-a"]
    for app in ("plain", "signed"):
        assert signet.ask(app, RUNS_CREATE, "POST", b"{}", bearer(secret)).status == 200
    more = ask(
        signet.port,
        TOKENS,
        "POST",
        b'{"title":"x"}',
        bearer(secret) | {"Content-Type": "application/json"},
    )
    assert (more.status, more.refusal) == (403, "forbidden")
    # A role with less groups has less.
    lesser = caller(sts, f"arn:aws:sts::{ACCOUNT}:assumed-role/train-b/job")
    token = json.loads(put(signet, proof_of_the_client(lesser, signet)).body)["access_token"]
    assert signet.ask("signed", RUNS_CREATE, "POST", b"{}", bearer(token)).status == 200
    assert signet.ask("plain", RUNS_CREATE, "POST", b"{}", bearer(token)).status == 403

    admin = browser_of(signet, provider, "ada", "ml-platform")
    (record,) = listed(admin, f"?person=aws:{ACCOUNT}:role/train-a").values()
    assert (record["kind"], record["state"]) == ("role", "usable")
    line = signet.told("token-made")[0]
    assert line["person"] == f"aws:{ACCOUNT}:role/train-a"
    assert record["id"] in line["rule"] and "kind=role" in line["rule"]
    assert admin.fetch(f"{TOKENS}/{record['id']}", "DELETE").status == 204
    until("it has ended", lambda: signet.ask("plain", headers=bearer(secret)).status == 401, 5)

    signature = body.decode().partition("X-Amz-Signature=")[2][:64]
    for text in (signet.log.read_text(), repr(origin.requests)):
        for private in (secret, signature, who.credentials.token, who.credentials.access_key):
            assert private not in text


Make = Callable[[Caller, Signet], bytes]
# By what is wrong: the proof, and what the operator is told. STS is not asked.
NOT_PUT: dict[str, tuple[Make, str]] = {
    "another host": (lambda w, s: proof(w, s, host="sts.evil.example"), "no regional endpoint"),
    "a bucket": (
        lambda w, s: proof(w, s, host="sts.s3-eu-west-1.amazonaws.com"),
        "no regional endpoint",
    ),
    "the metadata service": (lambda w, s: proof(w, s, host="169.254.169.254"), "no regional"),
    "the global endpoint": (lambda w, s: proof(w, s, host="sts.amazonaws.com"), "no regional"),
    "another Region": (
        lambda w, s: proof(w, s, host="sts.us-east-1.amazonaws.com"),
        "credential scope",
    ),
    "another action": (
        lambda w, s: proof(w, s, operation="Action=GetSessionToken&Version=2011-06-15"),
        "another operation",
    ),
    "an action that changes": (
        lambda w, s: proof(w, s, operation="Action=AssumeRole&Version=2011-06-15"),
        "another operation",
    ),
    "a parameter more": (
        lambda w, s: proof(w, s, operation=OPERATION + "&RoleArn=x"),
        "does not need",
    ),
    "a parameter twice": (
        lambda w, s: proof(w, s).replace(b"&Version=", b"&Action=AssumeRole&Version="),
        "twice",
    ),
    "not bound": (lambda w, s: proof(w, s, signed={}), "signs other headers"),
    "not sent": (lambda w, s: proof(w, s, sent={}), "without the header"),
    "for another gateway": (
        lambda w, s: proof(w, s, signed=(h := {"x-signet-gateway": "other.example"}), sent=h),
        "another gateway",
    ),
    "for another port": (
        lambda w, s: proof(w, s, signed=(h := {"x-signet-gateway": "127.0.0.1:1"}), sent=h),
        "another gateway",
    ),
    "a header more": (
        lambda w, s: proof(w, s, sent={"x-signet-gateway": authority(s), "Host": "evil.example"}),
        "alone",
    ),
    "an hour": (lambda w, s: proof(w, s, expires=3600), "more than 60 s"),
    "a second more": (lambda w, s: proof(w, s, expires=61), "more than 60 s"),
    "plain http": (lambda w, s: proof(w, s).replace(b"https:", b"http:"), "https://"),
    "not its path": (lambda w, s: proof(w, s).replace(b".com/?", b".com/x?"), "another path"),
    "no JSON": (lambda w, s: b"{", "the proof is"),
    "nothing": (lambda w, s: b"{}", "the proof is not one url"),
    "too large": (lambda w, s: proof(w, s)[:-1] + b" " * 17000 + b"}", "larger than 16 KiB"),
}


def test_proofs_that_are_not_put_to_sts(signet: Signet, sts: AwsSts) -> None:
    for what, (make, told) in NOT_PUT.items():
        answer = put(signet, make(caller(sts), signet))
        assert (answer.status, answer.refusal) == (401, "unauthenticated"), what
        assert json.loads(answer.body)["message"] == "The proof is not valid here.", what
        assert told in why(signet, answer), what
    late = proof(caller(sts), signet, expires=1)
    time.sleep(2.1)
    answer = put(signet, late)
    assert answer.status == 401
    assert "expired" in why(signet, answer)
    assert sts.asked == []
    assert not signet.log_lines("token-made")


# By what is wrong: who asks, and what the operator is told. STS is asked once.
PUT: dict[str, tuple[str, str, int, str]] = {
    "a role that nobody named": (TRAINER.replace("train-a", "other"), "", 401, "aws_roles"),
    "a name that is longer": (TRAINER.replace("train-a", "xtrain-a"), "", 401, "aws_roles"),
    "another account": (TRAINER.replace(ACCOUNT, "210987654321"), "", 401, "aws_roles"),
    "another partition": (TRAINER.replace("aws:sts", "aws-cn:sts"), "", 401, ""),
    "a user": (f"arn:aws:iam::{ACCOUNT}:user/train-a", "", 401, "by a user, root"),
    "root": (f"arn:aws:iam::{ACCOUNT}:root", "", 401, "by a user, root"),
    "a federated user": (
        f"arn:aws:sts::{ACCOUNT}:federated-user/train-a",
        "",
        401,
        "by a user, root",
    ),
    "a redirect": (TRAINER, "redirect", 401, "302"),
    "too long an answer": (TRAINER, "huge", 401, ""),
    "an answer cut short": (TRAINER, "garbage", 401, ""),
    "an answer in JSON": (TRAINER, "json", 401, ""),
    "an error of STS": (TRAINER, "error-500", 503, "500"),
    "throttling": (TRAINER, "throttling", 503, "429"),
    "a connection that breaks": (TRAINER, "close", 503, ""),
}


def test_callers_who_are_no_role_of_ours(signet: Signet, sts: AwsSts) -> None:
    for what, (arn, mode, status, told) in PUT.items():
        sts.asked.clear()
        answer = put(signet, proof(caller(sts, arn, mode), signet))
        assert answer.status == status, (what, answer)
        assert told in why(signet, answer), what
        # No redirect is followed. A kept connection may have ended by itself: then a new one is
        # tried.
        assert len(set(sts.asked)) == 1 and len(sts.asked) <= 1 + (mode == "close"), what
        if status == 503:
            assert answer.retry_after == "1", what
            assert json.loads(answer.body)["error_code"] == "TEMPORARILY_UNAVAILABLE"
        else:
            assert answer.refusal == "unauthenticated"
    for secret in ("guessed", "secret-0"):
        answer = put(signet, proof(caller(sts), signet, secret=secret))
        assert answer.status == 401
        assert "SignatureDoesNotMatch" in why(signet, answer)
    changed = proof(caller(sts), signet).replace(b"X-Amz-Expires=60", b"X-Amz-Expires=59")
    assert put(signet, changed).status == 401
    assert not signet.log_lines("token-made")


def test_a_proof_is_good_once(signet: Signet, sts: AwsSts) -> None:
    body = proof(caller(sts), signet)
    answers = in_threads(8, lambda _: put(signet, body))
    assert sorted(answer.status for answer in answers) == [200] + [503] * 7
    assert len(sts.asked) == 1
    again = put(signet, body)
    assert (again.status, again.retry_after) == (503, "1")
    assert "used before" in why(signet, again)
    # Nor is it when STS said no.
    guessed = proof(caller(sts), signet, secret="guessed")
    assert [put(signet, guessed).status for _ in range(2)] == [401, 503]
    assert len(signet.told("token-made")) == 1


def test_other_methods_and_gateways(
    start: Start, signet: Signet, sts: AwsSts, provider: HostileProvider, origin: Origin
) -> None:
    body = proof(caller(sts), signet)
    assert ask(signet.port, ADDRESS).status == 405
    assert put(signet, body, **{"Content-Type": "text/plain"}).status == 415
    assert ask(signet.port, f"{ADDRESS}?x=1", "POST", body).status in (400, 415)
    cross = put(signet, body, Origin="https://evil.example")
    assert (cross.status, cross.refusal) == (403, "cross-site")
    # Not for whom no role is known, though it is asked by the right name.
    other = start(apps_of(origin), config=config(provider))
    refused = put(other, proof(caller(sts), other))
    assert (refused.status, refused.refusal) == (403, "forbidden")
    assert "identity.aws_roles is not configured" in why(other, refused)
    assert sts.asked == []
    # What one gateway has seen does not open another.
    elsewhere = start(
        apps_of(origin),
        config=config(provider, aws_roles=ROLES),
        env={"AWS_ENDPOINT_URL_STS": sts.address},
    )
    assert put(elsewhere, body).status == 401
    assert put(signet, body).status == 200


def test_sts_that_is_not_there(
    start: Start, provider: HostileProvider, origin: Origin, sts: AwsSts
) -> None:
    signet = start(
        apps_of(origin),
        config=config(provider, aws_roles=ROLES),
        env={"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9"},
    )
    answer = put(signet, proof(caller(sts), signet))
    assert (answer.status, answer.retry_after) == (503, "1")
    assert not signet.log_lines("token-made")


# ---- the client ----


def credentials(who: Caller) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": who.credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": who.credentials.secret_key,
        "AWS_SESSION_TOKEN": who.credentials.token or "",
        "AWS_REGION": REGION,
    }


def job(folder: Path, who: Caller | None) -> dict[str, str]:
    """Its environment. botocore is that of these tests."""
    return environment(
        HOME=str(folder),
        AWS_EC2_METADATA_DISABLED="true",
        PYTHONPATH=str(Path(botocore.__file__).parent.parent),
        MLFLOW_TRACKING_AUTH="signet",
        MLFLOW_DISABLE_TELEMETRY="true",
        **(credentials(who) if who else {}),
    )


def mlflow(client: Path, uri: str, env: dict[str, str]) -> tuple[str, str, float]:
    began = time.monotonic()
    done = subprocess.run(
        [client / "bin/python", "-c", LOOK],
        env=env | {"MLFLOW_TRACKING_URI": uri},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.stdout, done.stderr, time.monotonic() - began


def test_mlflow_with_nothing_but_a_role(
    client: Path, signet: Signet, sts: AwsSts, tmp_path: Path, origin: Origin
) -> None:
    out, errors, _ = mlflow(
        client, f"http://{authority(signet)}/apps/signed", job(tmp_path, caller(sts))
    )
    assert out == "0 experiments\n", errors
    assert len(sts.asked) == 1
    who = {line["who"] for line in signet.told("searchExperiments")}
    assert who == {f"aws:{ACCOUNT}:role/train-a"}
    # No token stays on the disk.
    assert not list(tmp_path.rglob("credentials*"))
    assert all("sgn_" not in repr(request) for request in origin.requests)


def test_mlflow_is_told_what_is_wrong(
    client: Path, signet: Signet, sts: AwsSts, tmp_path: Path
) -> None:
    ours = f"http://{authority(signet)}"
    stranger = caller(sts, TRAINER.replace("train-a", "other"))
    cases = {
        "your AWS role was not accepted": (ours, job(tmp_path, stranger)),
        "you are not signed in to": (ours, job(tmp_path, None)),
        # The address that the job has is not the gateway's own.
        "The proof is not valid here": (
            ours.replace("127.0.0.1", "localhost"),
            job(tmp_path, caller(sts)),
        ),
    }
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda case: mlflow(client, *case), cases.values()))
    for told, (out, errors, seconds) in zip(cases, done, strict=True):
        assert out == ""
        assert told in errors, errors
        assert seconds < 60
    assert len(sts.asked) == 1


def test_eight_processes_share_their_credentials(
    client: Path, signet: Signet, sts: AwsSts, tmp_path: Path
) -> None:
    """As the ranks of a training job do that all begin at once."""
    env = job(tmp_path, caller(sts))
    ranks = [
        subprocess.Popen(
            [client / "bin/python", "-c", RANK, f"http://{authority(signet)}"],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    watch = threading.Timer(80, lambda: [rank.kill() for rank in ranks])
    watch.start()
    try:
        assert [_line(rank) for rank in ranks] == ["ready"] * 8
        moment = int(time.time()) + 2.1
        for rank in ranks:
            assert rank.stdin is not None
            rank.stdin.write(f"{moment}\n")
            rank.stdin.flush()
        done = [rank.communicate() for rank in ranks]
    finally:
        watch.cancel()
        for rank in ranks:
            rank.kill()
    assert [out.split()[:1] for out, _ in done] == [["200"]] * 8, done
    # One at least came in the same second as another, and STS was asked once for each.
    assert len(sts.asked) == len(set(sts.asked)) == 8
    assert "used before" in " ".join(line["why"] for line in signet.told("request-refused"))
    assert max(float(out.split()[1]) for out, _ in done) < 40


def _line(process: Any) -> str:
    return str(process.stdout.readline()).strip()
