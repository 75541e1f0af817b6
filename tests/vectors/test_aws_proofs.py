"""Proofs of AWS roles, made by botocore and by the client's own code, judged by the gateway's code
and by a stand-in for STS that recomputes every signature with botocore."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import botocore.session
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

TESTS = Path(__file__).resolve().parent.parent
sys.path += [str(TESTS / "identity"), str(TESTS.parent / "clients/python/src")]

from aws_sts_standin import AwsSts, Caller  # noqa: E402

from signet_mlflow.aws import prove  # noqa: E402

SEED = int(os.environ.get("SIGNET_VECTOR_SEED", "20150830"))
COUNT = int(os.environ.get("SIGNET_PROOF_COUNT", "1000"))
GATEWAY = "mlflow.example.com"
ACCOUNT = "123456789012"
ROLES = [f"arn:aws:iam::{ACCOUNT}:role/train-*=training", f"arn:aws-cn:iam::{ACCOUNT}:role/x=cn"]
KNOWN = f"person aws:{ACCOUNT}:role/train-a i-0abc training"
REGIONS = ["eu-west-1", "us-east-1", "ap-southeast-2", "il-central-1"]
OPERATION = "Action=GetCallerIdentity&Version=2011-06-15"


@dataclass(frozen=True)
class Case:
    kind: str
    url: str
    headers: dict[str, str] = field(default_factory=lambda: {"x-signet-gateway": GATEWAY})
    later: int = 0  # seconds from when it was made to when it is judged
    wanted: str = KNOWN

    def body(self) -> bytes:
        return json.dumps({"url": self.url, "headers": self.headers}).encode()


def presigned(
    credentials: Credentials,
    region: str,
    *,
    host: str = "",
    operation: str = OPERATION,
    service: str = "sts",
    scope: str = "",
    expires: int = 60,
    headers: dict[str, str] | None = None,
) -> str:
    headers = {"x-signet-gateway": GATEWAY} if headers is None else headers
    url = f"https://{host or f'sts.{region}.amazonaws.com'}/?{operation}"
    request = AWSRequest(method="GET", url=url, headers=headers)
    SigV4QueryAuth(credentials, service, scope or region, expires=expires).add_auth(request)
    return request.url


class Makers:
    """One method per kind of proof; its name is the kind's."""

    def __init__(self, sts: AwsSts, rng: random.Random) -> None:
        self.sts = sts
        self.rng = rng
        self.keys = 0
        self.role = self.caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/train-a/i-0abc")

    def caller(self, arn: str, mode: str = "", token: bool = True) -> Caller:
        self.keys += 1
        text = "".join(self.rng.choices("ABCabc0189+/=%~", k=self.rng.randrange(40, 900)))
        key = f"{'ASIA' if token else 'AKIA'}{self.keys:012d}"
        return self.sts.add(
            Caller(Credentials(key, f"secret-{self.keys}", text if token else None), arn, mode)
        )

    def region(self) -> str:
        return self.rng.choice(REGIONS)

    def url(self, **options: object) -> str:
        # Two proofs of one second are one, so each has a life of its own.
        self.role = self.caller(self.role.arn)
        return presigned(self.role.credentials, self.region(), **options)  # type: ignore[arg-type]

    def with_parameters(self, change: Callable[[dict[str, str]], object], wanted: str) -> Case:
        url = self.url()
        query = dict(parse_qsl(urlsplit(url).query))
        change(query)
        text = urlencode(query, quote_via=quote)
        return Case("", url.partition("?")[0] + "?" + text, wanted=wanted)

    # ---- good ----

    def good(self) -> Case:
        return Case("", self.url(expires=self.rng.choice([1, 30, 60])))

    def of_the_client(self) -> Case:
        role = self.caller(self.role.arn)
        session = botocore.session.Session()
        session.set_config_variable("region", self.region())
        url, headers = prove(session, role.credentials, f"https://{GATEWAY}")
        return Case("", url, headers)

    def at_a_fips_endpoint(self) -> Case:
        host = "sts-fips.us-east-1.amazonaws.com"
        role = self.caller(self.role.arn)
        return Case("", presigned(role.credentials, "us-east-1", host=host))

    def in_china(self) -> Case:
        role = self.caller(f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/x/s-1")
        host = "sts.cn-north-1.amazonaws.com.cn"
        url = presigned(role.credentials, "cn-north-1", host=host)
        return Case("", url, wanted=f"person aws:{ACCOUNT}:role/x s-1 cn")

    def in_another_order(self) -> Case:
        before, _, query = self.url().partition("?")
        pairs = query.split("&")
        self.rng.shuffle(pairs)
        return Case("", before + "?" + "&".join(pairs))

    def with_the_default_port(self) -> Case:
        return Case("", self.url().replace(".com/?", ".com:443/?"))

    # ---- whom STS does not know ----

    def wrong_secret(self) -> Case:
        known = self.caller(self.role.arn).credentials
        url = presigned(Credentials(known.access_key, "guessed", known.token), self.region())
        return Case("", url, wanted="refused: refused")

    def wrong_token(self) -> Case:
        known = self.caller(self.role.arn).credentials
        url = presigned(Credentials(known.access_key, known.secret_key, "other"), self.region())
        return Case("", url, wanted="refused: refused")

    def unknown_key(self) -> Case:
        self.keys += 1
        nobody = Credentials(f"ASIANOBODY{self.keys:010d}", "secret", "token")
        url = presigned(nobody, self.region())
        return Case("", url, wanted="refused: refused")

    def changed_signature(self) -> Case:
        url = self.url()
        last = "0" if url[-1] != "0" else "1"
        return Case("", url[:-1] + last, wanted="refused: refused")

    def longer_life_than_signed(self) -> Case:
        return self.with_parameters(lambda q: q.update({"X-Amz-Expires": "59"}), "refused: refused")

    def other_day_than_signed(self) -> Case:
        def later(query: dict[str, str]) -> None:
            date = query["X-Amz-Date"]
            second = (int(date[-3:-1]) + self.rng.randrange(1, 60)) % 60
            query["X-Amz-Date"] = f"{date[:-3]}{second:02d}Z"

        # Early enough that it is neither of the future nor expired.
        return replace(self.with_parameters(later, "refused: refused"), later=-60)

    def bound_to_another_but_sent_as_ours(self) -> Case:
        url = self.url(headers={"x-signet-gateway": "evil.example.com"})
        return Case("", url, wanted="refused: refused")

    # ---- who are no role, or nobody's ----

    def user(self) -> Case:
        caller = self.caller(f"arn:aws:iam::{ACCOUNT}:user/Alice", token=False)
        return Case("", presigned(caller.credentials, self.region()), wanted="refused: not_a_role")

    def root(self) -> Case:
        caller = self.caller(f"arn:aws:iam::{ACCOUNT}:root", token=False)
        return Case("", presigned(caller.credentials, self.region()), wanted="refused: not_a_role")

    def federated_user(self) -> Case:
        caller = self.caller(f"arn:aws:sts::{ACCOUNT}:federated-user/bob")
        return Case("", presigned(caller.credentials, self.region()), wanted="refused: not_a_role")

    def role_that_nobody_named(self) -> Case:
        role = self.rng.choice(["test-a", "train", "Train-a", "xtrain-a", "x"])
        caller = self.caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/s-1")
        url = presigned(caller.credentials, self.region())
        return Case("", url, wanted="refused: unknown_role")

    def role_of_another_account(self) -> Case:
        caller = self.caller("arn:aws:sts::210987654321:assumed-role/train-a/s-1")
        url = presigned(caller.credentials, self.region())
        return Case("", url, wanted="refused: unknown_role")

    def role_of_another_partition(self) -> Case:
        caller = self.caller(f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/x/s-1")
        url = presigned(caller.credentials, self.region())
        return Case("", url, wanted="refused: bad_answer")

    # ---- an STS that answers strangely ----

    def strange_answer(self) -> Case:
        wanted = {
            "redirect": "bad_answer",
            "huge": "bad_answer",
            "beyond-a-megabyte": "bad_answer",
            "garbage": "bad_answer",
            "json": "bad_answer",
            "error-500": "unavailable",
            "throttling": "unavailable",
            "close": "unreachable",
        }
        mode = self.rng.choice(list(wanted))
        caller = self.caller(self.role.arn, mode)
        url = presigned(caller.credentials, self.region())
        return Case("", url, wanted=f"refused: {wanted[mode]}")

    # ---- what is refused before STS is asked ----

    def bound_to_another(self) -> Case:
        gateway = self.rng.choice(["evil.example.com", f"{GATEWAY}:443", GATEWAY.upper(), ""])
        headers = {"x-signet-gateway": gateway}
        return Case("", self.url(headers=headers), headers, wanted="refused: other_gateway")

    def not_bound(self) -> Case:
        headers: dict[str, str] = self.rng.choice([{}, {"x-other": GATEWAY}])
        return Case("", self.url(headers=headers), wanted="refused: not_bound")

    def bound_but_not_sent(self) -> Case:
        return Case("", self.url(), {}, wanted="refused: not_bound")

    def more_signed_headers(self) -> Case:
        headers = {"x-signet-gateway": GATEWAY, "x-amz-date": "20150830T123600Z"}
        return Case("", self.url(headers=headers), headers, wanted="refused: malformed")

    def more_signed_than_sent(self) -> Case:
        headers = {"x-signet-gateway": GATEWAY, "x-more": "1"}
        return Case("", self.url(headers=headers), wanted="refused: not_bound")

    def too_long(self) -> Case:
        expires = self.rng.choice([61, 300, 900, 3600, 604800])
        return Case("", self.url(expires=expires), wanted="refused: wrong_time")

    def no_life(self) -> Case:
        return Case("", self.url(expires=self.rng.choice([0, -1])), wanted="refused: bad_query")

    def expired(self) -> Case:
        later = self.rng.choice([61, 100, 301, 1000, 86400])
        return Case("", self.url(), later=later, wanted="refused: wrong_time")

    def of_the_future(self) -> Case:
        later = -self.rng.choice([302, 1000, 86400])
        return Case("", self.url(), later=later, wanted="refused: wrong_time")

    def of_a_clock_that_is_fast(self) -> Case:
        return Case("", self.url(), later=-self.rng.choice([1, 100, 290]))

    def other_operation(self) -> Case:
        action = self.rng.choice(["GetSessionToken", "GetAccessKeyInfo", "getcalleridentity"])
        operation = f"Action={action}&Version=2011-06-15"
        return Case("", self.url(operation=operation), wanted="refused: other_action")

    def more_parameters(self) -> Case:
        more = self.rng.choice(
            ["&x=y", "&RoleArn=a", "&X-Amz-Content-Sha256=a", "&DurationSeconds=1"]
        )
        return Case("", self.url(operation=OPERATION + more), wanted="refused: bad_query")

    def parameter_twice(self) -> Case:
        url = self.url()
        pair = self.rng.choice(urlsplit(url).query.split("&"))
        return Case("", f"{url}&{pair}", wanted="refused: bad_query")

    def parameter_missing(self) -> Case:
        before, _, query = self.url().partition("?")
        pairs = [p for p in query.split("&") if not p.startswith("X-Amz-Security-Token")]
        pairs.remove(self.rng.choice(pairs))
        return Case("", before + "?" + "&".join(pairs), wanted="refused: bad_query")

    def other_spelling(self) -> Case:
        before, _, query = self.url().partition("?")
        name, _, value = query.partition("=")
        spelt = self.rng.choice(
            [
                f"%{ord(name[0]):02X}{name[1:]}={value}",
                f"{name}=%{ord(value[0]):02X}{value[1:]}",
                query.replace("%2F", "%2f"),
                query.replace("%2F", "/"),
                query.replace("%3B", ";"),
                f"&{query}",
                f"{query}&",
                f"{query}#",
                query.replace("&", "&&", 1),
            ]
        )
        return Case("", f"{before}?{spelt}", wanted="refused: bad_query")

    def other_host(self) -> Case:
        region = self.region()
        host = self.rng.choice(
            [
                "sts.amazonaws.com",
                "evil.example.com",
                f"sts.{region}.amazonaws.com.evil.example.com",
                f"sts.{region}.amazonaws.com.cn",
                f"sts.{region}.amazonaws.com:8443",
                f"x@sts.{region}.amazonaws.com",
                f"sts.s3-{region}.amazonaws.com",
                f"sts.s3.{region}.amazonaws.com",
                f"sts.s3-website-{region}.amazonaws.com",
                f"iam.{region}.amazonaws.com",
                f"STS.{region}.amazonaws.com",
                f"sts.{region}.amazonaws.com.",
                "127.0.0.1",
                "169.254.169.254",
                "[::1]",
            ]
        )
        role = self.caller(self.role.arn)
        url = presigned(role.credentials, region, host=host)
        return Case("", url, wanted="refused: other_host")

    def other_scope(self) -> Case:
        options = self.rng.choice([{"service": "iam"}, {"scope": "eu-north-1"}, {"scope": "aws4"}])
        return Case("", self.url(**options), wanted="refused: bad_credential")

    def other_url(self) -> Case:
        url = self.url()
        changed = self.rng.choice(
            [
                "http" + url.removeprefix("https"),
                url.replace("/?", "/x?"),
                url.replace("/?", "//?"),
                url.replace("/?", "?"),
                url.upper(),
                " " + url,
                url.replace("https://", "https:\\\\"),
                url.replace("/?", "/#?"),
                "",
            ]
        )
        return Case("", changed, wanted="refused: bad_url")


HELPERS = {"caller", "region", "url", "with_parameters"}
KINDS = [name for name in vars(Makers) if not name.startswith("_") and name not in HELPERS]


def made(makers: Makers, kind: str) -> Case:
    return replace(getattr(makers, kind)(), kind=kind)


def judged(sts: AwsSts, cases: list[tuple[int, bytes]]) -> list[str]:
    """The answers to bodies, each at its Unix time."""
    build = os.environ.get("SIGNET_BUILD")
    if not build:
        raise RuntimeError("SIGNET_BUILD must name a build folder with aws_proof_driver in it")
    given = b"".join(b"proof %d %s %d\n%s" % (now, GATEWAY.encode(), len(b), b) for now, b in cases)
    command = [Path(build) / "aws_proof_driver", sts.address, *ROLES]
    run = subprocess.run(command, input=given, capture_output=True, check=True, timeout=300)
    return run.stdout.decode().splitlines()


@pytest.fixture
def sts() -> Iterator[AwsSts]:
    with AwsSts() as made:
        yield made


def test_random_proofs(sts: AwsSts) -> None:
    print(f"seed {SEED} (SIGNET_VECTOR_SEED), {COUNT} proofs (SIGNET_PROOF_COUNT)")
    rng = random.Random(SEED)
    makers = Makers(sts, rng)
    kinds = [KINDS[i % len(KINDS)] for i in range(COUNT)]
    rng.shuffle(kinds)
    begun = time.time()
    # Each is judged as if at the second it was made in, or as much later as the case wants.
    cases = []
    for kind in kinds:
        at = int(time.time())
        case = made(makers, kind)
        cases.append((case, at + case.later))
    assert time.time() - begun < 600, "signatures of STS live for a quarter of an hour"
    answers = judged(sts, [(at, case.body()) for case, at in cases])
    seen = Counter(case.kind for case, _ in cases)
    wrong = [
        f"{case.kind}: {answer}, not {case.wanted}\n  {case.url}\n  {case.headers}"
        for (case, _), answer in zip(cases, answers, strict=True)
        if not f"{answer} ".startswith(f"{case.wanted} ")
    ]
    print(dict(seen), f"STS was asked {len(sts.asked)} times")
    shown = "\n".join(wrong[:5])
    assert not wrong, f"seed {SEED}: {len(wrong)} differ\n{shown}"
    assert min(seen.values()) >= COUNT // len(KINDS)
    for (case, _), answer in zip(cases, answers, strict=True):
        for name, value in parse_qsl(case.url.partition("?")[2]):
            secret = name in ("X-Amz-Security-Token", "X-Amz-Signature", "X-Amz-Credential")
            assert not secret or value not in answer, answer


def test_a_proof_is_good_once(sts: AwsSts) -> None:
    makers = Makers(sts, random.Random(SEED))
    now = int(time.time())
    cases = [made(makers, "good") for _ in range(20)]
    bodies = [(now, case.body()) for case in cases]
    first = judged(sts, bodies + bodies)
    assert first[:20] == [KNOWN] * 20
    assert all(answer.startswith("refused: replayed ") for answer in first[20:])
    assert len(sts.asked) == 20


def test_the_stand_in_would_see_a_bad_signature(sts: AwsSts) -> None:
    """So that the agreement above means something."""
    makers = Makers(sts, random.Random(SEED))
    case = made(makers, "good")
    path = "/?" + case.url.partition("?")[2]
    host = urlsplit(case.url).netloc
    headers = {"Host": "127.0.0.1", "X-Forwarded-Host": host, "x-signet-gateway": GATEWAY}
    assert sts.caller_of(path, headers).arn == makers.role.arn
    for changed in (
        {"X-Forwarded-Host": "sts.eu-north-1.amazonaws.com"},
        {"x-signet-gateway": "x"},
    ):
        with pytest.raises(Exception, match="SignatureDoesNotMatch"):
            sts.caller_of(path, headers | changed)
    del headers["x-signet-gateway"]
    with pytest.raises(Exception, match="SignatureDoesNotMatch"):
        sts.caller_of(path, headers)
