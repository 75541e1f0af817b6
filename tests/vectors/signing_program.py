"""Runs tests/vectors/signing_driver.cpp: `signet sign` for many requests in one process."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from signing_case import Case, Outcome, parse, sorted_headers


def program() -> Path:
    build = os.environ.get("SIGNET_BUILD")
    if not build:
        raise RuntimeError("SIGNET_BUILD must name a build folder with signing_driver in it")
    return Path(build) / "signing_driver"


def encoded(case: Case) -> bytes:
    fields = [
        case.headers,
        "yes" if case.normalize_path else "no",
        case.service,
        case.region,
        case.time,
        case.key,
        case.secret,
        case.token or "-",
        str(len(case.request)),
    ]
    return " ".join(fields).encode() + b"\n" + case.request


class Answers:
    """Reads the driver's answers, four per case."""

    def __init__(self, output: bytes) -> None:
        self._output = output
        self._at = 0

    def next(self, case: Case) -> bytes:
        end = self._output.index(b"\n", self._at)
        code, size = self._output[self._at : end].split()
        text = self._output[end + 1 : end + 1 + int(size)]
        self._at = end + 1 + int(size)
        if code != b"0":
            raise AssertionError(f"{case.name}: exit code {code!r}: {text!r}\n{case.request!r}")
        if not text.endswith(b"\n"):
            raise AssertionError(f"{case.name}: no newline at the end: {text!r}")
        return text[:-1]

    def at_end(self) -> bool:
        return self._at == len(self._output)


def sign(cases: Iterable[Case]) -> list[Outcome]:
    """Signs all cases; fails on the first one that is refused."""
    cases = list(cases)
    run = subprocess.run(
        [program()], input=b"".join(map(encoded, cases)), capture_output=True, check=True
    )
    answers = Answers(run.stdout)
    outcomes = []
    for case in cases:
        canonical_request = answers.next(case)
        string_to_sign = answers.next(case)
        authorization = answers.next(case)
        signed = parse(answers.next(case))
        given = parse(case.request)
        if (signed.method, signed.target, signed.body) != (given.method, given.target, given.body):
            raise AssertionError(f"{case.name}: the signed request is another one: {signed!r}")
        outcomes.append(
            Outcome(
                canonical_request,
                string_to_sign,
                authorization,
                sorted_headers(list(signed.headers)),
            )
        )
    if not answers.at_end():
        raise AssertionError("the driver said more than was asked")
    return outcomes
