"""Writes signing_table.json: what botocore makes of published_cases.py. Run it after a change."""

import base64
import json
from pathlib import Path

import botocore_reference
from published_cases import CASES

TABLE = Path(__file__).with_name("signing_table.json")


def table() -> list[dict[str, str]]:
    rows = []
    for case in CASES:
        outcome = botocore_reference.sign(case)
        rows.append(
            {
                "name": case.name,
                "request": base64.b64encode(case.request).decode(),
                "canonical_request": outcome.canonical_request.decode(),
                "string_to_sign": outcome.string_to_sign.decode(),
                "authorization": outcome.authorization.decode(),
            }
        )
    return rows


if __name__ == "__main__":
    TABLE.write_text(json.dumps(table(), indent=1, ensure_ascii=True) + "\n", encoding="utf-8")
