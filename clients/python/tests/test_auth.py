"""Who gets the token, when it is renewed, and by how many."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from conftest import SOURCES
from fake_gateway import Answer, FakeGateway
from signet_mlflow import SignetAuth, SignInNeeded, login
from signet_mlflow.address import base_of
from signet_mlflow.aws import RoleTokens
from signet_mlflow.errors import Refused, StoreError, Unreachable, WrongUse
from signet_mlflow.freshness import Freshness
from signet_mlflow.store import Credential, Store
from signet_mlflow.tokens import Tokens

SignedIn = Callable[..., Credential]
SEARCH = "/api/2.0/mlflow/experiments/search"


class Clocks:
    """Both clocks, moved together or apart."""

    def __init__(self) -> None:
        self.wall = time.time()
        self.steady = 5000.0

    def freshness(self) -> Freshness:
        return Freshness(lambda: self.wall, lambda: self.steady)

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


def next_second() -> None:
    """Proofs of one second are the same, and one is good once."""
    time.sleep(1.02 - time.time() % 1)


def get(gateway: FakeGateway, auth: SignetAuth, path: str = SEARCH, **options: Any) -> Any:
    return requests.get(gateway.url + path, auth=auth, timeout=30, **options)


def test_the_gateway_gets_the_token(gateway: FakeGateway, signed_in: SignedIn) -> None:
    token = signed_in(gateway).access_token
    assert get(gateway, SignetAuth()).status_code == 200
    assert get(gateway, SignetAuth(), "/apps/research/api/2.0/x?y=1").status_code == 200
    assert gateway.authorizations() == [f"Bearer {token}"] * 2
    assert gateway.renewals == 0


def test_another_host_gets_nothing(start: Callable[..., FakeGateway], signed_in: SignedIn) -> None:
    ours, other = start(), start()
    signed_in(ours)
    auth = SignetAuth()
    other.answers["/x"] = Answer(200)
    assert get(other, auth, "/x").status_code == 200
    # The same machine under another name is another host.
    port = ours.authority.partition(":")[2]
    ours.answers["/y"] = Answer(200)
    requests.get(f"http://localhost:{port}/y", auth=auth, timeout=30)
    assert other.authorizations() + ours.authorizations() == [None, None]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("through", ["get", "session", "post"])
def test_a_redirect_to_another_host_takes_no_token_along(
    start: Callable[..., FakeGateway], signed_in: SignedIn, through: str, name: str
) -> None:
    ours, other = start(), start()
    token = signed_in(ours).access_token
    caught = f"{other.url}/caught".replace("127.0.0.1", name)
    url = f"{ours.url}/redirect?to={caught}"
    with requests.Session() as session:
        session.auth = SignetAuth()
        if through == "session":
            answer = session.get(url, timeout=30)
        else:
            work = getattr(requests, through)
            answer = work(url, auth=SignetAuth(), timeout=30)
    # Nor is the foreign 401 answered with another token.
    assert (answer.status_code, answer.url) == (401, caught)
    assert other.authorizations() == [None]
    assert ours.authorizations() == [f"Bearer {token}"]
    assert ours.renewals == 0


def test_a_redirect_within_the_gateway_keeps_it(gateway: FakeGateway, signed_in: SignedIn) -> None:
    token = signed_in(gateway).access_token
    answer = get(gateway, SignetAuth(), f"/redirect?to={gateway.url}{SEARCH}")
    assert answer.status_code == 200
    assert gateway.authorizations() == [f"Bearer {token}"] * 2


def test_plain_http_is_refused_off_this_machine(store: Store) -> None:
    for url in ("http://mlflow.example.com/x", "http://192.0.2.1:8080/x"):
        with pytest.raises(WrongUse, match="in the clear"):
            requests.get(url, auth=SignetAuth(), timeout=5)


def test_an_authorization_of_ones_own(
    start: Callable[..., FakeGateway], signed_in: SignedIn
) -> None:
    ours, other = start(), start()
    signed_in(ours)
    own = {"Authorization": "Bearer own"}
    assert get(other, SignetAuth(), headers=own).status_code == 401
    assert other.authorizations() == ["Bearer own"]
    assert get(ours, SignetAuth(), headers=own).status_code == 200


def test_who_is_not_signed_in_is_told_how(gateway: FakeGateway, store: Store) -> None:
    with pytest.raises(SignInNeeded, match=f"not signed in.*signet-login {gateway.url}"):
        get(gateway, SignetAuth())


def test_no_netrc_for_the_gateway(
    gateway: FakeGateway, signed_in: SignedIn, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    signed_in(gateway, age=3590)
    assert get(gateway, SignetAuth()).status_code == 200
    assert not [each for each in gateway.authorizations() if each and "Basic" in each]


def test_no_proxy_between_this_machine_and_itself(
    gateway: FakeGateway, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    signed_in(gateway, age=3590)
    assert Tokens().current(gateway.url) is not None
    assert gateway.renewals == 1


# ---- renewal ----


@pytest.mark.parametrize(
    ("lifetime", "age", "renewed"),
    [(3600, 0, 0), (3600, 3290, 0), (3600, 3310, 1), (3600, 9000, 1), (60, 40, 0), (60, 50, 1)],
)
def test_renewed_ahead_of_the_end(
    gateway: FakeGateway, signed_in: SignedIn, lifetime: float, age: float, renewed: int
) -> None:
    gateway.lifetime = lifetime
    old = signed_in(gateway, age=age)
    auth = SignetAuth()
    for _ in range(3):
        assert get(gateway, auth).status_code == 200
    assert gateway.renewals == renewed
    kept = Store().get(gateway.url)
    assert kept is not None
    assert (kept == old) == (not renewed)


def test_a_renewal_without_a_new_refresh_token_keeps_the_old_one(
    gateway: FakeGateway, signed_in: SignedIn, store: Store
) -> None:
    old = signed_in(gateway, age=3590)
    gateway.answers["/signet/api/v1/device/token"] = Answer(
        200, {"access_token": "sgn_new", "token_type": "bearer", "expires_in": 60}
    )
    assert Tokens().current(gateway.url) == "sgn_new"
    kept = store.get(gateway.url)
    assert kept is not None
    assert kept.refresh_token == old.refresh_token


def test_twenty_threads_renew_once(gateway: FakeGateway, signed_in: SignedIn) -> None:
    gateway.renewal_seconds = 0.3
    signed_in(gateway, age=4000)
    shared, statuses = SignetAuth(), []
    together = threading.Barrier(20)

    def work(number: int) -> None:
        auth = shared if number % 2 else SignetAuth()
        together.wait()
        statuses.append(get(gateway, auth).status_code)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 20
    assert gateway.renewals == 1
    assert len(set(gateway.authorizations()) - {None}) == 1


WORKER = """
import sys, threading, requests
from signet_mlflow import SignetAuth
auth, statuses = SignetAuth(), []
sys.stdin.readline()
def work():
    statuses.append(requests.get(sys.argv[1], auth=auth, timeout=30).status_code)
