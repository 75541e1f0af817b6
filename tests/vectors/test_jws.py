"""Signet and joserfc agree on which tokens are to be believed; where Signet is stricter on purpose,
the kind of token is named here."""

import base64
import json
import os
import random
from collections import Counter

import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

import jws_program
import random_tokens
from random_tokens import ALGORITHMS, AUDIENCE, CLIENT, ISSUER, KINDS, NOW, Case, Issuer

SEED = int(os.environ.get("SIGNET_VECTOR_SEED", "20150830"))
COUNT = int(os.environ.get("SIGNET_TOKEN_COUNT", "6000"))

# joserfc takes (some of) these; Signet refuses every one.
STRICTER = {
    "critical_but_known",  # `crit`, whatever it names, even nothing
    "b64_alone",  # `b64` without `crit` has no meaning (RFC 7797 §6)
    "header_member_twice",  # the last one wins for Python
    "claim_twice",
    "json_only_python_reads",  # NaN, UTF-16, lone surrogates, numbers beyond a double
    "time_beyond_a_double",
    "time_negative",
    "deep",  # more than 16 levels
    "large",  # more than 16 KiB
}
# joserfc refuses these; Signet leaves the claim to whoever asks for it.
LAXER = {"subject_no_string"}
# Nobody may believe any of these.
NEVER = STRICTER | {
    "bit_flipped",
    "character_changed",
    "cut_or_extended",
    "signature_of_another_length",
    "foreign_key",
    "foreign_key_brought_along",
    "unknown_key",
    "key_id_of_another_type",
    "key_for_another_algorithm",
    "algorithm_confused",
    "unsigned",
    "public_key_as_secret",
    "der_signature",
    "numbers_out_of_range",
    "parts_of_two",
    "critical",
    "header_no_object",
    "type_no_string",
    "encrypted",
    "nested",
    "time_of_another_type",
    "time_not_finite",
    "claim_missing",
    "claims_no_object",
}
ALWAYS = {"good", "good_header", "key_brought_along", "other_half_negated"}

Decoded = tuple[dict[str, object], dict[str, object]]


def registry() -> JWSRegistry:
    made = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    made.max_header_length = 4096
    return made


def decoded(case: Case, keys: KeySet) -> dict[str, object]:
    """The claims, if the token's signature is one of the keys'; raises otherwise."""
    if case.padded:
        return decoded_padded(case, keys)
    if not case.nameless:
        return jwt.decode(case.token, keys, ALGORITHMS, registry()).claims
    problem: Exception = ValueError("no keys")
    for key in keys:
        try:
            return jwt.decode(case.token, key, ALGORITHMS, registry()).claims
        except Exception as error:
            problem = error
    raise problem


def decoded_padded(case: Case, keys: KeySet) -> dict[str, object]:
    """joserfc reads no padding: its ES256 alone judges."""
    header, payload, signature = case.token.split(b".")
    plain = []
    for part in (header, payload, signature):
        plain.append(base64.b64decode(part, b"-_", validate=True))
        if base64.urlsafe_b64encode(plain[-1]) != part:
            raise ValueError("another spelling")
    key = keys.get_by_kid(json.loads(plain[0])["kid"])
    algorithm = jws.JWSRegistry.algorithms["ES256"]
    if not algorithm.verify(header + b"." + payload, plain[2], key):
        raise ValueError("bad signature")
    return json.loads(plain[1])


def check_party(claims: dict[str, object]) -> None:
    """OpenID Connect Core §3.1.3.7, 4 and 5, which joserfc leaves to its user."""
    audience = claims["aud"]
    if "azp" in claims:
        if claims["azp"] != CLIENT:
            raise ValueError("azp")
    elif isinstance(audience, list) and len(audience) > 1:
        raise ValueError("no azp")


def believed(case: Case, keys: KeySet) -> bool:
    rules = jwt.JWTClaimsRegistry(
        now=NOW,
        leeway=case.skew,
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        exp={"essential": True},
    )
    try:
        claims = decoded(case, keys)
        rules.validate(claims)
        check_party(claims)
    except Exception:
        return False
    return True


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_random_tokens() -> None:
    print(f"seed {SEED} (SIGNET_VECTOR_SEED), {COUNT} tokens (SIGNET_TOKEN_COUNT)")
    issuer = Issuer(random.Random(SEED))
    text = issuer.key_set()
    keys = KeySet.import_key_set(json.loads(text))
    cases = [random_tokens.case(issuer) for _ in range(COUNT)]
    about_keys, *answers = jws_program.judge(text, cases)
    assert about_keys == "keys 5"
    seen: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    wrong = []
    for case, answer in zip(cases, answers, strict=True):
        theirs = believed(case, keys)
        ours = answer == "accepted"
        seen[case.kind] += 1
        accepted[case.kind] += ours
        agreed = ours == theirs
        agreed = agreed or (case.kind in STRICTER and not ours)
        agreed = agreed or (case.kind in LAXER and ours)
        if not agreed or (case.kind in NEVER and ours) or (case.kind in ALWAYS and not ours):
            wrong.append(f"{case.kind}: signet {answer}, joserfc {theirs}\n  {case.token!r}")
    print({kind: f"{accepted[kind]}/{seen[kind]}" for kind in KINDS})
    shown = "\n".join(wrong[:5])
    assert not wrong, f"seed {SEED}: {len(wrong)} differ\n{text.decode()}\n{shown}"
    # Every kind has had its share, so that agreement means something.
    assert min(seen[kind] for kind in KINDS) >= COUNT // 150, seen
    mixed = set(KINDS) - NEVER - ALWAYS - LAXER - {"other_spelling"}
    assert all(0 < accepted[kind] < seen[kind] for kind in mixed), accepted


def test_a_difference_would_be_seen() -> None:
    issuer = Issuer(random.Random(SEED))
    keys = KeySet.import_key_set(json.loads(issuer.key_set()))
    case = issuer.good()
    assert believed(case, keys)
    others = Issuer(random.Random(SEED))
    assert jws_program.judge(others.key_set(), [case])[1] == "refused: verify bad_signature"
