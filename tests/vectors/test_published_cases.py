"""The kinds of requests in AWS's SigV4 test suite, signed by Signet, by botocore and by AWS."""

import json

import pytest

import signing_program
from published_cases import CASES
from signing_case import Case, Outcome
from write_signing_table import TABLE, table

ROWS = {row["name"]: row for row in json.loads(TABLE.read_text(encoding="utf-8"))}


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    return {
        case.name: outcome for case, outcome in zip(CASES, signing_program.sign(CASES), strict=True)
    }


def test_the_table_is_what_botocore_says() -> None:
    assert list(ROWS.values()) == table(), "run tests/vectors/write_signing_table.py"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[case.name]
    row = ROWS[case.name]
    assert outcome.canonical_request.decode() == row["canonical_request"]
    assert outcome.string_to_sign.decode() == row["string_to_sign"]
    assert outcome.authorization.decode() == row["authorization"]
    if case.published:
        assert outcome.authorization.decode().endswith(f"Signature={case.published}")