threads = [threading.Thread(target=work) for _ in range(5)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(statuses)
"""


def test_four_processes_renew_once(gateway: FakeGateway, signed_in: SignedIn) -> None:
    gateway.renewal_seconds = 0.5
    signed_in(gateway, age=4000)
    children = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, gateway.url + SEARCH],
            env={**os.environ, "PYTHONPATH": str(SOURCES)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    time.sleep(1)
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    outputs = [child.communicate(timeout=60)[0] for child in children]
    assert outputs == ["[200, 200, 200, 200, 200]\n"] * 4
    assert gateway.renewals == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_goes_on(gateway: FakeGateway, signed_in: SignedIn) -> None:
    gateway.renewal_seconds = 0.5
    signed_in(gateway, age=4000)
    auth = SignetAuth()
    thread = threading.Thread(target=get, args=(gateway, auth))
    thread.start()
    time.sleep(0.2)  # The lock is held now.
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if get(gateway, auth).status_code == 200 else 1)
        finally:
            os._exit(2)
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert gateway.renewals == 1


def test_an_ended_sign_in_says_what_to_do(
    gateway: FakeGateway, signed_in: SignedIn, store: Store
) -> None:
    signed_in(gateway, age=4000)
    gateway.refreshable.clear()
    said = f"sign-in at {gateway.url} has ended: run `signet-login {gateway.url}`"
    for _ in range(3):
        with pytest.raises(SignInNeeded, match=said):
            get(gateway, SignetAuth())
    # Asked once; the refused refresh token is forgotten, the entry is not.
    assert len(gateway.requests) == 1
    assert store.all()[gateway.url] is not None


def test_an_outage_is_bridged_while_the_token_is_good(
    gateway: FakeGateway, signed_in: SignedIn, store: Store
) -> None:
    old = signed_in(gateway, age=3400)
    clocks = Clocks()
    tokens = Tokens(store, clocks.freshness())
    gateway.failing = 503
    for _ in range(5):
        assert tokens.current(gateway.url) == old.access_token
    assert len(gateway.requests) == 1
    clocks.pass_by(11)
    assert tokens.current(gateway.url) == old.access_token
    assert len(gateway.requests) == 2
    clocks.pass_by(300)
    for _ in range(3):
        with pytest.raises(Unreachable, match="answered 503"):
            tokens.current(gateway.url)
    assert len(gateway.requests) == 3
    clocks.pass_by(11)
    gateway.failing = None
    assert tokens.current(gateway.url) not in (None, old.access_token)


def test_a_gateway_that_is_gone(gateway: FakeGateway, signed_in: SignedIn) -> None:
    signed_in(gateway, age=4000)
    gateway.stop()
    try:
        with pytest.raises(Unreachable, match="cannot reach"):
            Tokens().current(gateway.url)
    finally:
        gateway.stop = lambda: None  # type: ignore[method-assign]


def test_the_clock_is_turned_back_between_processes(
    gateway: FakeGateway, signed_in: SignedIn, store: Store
) -> None:
    old = signed_in(gateway)
    clocks = Clocks()
    clocks.wall -= 86400
    tokens = Tokens(store, clocks.freshness())
    fresh = tokens.current(gateway.url)
    assert fresh != old.access_token
    assert [tokens.current(gateway.url) for _ in range(3)] == [fresh] * 3
    assert gateway.renewals == 1


def test_the_clock_is_turned_back_in_a_running_process(
    gateway: FakeGateway, signed_in: SignedIn, store: Store
) -> None:
    old = signed_in(gateway)
    clocks = Clocks()
    tokens = Tokens(store, clocks.freshness())
    assert tokens.current(gateway.url) == old.access_token
    clocks.steady += 3400
    # Little enough not to look turned back, and the wall clock has stood since.
    assert tokens.current(gateway.url) != old.access_token
    assert gateway.renewals == 1


def test_the_clock_is_set_forward(gateway: FakeGateway, signed_in: SignedIn, store: Store) -> None:
    signed_in(gateway)
    clocks = Clocks()
    tokens = Tokens(store, clocks.freshness())
    clocks.wall += 10 * 86400
    fresh = tokens.current(gateway.url)
    clocks.wall -= 10 * 86400
    assert tokens.current(gateway.url) != fresh
    assert gateway.renewals == 2


def test_signed_out_elsewhere(gateway: FakeGateway, signed_in: SignedIn, store: Store) -> None:
    signed_in(gateway)
    auth = SignetAuth()
    assert get(gateway, auth).status_code == 200
    store.remove(gateway.url)
    with pytest.raises(SignInNeeded):
        get(gateway, auth)


def test_signing_out_during_a_renewal_stays(
    gateway: FakeGateway, signed_in: SignedIn, store: Store
) -> None:
    gateway.renewal_seconds = 0.4
    signed_in(gateway, age=4000)
    thread = threading.Thread(target=Tokens().current, args=(gateway.url,))
    thread.start()
    time.sleep(0.2)
    assert login.main(["--logout", gateway.url]) == 0
    thread.join()
    assert gateway.renewals == 1
    assert store.all() == {}


def test_a_file_open_to_others_stops_everything(
    gateway: FakeGateway, signed_in: SignedIn, file: Path
) -> None:
    signed_in(gateway)
    file.chmod(0o644)
    with pytest.raises(StoreError, match="open to others"):
        get(gateway, SignetAuth())
    assert gateway.requests == []


# ---- a refused token ----


def stream(text: bytes) -> Iterator[bytes]:
    yield text


@pytest.mark.parametrize(
    ("body", "again"),
    [(None, True), (b"abc", True), ("abc", True), (io.BytesIO(b"abc"), True),
     (stream(b"abc"), False)],
    ids=["none", "bytes", "text", "file", "stream"],
)  # fmt: skip
def test_a_refused_token_is_replaced_once(
    gateway: FakeGateway, signed_in: SignedIn, body: Any, again: bool
) -> None:
    old = signed_in(gateway)
    gateway.accepted.clear()
    answer = requests.put(f"{gateway.url}/x", data=body, auth=SignetAuth(), timeout=30)
    assert answer.status_code == (200 if again else 401)
    assert gateway.renewals == 1
    seen = gateway.asked("/x")
    assert seen[0].headers["authorization"] == f"Bearer {old.access_token}"
    assert len(seen) == 1 + again
    assert len({each.body for each in seen}) == 1
    if again:
        assert answer.json() == {"length": 0 if body is None else 3}
        assert [each.status_code for each in answer.history] == [401]


def test_a_person_who_was_shut_out(gateway: FakeGateway, signed_in: SignedIn) -> None:
    signed_in(gateway)
    said = {"error_code": "UNAUTHENTICATED", "message": "no"}
    gateway.answers[SEARCH] = Answer(401, said, {"x-signet-refusal": "unauthenticated"})
    with pytest.raises(SignInNeeded, match="no longer accepts"):
        get(gateway, SignetAuth())
    assert len(gateway.asked(SEARCH)) == 2
    gateway.refreshable.clear()
    with pytest.raises(SignInNeeded, match="has ended"):
        get(gateway, SignetAuth())


def test_a_401_that_is_not_the_gateways(gateway: FakeGateway, signed_in: SignedIn) -> None:
    signed_in(gateway)
    gateway.answers[SEARCH] = Answer(401, {"error_code": "UNAUTHENTICATED", "message": "origin"})
    assert get(gateway, SignetAuth()).json()["message"] == "origin"


# ---- AWS roles ----


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, store: Store) -> Callable[..., None]:
    from botocore.credentials import Credentials

    def give(
        gateway: FakeGateway, region: str = "eu-west-1", token: str | None = "t/o+k=n"
    ) -> None:
        gateway.aws_keys["AKIDEXAMPLE"] = Credentials("AKIDEXAMPLE", "secret/+", token)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret/+")
        monkeypatch.setenv("AWS_REGION", region)
        if token:
            monkeypatch.setenv("AWS_SESSION_TOKEN", token)

    return give


@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "cn-north-1", ""])
@pytest.mark.parametrize("token", ["t/o+k=n", None])
def test_an_aws_role_is_proved(
    gateway: FakeGateway, aws: Callable[..., None], region: str, token: str | None, file: Path
) -> None:
    aws(gateway, region, token)
    auth = SignetAuth()
    for _ in range(3):
        assert get(gateway, auth).status_code == 200
    (proof,) = gateway.asked("/signet/api/v1/tokens/aws")
    asked = json.loads(proof.body)
    assert f"//sts.{region or 'us-east-1'}.amazonaws.com" in asked["url"]
    assert b"secret" not in proof.body
    assert not file.exists()


def test_the_region_of_the_profile_wins(
    gateway: FakeGateway, aws: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    aws(gateway)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    assert get(gateway, SignetAuth()).status_code == 200
    assert b"//sts.ap-south-1." in gateway.asked("/signet/api/v1/tokens/aws")[0].body


def test_a_role_is_proved_anew_in_time(
    gateway: FakeGateway, aws: Callable[..., None], store: Store
) -> None:
    aws(gateway)
    gateway.lifetime = 43200  # More than a gateway may give: an hour is believed.
    clocks = Clocks()
    tokens = Tokens(store, clocks.freshness())
    first = tokens.current(gateway.url)
    clocks.pass_by(3290)
    assert tokens.current(gateway.url) == first
    clocks.pass_by(20)
    gateway.failing = 503
    assert tokens.current(gateway.url) == first
    gateway.failing = None
    assert tokens.current(gateway.url) == first
    clocks.pass_by(61)
    next_second()
    second = tokens.current(gateway.url)
    assert second not in (None, first)


def test_twenty_threads_prove_once(gateway: FakeGateway, aws: Callable[..., None]) -> None:
    aws(gateway)
    auth = SignetAuth()
    threads = [threading.Thread(target=get, args=(gateway, auth)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(gateway.asked("/signet/api/v1/tokens/aws")) == 1
    assert len(gateway.asked(SEARCH)) == 20


def test_a_proof_in_vain_is_followed_by_another(
    gateway: FakeGateway, aws: Callable[..., None]
) -> None:
    aws(gateway)
    gateway.aws_busy = 2
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        next_second()

    assert RoleTokens(Freshness(), sleep).current(gateway.url)
    assert [1 <= wait <= 1 + 2 ** (tries + 1) for tries, wait in enumerate(waits)] == [True, True]
    bodies = [request.body for request in gateway.asked("/signet/api/v1/tokens/aws")]
    assert len(set(bodies)) == len(bodies) == 3


def test_two_processes_that_prove_at_once(gateway: FakeGateway, aws: Callable[..., None]) -> None:
    aws(gateway)
    processes = [RoleTokens(Freshness()) for _ in range(2)]
    next_second()
    tokens = [process.current(gateway.url) for process in processes]
    assert None not in tokens and tokens[0] != tokens[1]
    asked = gateway.asked("/signet/api/v1/tokens/aws")
    assert len(asked) == 3 and asked[0].body == asked[1].body != asked[2].body
    assert 1 <= asked[2].at - asked[1].at < 5


def test_five_proofs_in_vain_are_enough(gateway: FakeGateway, aws: Callable[..., None]) -> None:
    aws(gateway)
    gateway.aws_busy = 100
    waits: list[float] = []
    with pytest.raises(Unreachable, match=r"answered 503: not just now; try again later"):
        RoleTokens(Freshness(), waits.append).current(gateway.url)
    assert len(gateway.asked("/signet/api/v1/tokens/aws")) == 5
    assert len(waits) == 4 and sum(waits) <= 4 + 2 + 4 + 8 + 16


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (503, {}),
        (503, {"Retry-After": "60"}),
        (503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        (503, {"Retry-After": "-1"}),
        (502, {"Retry-After": "1"}),
        (500, {"Retry-After": "1"}),
    ],
)
def test_other_trouble_is_told_at_once(
    gateway: FakeGateway, aws: Callable[..., None], status: int, headers: dict[str, str]
) -> None:
    aws(gateway)
    gateway.answers["/signet/api/v1/tokens/aws"] = Answer(status, {"message": "no"}, headers)
    waits: list[float] = []
    with pytest.raises(Unreachable, match=f"answered {status}: no"):
        RoleTokens(Freshness(), waits.append).current(gateway.url)
    assert waits == []
    assert len(gateway.asked("/signet/api/v1/tokens/aws")) == 1


def test_nobody_waits_while_the_old_token_is_good(
    gateway: FakeGateway, aws: Callable[..., None]
) -> None:
    aws(gateway)
    clocks = Clocks()
    waits: list[float] = []
    tokens = RoleTokens(clocks.freshness(), waits.append)
    first = tokens.current(gateway.url)
    gateway.aws_busy = 1
    next_second()
    clocks.pass_by(3310)  # Due, and good for some minutes.
    assert tokens.current(gateway.url) == first
    assert waits == [] and len(gateway.asked("/signet/api/v1/tokens/aws")) == 2
    clocks.pass_by(61)
    next_second()
    assert tokens.current(gateway.url) not in (None, first)


def test_a_refused_token_of_a_role_is_replaced(
    gateway: FakeGateway, aws: Callable[..., None]
) -> None:
    aws(gateway)
    auth = SignetAuth()
    assert get(gateway, auth).status_code == 200
    gateway.accepted.clear()
    next_second()
    assert get(gateway, auth).status_code == 200
    assert len(gateway.asked("/signet/api/v1/tokens/aws")) == 2


def test_a_sign_in_comes_before_a_role(
    gateway: FakeGateway, aws: Callable[..., None], signed_in: SignedIn
) -> None:
    aws(gateway)
    signed_in(gateway)
    assert get(gateway, SignetAuth()).status_code == 200
    assert gateway.asked("/signet/api/v1/tokens/aws") == []


def test_an_authorization_of_ones_own_needs_no_role(
    gateway: FakeGateway, aws: Callable[..., None]
) -> None:
    aws(gateway)
    get(gateway, SignetAuth(), headers={"Authorization": "Bearer own"})
    assert gateway.authorizations() == ["Bearer own"]


def test_a_role_that_nobody_named(gateway: FakeGateway, aws: Callable[..., None]) -> None:
    aws(gateway)
    gateway.aws_refused = True
    with pytest.raises(Refused, match=r"AWS role was not accepted.*no aws_roles entry"):
        get(gateway, SignetAuth())


def test_a_host_that_is_no_gateway_is_asked_once(
    gateway: FakeGateway, aws: Callable[..., None]
) -> None:
    aws(gateway)
    gateway.answers["/signet/api/v1/tokens/aws"] = Answer(404, b"<h1>Not Found</h1>")
    gateway.answers["/x"] = Answer(200)
    auth = SignetAuth()
    for _ in range(3):
        assert get(gateway, auth, "/x").status_code == 200
    assert len(gateway.asked("/signet/api/v1/tokens/aws")) == 1
    assert gateway.authorizations() == [None] * 4


def test_a_proof_is_for_one_gateway(
    start: Callable[..., FakeGateway], aws: Callable[..., None]
) -> None:
    ours, other = start(), start()
    aws(ours)
    aws(other)
    assert get(ours, SignetAuth()).status_code == 200
    proof = ours.asked("/signet/api/v1/tokens/aws")[0].body
    for body in (proof, proof.replace(ours.authority.encode(), other.authority.encode())):
        answer = requests.post(
            f"{other.url}/signet/api/v1/tokens/aws",
            data=body,
            headers={"Content-Type": "application/json"},
            timeout=30,
        )
        assert answer.status_code == 400
    assert [each.rpartition(" ")[2] for each in other.broken][1] == "signature"
    other.broken.clear()


def test_without_botocore(
    gateway: FakeGateway, aws: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    aws(gateway)
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    with pytest.raises(SignInNeeded):
        get(gateway, SignetAuth())
    assert gateway.asked("/signet/api/v1/tokens/aws") == []


def test_base_of_is_what_the_store_is_keyed_by(gateway: FakeGateway) -> None:
    assert base_of(f"{gateway.url}/apps/x/") == gateway.url
