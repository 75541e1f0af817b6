"""What an Application Load Balancer sends, made by joserfc and spelt with padding as AWS does: the
gateway's code believes a token exactly when joserfc does and the header says what it must."""

import base64
import json
import os
import random
import subprocess
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from joserfc import jws
from joserfc.jwk import ECKey

SEED = int(os.environ.get("SIGNET_VECTOR_SEED", "20150830"))
COUNT = int(os.environ.get("SIGNET_TOKEN_COUNT", "2000"))
NOW = 1_440_938_160
ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc"
CLIENT = "client-1"
SIGNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/mlflow/0123456789ab"
ES256 = jws.JWSRegistry.algorithms["ES256"]


@dataclass(frozen=True)
class Case:
    kind: str
    token: str
    identity: str = "abc-1"
    good: bool = True


def spelt(data: bytes, padded: bool) -> str:
    text = base64.urlsafe_b64encode(data).decode()
    return text if padded else text.rstrip("=")


class Balancer:
    """One method per kind of token; its name is the kind's."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.keys = {str(uuid.UUID(int=rng.getrandbits(128))): ECKey.generate_key() for _ in "ab"}
        self.kid = next(iter(self.keys))
        self.foreign = ECKey.generate_key()

    def header(self) -> dict[str, object]:
        more = {"typ": "JWT"} if self.rng.random() < 0.7 else {"x": "y" * self.rng.randrange(9)}
        end = NOW + self.rng.randrange(-58, 200)
        names = {"alg": "ES256", "kid": self.kid, "signer": SIGNER, "iss": ISSUER, "client": CLIENT}
        return names | {"exp": end} | more

    def claims(self) -> dict[str, object]:
        name = "".join(self.rng.choices("Adaäöü λ", k=self.rng.randrange(12)))
        verified = self.rng.choice([True, "true"])
        person = {"email": "ada@example.com", "email_verified": verified, "name": name}
        return {"sub": "abc-1", "exp": NOW + 120, "iss": ISSUER} | person

    def token(
        self,
        header: dict[str, object] | None = None,
        claims: dict[str, object] | None = None,
        key: ECKey | None = None,
        padded: bool | None = None,
    ) -> str:
        padded = self.rng.random() < 0.8 if padded is None else padded
        header = header or self.header()
        ensure = self.rng.random() < 0.5
        parts = [
            json.dumps(part, ensure_ascii=ensure) for part in (header, claims or self.claims())
        ]
        text = ".".join(spelt(part.encode(), padded) for part in parts)
        signature = ES256.sign(text.encode(), key or self.keys[str(header.get("kid", self.kid))])
        return f"{text}.{spelt(signature, padded)}"

    def good(self) -> Case:
        return Case("", self.token())

    def of_the_other_key(self) -> Case:
        return Case("", self.token(self.header() | {"kid": list(self.keys)[1]}))

    def other_value(self) -> Case:
        name = self.rng.choice(["signer", "iss", "client"])
        value = {"signer": SIGNER, "iss": ISSUER, "client": CLIENT}[name]
        other = self.rng.choice([value + "x", value[:-1], value.upper(), "", None, [value], 1])
        return Case("", self.token(self.header() | {name: other}), good=False)

    def value_missing(self) -> Case:
        header = self.header()
        del header[self.rng.choice(["signer", "iss", "client", "exp"])]
        return Case("", self.token(header), good=False)

    def expired(self) -> Case:
        end = NOW - self.rng.choice([60, 61, 3600, NOW])
        return Case("", self.token(self.header() | {"exp": end}), good=False)

    def unknown_key(self) -> Case:
        kid = str(uuid.UUID(int=self.rng.getrandbits(128)))
        return Case("", self.token(self.header() | {"kid": kid}, key=self.foreign), good=False)

    def key_that_is_no_uuid(self) -> Case:
        kid = self.rng.choice(
            [
                self.kid.upper(),
                self.kid + "/",
                "../" + self.kid,
                self.kid[:-1],
                "",
                "%2e%2e",
                1,
                None,
            ]
        )
        key = self.keys[self.kid]
        return Case("", self.token(self.header() | {"kid": kid}, key=key), good=False)

    def foreign_key(self) -> Case:
        return Case("", self.token(key=self.foreign), good=False)

    def other_key_of_the_region(self) -> Case:
        return Case("", self.token(key=self.keys[list(self.keys)[1]]), good=False)

    def other_algorithm(self) -> Case:
        name = self.rng.choice(["none", "HS256", "RS256", "ES384", "es256", "", None])
        return Case("", self.token(self.header() | {"alg": name}), good=False)

    def changed_signature(self) -> Case:
        text, _, signature = self.token().rpartition(".")
        data = bytearray(base64.urlsafe_b64decode(signature + "=="))
        data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)
        return Case("", f"{text}.{spelt(bytes(data), '=' in text)}", good=False)

    def changed_claims(self) -> Case:
        header, _, signature = self.token(padded=True).split(".")
        claims = json.dumps(self.claims() | {"groups": ["admins"]}).encode()
        return Case("", f"{header}.{spelt(claims, True)}.{signature}", good=False)

    def padding_changed(self) -> Case:
        token = self.token(padded=True)
        places = [i for i, c in enumerate(token) if c == "="]
        at = self.rng.choice(places)
        changed = self.rng.choice(
            [token[:at] + token[at + 1 :], token[:at] + "=" + token[at:], token + "="]
        )
        return Case("", changed, good=False)

    def padding_off_what_was_signed_with_it(self) -> Case:
        token = self.token(padded=True)
        while "=" not in token.rpartition(".")[0]:
            token = self.token(padded=True)
        return Case("", token.replace("=", ""), good=False)

    def other_subject(self) -> Case:
        identity = self.rng.choice(["abc-2", "abc-11", "ABC-1"])
        return Case("", self.token(), identity, good=False)

    def unverified(self) -> Case:
        value = self.rng.choice([False, "false", None, 1, "yes", "True"])
        return Case("", self.token(claims=self.claims() | {"email_verified": value}), good=False)


KINDS = [
    name
    for name in vars(Balancer)
    if not name.startswith("_") and name not in {"header", "claims", "token"}
]


def believed(case: Case, keys: dict[str, ECKey]) -> bool:
    """By joserfc's ES256, over the text as it is; the rest is what AWS's guide says to check."""
    try:
        text = case.token.rpartition(".")[0]
        padded = "=" in case.token
        plain = []
        for part in case.token.split("."):
            data = base64.b64decode(part + "=" * (0 if padded else -len(part) % 4), b"-_", True)
            if spelt(data, padded) != part:
                return False
            plain.append(data)
        header, claims = json.loads(plain[0]), json.loads(plain[1])
        wanted = {"alg": "ES256", "signer": SIGNER, "iss": ISSUER, "client": CLIENT}
        if any(header.get(name) != value for name, value in wanted.items()):
            return False
        if not ES256.verify(text.encode(), plain[2], keys[header["kid"]]):
            return False
        verified = claims["email_verified"]
        return (
            header["exp"] > NOW - 60
            and claims["sub"] == case.identity
            and (verified is True or verified == "true")
        )
    except Exception:
        return False


def judged(balancer: Balancer, cases: list[Case]) -> list[str]:
    build = os.environ.get("SIGNET_BUILD")
    if not build:
        raise RuntimeError("SIGNET_BUILD must name a build folder with load_balancer_driver in it")
    given = b""
    for kid, key in balancer.keys.items():
        pem = key.as_pem(private=False)
        given += b"key %s %d\n%s" % (kid.encode(), len(pem), pem)
    for case in cases:
        token = case.token.encode()
        given += b"token %d %s %d\n%s" % (NOW, case.identity.encode(), len(token), token)
    command = [Path(build) / "load_balancer_driver", SIGNER, CLIENT, ISSUER]
    run = subprocess.run(command, input=given, capture_output=True, check=True, timeout=300)
    return run.stdout.decode().splitlines()


def test_random_tokens() -> None:
    print(f"seed {SEED} (SIGNET_VECTOR_SEED), {COUNT} tokens (SIGNET_TOKEN_COUNT)")
    balancer = Balancer(random.Random(SEED))
    cases = []
    for i in range(COUNT):
        kind = KINDS[i % len(KINDS)]
        made = getattr(balancer, kind)()
        cases.append(Case(kind, made.token, made.identity, made.good))
    answers = judged(balancer, cases)
    wrong = []
    for case, answer in zip(cases, answers, strict=True):
        theirs = believed(case, balancer.keys)
        ours = answer == "person ada@example.com"
        if not (ours == theirs == case.good):
            wrong.append(f"{case.kind}: signet {answer}, joserfc {theirs}\n  {case.token}")
    print(dict(Counter(case.kind for case in cases)))
    shown = "\n".join(wrong[:5])
    assert not wrong, f"seed {SEED}: {len(wrong)} differ\n{shown}"
