"""One spelling per gateway, and no address that would carry a token in the clear."""

from __future__ import annotations

import pytest

from signet_mlflow.address import authority_of, base_of, gateway_of, is_safe
from signet_mlflow.errors import WrongUse


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://mlflow.example.com", "https://mlflow.example.com"),
        ("HTTPS://MLflow.Example.COM:443/apps/research/?x=1#/experiments/7", "https://mlflow.example.com"),
        ("https://mlflow.example.com:8443/", "https://mlflow.example.com:8443"),
        ("http://localhost:80", "http://localhost"),
        ("http://127.0.0.1:8080/app", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)  # fmt: skip
def test_one_spelling(given: str, base: str) -> None:
    assert gateway_of(given) == base
    assert gateway_of(base) == base
    assert authority_of(base) == base.split("//")[1]


@pytest.mark.parametrize(
    "given",
    ["mlflow.example.com", "", "https://", "ftp://x", "https://x:0", "https://x:99999",
     "https://[x", "https://x:a"],
)  # fmt: skip
def test_no_addresses(given: str) -> None:
    with pytest.raises(WrongUse):
        base_of(given)


@pytest.mark.parametrize(
    "given",
    ["http://mlflow.example.com", "http://localhost.example.com", "http://127.0.0.1.example.com",
     "http://10.0.0.1:8080", "http://localhost@mlflow.example.com", "http://0.0.0.0"],
)  # fmt: skip
def test_http_is_for_this_machine_only(given: str) -> None:
    assert not is_safe(base_of(given))
    with pytest.raises(WrongUse):
        gateway_of(given)


def test_a_password_in_the_address_is_refused() -> None:
    with pytest.raises(WrongUse, match="leave user and password out"):
        gateway_of("https://me:secret@mlflow.example.com")


def test_what_is_compared_is_what_is_connected_to() -> None:
    import requests

    for odd in (
        "https://good.example\\@evil.example/",
        "https://good.example@evil.example/",
        "https://evil.example#@good.example/",
        "https://evil.example?@good.example/",
    ):
        prepared = requests.Request("GET", odd).prepare()
        adapter = requests.adapters.HTTPAdapter()
        host = adapter.get_connection_with_tls_context(prepared, verify=True).host
        assert base_of(prepared.url or "") == f"https://{host}", odd
