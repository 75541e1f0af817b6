"""Signet's signer and botocore agree byte for byte on random, hostile requests."""

import os
import random
from collections import Counter

import botocore_reference
import random_requests
import signing_program
from signing_case import Case, Outcome

SEED = int(os.environ.get("SIGNET_VECTOR_SEED", "20150830"))
COUNT = int(os.environ.get("SIGNET_VECTOR_COUNT", "10000"))
BATCH = 500


def describe(case: Case, ours: Outcome, theirs: Outcome) -> str:
    parts = [f"seed {SEED}, {case.name}: {case!r}"]
    for name in ("canonical_request", "string_to_sign", "authorization", "sent"):
        a, b = getattr(ours, name), getattr(theirs, name)
        if a != b:
            parts.append(f"{name}:\n  signet   {a!r}\n  botocore {b!r}")
    return "\n".join(parts)


def test_random_requests() -> None:
    print(f"seed {SEED} (SIGNET_VECTOR_SEED), {COUNT} requests (SIGNET_VECTOR_COUNT)")
    rng = random.Random(SEED)
    seen: Counter[str] = Counter()
    for start in range(0, COUNT, BATCH):
        cases = [random_requests.request(rng, start + i) for i in range(min(BATCH, COUNT - start))]
        for case, ours in zip(cases, signing_program.sign(cases), strict=True):
            theirs = botocore_reference.sign(case)
            assert ours == theirs, describe(case, ours, theirs)
            seen[case.headers] += 1
            seen[case.service] += 1
            seen[case.request.partition(b" ")[0].decode()] += 1
            seen["64 KB body"] += len(case.request) > 64 * 1024
    # Every kind has had its share, so that agreement means something.
    kinds = ["all", "gateway", *random_requests.SERVICES, *random_requests.METHODS, "64 KB body"]
    assert min(seen[kind] for kind in kinds) >= COUNT // 100, seen


def test_a_difference_would_be_seen() -> None:
    rng = random.Random(SEED)
    case = random_requests.request(rng, 0)
    other = Case("other", case.request, secret=case.secret + "x", time=case.time)
    assert signing_program.sign([case]) != [botocore_reference.sign(other)]
