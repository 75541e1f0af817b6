"""One request to sign, what to sign it with, and what came of it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """A raw HTTP/1.1 request and the options of `signet sign`."""

    name: str
    request: bytes
    headers: str = "all"
    normalize_path: bool = True
    service: str = "service"
    region: str = "us-east-1"
    time: str = "20150830T123600Z"
    key: str = "AKIDEXAMPLE"
    secret: str = field(default="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", repr=False)
    token: str = ""
    # The signature that AWS publishes for this request, where it does.
    published: str = ""


@dataclass(frozen=True)
class Outcome:
    """The three texts of a signature, and the request that carries it."""

    canonical_request: bytes
    string_to_sign: bytes
    authorization: bytes
    # The headers of the signed request: (lower-case name, value with single spaces), sorted.
    sent: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RawRequest:
    """A request taken apart by rules that share nothing with Signet's reader."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def parse(raw: bytes) -> RawRequest:
    """Takes a raw request apart: LF or CRLF lines, folded header values."""
    newline = b"\r\n" if b"\r\n" in raw.split(b"\n\n")[0] else b"\n"
    head, _, body = raw.partition(newline + newline)
    lines = head.decode("utf-8").removesuffix("\n").split(newline.decode())
    method, _, rest = lines[0].partition(" ")
    target, _, _ = rest.rpartition(" ")
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        if line[0] in " \t":
            name, value = headers[-1]
            headers[-1] = (name, value + " " + line.strip(" \t"))
        else:
            name, _, value = line.partition(":")
            headers.append((name, value.strip(" \t")))
    return RawRequest(method, target, tuple(headers), body)


def sorted_headers(headers: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Headers in the form that Outcome.sent has."""
    return tuple(sorted((name.lower(), " ".join(value.split())) for name, value in headers))
