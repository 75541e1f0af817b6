"""Rows on header names: hostile-inputs.md §5.4 and design.md §1.3 ("Headers to the origin")."""

from __future__ import annotations

from collections.abc import Iterator

# No origin may ever see what a client says here, whatever the app's kind.
NEVER_PASSED = [
    "Authorization", "Proxy-Authorization", "Cookie", "Origin", "Referer", "Via",
    "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256", "X-Amz-Target", "X-Amz-Anything",
    "X-Amzn-Oidc-Data", "X-Amzn-Oidc-Identity", "X-Amzn-Oidc-Accesstoken", "X-Amzn-Trace-Id",
    "X-Amzn-RequestId", "X-Amzn-Anything", "x-sm-mlflow-app-arn",
    "x-mlflow-sm-tracking-server-arn", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
    "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Uri", "X-Forwarded-Server",
    "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Forwarded-Access-Token",
    "X-Forwarded-Preferred-Username", "X-Forwarded-Anything", "Forwarded", "X-Real-IP",
    "X-Original-URL", "X-Original-URI", "X-Original-Host", "X-Rewrite-URL", "X-HTTP-Method",
    "X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Host-Override", "X-Host",
    "X-Override-URL", "X-MLFLOW-WORKSPACE", "X-MLFLOW-AUTHORIZATION", "X-MLFLOW-GATEWAY-CALLER",
    "X-Signet-Refusal", "X-Signet-Person", "X-Signet-Anything", "X-Request-Id", "Keep-Alive",
    "Proxy-Connection", "Proxy-Authenticate", "Proxy-Anything", "Proxy", "Trailer", "Upgrade",
    "HTTP2-Settings", "Cookie2", "Remote-User", "Remote-Groups", "Remote-Email", "Remote-Anything",
    "X-Remote-User", "X-Remote-Group", "X-Remote-Anything", "X-Auth-Request-User",
    "X-Auth-Request-Email", "X-Auth-Request-Groups", "X-WEBAUTH-USER", "X-Webauth-Anything",
    "X-Script-Name", "Request-Uri",
]  # fmt: skip

# What an MLflow needs; passed unchanged to either kind.
PASSED = {
    "Accept": "application/json, */*;q=0.5", "Accept-Encoding": "gzip, br",
    "Accept-Language": "de,en;q=0.5", "Cache-Control": "no-cache",
    "Content-Type": "application/json; charset=utf-8", "If-None-Match": '"abc", W/"d"',
    "If-Modified-Since": "Mon, 02 Nov 2026 10:00:00 GMT", "Range": "bytes=0-99",
    "If-Range": '"abc"', "User-Agent": "mlflow-python-client/3.17.2 (ü)",
    "X-MLflow-Client-Version": "3.17.2", "X-MLflow-Experiment-Id": "7", "X-MLflow-Run-Id": "abc",
    "X-Requested-With": "XMLHttpRequest",
}  # fmt: skip

# Passed to an unsigned origin only: a signed one gets an allow-list.
PASSED_TO_UNSIGNED = ["X-Custom", "Sec-Fetch-Mode", "DNT", "Baggage", "X-API-Key"]


def spellings(name: str) -> Iterator[str]:
    """As is, lower, upper, alternating; with "_" in place of "-", which CGI-like servers take for
    the same name."""
    yield name
    yield name.lower()
    yield name.upper()
    yield "".join(c.upper() if i % 2 else c.lower() for i, c in enumerate(name))
    if "-" in name:
        yield name.replace("-", "_")
        yield name.replace("-", "_", 1).lower()
        yield name.replace("-", "_").upper()


# What the gateway itself says to the origin; naming it in Connection must not take it away.
NAMED_BY_CONNECTION = [
    "x-sm-mlflow-app-arn", "authorization", "x-amz-date", "x-amz-content-sha256",
    "x-amz-security-token", "cookie", "host", "content-length", "transfer-encoding",
    "x-request-id", "traceparent", "x-forwarded-for", "connection", "expect",
]  # fmt: skip

