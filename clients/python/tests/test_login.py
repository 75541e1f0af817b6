"""signet-login as a person runs it."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conftest import SOURCES
from fake_gateway import Answer, FakeGateway
from signet_mlflow import device, login
from signet_mlflow.gateway import Gateway
from signet_mlflow.store import Credential, Store

AUTHORIZE = "/signet/api/v1/device/authorize"
TOKEN = "/signet/api/v1/device/token"
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch, file: Path) -> list[str]:
    pages: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda page: pages.append(page) or True)
    return pages


def test_signing_in(gateway: FakeGateway, store: Store, capsys: Capture, opened: list[str]) -> None:
    gateway.polls = ["authorization_pending"]
    gateway.interval = 0.2
    assert login.main([gateway.url + "/apps/research/#/experiments/7"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    for text in ("WDJB-MJHT", f"{gateway.url}/signet/device\n", "Waiting", "Signed in to"):
        assert text in said.err
    assert f"MLFLOW_TRACKING_URI={gateway.url}\n" in said.err
    assert "sgn_" not in said.err
    assert "again-" not in said.err
    kept = store.get(gateway.url)
    assert kept is not None
    assert kept.access_token in gateway.accepted
    assert kept.refresh_token in gateway.refreshable
    assert kept.expires_at - kept.obtained_at == 3600
    assert len(gateway.asked(TOKEN)) == 2
    assert opened == []  # There is no display.


@pytest.mark.parametrize(
    ("settings", "words", "opens"),
    [
        ({"DISPLAY": ":0"}, [], True),
        ({"DISPLAY": ":0"}, ["--no-browser"], False),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}, [], False),
        ({}, [], False),
    ],
)
def test_the_browser_opens_where_there_is_one(
    gateway: FakeGateway,
    monkeypatch: pytest.MonkeyPatch,
    opened: list[str],
    settings: dict[str, str],
    words: list[str],
    opens: bool,
) -> None:
    monkeypatch.setattr(login.sys, "platform", "linux")
    gateway.interval = 0.1
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert login.main([gateway.url, *words]) == 0
    assert opened == [f"{gateway.url}/signet/device?user_code=WDJB-MJHT"] * opens


def test_other_sign_ins_stay(start: Callable[..., FakeGateway], store: Store) -> None:
    first, second = start(), start()
    first.interval = second.interval = 0.1
    assert login.main([first.url]) == 0
    kept = store.get(first.url)
    assert login.main([second.url]) == 0
    assert login.main([second.url]) == 0
    assert store.get(first.url) == kept
    assert set(store.all()) == {first.url, second.url}


class Timeline:
    """Sleeping takes no time, and is written down."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def wait(gateway: FakeGateway, timeline: Timeline, before: Callable[[], None] = int) -> Credential:
    client = Gateway(gateway.url)
    code = client.begin()
    gateway.any_pace = True

    def sleep(seconds: float) -> None:
        timeline.sleep(seconds)
        before()

    return device.wait_for_consent(
        client, code, waiting=lambda _: None, sleep=sleep, monotonic=lambda: timeline.now
    )


def test_slow_down_is_obeyed(gateway: FakeGateway) -> None:
    gateway.interval = 3
    gateway.polls = ["authorization_pending", "slow_down", "authorization_pending", "slow_down"]
    timeline = Timeline()
    wait(gateway, timeline)
    assert timeline.slept == [3, 3, 8, 8, 13]


def test_polling_obeys_a_real_gateways_pace(gateway: FakeGateway) -> None:
    gateway.interval = 0.3
    gateway.polls = ["authorization_pending"] * 3
    assert login.main([gateway.url]) == 0
    times = [each.at for each in gateway.asked(TOKEN)]
    assert min(later - sooner for sooner, later in zip(times, times[1:])) >= 0.3


def test_a_moment_without_network_costs_nothing(gateway: FakeGateway) -> None:
    gateway.interval = 2
    timeline = Timeline()
    failures = [502, 503, None]

    def fail() -> None:
        gateway.failing = failures.pop(0)

    wait(gateway, timeline, fail)
    assert timeline.slept == [2, 4, 8]


def test_nobody_agrees_in_time(gateway: FakeGateway, capsys: Capture) -> None:
    gateway.interval, gateway.code_lifetime = 0.1, 0.5
    gateway.polls = ["authorization_pending"] * 100
    assert login.main([gateway.url]) == 1
    assert "the code has expired" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("access_denied", "was denied"),
        ("expired_token", "the code has expired"),
        ("invalid_client", "refused with 400: invalid_client"),
    ],
)
def test_no_consent(
    gateway: FakeGateway, capsys: Capture, error: str, said: str, file: Path
) -> None:
    gateway.interval = 0.1
    gateway.polls = [error]
    assert login.main([gateway.url]) == 1
    assert said in capsys.readouterr().err
    assert not file.exists()


