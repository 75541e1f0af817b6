"""Random requests with the encodings that signers get wrong."""

import hashlib
import random

from signing_case import Case

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
SERVICES = ["sagemaker", "sagemaker-mlflow", "sts", "service", "s3"]
REGIONS = ["us-east-1", "eu-west-1", "us-gov-west-1", "ap-southeast-2"]
PATH_PIECES = [
    *[
        "%20",
        "%25",
        "+",
        ":",
        "@",
        "~",
        "'",
        "(",
        ")",
        "%2F",
        "%C3%A9",
        "%E1%88%B4",
        "%2B",
        "%",
        "=",
        "&",
    ],
    *[
        "!",
        "$",
        ",",
        ";",
        "*",
        "-",
        ".",
        "_",
        "[",
        "]",
        "{",
        "|",
        "^",
        '"',
        "<",
        "\\",
        "a",
        "Z",
        "0",
    ],
    *[
        "experiments",
        "get-artifact",
        "model 1",
        "\u00e9",
        "\u1234",
        "\U0001f600",
        "%7E",
        "%7e",
        " ",
    ],
]
QUERY_PIECES = [
    *[
        "a",
        "b",
        "A",
        "B",
        "ab",
        "0",
        "-",
        "_",
        ".",
        "~",
        "%20",
        "%2B",
        "+",
        "%25",
        "%3D",
        "%26",
        ":",
    ],
    *["/", "?", "@", "'", "(", ")", "%C3%A9", "%F0%9F%98%80", ",", ";", "!", "*", "\u00e9", " "],
    *["experiment_id", "filter", "max_results", "%27model%27", "X-Custom", "[]"],
]
HEADER_NAMES = [
    *[
        "Accept",
        "accept",
        "ACCEPT-Encoding",
        "Content-Type",
        "Content-Length",
        "Cookie",
        "User-Agent",
    ],
    *[
        "Connection",
        "Expect",
        "TE",
        "Keep-Alive",
        "Upgrade",
        "Traceparent",
        "X-Amzn-Trace-Id",
        "Range",
    ],
    *[
        "X-Amz-Meta-A",
        "x-amz-target",
        "X-Amz-Date",
        "Date",
        "Authorization",
        "X-MLflow-Client-Version",
    ],
    *[
        "x-sm-mlflow-app-arn",
        "X-Mlflow-SM-Tracking-Server-Arn",
        "My-Header",
        "my-header",
        "My-Header1",
    ],
    *["X-Amz-Security-Token", "X-Forwarded-For", "Origin", "baggage", "If-None-Match", "X_Under"],
]
VALUE_PIECES = [
    *[
        "a",
        "b",
        "  ",
        "   ",
        " ",
        "\t",
        '"',
        "'",
        ",",
        ";",
        "=",
        ":",
        "%20",
        "+",
        "/",
        "(",
        ")",
        "\\",
    ],
    *[
        "application/json",
        "gzip, deflate",
        "charset=utf-8",
        "\u00e9",
        "\u1234",
        "*/*",
        "0",
        "\t \t",
    ],
]
TOKEN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="


def text(rng: random.Random, pieces: list[str], most: int) -> str:
    return "".join(rng.choices(pieces, k=rng.randint(0, most)))


def segment(rng: random.Random) -> str:
    return rng.choice(["", ".", ".."]) if rng.random() < 0.15 else text(rng, PATH_PIECES, 5)


def path(rng: random.Random) -> str:
    return "/" + "/".join(segment(rng) for _ in range(rng.randint(0, 5)))


def query(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return rng.choice(["", "?"])
    keys = [text(rng, QUERY_PIECES, 2) for _ in range(rng.randint(1, 4))]
    pairs = []
    for _ in range(rng.randint(1, 8)):
        key = rng.choice(keys)
        shape = rng.random()
        if shape < 0.15:
            pairs.append(key)
        elif shape < 0.3:
            pairs.append(f"{key}=")
        elif shape < 0.4:
            pairs.append(f"{key}={text(rng, QUERY_PIECES, 2)}={text(rng, QUERY_PIECES, 2)}")
        else:
            pairs.append(f"{key}={text(rng, QUERY_PIECES, 4)}")
    return "?" + "&".join(pairs)


def body(rng: random.Random) -> bytes:
    shape = rng.random()
    if shape < 0.4:
        return b""
    if shape < 0.43:
        return rng.randbytes(64 * 1024)
    if shape < 0.6:
        return rng.choice([b"\n", b"\r\n\r\n", b"\0", b"a=b&c=d", b"\n\nGET / HTTP/1.1\n"])
    return rng.randbytes(rng.randint(1, 300))


def headers(rng: random.Random, newline: str) -> list[str]:
    lines = []
    for _ in range(rng.randint(0, 8)):
        value = text(rng, VALUE_PIECES, 6)
        if rng.random() < 0.1:
            value = f"{value.strip() or 'a'}{newline} \t{text(rng, VALUE_PIECES, 3).strip() or 'b'}"
        lines.append(f"{rng.choice(HEADER_NAMES)}:{value}")
    port = rng.choice(["", ":8443", ":5000"])
    lines.insert(
        rng.randint(0, len(lines)), f"{rng.choice(['Host', 'host'])}: mlflow.example.com{port}"
    )
    return lines


def escaped(text: str) -> str:
    """`text` without raw spaces and UTF-8, which nobody sends to S3."""
    return "".join(c if "!" <= c <= "~" else "%" + c.encode().hex("%").upper() for c in text)


def request(rng: random.Random, number: int) -> Case:
    mode = rng.choice(["all", "gateway"])
    service = rng.choice(SERVICES)
    payload = body(rng)
    newline = rng.choice(["\n", "\r\n"])
    target = path(rng) + query(rng)
    if service == "s3":
        target = escaped(target)
    lines = headers(rng, newline)
    shape = rng.random()
    # botocore's S3 signer always adds the hash; `signet sign` leaves that to whoever asks.
    if shape < 0.3 or (service == "s3" and mode == "all"):
        digest = hashlib.sha256(payload).hexdigest()
        if service != "s3" and shape < 0.1:
            digest = rng.choice(["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
        lines.append(f"X-Amz-Content-SHA256: {digest}")
    head = newline.join([f"{rng.choice(METHODS)} {target} HTTP/1.1", *lines, "", ""])
    return Case(
        f"random request {number}",
        head.encode() + payload,
        headers=mode,
        normalize_path=service == "s3" or mode == "gateway" or rng.random() < 0.8,
        service=service,
        region=rng.choice(REGIONS),
        time=f"{rng.randint(1971, 2099)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
        f"T{rng.randint(0, 23):02}{rng.randint(0, 59):02}{rng.randint(0, 59):02}Z",
        key="AKIA" + "".join(rng.choices("ABCDEFGHIJ0123456789", k=16)),
        secret="".join(rng.choices(TOKEN_LETTERS, k=40)),
        token="".join(rng.choices(TOKEN_LETTERS, k=rng.choice([0, 0, 40, 900]))),
    )
