"""Tokens of every kind that an honest issuer, a careless one or an attacker would send.

The issuer's keys are fresh in every run; what is done with them follows the seed.
"""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

NOW = 1_440_938_160
ISSUER = "https://login.example.com"
AUDIENCE = "signet"
CLIENT = "signet"
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77A"
        "ECEC196ACCC52973",
        16,
    ),
}

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def unb64(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def digest(algorithm: str) -> hashes.HashAlgorithm:
    return {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[algorithm[2:]]


def half(algorithm: str) -> int:
    return int(algorithm[2:]) // 8


def sign_der(key: Private, algorithm: str, data: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(digest(algorithm)))
    if algorithm.startswith("PS"):
        salt = padding.PSS.DIGEST_LENGTH
        return key.sign(data, padding.PSS(padding.MGF1(digest(algorithm)), salt), digest(algorithm))
    return key.sign(data, padding.PKCS1v15(), digest(algorithm))


def raw(r: int, s: int, size: int) -> bytes:
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def sign(key: Private, algorithm: str, data: bytes) -> bytes:
    signature = sign_der(key, algorithm, data)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return signature
    return raw(*decode_dss_signature(signature), (key.curve.key_size + 7) // 8)


def numbers(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big")).decode()


def jwk(key: Private, **more: object) -> dict[str, object]:
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_numbers()
        return {"kty": "RSA", "n": numbers(public.n), "e": numbers(public.e), **more}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        size = key.curve.key_size // 8
        point = key.public_key().public_numbers()
        x, y = (b64(c.to_bytes(size, "big")).decode() for c in (point.x, point.y))
        return {"kty": "EC", "crv": f"P-{key.curve.key_size}", "x": x, "y": y, **more}
    x = b64(key.public_key().public_bytes_raw()).decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": x, **more}


def fresh(like: str) -> Private:
    if like == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if like.startswith("ES"):
        return ec.generate_private_key(ec.SECP256R1() if like == "ES256" else ec.SECP384R1())
    return rsa.generate_private_key(65537, 2048)


@dataclass(frozen=True)
class Case:
    kind: str
    token: bytes
    skew: int = 60
    # Without kid: any of the issuer's keys will do.
    nameless: bool = False
    padded: bool = False


@dataclass
class Issuer:
    rng: random.Random
    keys: dict[str, Private] = field(default_factory=dict)
    foreign: dict[str, Private] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, like in [("rsa", "RS256"), ("p256", "ES256"), ("p384", "ES384")]:
            self.keys[name] = fresh(like)
            self.foreign[name] = fresh(like)
        self.keys["ed"] = fresh("EdDSA")
        self.foreign["ed"] = fresh("EdDSA")
        for name in ("only-rs256", "enc", "only-sign"):
            self.keys[name] = fresh("RS256")

    def key_set(self) -> bytes:
        more = {
            "only-rs256": {"alg": "RS256"},
            "enc": {"use": "enc"},
            "only-sign": {"key_ops": ["sign"]},
            "p256": {"use": "sig"},
            "ed": {"key_ops": ["verify"]},
        }
        keys = [jwk(key, kid=name, **more.get(name, {})) for name, key in self.keys.items()]
        secret = b64(b"a secret that is not one at all!").decode()
        keys.append({"kty": "oct", "kid": "oct", "k": secret})
        return json.dumps({"keys": keys}).encode()

    def name_for(self, algorithm: str) -> str:
        return {"ES256": "p256", "ES384": "p384", "EdDSA": "ed"}.get(algorithm, "rsa")

    # ---- pieces ----

    def algorithm(self) -> str:
        # Half of them elliptic: they are signed faster, and have more to get wrong.
        return self.rng.choice([*ALGORITHMS, "ES256", "ES384", "EdDSA"])

    def claims(self, **more: object) -> dict[str, object]:
        claims: dict[str, object] = {"iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 600, "sub": "ann"}
        if self.rng.random() < 0.5:
            claims |= {"iat": NOW - 5, "nbf": NOW - 5, "groups": ["a", "b"], "name": "Änne 🦊"}
        return claims | more

    def token(
        self,
        algorithm: str,
        header: dict[str, object] | None = None,
        payload: bytes | None = None,
        *,
        key: Private | None = None,
        header_text: bytes | None = None,
        signature: Callable[[bytes], bytes] | None = None,
    ) -> bytes:
        name = self.name_for(algorithm)
        if header_text is None:
            header_text = json.dumps({"alg": algorithm, "kid": name} | (header or {})).encode()
        if payload is None:
            payload = json.dumps(self.claims()).encode()
        data = b64(header_text) + b"." + b64(payload)
        made = signature(data) if signature else sign(key or self.keys[name], algorithm, data)
        return data + b"." + b64(made)

    def with_claims(self, text: bytes | str | dict[str, object]) -> bytes:
        if isinstance(text, dict):
            text = json.dumps(text)
        if isinstance(text, str):
            text = text.encode()
        return self.token(self.rng.choice(["ES256", "EdDSA"]), payload=text)

    # ---- kinds: one method each; the name of the kind is the method's ----

    def good(self) -> Case:
        return Case("good", self.token(self.algorithm()), self.rng.choice([0, 60]))

    def good_header(self) -> Case:
        """Members that nobody need understand, spaces, another order, escapes."""
        algorithm = self.algorithm()
        more = self.rng.choice(['"typ":"JWT"', '"cty":"x"', '"x5t":"AAAA"', '"x":{"y":[1,null]}'])
        name = self.name_for(algorithm)
        escaped = "".join(f"\\u{ord(c):04x}" for c in name)
        text = self.rng.choice(
            [
                f'{{"kid":"{name}", {more}, "alg":"{algorithm}"}}',
                f' {{"alg" : "{algorithm}",\t"kid":"{escaped}",{more} }}\r\n',
            ]
        )
        return Case("", self.token(algorithm, header_text=text.encode()))

    def bit_flipped(self) -> Case:
        algorithm = self.algorithm()

        def flipped(data: bytes) -> bytes:
            made = bytearray(sign(self.keys[self.name_for(algorithm)], algorithm, data))
            made[self.rng.randrange(len(made))] ^= 1 << self.rng.randrange(8)
            return bytes(made)

        return Case("", self.token(algorithm, signature=flipped))

    def character_changed(self) -> Case:
        token = bytearray(self.token(self.algorithm()))
        at = self.rng.randrange(len(token))
        others = b"ABCDefgh0123-_.=+/ \n\0\xff"
        token[at] = self.rng.choice([c for c in others if c != token[at]])
        return Case("", bytes(token))

    def cut_or_extended(self) -> Case:
        token = self.token(self.algorithm())
        if self.rng.random() < 0.5:
            return Case("", token[: -self.rng.randrange(1, len(token))])
        return Case("", token + self.rng.choice([b"A", b"AA", b"AAAA", b".", b"=", b"\n", b" "]))

    def signature_of_another_length(self) -> Case:
        algorithm = self.algorithm()
        key = self.keys[self.name_for(algorithm)]
        change = self.rng.choice(
            [
                lambda made: b"\0" + made,
                lambda made: made + b"\0",
                lambda made: made[1:],
                lambda made: made[:-1],
                lambda made: made + made,
                lambda made: made[: len(made) // 2],
            ]
        )
        made = self.token(algorithm, signature=lambda data: change(sign(key, algorithm, data)))
        return Case("", made)

    def foreign_key(self) -> Case:
        algorithm = self.algorithm()
        return Case("", self.token(algorithm, key=self.foreign[self.name_for(algorithm)]))

    def foreign_key_brought_along(self) -> Case:
        algorithm = self.algorithm()
        foreign = self.foreign[self.name_for(algorithm)]
        header = self.rng.choice([{"jwk": jwk(foreign)}, {"jku": "https://evil.example/keys"}])
        return Case("", self.token(algorithm, header, key=foreign))

    def key_brought_along(self) -> Case:
        """The right key signed: what the header has besides is nobody's to use."""
        algorithm = self.algorithm()
        foreign = self.foreign[self.name_for(algorithm)]
        header = self.rng.choice([{"jwk": jwk(foreign)}, {"jku": "https://evil.example/keys"}])
        return Case("", self.token(algorithm, header))

    def unknown_key(self) -> Case:
        names = ["new", "", "RSA", "../../rsa", "' OR 1=1 --", "https://evil.example/k", "r\0sa"]
        return Case("", self.token(self.algorithm(), {"kid": self.rng.choice(names)}))

    def key_id_of_another_type(self) -> Case:
        value = self.rng.choice([["rsa"], 1, None, {"kid": "rsa"}, True])
        return Case("", self.token(self.algorithm(), {"kid": value}))

    def key_for_another_algorithm(self) -> Case:
        algorithm = self.algorithm()
        others = [name for name in self.keys if name != self.name_for(algorithm)]
        return Case("", self.token(algorithm, {"kid": self.rng.choice([*others, "oct"])}))

    def without_key_id(self) -> Case:
        algorithm = self.algorithm()
        text = json.dumps({"alg": algorithm}).encode()
        source = self.keys if self.rng.random() < 0.7 else self.foreign
        key = source[self.name_for(algorithm)]
        return Case("", self.token(algorithm, header_text=text, key=key), nameless=True)

    def restricted_key(self) -> Case:
        """Keys that say what they are for."""
        name = self.rng.choice(["only-rs256", "enc", "only-sign"])
        algorithm = self.rng.choice(["RS256", "RS512", "PS256"])
        return Case("", self.token(algorithm, {"kid": name}, key=self.keys[name]))

    def algorithm_confused(self) -> Case:
        """The header says one algorithm, the signature is another's of the same key."""
        said, done = self.rng.sample(ALGORITHMS[:6], 2)
        key = self.keys["rsa"]
        return Case("", self.token(said, signature=lambda data: sign(key, done, data)))

    def unsigned(self) -> Case:
        alg = self.rng.choice(
            ["none", "None", "NONE", "nOnE", "", None, 0, "HS256", "dir", "ES512"]
        )
        made = self.rng.choice([b"", b"x", b"\0" * 64])
        return Case("", self.token("RS256", {"alg": alg}, signature=lambda _: made))

    def public_key_as_secret(self) -> Case:
        key = self.keys[self.rng.choice(["rsa", "p256"])].public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        encoding = self.rng.choice([serialization.Encoding.PEM, serialization.Encoding.DER])
        secret = key.public_bytes(encoding, form)
        alg = self.rng.choice(["HS256", "RS256", "ES256"])
        header = {"alg": alg, "kid": self.rng.choice(["rsa", "p256", "oct"])}
        mac = lambda data: hmac.new(secret, data, hashlib.sha256).digest()  # noqa: E731
        return Case("", self.token("RS256", header, signature=mac))

    def der_signature(self) -> Case:
        algorithm = self.rng.choice(["ES256", "ES384"])
        key = self.keys[self.name_for(algorithm)]
        return Case(
            "", self.token(algorithm, signature=lambda data: sign_der(key, algorithm, data))
        )

    def numbers_out_of_range(self) -> Case:
        algorithm = self.rng.choice(["ES256", "ES384"])
        size, order = half(algorithm), ORDERS[algorithm]
        most = (1 << 8 * size) - 1
        r, s = (self.rng.choice([0, 1, order - 1, order, order + 1, most]) for _ in range(2))
        return Case("", self.token(algorithm, signature=lambda _: raw(r, s, size)))

    def other_half_negated(self) -> Case:
        """(r, n-s) is as good as (r, s): a signature has two forms, which nobody relies on."""
        algorithm = self.rng.choice(["ES256", "ES384"])
        size, order = half(algorithm), ORDERS[algorithm]
        key = self.keys[self.name_for(algorithm)]

        def negated(data: bytes) -> bytes:
            r, s = decode_dss_signature(sign_der(key, algorithm, data))
            r, s = decode_dss_signature(encode_dss_signature(r, order - s))
            return raw(r, s, size)

        return Case("", self.token(algorithm, signature=negated))

    def other_spelling(self) -> Case:
        """The same bytes in a base64 that is not the one of JWS, signed as sent."""
        algorithm = self.algorithm()
        key = self.keys[self.name_for(algorithm)]
        parts = self.token(algorithm).split(b".")[:2]
        spell = self.rng.choice(
            [
                lambda part: part + b"=" * (-len(part) % 4),
                lambda part: part + b"=",
                lambda part: part[:5] + b"\n" + part[5:],
                lambda part: b" " + part,
                self.with_unused_bits,
                lambda part: part.replace(b"-", b"+").replace(b"_", b"/"),
            ]
        )
        parts[self.rng.randrange(2)] = spell(parts[1])
        data = b".".join(parts)
        parts.append(b64(sign(key, algorithm, data)))
        if self.rng.random() < 0.5:
            fine = self.token(algorithm).split(b".")
            parts = [fine[0], fine[1], spell(fine[2])]
        return Case("", b".".join(parts))

    def with_unused_bits(self, part: bytes) -> bytes:
        alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        if len(part) % 4 == 0:
            return part + b"A"
        return part[:-1] + bytes([alphabet[alphabet.index(part[-1]) | 1]])

    def parts_of_two(self) -> Case:
        algorithm = self.algorithm()
        ours = self.token(algorithm).split(b".")
        eve = self.token(algorithm, payload=json.dumps(self.claims(sub="eve")).encode()).split(b".")
        return Case("", b".".join([ours[0], eve[1], ours[2]]))

    def critical(self) -> Case:
        more = self.rng.choice([{"crit": ["b64"], "b64": False}, {"crit": ["x"], "x": 1}])
        return Case("", self.token(self.algorithm(), self.rng.choice([more, {"crit": "x"}])))

    def critical_but_known(self) -> Case:
        return Case("", self.token(self.algorithm(), {"crit": self.rng.choice([["kid"], []])}))

    def b64_alone(self) -> Case:
        return Case("", self.token(self.algorithm(), {"b64": self.rng.choice([True, False])}))

    def header_member_twice(self) -> Case:
        algorithm = self.algorithm()
        first = self.rng.choice(['"alg":"none"', f'"alg":"{algorithm}"', '"kid":"x"'])
        text = f'{{{first},"alg":"{algorithm}","kid":"{self.name_for(algorithm)}"}}'
        if "kid" in first:
            text = text.replace('"x"', '"x","x":1')
        return Case("", self.token(algorithm, header_text=text.encode()))

    def header_no_object(self) -> Case:
        text = self.rng.choice([b"[]", b"null", b'"ES256"', b"", b"{", b"{}", b'{"alg":["ES256"]}'])
        return Case("", self.token("ES256", header_text=text))

    def type_no_string(self) -> Case:
        return Case("", self.token(self.algorithm(), {"typ": self.rng.choice([1, None, ["JWT"]])}))

    def encrypted(self) -> Case:
        return Case("", self.token(self.algorithm()) + b".AAAA.AAAA")

    def nested(self) -> Case:
        return Case("", self.token("ES256", {"cty": "JWT"}, payload=self.token("ES256")))

    def times(self) -> Case:
        """On, before and behind every edge."""
        skew = self.rng.choice([0, 60])
        edges = [-3600, -skew - 1, -skew - 0.5, -skew, -skew + 0.5, -skew + 1, 0]
        edges += [skew - 1, skew - 0.5, skew, skew + 0.5, skew + 1, 3600]
        more: dict[str, object] = {}
        for name in self.rng.sample(["exp", "nbf", "iat"], self.rng.choice([1, 1, 1, 2])):
            more[name] = NOW + self.rng.choice(edges)
        return Case("", self.with_claims(self.claims(**more)), skew)

    def time_of_another_type(self) -> Case:
        name = self.rng.choice(["exp", "nbf", "iat"])
        value = self.rng.choice([str(NOW), "", True, False, None, [NOW], {}, "NaN"])
        return Case("", self.with_claims(self.claims(**{name: value})))

    def time_not_finite(self) -> Case:
        name = self.rng.choice(["exp", "nbf", "iat"])
        value = self.rng.choice([float("nan"), float("inf"), float("-inf")])
        return Case("", self.with_claims(self.claims(**{name: value})))

    def time_beyond_a_double(self) -> Case:
        value = self.rng.choice([2**53 + 1, 2**63, 2**64, 1e300])
        return Case("", self.with_claims(self.claims(exp=value)))

    def time_negative(self) -> Case:
        name = self.rng.choice(["nbf", "iat"])
        return Case("", self.with_claims(self.claims(**{name: self.rng.choice([-1, -0.5, -1e9])})))

    def claim_missing(self) -> Case:
        claims = self.claims()
        del claims[self.rng.choice(["iss", "aud", "exp"])]
        return Case("", self.with_claims(claims))

    def issuer_or_audience(self) -> Case:
        issuers = [ISSUER, ISSUER, ISSUER + "/", ISSUER.upper(), "", None, 1, [ISSUER], {}]
        audiences: list[object] = [AUDIENCE, [AUDIENCE], [AUDIENCE], "Signet", "signet ", "", []]
        audiences += [["x"], "x", None, 1, [1], [AUDIENCE, 1], {AUDIENCE: True}]
        claims = self.claims(iss=self.rng.choice(issuers), aud=self.rng.choice(audiences))
        return Case("", self.with_claims(claims))

    def authorized_party(self) -> Case:
        audiences = [AUDIENCE, [AUDIENCE], [AUDIENCE, "x"], ["x", AUDIENCE], ["x", "y"]]
        claims = self.claims(aud=self.rng.choice(audiences))
        if self.rng.random() < 0.7:
            claims["azp"] = self.rng.choice([CLIENT, CLIENT, "x", "", None, 1, [CLIENT]])
        return Case("", self.with_claims(claims))

    def claims_no_object(self) -> Case:
        text = self.rng.choice(["[]", "null", "1", '"x"', "", "{", "{}", "{} {}", "{'a':1}", "x"])
        return Case("", self.with_claims(text))

    def claim_twice(self) -> Case:
        text = json.dumps(self.claims())[:-1]
        more = self.rng.choice(['"sub":"eve"', '"s\\u0075b":"ann"', '"x":{"a":1,"a":1}'])
        return Case("", self.with_claims(f"{text},{more}}}"))

    def json_only_python_reads(self) -> Case:
        text = json.dumps(self.claims())
        odd = self.rng.choice(["NaN", "Infinity", "-Infinity", '"\\ud800"', "1e999", "1" * 30])
        if self.rng.random() < 0.2:
            return Case("", self.with_claims(text.encode("utf-16")))
        return Case("", self.with_claims(f'{text[:-1]},"x":{odd}}}'))

    def deep(self) -> Case:
        depth = self.rng.choice([20, 200])
        text = json.dumps(self.claims())[:-1]
        return Case("", self.with_claims(f'{text},"x":{"[" * depth}{"]" * depth}}}'))

    def large(self) -> Case:
        return Case("", self.with_claims(self.claims(x="x" * self.rng.choice([13000, 50000]))))

    def subject_no_string(self) -> Case:
        return Case("", self.with_claims(self.claims(sub=self.rng.choice([1, None, ["ann"]]))))

    def load_balancer(self) -> Case:
        """Padded, as x-amzn-oidc-data is; the signature is over the text with its padding."""
        claims, header = self.claims(), {"alg": "ES256", "kid": "p256", "signer": "arn:x"}
        header["x"] = "x" * self.rng.randrange(4)
        claims["x"] = "x" * self.rng.randrange(4)
        pad = lambda data: base64.urlsafe_b64encode(json.dumps(data).encode())  # noqa: E731
        data = pad(header) + b"." + pad(claims)
        key = (self.keys if self.rng.random() < 0.8 else self.foreign)["p256"]
        token = data + b"." + base64.urlsafe_b64encode(sign(key, "ES256", data))
        if self.rng.random() < 0.3:
            change = self.rng.choice([lambda t: t.rstrip(b"="), lambda t: t + b"="])
            token = change(token)
        return Case("", token, padded=True)


KINDS = [
    name
    for name, value in vars(Issuer).items()
    if callable(value) and getattr(value, "__annotations__", {}).get("return") is Case
]


def case(issuer: Issuer) -> Case:
    """One at random: good ones and edges of times have a larger share."""
    kind = issuer.rng.choice([*KINDS, *["good"] * 8, *["times"] * 8])
    made: Case = getattr(issuer, kind)()
    return Case(kind, made.token, made.skew, made.nameless, made.padded)