GOOD: dict[str, Any] = {
    "device_code": "d",
    "user_code": "WDJB-MJHT",
    "verification_uri": "https://mlflow.example.com/signet/device",
    "expires_in": 600,
    "interval": 5,
}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(404, b"<h1>Not Found</h1>"), "does not look like a Signet gateway"),
        (Answer(404, {"error_code": "ENDPOINT_NOT_FOUND", "message": "x"}), "does not look like"),
        (Answer(405, b""), "does not look like"),
        (Answer(200, b"<html>Sign in</html>"), "does not look like"),
        (Answer(200, b"[" * 100_000), "does not look like"),
        (Answer(200, [1]), "does not look like"),
        (Answer(302, {}, {"Location": "https://login.example.com"}), "the answer was 302"),
        (Answer(200, b"[" + b" " * (2 << 20) + b"]"), "its answer is too long"),
        (Answer(503, b"<html>"), "answered 503; try again later"),
        (Answer(429, {"message": "slowly"}), "answered 429: slowly"),
        (
            Answer(421, {"error_code": "BAD_REQUEST", "message": "not my name"},
                   {"x-signet-refusal": "wrong-host"}),
            "refused with 421: not my name",
        ),
        (Answer(403, {"error": "x", "error_description": "\x1b[2Jhello"}), "403:  [2Jhello"),
        (Answer(200, {}), "without a usable device_code"),
        (Answer(200, {**GOOD, "user_code": "A\x1b[2J"}), "without a usable user_code"),
        (Answer(200, {**GOOD, "expires_in": True}), "without a usable expires_in"),
        (Answer(200, {**GOOD, "expires_in": -1}), "without a usable expires_in"),
        (Answer(200, {**GOOD, "interval": "5"}), "without a usable interval"),
        (Answer(200, {**GOOD, "verification_uri": "http://evil.example/"}), "not safe"),
        (Answer(200, {**GOOD, "verification_uri": "javascript:alert(1)"}), "not safe"),
        (Answer(200, {**GOOD, "verification_uri_complete": "file:///etc"}), "not safe"),
    ],
)  # fmt: skip
def test_not_the_answer_of_a_gateway(
    gateway: FakeGateway, capsys: Capture, answer: Answer, said: str, opened: list[str]
) -> None:
    gateway.answers[AUTHORIZE] = answer
    assert login.main([gateway.url]) == 1
    shown = capsys.readouterr().err
    assert said in shown
    assert "\x1b" not in shown
    assert "Traceback" not in shown
    assert len(gateway.requests) == 1
    assert opened == []


@pytest.mark.parametrize(
    "token",
    [{"access_token": "a b"}, {"access_token": "a\nX: y"}, {"access_token": ""}, {"expires_in": 0},
     {"access_token": "a" * 20000}, {"token_type": "mac"}, {"refresh_token": 7}],
)  # fmt: skip
def test_a_token_that_cannot_be_one(
    gateway: FakeGateway, capsys: Capture, token: dict[str, Any], file: Path
) -> None:
    gateway.interval = 0.1
    good = {"access_token": "sgn_1", "token_type": "Bearer", "expires_in": 60}
    gateway.answers[TOKEN] = Answer(200, {**good, **token})
    assert login.main([gateway.url]) == 1
    assert gateway.url in capsys.readouterr().err
    assert not file.exists()


# ---- nobody there, TLS ----


def test_unreachable(capsys: Capture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert login.main([f"http://127.0.0.1:{port}"]) == 1
    shown = capsys.readouterr().err
    assert f"cannot reach http://127.0.0.1:{port}: " in shown
    assert "refused" in shown
    assert "0x" not in shown
    assert login.main(["https://nowhere.invalid"]) == 1
    assert "cannot reach https://nowhere.invalid: " in capsys.readouterr().err


def certificate(folder: Path, address: str = "127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "company")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "company.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, secret)
    return chain, context


def test_a_company_certificate(
    start: Callable[..., FakeGateway],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    chain, context = certificate(tmp_path)
    gateway = start(tls=context)
    gateway.interval = 0.1
    assert login.main([gateway.url]) == 1
    shown = capsys.readouterr().err
    assert "is not trusted here. If your company has its own certificate authority" in shown
    assert "REQUESTS_CA_BUNDLE (SSL_CERT_FILE alone is not read" in shown
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    assert login.main([gateway.url]) == 1
    assert "REQUESTS_CA_BUNDLE as well: SSL_CERT_FILE alone" in capsys.readouterr().err
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    assert login.main([gateway.url]) == 1
    assert "missing.pem" in capsys.readouterr().err
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(chain))
    assert login.main([gateway.url]) == 0
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(chain))
    assert login.main([gateway.url]) == 0


