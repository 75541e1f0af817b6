"""Requests of the kinds that AWS publishes as its Signature Version 4 test suite.

Names, requests and the signatures in `published` are facts of that suite (in awslabs/aws-c-auth
under tests/aws-signing-test-suite/v4); some cases without one are our own, of the same kind.
"""

from signing_case import Case

HEAD = "Host:example.amazonaws.com\nX-Amz-Date:20150830T123600Z"
UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SUITE_TOKEN = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"


def get(name: str, target: str, published: str = "", *, normalize_path: bool = True) -> Case:
    request = f"GET {target} HTTP/1.1\n{HEAD}"
    return Case(name, request.encode(), normalize_path=normalize_path, published=published)


def with_headers(name: str, method: str, headers: str, body: str = "", published: str = "") -> Case:
    request = f"{method} / HTTP/1.1\n{headers}\n\n{body}"
    return Case(name, request.encode(), published=published)


VANILLA = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
POST_VANILLA = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
QUERY_KEY_CASE = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"

CASES = [
    get("get-vanilla", "/", VANILLA),
    get("get-vanilla-query", "/", VANILLA),
    get("get-vanilla-empty-query-key", "/?Param1=value1"),
    get("get-vanilla-query-order-key", "/?Param1=value2&Param1=Value1"),
    get("get-vanilla-query-order-key-case", "/?Param2=value2&Param1=value1", QUERY_KEY_CASE),
    get("get-vanilla-query-order-value", "/?Param1=value2&Param1=value1"),
    get("get-vanilla-query-order-encoded", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1"),
    get("get-vanilla-query-unreserved", f"/?{UNRESERVED}={UNRESERVED}"),
    get(
        "get-vanilla-utf8-query",
        "/?\u1234=bar",
        "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
    ),
    get("get-query-no-value", "/?acl"),
    get("get-query-empty-key", "/?=value&a=1"),
    get("get-query-empty-pairs", "/?a=1&&b=2&"),
    get("get-query-equals-in-value", "/?a=b=c&a=b"),
    get("get-query-shared-prefix", "/?ab=1&a=2&a-=3&a%20=4"),
    get("get-unreserved", f"/{UNRESERVED}"),
    get(
        "get-utf8",
        "/\u1234",
        "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
    ),
    get("get-encoded-twice", "/a%20b/%2F%25+c"),
    get("get-reserved", "/:@!$&'()*,;=|^`{}\"<>[]"),
    get("get-relative-normalized", "/example/..", VANILLA),
    get("get-relative-relative-normalized", "/example1/example2/../..", VANILLA),
    get("get-relative-above-root", "/../../a/b/../c"),
    get("get-dot-slash-normalized", "/./", VANILLA),
    get("get-slash-normalized", "//", VANILLA),
    get("get-slash-dot-slash-normalized", "/./", VANILLA),
    get("get-slash-pointless-dot-normalized", "/./example"),
    get("get-slashes-normalized", "//example//"),
    get(
        "get-space-normalized",
        "/example space/",
        "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
    ),
    get("get-trailing-slash-after-dots", "/a/b/../"),
    get("get-relative-unnormalized", "/example/..", normalize_path=False),
    get(
        "get-relative-relative-unnormalized",
        "/example1/example2/../..",
        "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b",
        normalize_path=False,
    ),
    get("get-slash-unnormalized", "//", normalize_path=False),
    get("get-slash-dot-slash-unnormalized", "/./", normalize_path=False),
    get("get-slash-pointless-dot-unnormalized", "/./example", normalize_path=False),
    get(
        "get-slashes-unnormalized",
        "//example//",
        "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5",
        normalize_path=False,
    ),
    get("get-space-unnormalized", "/example space/", normalize_path=False),
    with_headers(
        "get-header-key-duplicate",
        "GET",
        f"{HEAD}\nMy-Header1:value2\nMy-Header1:value2\nMy-Header1:value1",
        published="c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    ),
    with_headers(
        "get-header-value-order",
        "GET",
        f"{HEAD}\nMy-Header1:value4\nMy-Header1:value1\nMy-Header1:value3\nMy-Header1:value2",
        published="08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
    ),
    with_headers(
        "get-header-value-trim",
        "GET",
        f'{HEAD}\nMy-Header1: value1\nMy-Header2: "a   b   c"',
        published="acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
    with_headers(
        "get-header-value-multiline",
        "GET",
        f"{HEAD}\nMy-Header1:value1\n  value2\n     value3",
    ),
    with_headers("get-header-value-empty", "GET", f"{HEAD}\nMy-Header1:\nMy-Header2:   "),
    with_headers("get-header-value-utf8", "GET", f"{HEAD}\nMy-Header1: Zo\u00eb \u1234"),
    with_headers("get-header-value-tabs", "GET", f"{HEAD}\nMy-Header1:\t a \t b\t"),
    with_headers(
        "get-headers-not-signed",
        "GET",
        f"{HEAD}\nUser-Agent: x\nConnection: keep-alive\nExpect: 100-continue\n"
        "Transfer-Encoding: chunked\nTraceparent: 00-1\nX-Amzn-Trace-Id: Root=1\nTE: trailers",
    ),
    with_headers("get-authorization-given", "GET", f"{HEAD}\nAuthorization: Bearer x"),
    with_headers("get-date-given", "GET", f"{HEAD}\nDate: Mon, 01 Jan 2001 00:00:00 GMT"),
    with_headers("get-amz-date-of-another-day", "GET", "Host:h\nx-amz-date:20000101T000000Z"),
    with_headers("get-no-amz-date", "GET", "Host:example.amazonaws.com", published=VANILLA),
    with_headers("get-host-with-port", "GET", "Host: EXAMPLE.com:8443"),
    with_headers("post-vanilla", "POST", HEAD, published=POST_VANILLA),
    with_headers("post-header-key-case", "POST", HEAD, published=POST_VANILLA),
    with_headers("post-header-key-sort", "POST", f"{HEAD}\nMy-Header1:value1"),
    with_headers("post-header-key-sort-prefix", "POST", f"{HEAD}\nMy-Header1:a\nMy-Header:b"),
    with_headers("post-header-value-case", "POST", f"{HEAD}\nMy-Header1:VALUE1"),
    Case(
        "post-vanilla-query",
        f"POST /?Param1=value1 HTTP/1.1\n{HEAD}".encode(),
    ),
    Case(
        "post-sts-header-before",
        f"POST / HTTP/1.1\n{HEAD}\nX-Amz-Security-Token:{SUITE_TOKEN}".encode(),
    ),
    Case("post-sts-header-after", f"POST / HTTP/1.1\n{HEAD}".encode(), published=POST_VANILLA),
    Case(
        "get-vanilla-with-session-token",
        f"GET / HTTP/1.1\n{HEAD}".encode(),
        token=SUITE_TOKEN,
        published="07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
    ),
    Case(
        "get-another-session-token-given",
        f"GET / HTTP/1.1\n{HEAD}\nX-Amz-Security-Token: old".encode(),
        token=SUITE_TOKEN,
    ),
    with_headers(
        "post-x-www-form-urlencoded",
        "POST",
        f"Content-Type:application/x-www-form-urlencoded\n{HEAD}",
        "Param1=value1",
    ),
    with_headers(
        "post-x-www-form-urlencoded-parameters",
        "POST",
        "Content-Type:application/x-www-form-urlencoded; charset=utf-8\n"
        f"{HEAD}\nContent-Length:13\nx-amz-content-sha256:"
        "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
        "Param1=value1",
        "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422",
    ),
    with_headers("post-hash-given", "POST", f"{HEAD}\nX-Amz-Content-SHA256: UNSIGNED-PAYLOAD", "b"),
    with_headers("patch-body-with-blank-lines", "PATCH", HEAD, "\n\r\n\na\n"),
    with_headers("delete-body", "DELETE", HEAD, '{"run_id": "a"}'),
    Case(
        "crlf",
        b"POST /a?b HTTP/1.1\r\nHost: h\r\nMy-Header: a\r\n  b\r\n\r\nline\nline\r\n",
    ),
]


def as_gateway(case: Case) -> Case:
    """The same request, signed as the gateway would."""
    arn = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-ABCDEFGHIJKL"
    newline = b"\r\n" if b"\r\n" in case.request else b"\n"
    line, _, rest = case.request.partition(newline)
    request = line + newline + f"x-sm-mlflow-app-arn: {arn}".encode() + newline + rest
    return Case(
        f"gateway-{case.name}",
        request,
        headers="gateway",
        service="sagemaker",
        token=case.token,
    )


CASES += [as_gateway(case) for case in CASES if case.normalize_path]
