"""Checks a request's SigV4 signature with botocore, not with any code of Signet's."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from .keys import Key, Keys

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = timedelta(minutes=5)
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@dataclass(frozen=True)
class Received:
    """A request as it came off the wire. `target` is the raw request target."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body_sha256: str

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    def one(self, name: str) -> str | None:
        found = self.values(name)
        return found[0] if len(found) == 1 else None


@dataclass
class Refusal(Exception):
    """`error_type` goes into x-amzn-ErrorType as at AWS, `reason` is a key for the counters."""

    reason: str
    error_type: str
    message: str
    detail: str = field(default="")


@dataclass(frozen=True)
class Scope:
    access_key: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


class _Judge(SigV4Auth):
    """botocore's signer, told which headers were signed and which payload hash was claimed."""

    def __init__(self, key: Key, scope: Scope, payload_hash: str) -> None:
        credentials = Credentials(key.access_key, key.secret_key, key.token)
        super().__init__(credentials, scope.service, scope.region)
        self._signed = scope.signed_headers
        self._payload_hash = payload_hash

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        kept = HTTPHeaders()
        for name, value in super().headers_to_sign(request).items():
            if name.lower() in self._signed:
                kept[name.lower()] = value
        return kept

    def payload(self, request: AWSRequest) -> str:
        return self._payload_hash


def parse_authorization(values: list[str]) -> Scope:
    if not values:
        raise Refusal(
            "unsigned", "MissingAuthenticationTokenException", "Missing Authentication Token"
        )
    broken = Refusal(
        "bad-authorization",
        "IncompleteSignatureException",
        "Authorization header is not a complete AWS4-HMAC-SHA256 signature",
        values[0],
    )
    if len(values) != 1 or not values[0].startswith(ALGORITHM + " "):
        raise broken
    parts: dict[str, str] = {}
    for part in values[0][len(ALGORITHM) :].split(","):
        name, _, value = part.strip().partition("=")
        if name in parts:
            raise broken
        parts[name] = value
    credential = parts.get("Credential", "").split("/")
    if len(credential) != 5 or credential[4] != "aws4_request":
        raise broken
    if not parts.get("SignedHeaders") or not parts.get("Signature"):
        raise broken
    signed = tuple(parts["SignedHeaders"].split(";"))
    if list(signed) != sorted({name.lower() for name in signed}):
        raise broken
    return Scope(*credential[:4], signed, parts["Signature"])


def check_time(request: Received, scope: Scope, now: datetime) -> str:
    stamp = request.one("x-amz-date")
    try:
        when = datetime.strptime(stamp or "", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refusal(
            "no-date", "IncompleteSignatureException", "X-Amz-Date is missing or malformed"
        ) from None
    if stamp is None or stamp[:8] != scope.day:
        raise Refusal(
            "wrong-day", "InvalidSignatureException", "Date in Credential scope is not X-Amz-Date's"
        )
    if abs(now - when) > SKEW:
        raise Refusal(
            "skewed", "InvalidSignatureException", f"Signature expired or not yet current: {stamp}"
        )
    return stamp


def check_key(request: Received, scope: Scope, keys: Keys, now: datetime) -> Key:
    unknown = Refusal(
        "unknown-key",
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )
    key = keys.find(scope.access_key)
    if key is None:
        raise unknown
    tokens = request.values("x-amz-security-token")
    if tokens != ([key.token] if key.token else []):
        unknown.reason = "wrong-token"
        raise unknown
    if key.expires is not None and key.expires <= now:
        raise Refusal(
            "expired",
            "ExpiredTokenException",
            "The security token included in the request is expired",
        )
    return key


def check_coverage(request: Received, scope: Scope, must_sign: Iterable[str]) -> None:
    amazon = {name.lower() for name, _ in request.headers if name.lower().startswith("x-amz-")}
    missing = ({"host"} | set(must_sign) | amazon) - set(scope.signed_headers)
    if missing:
        raise Refusal(
            "not-covered",
            "InvalidSignatureException",
            f"These headers must be signed: {', '.join(sorted(missing))}",
        )


def check_payload(request: Received) -> str:
    claimed = request.values("x-amz-content-sha256")
    if not claimed:
        return request.body_sha256
    if len(claimed) > 1 or claimed[0] not in ("UNSIGNED-PAYLOAD", request.body_sha256):
        raise Refusal(
            "altered-body",
            "InvalidSignatureException",
            "The provided x-amz-content-sha256 header does not match what was computed.",
            f"claimed {claimed}, computed {request.body_sha256}",
        )
    return claimed[0]


def verify(
    request: Received,
    keys: Keys,
    *,
    service: str,
    region: str,
    must_sign: Iterable[str],
    now: datetime,
) -> Key:
    """Returns the key that signed the request, or raises Refusal. Every header value that was
    signed, the target as it stands on the wire and the body's hash take part."""
    scope = parse_authorization(request.values("authorization"))
    if (scope.service, scope.region) != (service, region):
        raise Refusal(
            "wrong-scope",
            "InvalidSignatureException",
            f"Credential should be scoped to {region}/{service}",
        )
    stamp = check_time(request, scope, now)
    key = check_key(request, scope, keys, now)
    check_coverage(request, scope, must_sign)
    payload_hash = check_payload(request)

    rebuilt = AWSRequest(request.method, f"http://{request.one('host')}{request.target}")
    for name, value in request.headers:
        if name.lower() != "authorization":
            rebuilt.headers.add_header(name, value)
    rebuilt.context["timestamp"] = stamp
    judge = _Judge(key, scope, payload_hash)
    canonical = judge.canonical_request(rebuilt)
    expected = judge.signature(judge.string_to_sign(rebuilt, canonical), rebuilt)
    if not hmac.compare_digest(expected, scope.signature):
        raise Refusal(
            "wrong-signature",
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided.",
            canonical,
        )
    return key


def target_path(target: str) -> str:
    return urlsplit(target).path