# What an origin says that no client may see.
NEVER_ANSWERED = {
    "Set-Cookie": "session=hostile-value; Path=/",
    "Alt-Svc": 'h3="hostile-value:443"', "Strict-Transport-Security": "max-age=1;hostile-value",
    "Clear-Site-Data": '"hostile-value"', "Service-Worker-Allowed": "/hostile-value",
    "Refresh": "0;url=https://hostile-value", "Link": "<https://hostile-value>;rel=preload",
    "NEL": '{"hostile-value":1}', "Report-To": '{"hostile-value":1}',
    "Reporting-Endpoints": 'a="https://hostile-value"',
    "Access-Control-Allow-Origin": "https://hostile-value",
    "Access-Control-Allow-Credentials": "hostile-value",
    "Access-Control-Allow-Headers": "hostile-value",
    "Access-Control-Allow-Methods": "hostile-value",
    "Access-Control-Expose-Headers": "hostile-value", "Access-Control-Max-Age": "hostile-value",
    "Access-Control-Allow-Private-Network": "hostile-value",
    "Access-Control-Anything": "hostile-value", "x-amz-request-id": "hostile-value",
    "x-amzn-RequestId": "hostile-value", "x-amzn-ErrorType": "hostile-value",
    "x-amz-anything": "hostile-value", "x-amzn-Remapped-Server": "hostile-value",
    "Server": "hostile-value", "x-signet-refusal": "hostile-value",
    "X-Signet-Anything": "hostile-value", "Keep-Alive": "timeout=5, hostile-value",
    "Proxy-Authenticate": "Basic realm=hostile-value", "Proxy-Connection": "hostile-value",
    "Trailer": "hostile-value", "Upgrade": "hostile-value", "TE": "hostile-value",
    "Content-Security-Policy": "default-src hostile-value",
    "Content-Security-Policy-Report-Only": "default-src hostile-value",
    "WWW-Authenticate": 'Basic realm="hostile-value"', "X-Request-Id": "hostile-value",
    "Cross-Origin-Resource-Policy": "hostile-value",
    "Cross-Origin-Opener-Policy": "hostile-value", "X-Content-Type-Options": "hostile-value",
    "SourceMap": "https://hostile-value",
    "Cache-Control": "public, max-age=31536000, hostile-value",
    "Expires": "hostile-value", "Pragma": "hostile-value", "Location": "https://hostile-value/",
    "Via": "1.1 hostile-value",
}  # fmt: skip

ANSWERED = {
    "ETag": '"abc"', "Last-Modified": "Mon, 02 Nov 2026 10:00:00 GMT", "Vary": "accept-encoding",
    "Retry-After": "7", "Content-Language": "de", "Age": "3", "X-Custom": "kept",
}  # fmt: skip

# `{O}` is the origin's authority, `{M}` the mount; None: no Location is passed on.
LOCATIONS = {
    "path": ("/version?a=b#c", "{M}/version?a=b#c"),
    "own-origin": ("http://{O}/version", "{M}/version"),
    "own-origin-alone": ("http://{O}", None),
    "page": ("/", "{M}/"),
    "fragment": ("/#/experiments/1", "{M}/#/experiments/1"),
    "other-host": ("https://evil.example/", None),
    "other-host-http": ("http://evil.example/", None),
    "other-port": ("http://127.0.0.1:1/", None),
    "own-origin-as-prefix": ("http://{O}.evil.example/", None),
    "own-origin-then-digits": ("http://{O}0/", None),
    "own-origin-as-userinfo": ("http://{O}@evil.example/", None),
    "userinfo": ("http://evil.example@{O}/", None),
    "network-path": ("//evil.example/", None),
    "three-slashes": ("///evil.example/", None),
    "backslash": ("/\\evil.example/", None),
    "backslash-first": ("\\\\evil.example/", None),
    "backslash-in-query": ("/version?\\\\evil", None),
    "dotdot": ("/../../other/", None),
    "dotdot-encoded": ("/%2e%2e/other/", None),
    "slash-dot-slash-slash": ("/.//evil.example", None),
    "javascript": ("javascript:alert(1)", None),
    "data": ("data:text/html,x", None),
    "scheme-only": ("https:evil.example", None),
    "scheme-one-slash": ("https:/evil.example", None),
    "capitals": ("HTTPS://evil.example/", None),
    "relative": ("evil", None),
    "tab": ("/\t/evil.example", None),
    "space": ("/ /evil.example", None),
    "empty": ("", None),
    "CRLF-encoded": ("/a%0d%0aSet-Cookie:%20a=b", None),
    "s3": ("https://bucket.s3.eu-west-1.amazonaws.com/key?X-Amz-Signature=1", None),
}
