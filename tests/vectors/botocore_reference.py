"""What botocore makes of a case: the signer that Signet has to agree with byte for byte."""

import datetime
import hashlib
from unittest import mock
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from signing_case import Case, Outcome, parse, sorted_headers

VISIBLE_ASCII = "".join(chr(code) for code in range(0x21, 0x7F))
ADDED_BY_THE_GATEWAY = {
    "authorization",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
}
ARN_HEADERS = {"x-sm-mlflow-app-arn", "x-mlflow-sm-tracking-server-arn"}


def signed_by_the_gateway(name: str) -> bool:
    """The contract's list of signed headers (design, 1.4)."""
    return name in {"host", "content-type"} | ARN_HEADERS or name.startswith("x-amz-")


class Recording:
    """Mixed into a signer: keeps the two texts on the way to the signature."""

    texts: tuple[str, str]

    def string_to_sign(self, request: AWSRequest, canonical_request: str) -> str:
        text = super().string_to_sign(request, canonical_request)  # type: ignore[misc]
        self.texts = (canonical_request, text)
        return text


class OnlyGatewayHeaders:
    """Mixed into a signer: kept to the headers that the gateway signs."""

    def headers_to_sign(self, request):  # type: ignore[no-untyped-def]
        selected = super().headers_to_sign(request)  # type: ignore[misc]
        for name in set(selected):
            if not signed_by_the_gateway(name):
                del selected[name]
        return selected


class AllHeaders(Recording, botocore.auth.SigV4Auth):
    pass


class AllHeadersPathAsItIs(AllHeaders):
    """botocore without dot-segment removal: --no-normalize-path."""

    def _normalize_url_path(self, path: str) -> str:
        return quote(path, safe="/~")


class AllHeadersToS3(Recording, botocore.auth.S3SigV4Auth):
    pass


class Gateway(Recording, OnlyGatewayHeaders, botocore.auth.SigV4Auth):
    pass


class GatewayToS3(Recording, OnlyGatewayHeaders, botocore.auth.S3SigV4Auth):
    pass


def signer_for(
    case: Case,
) -> type[AllHeaders] | type[AllHeadersToS3] | type[Gateway] | type[GatewayToS3]:
    if case.headers == "gateway":
        return GatewayToS3 if case.service == "s3" else Gateway
    if case.service == "s3":
        return AllHeadersToS3
    return AllHeaders if case.normalize_path else AllHeadersPathAsItIs


def sign(case: Case) -> Outcome:
    raw = parse(case.request)
    headers = list(raw.headers)
    host = next(value for name, value in headers if name.lower() == "host")
    # Raw spaces and UTF-8 are encoded as AWS's suite wants them (get-vanilla-utf8-query); botocore
    # expects its callers to have encoded a query.
    path, question, query = raw.target.partition("?")
    url = f"http://{host}{path}{question}{quote(query, safe=VISIBLE_ASCII)}"

    if case.headers == "gateway":
        # The gateway drops these, and Date does not stand in for X-Amz-Date there.
        headers = [
            (name, value) for name, value in headers if name.lower() not in ADDED_BY_THE_GATEWAY
        ]
        dates = [(name, value) for name, value in headers if name.lower() == "date"]
        headers = [(name, value) for name, value in headers if name.lower() != "date"]
        headers.append(("x-amz-content-sha256", hashlib.sha256(raw.body).hexdigest()))
    else:
        dates = []

    request = AWSRequest(method=raw.method, url=url, data=raw.body)
    for name, value in headers:
        request.headers[name] = value
    signer = signer_for(case)(
        Credentials(case.key, case.secret, case.token or None), case.service, case.region
    )
    now = datetime.datetime.strptime(case.time, "%Y%m%dT%H%M%SZ")
    with mock.patch("botocore.auth.get_current_datetime", lambda: now):
        signer.add_auth(request)
    canonical_request, string_to_sign = signer.texts
    return Outcome(
        canonical_request.encode(),
        string_to_sign.encode(),
        request.headers["Authorization"].encode(),
        sorted_headers([*request.headers.items(), *dates]),
    )