def test_a_certificate_for_another_name(
    start: Callable[..., FakeGateway],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    chain, context = certificate(tmp_path, "127.0.0.9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(chain))
    assert login.main([start(tls=context).url]) == 1
    assert "its certificate is for another name" in capsys.readouterr().err


def test_no_tls_there(gateway: FakeGateway, capsys: Capture) -> None:
    assert login.main([gateway.url.replace("http:", "https:")]) == 1
    assert "does not speak TLS" in capsys.readouterr().err


# ---- the command line ----


@pytest.mark.parametrize(
    "words",
    [[], ["https://a.example", "--list"], ["--logout"], ["--list", "--logout", "https://a.example"],
     ["https://a.example", "--logout", "https://a.example"], ["--list", "--no-browser"],
     ["--what"]],
)  # fmt: skip
def test_wrong_words(words: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        login.main(words)
    assert ended.value.code == 2
    assert "usage: signet-login" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["mlflow.example.com", "http://mlflow.example.com", "https://me:x@mlflow.example.com"]
)
def test_wrong_addresses(url: str, capsys: Capture) -> None:
    assert login.main([url]) == 2
    assert login.main(["--logout", url]) == 2
    assert "mlflow.example.com" in capsys.readouterr().err


def test_help(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        login.main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for text in ("examples:", "--no-browser", "--logout", "MLFLOW_TRACKING_AUTH=signet"):
        assert text in said


def test_list_and_logout(store: Store, capsys: Capture, file: Path) -> None:
    assert login.main(["--list"]) == 0
    assert capsys.readouterr().out == ""
    assert not file.parent.exists()
    now = time.time()
    store.put("https://a.example", Credential("sgn_a", now, now + 3600, "again"))
    store.put("https://b.example", Credential("sgn_b", now, now + 3630))
    store.put("https://c.example", Credential("sgn_c", now - 10, now - 5))
    content = json.loads(file.read_text())
    content["gateways"]["https://d.example"] = {}
    file.write_text(json.dumps(content))
    assert login.main(["--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "https://a.example\tsigned in, renewed when needed",
        "https://b.example\tsigned in for 1 h 00 min",
        "https://c.example\tended, sign in again",
        "https://d.example\tdamaged, sign in again",
    ]
    for _ in range(2):
        assert login.main(["--logout", "HTTPS://A.example:443/app"]) == 0
    assert "were not signed in" in capsys.readouterr().err
    assert login.main(["--logout", "https://d.example"]) == 0
    assert set(store.all()) == {"https://b.example", "https://c.example"}


def test_a_damaged_file_is_mentioned(gateway: FakeGateway, file: Path, capsys: Capture) -> None:
    file.parent.mkdir()
    file.write_text("{")
    file.chmod(0o600)
    assert login.main(["--list"]) == 1
    assert "is damaged" in capsys.readouterr().err
    gateway.interval = 0.1
    assert login.main([gateway.url]) == 0
    assert "it is kept as" in capsys.readouterr().err


def test_an_open_file_is_noticed_before_anybody_agrees(
    gateway: FakeGateway, file: Path, capsys: Capture
) -> None:
    file.parent.mkdir()
    file.write_text("{}")
    file.chmod(0o644)
    assert login.main([gateway.url]) == 1
    assert "chmod 600" in capsys.readouterr().err
    assert gateway.requests == []


def restore_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c(gateway: FakeGateway, file: Path) -> None:
    gateway.polls = ["authorization_pending"] * 100
    child = subprocess.Popen(
        [sys.executable, "-m", "signet_mlflow", gateway.url],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What was started in the background ignores Ctrl-C, and so would this.
        preexec_fn=restore_interrupt,
    )
    until = time.monotonic() + 30
    while not gateway.asked(TOKEN) and time.monotonic() < until:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    out, shown = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "interrupted" in shown
    assert "Traceback" not in shown + out
    assert not file.exists()


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")
def test_progress_on_a_terminal(gateway: FakeGateway) -> None:
    import pty

    gateway.interval = 0.2
    gateway.polls = ["authorization_pending"] * 3
    ours, theirs = pty.openpty()
    shown = b""

    def read() -> None:
        nonlocal shown
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 4096):
                shown += piece

    reader = threading.Thread(target=read)
    reader.start()
    code = subprocess.run(
        [sys.executable, "-m", "signet_mlflow", gateway.url],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        stderr=theirs,
        timeout=60,
        check=False,
    ).returncode
    os.close(theirs)
    reader.join()
    os.close(ours)
    assert code == 0
    assert shown.count(b"\rWaiting for you to agree there") == 4
