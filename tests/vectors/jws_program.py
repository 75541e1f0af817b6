"""Runs tests/vectors/jws_driver.cpp: what the gateway says of many tokens, in one process."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from random_tokens import AUDIENCE, CLIENT, ISSUER, NOW, Case


def program() -> Path:
    build = os.environ.get("SIGNET_BUILD")
    if not build:
        raise RuntimeError("SIGNET_BUILD must name a build folder with jws_driver in it")
    return Path(build) / "jws_driver"


def encoded(case: Case) -> bytes:
    form = "padded" if case.padded else "unpadded"
    fields = ["token", form, NOW, case.skew, ISSUER, AUDIENCE, CLIENT, len(case.token)]
    return " ".join(map(str, fields)).encode() + b"\n" + case.token


def judge(keys: bytes, cases: Iterable[Case]) -> list[str]:
    """The answers, "accepted" or "refused: STAGE ERROR", after one about the key set itself."""
    given = b"keys %d\n%s" % (len(keys), keys) + b"".join(map(encoded, cases))
    run = subprocess.run([program()], input=given, capture_output=True, check=True)
    return run.stdout.decode().splitlines()
