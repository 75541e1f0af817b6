"""Addresses of gateways: one spelling per host, and none that would send a token in the clear."""

from __future__ import annotations

import ipaddress

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from .errors import WrongUse

DEFAULT_PORTS = {"http": 80, "https": 443}


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def base_of(url: str) -> str:
    """scheme://host[:port] in lower case, without a default port, user, path or query.

    Parsed by urllib3, as requests does: what is compared here is what is connected to.
    """
    try:
        parts = parse_url(url)
    except LocationParseError as error:
        raise WrongUse(f"{url!r} is not an address") from error
    scheme, host, port = parts.scheme, parts.host, parts.port
    if scheme not in DEFAULT_PORTS or not host or (port is not None and not 0 < port < 65536):
        raise WrongUse(f"{url!r} is not an address such as https://mlflow.example.com")
    if port is None or port == DEFAULT_PORTS[scheme]:
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{port}"


def authority_of(base: str) -> str:
    return base.partition("://")[2]


def host_of(base: str) -> str:
    return parse_url(base).host or ""


def is_safe(base: str) -> bool:
    """Whether a secret may be sent there: by TLS, or without leaving the machine."""
    return base.startswith("https://") or is_loopback(host_of(base))


def gateway_of(url: str) -> str:
    """The base of an address that a token may be sent to; raises WrongUse."""
    base = base_of(url)
    if parse_url(url).auth:
        raise WrongUse(f"leave user and password out of the address: {base}")
    if not is_safe(base):
        raise WrongUse(
            f"{base} would carry your token in the clear; use https://{authority_of(base)} "
            "(http:// is for this machine's own addresses only)"
        )
    return base
