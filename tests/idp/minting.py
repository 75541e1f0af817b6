"""Tokens with any header, claims and key, good or bad.

key = Key.make("RS256", kid="one")
mint({"iss": …}, key)
mint({"iss": …}, key, header={"typ": ABSENT, "jku": "https://evil.example/"})
mint(b'{"sub":"a","sub":"b"}', key)
mint(claims, Secret(key.public_pem()), alg="HS256", header={"kid": key.kid})
mint(claims, key, alg="none")
mint(claims, key, sign=der_signature(key))
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
HASHES: dict[str, type[HashAlgorithm]] = {"256": SHA256, "384": SHA384, "512": SHA512}
CURVES: dict[str, type[ec.EllipticCurve]] = {
    "ES256": ec.SECP256R1,
    "ES384": ec.SECP384R1,
    "ES512": ec.SECP521R1,
}
CURVE_NAMES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
# The DigestInfo of SHA-256, RFC 8017 section 9.2.
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


class Absent:
    def __repr__(self) -> str:
        return "ABSENT"


# As a value: the member is left out.
ABSENT = Absent()


def merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Later ones win; members that are ABSENT are left out."""
    whole: dict[str, Any] = {}
    for part in parts:
        whole |= part
    return {name: value for name, value in whole.items() if value is not ABSENT}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, size: int = 0) -> str:
    """As in a JWK."""
    return base64url(value.to_bytes(size or max(1, (value.bit_length() + 7) // 8), "big"))


class Signer(Protocol):
    @property
    def kid(self) -> str: ...
    @property
    def alg(self) -> str: ...
    def sign(self, alg: str, data: bytes) -> bytes: ...


@dataclass(frozen=True)
class Key:
    """`alg` is what it signs with unless told."""

    kid: str
    alg: str
    private: PrivateKey

    @classmethod
    def make(cls, alg: str = "RS256", kid: str = "", bits: int = 2048) -> Key:
        if alg in CURVES:
            private: PrivateKey = ec.generate_private_key(CURVES[alg]())
        elif alg == "EdDSA":
            private = ed25519.Ed25519PrivateKey.generate()
        else:
            private = rsa.generate_private_key(65537, bits)
        made = cls(kid, alg, private)
        return made if kid else cls(made.thumbprint(), alg, private)

    def jwk(self, **changed: Any) -> dict[str, Any]:
        """The public key as published. jwk(alg=ABSENT), jwk(use="enc")…"""
        named = {"kid": self.kid, "alg": self.alg, "use": "sig"}
        return merged(self._parameters(), named, changed)

    def thumbprint(self) -> str:
        """RFC 7638."""
        text = json.dumps(self._parameters(), sort_keys=True, separators=(",", ":"))
        return base64url(hashlib.sha256(text.encode()).digest())

    def _parameters(self) -> dict[str, Any]:
        public = self.private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        if isinstance(public, ec.EllipticCurvePublicKey):
            point, size = public.public_numbers(), (public.curve.key_size + 7) // 8
            crv = CURVE_NAMES[public.curve.name]
            return {"kty": "EC", "crv": crv, "x": number(point.x, size), "y": number(point.y, size)}
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(public.public_bytes_raw())}

    def public_pem(self) -> bytes:
        public = self.private.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def public_der(self) -> bytes:
        public = self.private.public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, alg: str, data: bytes) -> bytes:
        if alg.lower() == "none":
            return b""
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(data)
        made = HASHES[alg[2:]]()
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            size = (self.private.curve.key_size + 7) // 8
            r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(made)))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        if alg.startswith("PS"):
            scheme = padding.PSS(padding.MGF1(made), padding.PSS.DIGEST_LENGTH)
            return self.private.sign(data, scheme, made)
        return self.private.sign(data, padding.PKCS1v15(), made)


@dataclass(frozen=True)
class Secret:
    """HS256 and its siblings."""

    secret: bytes
    alg: str = "HS256"
    kid: str = ""

    def sign(self, alg: str, data: bytes) -> bytes:
        return hmac.digest(self.secret, data, f"sha{alg[2:]}")


@dataclass(frozen=True)
class WeakRsa:
    """An RSA key that no library makes: a tiny modulus, or the exponent 1. Signs RS256."""

    kid: str
    n: int
    e: int
    d: int
    alg: str = "RS256"

    @classmethod
    def make(cls, bits: int, e: int = 65537, kid: str = "weak") -> WeakRsa:
        while True:
            p, q = _prime(bits // 2), _prime(bits // 2)
            rest = (p - 1) * (q - 1)
            if p != q and (e == 1 or rest % e):
                return cls(kid, p * q, e, pow(e, -1, rest))

    def jwk(self, **changed: Any) -> dict[str, Any]:
        own = {"kty": "RSA", "n": number(self.n), "e": number(self.e), "kid": self.kid}
        return merged(own, {"alg": self.alg, "use": "sig"}, changed)

    def sign(self, _alg: str, data: bytes) -> bytes:
        size = (self.n.bit_length() + 7) // 8
        info = SHA256_INFO + hashlib.sha256(data).digest()
        padded = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
        return pow(int.from_bytes(padded, "big"), self.d, self.n).to_bytes(size, "big")


def _prime(bits: int) -> int:
    command = ["openssl", "prime", "-generate", "-bits", str(bits)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@lru_cache
def shared_key(alg: str = "RS256", kid: str = "") -> Key:
    """One for all tests that do not mind: RSA keys take time."""
    return Key.make(alg, kid)


def mint(
    claims: Mapping[str, Any] | bytes,
    key: Signer,
    *,
    alg: str = "",
    header: Mapping[str, Any] | bytes = b"",
    sign: Callable[[bytes], bytes] | None = None,
) -> str:
    """A compact JWS. `alg` is what the header says and what is signed with. `header` is merged
    into {alg, kid, typ}; bytes stand for the whole header or payload as they are. `sign` makes
    another signature."""
    alg = alg or key.alg
    if isinstance(header, bytes) and header:
        head = header
    else:
        own = {"alg": alg, "kid": key.kid or ABSENT, "typ": "JWT"}
        head = json.dumps(merged(own, dict(header or {}))).encode()
    payload = claims if isinstance(claims, bytes) else json.dumps(merged(claims)).encode()
    signed = f"{base64url(head)}.{base64url(payload)}"
    made = sign(signed.encode()) if sign else key.sign(alg, signed.encode())
    return f"{signed}.{base64url(made)}"


def der_signature(key: Key) -> Callable[[bytes], bytes]:
    """ES256 as ASN.1 rather than R‖S."""
    assert isinstance(key.private, ec.EllipticCurvePrivateKey)
    private = key.private
    return lambda data: private.sign(data, ec.ECDSA(SHA256()))


def half_hash(alg: str, text: str) -> str:
    """at_hash: the left half of the hash that goes with `alg`."""
    digest = hashlib.new({"EdDSA": "sha512"}.get(alg, f"sha{alg[2:]}"), text.encode()).digest()
    return base64url(digest[: len(digest) // 2])
